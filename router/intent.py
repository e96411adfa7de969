# SPDX-License-Identifier: Apache-2.0
"""What a request asks for: one action, several in order, or a command; nothing is decided here about values."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from router.descriptions import describes
from router.engines import MEASURING, builds, goes_before, runs_engine, within
from router.order import behind_before, comes_first, comes_later, follows, only_tells_when
from router.questions import is_question

if TYPE_CHECKING:
    from collections.abc import Sequence

    from router.patterns import Mention
    from router.reading import Reading

ENGINE_VERB = "gen_trt_engine"
_CLOSE, _SEVERAL, _COLUMNS = 6, 2, 14
_WITH_CALIBRATION = frozenset({"quantize", ENGINE_VERB})
_TRAINING_ALONE = frozenset({"epochs", "trials", "learning_rate", "target"})


class Step(NamedTuple):
    """An action that is asked for: its verb, or its full name, and the token that says so; or that is only implied.

    With `command` it is a command of the skill, which stands among other steps.
    """

    verb: str
    place: int
    named: bool = False
    implied: bool = False
    command: bool = False


@dataclass(frozen=True, slots=True)
class Intent:
    """The steps in the order in which they are to run; or the verb of a command; neither where nothing is asked.

    `alternatives` are actions or commands between which the words leave the choice. `likely` tells that no phrase says
    it, and that it is the most likely by all words.
    """

    steps: tuple[Step, ...] = ()
    verb: str | None = None
    mention: Mention | None = None
    question: bool = False
    alternatives: tuple[str, ...] = ()
    likely: bool = False


def find_intent(reading: Reading, stated: Sequence[str], questions: frozenset[str]) -> Intent:
    """What is asked for.

    `stated` names the values that the request states, `questions` are the words that begin a question.
    """
    anew = [_trained_anew(reading, step) for step in _steps(reading)]
    steps = tuple(step for place, step in enumerate(anew) if step.verb not in {one.verb for one in anew[:place]})
    verbs = [m for m in reading.of("verb") if m.start not in reading.remarks and not _of_columns(reading, m)]
    if steps:
        parents = {n for m in reading.of("parent") for n in m.places}
        verbs = [m for m in verbs if m.group != "verb:result" or parents.isdisjoint(m.places)]
    of_task = {n for m in reading.of("task") for n in m.places}
    verbs = [m for m in verbs if m.group != "verb:data_check" or of_task.isdisjoint(m.places)]
    if any(step.verb in _WITH_CALIBRATION for step in steps):
        verbs = [m for m in verbs if m.group != "verb:calibrate"]
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
        name = verbs[0].group.partition(":")[2]
        return Intent(verb=name, mention=verbs[0], question=question, alternatives=_alternatives(reading, verbs))
    steps = _really_training(reading, _with_search(reading, steps), stated)
    if steps:
        said = [m for kind in ("action", "named", "noun") for m in reading.of(kind)]
        return Intent(steps, question=question, alternatives=_alternatives(reading, said))
    return _implied(reading, stated, question=question)


def _trained_anew(reading: Reading, step: Step) -> Step:
    """A retraining on data is a training, where nothing was pruned."""
    pruned = any(token.word.startswith(("prun", "geprun")) for token in reading.tokens)
    data = any(token.kind == "path" for token in reading.tokens)
    return step._replace(verb="train") if step.verb == "retrain" and data and not pruned and not step.named else step


def _of_columns(reading: Reading, mention: Mention) -> bool:
    """Whether a word is the name of a column: "a table with columns Image, Reference, Result"."""
    before = reading.tokens[max(0, mention.start - _COLUMNS) : mention.start]
    ends = [n for n, token in enumerate(before) if token.text in {".", "!", "?", "\n"}]
    behind = before[ends[-1] :] if ends else before
    return len(mention.places) == 1 and bool({token.word for token in behind} & reading.grammar["heads"])


def _asked_after(reading: Reading, mention: Mention, questions: frozenset[str]) -> bool:
    """Whether a question of its own, behind what is asked for, is about the outcome: ". What mattered?"."""
    tokens, place = reading.tokens, mention.start
    return place > 0 and tokens[place - 1].kind == "break" and tokens[place].word in questions


def _implied(reading: Reading, stated: Sequence[str], *, question: bool) -> Intent:
    """A training that no verb asks for: the words speak of a search, or of what only trainings have."""
    policies = [m for m in reading.of("policy", negated=None) if m.group != "policy:neutral"]
    if policies and not question:
        return Intent((Step("train", policies[0].start, implied=True),))
    if _TRAINING_ALONE & set(stated) and not question:
        return Intent((Step("train", 0, implied=True),))
    return Intent(question=question)


def _steps(reading: Reading) -> tuple[Step, ...]:
    said = [m for kind in ("action", "named") for m in reading.of(kind) if m.start not in reading.remarks]
    parents = {place for mention in reading.of("parent") for place in mention.places}
    said = [m for m in said if not parents & set(m.places)] or said
    said = [m for m in said if not describes(reading, m, said)]
    named = [m for m in said if m.group.startswith("named")]
    engines = {m.group.rpartition("_")[2] for m in named if m.group.startswith(("named:deploy_", "named:trt_"))}
    said = [
        m
        for m in said
        if m in named
        or not (m.group.removeprefix("action:") in engines or any(m.start <= one.start < m.end for one in named))
    ]
    nouns = [m for m in reading.of("noun") if m.start not in reading.remarks and not parents & set(m.places)]
    if said:
        nouns = [m for m in nouns if _is_item(reading, m)]
    engine = next((m.start for m in nouns if m.group == f"noun:{ENGINE_VERB}"), 0)
    joined = {token.word for token in reading.tokens[max(0, engine - 4) : engine]} & reading.grammar["separates"]
    if engine and not said and not joined:
        nouns = [m for m in nouns if m.group != "noun:export"]
    said = [m for m in said if not within(reading, m, said)]
    if any(runs_engine(reading, m) for m in said):
        said = [
            m for m in said if m.group != f"action:{ENGINE_VERB}" or builds(reading, m) or goes_before(reading, m, said)
        ]
        nouns = [m for m in nouns if m.group != f"noun:{ENGINE_VERB}" or goes_before(reading, m, said)]
    exports = [m.end for m in (*said, *nouns) if m.group in {"action:export", "noun:export"}]
    if exports:
        said = [
            m
            for m in said
            if m.group != f"action:{ENGINE_VERB}" or len(m.places) > 1 or follows(reading, min(exports), m.start)
        ]
    if any(m.group == f"action:{ENGINE_VERB}" for m in said):
        said = [m for m in said if m.group != "action:quantize" or len(m.places) == 1]
    found = sorted((*said, *nouns), key=lambda m: m.start)
    steps: dict[str, Step] = {}
    later: list[Step] = []
    for mention in found:
        kind, _, name = mention.group.partition(":")
        step = Step(name, mention.start, named=kind == "named")
        if name in steps or any(one.verb == name for one in later):
            continue
        if comes_later(reading, mention):
            later.append(step)
        elif steps and comes_first(reading, mention):
            steps = {name: step, **steps}
        else:
            steps[name] = step
    return (*steps.values(), *later)


def _is_item(reading: Reading, noun: Mention) -> bool:
    """Whether a noun stands for a step of its own: it opens a part of an enumeration."""
    start, _ = reading.clause(noun.start)
    behind = [token.kind for token in reading.tokens[noun.end : noun.end + 2]]
    beside = bool({"path", "job"} & set(behind[:1])) or (
        behind[1:] == ["job"] and reading.tokens[noun.end].word in reading.grammar["prepositions"]
    )
    if beside and noun.group == f"noun:{ENGINE_VERB}":
        return False
    if (colon := _behind_colon(reading, start, noun.start)) is not None:
        start = colon
    about = {n for kind in ("policy", "task", "model") for m in reading.of(kind, negated=None) for n in m.places}
    before = [reading.tokens[n].word for n in range(start, noun.start) if n not in about]
    text = reading.text[: reading.tokens[noun.start].start].rstrip()
    if not before or text.endswith((":", ">")):
        return True
    return (before[-1] in reading.grammar["joins_items"] and set(before[-3:]) <= reading.grammar["items"]) or (
        bool(start) and set(before) <= reading.grammar["items"]
    )


def _behind_colon(reading: Reading, start: int, place: int) -> int | None:
    """The token behind the last colon before a place of the clause."""
    for here in range(place - 1, start - 1, -1):
        if ":" in reading.text[reading.tokens[here].end : reading.tokens[here + 1].start]:
            return here + 1
    return None


def _mixed(reading: Reading, steps: Sequence[Step], verbs: Sequence[Mention], *, question: bool) -> tuple[Step, ...]:
    """Commands and actions in the order of a request that asks for one after the other; nothing where it does not."""
    commands = [Step(m.group.partition(":")[2], m.start, command=True) for m in verbs if not m.negated]
    if question or not commands or len(commands) + len(steps) < _SEVERAL:
        return ()
    verbs_said = {m.start for kind in ("action", "named") for m in reading.of(kind)}
    actions = [step for step in steps if step.place in verbs_said and not only_tells_when(reading, step.place)]
    ordered = sorted((*commands, *actions), key=lambda step: step.place)
    found: list[Step] = []
    later: list[Step] = []
    for step in ordered:
        if any(one.verb == step.verb for one in (*found, *later)):
            continue
        if behind_before(reading, step.place):
            later.append(step)
        elif (not found and not later) or follows(reading, (found or later)[-1].place, step.place):
            found.append(step)
        else:
            return ()
    found += later
    has_command = any(step.command for step in found)
    names = {step.verb for step in found}
    several = (
        len(found) >= _SEVERAL
        and has_command
        and (names != {"compare", "remove"} or any(t.kind == "job" for t in reading.tokens[found[-1].place :]))
    )
    return tuple(found) if several else ()


def _really_training(reading: Reading, steps: tuple[Step, ...], stated: Sequence[str]) -> tuple[Step, ...]:
    """The steps; where one inference alone is read, with no model, and what only trainings have, it is a training."""
    if [step.verb for step in steps[:2]] == ["inference", "train"] and _is_aim(reading, *steps[:2]):
        return steps[1:]
    alone = len(steps) == 1 and steps[0].verb == "inference" and not steps[0].named
    of_model = reading.of("parent") or any(token.kind == "job" for token in reading.tokens)
    if alone and not of_model and {"epochs", "trials", "learning_rate"} & set(stated):
        return (Step("train", steps[0].place, implied=True),)
    return steps


def _is_aim(reading: Reading, wish: Step, training: Step) -> bool:
    """Whether what stands before a training only says what it is for: "we want the changes marked: train on ./lot"."""
    start, _ = reading.clause(wish.place)
    return not any(token.kind in {"path", "job"} for token in reading.tokens[start : training.place])


def _with_search(reading: Reading, steps: tuple[Step, ...]) -> tuple[Step, ...]:
    """The steps, after a training where the request begins with a search, as in "search on …, evaluate the winner"."""
    asked = [m.start for m in reading.of("policy") if m.group in {"policy:on", "policy:named"}]
    asked += [m.start for m in reading.of("value") if m.group == "value:trials" and not _waits(reading, m.start)]
    asked.sort()
    if not steps or not asked or any(step.verb.endswith("train") for step in steps):
        return steps
    first = min(step.place for step in steps)
    apart = any(
        token.kind == "break" or token.word in reading.grammar["separates"]
        for token in reading.tokens[asked[0] : first]
    )
    return (Step("train", asked[0], implied=True), *steps) if asked[0] < first and apart else steps


def _waits(reading: Reading, place: int) -> bool:
    """Whether a clause tells of what is over: "after 30 trials, …"."""
    start, _ = reading.clause(place)
    return bool({token.word for token in reading.tokens[start:place]} & reading.grammar["awaits"])


def _alternatives(reading: Reading, mentions: Sequence[Mention]) -> tuple[str, ...]:
    """What two neighbouring phrases ask for that only `or` joins."""
    words = {token.word for token in reading.tokens}
    if words & reading.grammar["either"] and words & reading.grammar["choice"]:
        return tuple(dict.fromkeys(m.group.partition(":")[2] for m in mentions))[:2]
    ordered = sorted(mentions, key=lambda m: m.start)
    for one, other in pairwise(ordered):
        between = [token.word for token in reading.tokens[one.end : other.start]]
        names = tuple(m.group.partition(":")[2] for m in (one, other))
        joined = len(between) <= _CLOSE and set(between) & reading.grammar["choice"]
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
    opening = {token.word for token in reading.tokens[clause[0] : first.place]}
    if opening & reading.grammar["before"]:
        return True
    return question and first.verb not in MEASURING
