# SPDX-License-Identifier: Apache-2.0
"""What a request asks for: one action, several in order, or a command; nothing is decided here about values."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from router.asked_steps import (
    Step,
    asked_steps,
    is_item,
    trained_anew,
)
from router.build_order import in_build_order
from router.clauses import is_ordered
from router.engines import MEASURING
from router.implied_training import really_training, with_search
from router.order import behind_before, comes_first, follows, only_tells_when
from router.questions import is_question
from router.said_data import is_picture
from router.verbs import asked_verbs, by_what_is_named, is_of_evaluation

if TYPE_CHECKING:
    from collections.abc import Sequence

    from router.patterns import Mention
    from router.reading import Reading

_CLOSE, _SEVERAL = 6, 2
_ENDS = frozenset({"verb:cancel", "verb:remove"})
_OF_A_MODEL = frozenset({"export", "quantize", "inference"})
_TRAINING_ALONE = frozenset({"epochs", "trials", "learning_rate", "target"})


@dataclass(frozen=True, slots=True)
class Intent:
    """The steps in the order in which they are to run; or the verb of a command; neither where nothing is asked.

    `alternatives` are actions or commands between which the words leave the choice. `likely` tells that no phrase says
    it, and that it is the most likely by all words, `doubtful` that a phrase says it, and all words together do not;
    `led` are the words that led to it where all of them settled it.
    """

    steps: tuple[Step, ...] = ()
    verb: str | None = None
    mention: Mention | None = None
    question: bool = False
    alternatives: tuple[str, ...] = ()
    likely: bool = False
    doubtful: bool = False
    led: tuple[str, ...] = ()


def find_intent(
    reading: Reading, stated: Sequence[str], questions: frozenset[str], *, every_noun: bool = False
) -> Intent:
    """What is asked for.

    `stated` names the values that the request states, `questions` are the words that begin a question. With
    `every_noun` an action that is only named ("and the engine as well") is a step of its own.
    """
    anew = [trained_anew(reading, step) for step in asked_steps(reading, every_noun=every_noun)]
    steps = tuple(step for place, step in enumerate(anew) if step.verb not in {one.verb for one in anew[:place]})
    steps, verbs = _with_checks(reading, steps, asked_verbs(reading, steps))
    question = is_question(reading, questions)
    nouns = not any(reading.of(kind) for kind in ("action", "named"))
    if verbs and verbs[0].group == "verb:resume" and not steps and _goes_on(reading, stated):
        return Intent((Step("train", verbs[0].start),), question=question)
    asides = [m for m in verbs if m.group == "verb:result" and _asked_after(reading, m, questions)]
    if verbs and len(asides) == len(verbs) and _TRAINING_ALONE & set(stated):
        verbs = []
    if mixed := _mixed(reading, steps, [m for m in verbs if m not in asides], question=question):
        return Intent(mixed)
    if verbs and (not steps or nouns or _verb_first(reading, verbs[0], steps, question=question)):
        name = by_what_is_named(reading, verbs[0].group.partition(":")[2])
        if name in MEASURING:
            return Intent((Step(name, verbs[0].start),))
        return Intent(verb=name, mention=verbs[0], question=question, alternatives=_alternatives(reading, verbs))
    return _of_actions(reading, steps, verbs, stated, question=question)


def _of_actions(
    reading: Reading, steps: tuple[Step, ...], verbs: Sequence[Mention], stated: Sequence[str], *, question: bool
) -> Intent:
    """The steps that are asked for; figures of an evaluation are looked up."""
    steps = in_build_order(really_training(reading, with_search(reading, steps), stated))
    if [step.verb for step in steps] == ["evaluate"] and is_of_evaluation(reading):
        return Intent(verb="result", question=question)
    if steps:
        said = [*verbs, *(m for kind in ("action", "named", "noun") for m in reading.of(kind))]
        return Intent(steps, question=question, alternatives=_alternatives(reading, said))
    return _implied(reading, stated, question=question)


def _asked_after(reading: Reading, mention: Mention, questions: frozenset[str]) -> bool:
    """Whether a question of its own, behind what is asked for, is about the outcome: ". What mattered?"."""
    tokens, place = reading.tokens, mention.start
    return place > 0 and tokens[place - 1].kind == "break" and tokens[place].word in questions


def _implied(reading: Reading, stated: Sequence[str], *, question: bool) -> Intent:
    """A training that no verb asks for: the words speak of a search, or of what only trainings have."""
    if any(m.group.endswith(":train") for kind in ("action", "noun") for m in reading.of(kind, negated=True)):
        return Intent(question=question)  # "leave it as it is: no training"
    if reading.only_told:
        return Intent(question=question)
    policies = [m for m in reading.of("policy", negated=None) if m.group != "policy:neutral"]
    if policies and not question:
        return Intent((Step("train", policies[0].start, implied=True),))
    if _TRAINING_ALONE & set(stated) and not question:
        return Intent((Step("train", 0, implied=True),))
    return Intent(question=question)


def _mixed(reading: Reading, steps: Sequence[Step], verbs: Sequence[Mention], *, question: bool) -> tuple[Step, ...]:
    """Commands and actions in the order of a request that asks for one after the other; nothing where it does not."""
    trains = any(step.verb == "train" for step in steps)
    asked = [m for m in verbs if not (m.negated or (trains and _goes_on_so(reading, m)))]
    if any(step.verb == "evaluate" for step in steps):
        asked = [m for m in asked if not _names_figures(reading, m)]
    commands = [Step(m.group.partition(":")[2], m.start, command=True) for m in asked]
    if question or not commands or len(commands) + len(steps) < _SEVERAL:
        return ()
    if any(step.verb == "watch" for step in commands) and all(step.verb == "inference" for step in steps):
        return ()  # what it does with each file
    verbs_said = {m.start for kind in ("action", "named") for m in reading.of(kind)}
    verbs_said |= {m.start for m in reading.of("noun") if m.start and is_item(reading, m)}
    actions = [step for step in steps if step.place in verbs_said and not only_tells_when(reading, step.place)]
    ordered = sorted((*commands, *actions), key=lambda step: step.place)
    found: list[Step] = []
    later: list[Step] = []
    for step in ordered:
        if any(one.verb == step.verb for one in (*found, *later)):
            continue
        if behind_before(reading, step.place):
            later.append(step)
        elif found and _is_after(reading, step.place):
            found.insert(0, step)  # "delete train-… after exporting it"
        elif (not found and not later) or follows(reading, (found or later)[-1].place, step.place):
            found.append(step)
        else:
            return ()
    found += later
    has_command = any(step.command for step in found)
    names = {step.verb for step in found}
    if names == {"compare", "inspect"}:
        return ()  # "compare … and let me see where they differ"
    several = (
        len(found) >= _SEVERAL
        and has_command
        and (names != {"compare", "remove"} or any(t.kind == "job" for t in reading.tokens[found[-1].place :]))
    )
    return tuple(found) if several else ()


def _is_after(reading: Reading, place: int) -> bool:
    """Whether a word such as "after" stands close before a verb that ends in -ing, in its sentence."""
    before = {token.word for token in reading.tokens[max(0, place - 2) : place] if token.kind != "break"}
    return reading.tokens[place].word.endswith("ing") and not before.isdisjoint(reading.grammar["after"])


def _with_checks(
    reading: Reading, steps: tuple[Step, ...], asked: Sequence[Mention]
) -> tuple[tuple[Step, ...], list[Mention]]:
    """The steps and the commands; behind a training, to check it "on ./val" is to evaluate it, and to look to judge."""
    trained = [step.place for step in steps if step.verb.endswith("train")]
    looks = [m for m in asked if trained and min(trained) < m.start and _looks_at_folder(reading, m)]
    if looks:
        asked = [m for m in asked if m not in looks]
        known = any(step.verb == "inference" for step in steps)
        steps = steps if known else (*steps, Step("inference", looks[0].start))
    checks = [m for m in asked if m.group == "verb:data_check" and _is_on_data(reading, m)]
    later = [m for m in checks if trained and min(trained) < m.start and not behind_before(reading, m.start)]
    if {step.verb for step in steps} <= _OF_A_MODEL and any(token.kind == "job" for token in reading.tokens):
        later = later or checks if steps else []
    if not later or any(step.verb.endswith("evaluate") for step in steps):
        return steps, list(asked)
    behind = sum(step.place < later[0].start for step in steps)
    behind = 0 if comes_first(reading, later[0]) and not trained else behind
    checked = (*steps[:behind], Step("evaluate", later[0].start), *steps[behind:])
    return checked, [m for m in asked if m not in later]


def _looks_at_folder(reading: Reading, mention: Mention) -> bool:
    """Whether it is one folder that is to be looked at, and no picture beside another: "what is wrong in ./b"."""
    if mention.group != "verb:inspect":
        return False
    paths = [n for n in range(*reading.clause(mention.start)) if reading.tokens[n].kind == "path" and n > mention.start]
    return len(paths) == 1 and not is_picture(reading, paths[0])


def _is_on_data(reading: Reading, mention: Mention) -> bool:
    """Whether a check is made on data, and none of it: "auf ./val prüfen", "check it on ./val"."""
    path = next((n for n in mention.places if reading.tokens[n].kind == "path"), 0)
    return bool(path) and reading.tokens[path - 1].word in reading.grammar["on_data"]


def _names_figures(reading: Reading, mention: Mention) -> bool:
    """Whether somebody wants the figures of the evaluation that is asked for: "evaluate it and give me the recall"."""
    said = {reading.tokens[n].word for n in range(mention.start, mention.end)}
    job = any(reading.tokens[n].kind == "job" for n in mention.places)
    return mention.group == "verb:result" and not job and bool(said & reading.grammar["measures"])


def _goes_on_so(reading: Reading, mention: Mention) -> bool:
    """Whether to go on is said of the training that is asked for: "warm start from … and continue on ./new"."""
    job = any(reading.tokens[n].kind == "job" for n in range(mention.start, min(mention.end + 2, len(reading.tokens))))
    from_it = any(reading.tokens[n].word in reading.grammar["from_a_model"] for n in mention.places)
    return mention.group == "verb:resume" and (not job or from_it)


def _alternatives(reading: Reading, mentions: Sequence[Mention]) -> tuple[str, ...]:
    """What two neighbouring phrases ask for that only `or` joins."""
    words = {token.word for token in reading.tokens}
    clauses = {reading.clause(m.start) for m in mentions}
    either = {token.word for clause in clauses for token in reading.tokens[slice(*clause)]} & reading.grammar["either"]
    if either and words & reading.grammar["choice"]:
        return tuple(dict.fromkeys(m.group.partition(":")[2] for m in mentions))[:2]
    ordered = sorted(mentions, key=lambda m: m.start)
    for one, other in pairwise(ordered):
        between = [token.word for token in reading.tokens[one.end : other.start]]
        names = tuple(m.group.partition(":")[2] for m in (one, other))
        last = between[-1:] if other.group.startswith("action:") else []
        joined = set(between if len(between) <= _CLOSE else last) & reading.grammar["choice"]
        if joined and names[0] != names[1] and not set(between) & reading.grammar["joins_steps"]:
            return names
    return ()


def _goes_on(reading: Reading, stated: Sequence[str]) -> bool:
    """Whether to go on means another training: for so many epochs, or with other data."""
    return "epochs" in stated or any(token.kind == "path" for token in reading.tokens)


def _verb_first(reading: Reading, verb: Mention, steps: Sequence[Step], *, question: bool) -> bool:
    """Whether the request is for a command though it speaks of actions as well."""
    first = min(steps, key=lambda step: step.place)
    if verb.start < first.place:
        return True
    clause = reading.clause(first.place)
    if verb.group in _ENDS and is_ordered(reading.tokens, range(*clause), verb, reading.grammar):
        return verb.end <= clause[1] and not follows(reading, first.place, verb.start)
    opening = {token.word for token in reading.tokens[clause[0] : first.place]}
    if opening & reading.grammar["before"]:
        return True
    return question and first.verb not in MEASURING
