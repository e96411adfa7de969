# SPDX-License-Identifier: Apache-2.0
"""What a verb of a request acts on, and whether that is something of ours."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from router.asked_steps import Step
    from router.intent import Intent
    from router.patterns import Mention
    from router.reading import Reading

OURS = ("model", "trade", "task", "parent")


def phrases(reading: Reading, places: list[int]) -> tuple[str, ...]:
    """Neighbouring words as one phrase, as the user wrote them."""
    runs: list[list[int]] = []
    for place in places:
        if runs and runs[-1][-1] == place - 1:
            runs[-1].append(place)
        else:
            runs.append([place])
    return tuple(reading.text[reading.tokens[run[0]].start : reading.tokens[run[-1]].end] for run in runs)


def _mention_at(reading: Reading, place: int) -> Mention | None:
    """The phrase that asks for something at a token."""
    asking = (m for kind in ("action", "named", "verb", "noun") for m in reading.of(kind))
    return next((m for m in asking if place == m.start), None)


def object_of(reading: Reading, place: int) -> range:
    """The tokens of what a verb at a token acts on: behind it up to a preposition, or else before it."""
    mention = _mention_at(reading, place)
    if mention and mention.end - mention.start > len(mention.places):
        return _up_to_adjunct(reading, mention)
    start, stop = reading.clause(place)
    if mention and len(mention.places) > 1:
        place = mention.end - 1
    here = place + 1
    taken = set(mention.places) if mention else set()
    while here < stop and (here in taken or reading.tokens[here].word not in reading.grammar["prepositions"]):
        here += 1
    if here > place + 1:
        return range(place + 1, here)
    first = place
    while first > start and reading.tokens[first - 1].word not in reading.grammar["prepositions"]:
        first -= 1
    return range(first, place)


def _up_to_adjunct(reading: Reading, mention: Mention) -> range:
    """The tokens within a phrase, up to what is said beside its last word but one: "an engine for the line bauen"."""
    taken = set(mention.places)
    named = max(n for n in mention.places if n < mention.end - 1)
    for here in range(named + 1, mention.end - 1):
        if named > mention.start and here not in taken and reading.tokens[here].word in reading.grammar["prepositions"]:
            return range(mention.start + 1, here)
    return range(mention.start + 1, mention.end - 1)


def ours_in(reading: Reading, places: range) -> bool:
    """Whether data, a job, or a name of this model, its trade or its tasks is among tokens."""
    if any(reading.tokens[n].kind in {"path", "job"} for n in places):
        return True
    return any(n in places for kind in OURS for m in reading.of(kind) for n in m.places)


def of_ours(reading: Reading, places: range) -> bool:
    """Whether it is said of something of ours: "the purple version of the AOI model"."""
    behind = reading.tokens[places.stop : places.stop + 1]
    rest = range(places.stop, min(places.stop + 5, len(reading.tokens)))
    return bool(behind) and behind[0].word in reading.grammar["of"] and ours_in(reading, rest)


def of_pronoun(reading: Reading, intent: Intent) -> bool:
    """Whether the verb's object is a word such as `it`, which says what was spoken of before."""
    return any(of_pronoun_at(reading, step) for step in intent.steps)


def of_pronoun_at(reading: Reading, step: Step) -> bool:
    """Whether the object of a step is such a word."""
    return any(reading.tokens[n].word in reading.grammar["pronouns"] for n in list(object_of(reading, step.place))[:1])
