# SPDX-License-Identifier: Apache-2.0
"""What a request asks for: one action, several in order, or a command; nothing is decided here about values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

    from router.patterns import Mention
    from router.reading import Reading

ENGINE_VERB = "gen_trt_engine"
_MEASURING = frozenset({"evaluate", "inference"})
_TRAINING_ALONE = frozenset({"epochs", "trials", "learning_rate"})


class Step(NamedTuple):
    """An action that is asked for: its verb, or its full name, and the token that says so."""

    verb: str
    place: int
    named: bool = False


@dataclass(frozen=True, slots=True)
class Intent:
    """The steps in the order in which they are to run; or the verb of a command; neither where nothing is asked."""

    steps: tuple[Step, ...] = ()
    verb: str | None = None
    mention: Mention | None = None
    question: bool = False


def find_intent(reading: Reading, stated: Sequence[str], questions: frozenset[str]) -> Intent:
    """What is asked for.

    `stated` names the values that the request states, `questions` are the words that begin a question.
    """
    steps = _steps(reading)
    verbs = [m for m in reading.of("verb") if m.start not in reading.remarks]
    question = _is_question(reading, questions)
    nouns = not any(reading.of(kind) for kind in ("action", "named"))
    if verbs and (not steps or nouns or _verb_first(reading, verbs[0], steps, question=question)):
        return Intent(verb=verbs[0].group.partition(":")[2], mention=verbs[0], question=question)
    if steps:
        return Intent(steps, question=question)
    if reading.of("policy") and any(m.group != "policy:neutral" for m in reading.of("policy")) and not question:
        return Intent((Step("train", reading.of("policy")[0].start),))
    if _TRAINING_ALONE & set(stated) and not question:
        return Intent((Step("train", 0),))
    return Intent(question=question)


def _is_question(reading: Reading, questions: frozenset[str]) -> bool:
    """Whether the request asks about something, and does not ask politely for it to be done."""
    words = [token.word for token in reading.tokens]
    if not words or reading.tokens[0].kind != "word":
        return False
    first = 0
    if words[first] in reading.grammar["polite"] and set(words[first + 1 : first + 3]) & reading.grammar["addressed"]:
        return False
    if words[first] in reading.grammar["auxiliaries"]:
        return set(words[first + 1 : first + 2]) <= reading.grammar["persons"] and len(words) > first + 1
    return words[first] in questions


def _steps(reading: Reading) -> tuple[Step, ...]:
    said = [m for kind in ("action", "named") for m in reading.of(kind) if m.start not in reading.remarks]
    nouns = [m for m in reading.of("noun") if m.start not in reading.remarks]
    if said:
        nouns = [m for m in nouns if _is_item(reading, m)]
    if any(m.group == f"noun:{ENGINE_VERB}" for m in nouns) and not said:
        nouns = [m for m in nouns if m.group != "noun:export"]
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
        if _comes_later(reading, mention):
            later.append(step)
        else:
            steps[name] = step
    return (*steps.values(), *later)


def _is_item(reading: Reading, noun: Mention) -> bool:
    """Whether a noun stands for a step of its own: it opens a part of an enumeration."""
    start, _ = reading.clause(noun.start)
    beside = noun.end < len(reading.tokens) and reading.tokens[noun.end].kind in {"path", "job"}
    if beside and noun.group == f"noun:{ENGINE_VERB}":
        return False
    before = [token.word for token in reading.tokens[start : noun.start]]
    text = reading.text[: reading.tokens[noun.start].start].rstrip()
    if not before or text.endswith((":", ">")):
        return bool(start) or bool(before)
    return (before[-1] in reading.grammar["joins_items"] and set(before[-3:]) <= reading.grammar["items"]) or (
        bool(start) and set(before) <= reading.grammar["items"]
    )


def _comes_later(reading: Reading, mention: Mention) -> bool:
    start, _ = reading.clause(mention.start)
    return bool(
        {token.word for token in reading.tokens[max(start, mention.start - 4) : mention.start]}
        & reading.grammar["before"]
    )


def _verb_first(reading: Reading, verb: Mention, steps: Sequence[Step], *, question: bool) -> bool:
    """Whether the request is for a command though it speaks of actions as well."""
    first = min(steps, key=lambda step: step.place)
    if verb.start < first.place:
        return True
    clause = reading.clause(first.place)
    opening = {token.word for token in reading.tokens[clause[0] : first.place]}
    if opening & reading.grammar["before"]:
        return True
    return question and first.verb not in _MEASURING
