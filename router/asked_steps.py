# SPDX-License-Identifier: Apache-2.0
"""The actions that a request asks for by verbs, names and nouns, in the order in which they are to run."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from router.descriptions import describes
from router.engines import builds, goes_before, runs_engine, within
from router.openings import is_phase, opens_with_before, stems_from
from router.order import (
    begins_when_over,
    behind_colon,
    follows,
    is_ahead_of,
    is_of_others_later,
    is_put_ahead,
    is_shown_later,
)
from router.sequence import in_sequence
from router.taken_back import not_taken_back

if TYPE_CHECKING:
    from collections.abc import Sequence

    from router.patterns import Mention
    from router.reading import Reading

ENGINE_VERB = "gen_trt_engine"
_TWO = 2
_TARGETS = frozenset({"value:recall", "value:false_alarms"})


class Step(NamedTuple):
    """An action that is asked for: its verb, or its full name, and the token that says so; or that is only implied.

    With `command` it is a command of the skill, which stands among other steps.
    """

    verb: str
    place: int
    named: bool = False
    implied: bool = False
    command: bool = False


def trained_anew(reading: Reading, step: Step) -> Step:
    """A retraining of something that is named, or that is still to be, is a training, where nothing was pruned."""
    pruned = any(token.word.startswith(("prun", "geprun")) for token in reading.tokens)
    named = not reading.of("model") or any(reading.of(kind) for kind in ("task", "parent"))
    named = named or any(token.kind in {"path", "job"} for token in reading.tokens)
    return step._replace(verb="train") if step.verb == "retrain" and named and not pruned and not step.named else step


def asked_steps(reading: Reading, *, every_noun: bool = False) -> tuple[Step, ...]:
    """The actions that are asked for, in the order in which they are to run; with `every_noun` all that are named."""
    said = [m for kind in ("action", "named") for m in reading.of(kind) if m.start not in reading.remarks]
    parents = {place for mention in reading.of("parent") for place in mention.places}
    said = [m for m in said if not parents & set(m.places)] or said
    said = [m for m in said if not (_is_target(reading, m, said) or _compares(reading, m))]
    said = [m for m in said if not describes(reading, m, said) and not is_shown_later(reading, m)]
    said = [m for m in said if not is_of_others_later(reading, m)]
    named = [m for m in said if m.group.startswith("named")]
    engines = {m.group.rpartition("_")[2] for m in named if m.group.startswith(("named:deploy_", "named:trt_"))}
    said = [
        m
        for m in said
        if m in named
        or not (m.group.removeprefix("action:") in engines or any(m.start <= one.start < m.end for one in named))
    ]
    nouns = [m for m in reading.of("noun") if m.start not in reading.remarks and not parents & set(m.places)]
    nouns = [m for m in nouns if not (_is_narrated(reading, m) or is_of_others_later(reading, m))]
    if said and not every_noun:
        nouns = [m for m in nouns if is_item(reading, m)]
    engine = next((m.start for m in nouns if m.group == f"noun:{ENGINE_VERB}"), 0)
    joined = {token.word for token in reading.tokens[max(0, engine - 4) : engine]} & reading.grammar["separates"]
    if engine and not said and not joined:
        nouns = [m for m in nouns if m.group != "noun:export"]
    denied = reading.of("action", negated=True)
    tasks = {n for m in reading.of("task") for n in m.places}
    # "PASS/NO_PASS" in "after training PASS/NO_PASS for …" asks for no verdicts.
    own = [m for m in said if m.group != "action:inference" or m.start not in tasks]
    said = [
        m
        for m in said
        if not (within(reading, m, said) or _is_around(m, [*own, *denied]) or _is_task_of(reading, m, named))
    ]
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
    built = {reading.clause(m.start) for m in said if m.group == f"action:{ENGINE_VERB}"}
    said = [
        m for m in said if m.group != "action:quantize" or len(m.places) == 1 or reading.clause(m.start) not in built
    ]
    found = sorted((*said, *nouns), key=lambda m: m.start)
    ordered = in_sequence(reading, not_taken_back(reading, found))
    return tuple(Step(m.group.partition(":")[2], m.start, named=m.group.startswith("named:")) for m in ordered)


def _is_target(reading: Reading, mention: Mention, said: Sequence[Mention]) -> bool:
    """Whether verdicts are no step, but how good a training is to be: "train … to find 99 % of the defects"."""
    if mention.group != "action:inference" or all(m.group == mention.group for m in said):
        return False
    if _is_purpose(reading, mention, said) or _is_of_a_task(reading, mention, said):
        return True
    targets = {n for m in reading.of("value") if m.group in _TARGETS for n in m.places}
    return mention.start in targets


def _compares(reading: Reading, mention: Mention) -> bool:
    """Whether verdicts are no step, but by what two jobs are compared: "which finds more defects: train-… or …"."""
    start, stop = reading.clause(mention.start)
    tokens, use = reading.tokens[start:stop], reading.grammar
    if mention.group != "action:inference" or any(token.kind == "path" for token in tokens):
        return False
    jobs = [n for n, token in enumerate(tokens) if token.kind == "job"]
    chosen = len(jobs) == _TWO and any(token.word in use["or"] for token in tokens[jobs[0] : jobs[1]])
    return chosen and any(token.word in use["comparatives"] for token in tokens[mention.start - start : jobs[0]])


def _is_purpose(reading: Reading, mention: Mention, said: Sequence[Mention]) -> bool:
    """Whether an infinitive says what a training before it is for: "train ChangeNet to mark defects"."""
    tokens, start = reading.tokens, reading.clause(mention.start)[0]
    if mention.start == start or tokens[mention.start - 1].word not in reading.grammar["aims"]:
        return False
    trainings = [m for m in said if m.group == "action:train" and start <= m.start < mention.start]
    between = tokens[trainings[-1].end : mention.start - 1] if trainings else []
    joins = reading.grammar["joins_steps"] | reading.grammar["separates"]
    return bool(trainings) and not any(token.word in joins or token.kind == "path" for token in between)


def _is_of_a_task(reading: Reading, mention: Mention, said: Sequence[Mention]) -> bool:
    """Whether it only says what the task before it is about: "train the segmentation of changed pixels on ./a"."""
    start, _ = reading.clause(mention.start)
    ordered = any(start <= m.start < mention.start and m.group != mention.group for m in said)
    tasks = {n for m in reading.of("task") for n in m.places}
    place = mention.start - 1
    if place >= start and reading.tokens[place].word in reading.grammar["of"]:
        place -= 1
    return ordered and mention.start in tasks and place in tasks


def _is_around(mention: Mention, said: Sequence[Mention]) -> bool:
    """Whether another phrase stands in a gap of this one: "give me a *quantized* classifier"."""
    inner = (m for m in said if m.group != mention.group and mention.start < m.start and m.end < mention.end)
    return not mention.group.startswith("named") and any(set(m.places).isdisjoint(mention.places) for m in inner)


def _is_task_of(reading: Reading, mention: Mention, named: Sequence[Mention]) -> bool:
    """Whether a phrase begins with the task of an action that its full name asks for: "evaluate classify batch 16"."""
    tasks = {n for m in reading.of("task") for n in m.places}
    return mention not in named and mention.start in tasks and any(m.end == mention.start for m in named)


def _is_narrated(reading: Reading, noun: Mention) -> bool:
    """Whether it is told what became of it: "a training fell over"."""
    behind = reading.tokens[noun.end : noun.end + 1]
    return noun.group == "noun:train" and any(
        token.word in reading.grammar["past"] & reading.grammar["finite"] for token in behind
    )


def is_item(reading: Reading, noun: Mention) -> bool:
    """Whether a noun stands for a step of its own: it opens a part of an enumeration."""
    start, _ = reading.clause(noun.start)
    behind = [token.kind for token in reading.tokens[noun.end : noun.end + 2]]
    beside = bool({"path", "job"} & set(behind[:1])) or (
        behind[1:] == ["job"] and reading.tokens[noun.end].word in reading.grammar["prepositions"]
    )
    if beside and noun.group == f"noun:{ENGINE_VERB}":
        return False
    if (colon := behind_colon(reading, start, noun.start)) is not None:
        start = colon
    if any(placed(reading, noun.start) for placed in (is_ahead_of, stems_from, is_phase)) or is_put_ahead(
        reading, noun
    ):
        return True
    about = {n for kind in ("policy", "task", "model") for m in reading.of(kind, negated=None) for n in m.places}
    over = {n for m in reading.of("action") if begins_when_over(reading, m) for n in m.places}
    over |= _opening_before(reading, noun)
    items = reading.grammar["items"] | (reading.grammar["articles"] if over else frozenset())
    before = [reading.tokens[n].word for n in range(start, noun.start) if n not in about | over]
    text = reading.text[: reading.tokens[noun.start].start].rstrip()
    if not before or text.endswith((":", ">")):
        return True
    if before[-1] in reading.grammar["separates"] and len(before) > 1:
        return True
    if (joined := _behind_joiner(reading, before)) is not None and set(joined) <= items:
        return True
    return (before[-1] in reading.grammar["joins_items"] and set(before[-3:]) <= reading.grammar["items"]) or (
        bool(start or over) and set(before) <= items
    )


def _opening_before(reading: Reading, noun: Mention) -> set[int]:
    """The tokens that only say ahead of what a noun comes: "*before the evaluation* a training of …"."""
    start, _ = reading.clause(noun.start)
    said = [m for m in reading.of("action") if start <= m.start < noun.start and opens_with_before(reading, m)]
    return set(range(start, said[-1].start + 1)) if said else set()


def _behind_joiner(reading: Reading, before: Sequence[str]) -> Sequence[str] | None:
    """The words behind the last one that joins steps, as in "an ONNX and from that an fp16"; None where none does."""
    joiners = reading.grammar["joins_steps"] | reading.grammar["separates"]
    place = next((n for n in range(len(before) - 1, 0, -1) if before[n] in joiners), None)
    return None if place is None else before[place + 1 :]
