# SPDX-License-Identifier: Apache-2.0
"""Whether a phrase asks for something, or only describes what another one asks for: "a net that marks what changed"."""

from __future__ import annotations

from typing import TYPE_CHECKING

from router.clauses import is_ordered

if TYPE_CHECKING:
    from collections.abc import Sequence

    from router.patterns import Mention
    from router.reading import Reading

_NEAR = 6


def describes(reading: Reading, mention: Mention, said: Sequence[Mention]) -> bool:
    """Whether a phrase only describes what another one asks for: "get me a net that marks what changed"."""
    before = [m for m in said if m.start < mention.start]
    if len(said) > 1 and _became(reading, mention):
        return True
    if _is_subject(reading, mention, said):
        return True
    if not before or mention.group.startswith("named"):
        return False
    if mention.group == "action:train" and any(_is_told_of(reading, n) for n in mention.places):
        return True
    if (before[-1].group, mention.group) == ("action:train", "action:inference") and any(
        reading.tokens[n - 1].word in reading.grammar["infinitive"] for n in mention.places
    ):
        return True
    start, _ = reading.clause(mention.start)
    between = [token.word for token in reading.tokens[max(start, before[-1].start + 1) : mention.start]]
    joins = reading.grammar["joins_steps"] | reading.grammar["separates"]
    apart = joins | reading.grammar["prepositions"] | reading.grammar["awaits"]
    relative = [
        n
        for n, word in enumerate(between)
        if word in reading.grammar["relative"] and not set(between[n - 1 : n]) & apart
    ]
    return before[-1].start >= start and bool(relative) and not set(between[relative[-1] :]) & joins


def is_described(reading: Reading, pointer: Mention) -> bool:
    """Whether a pointer's own clause says which task its model has: "*the one* that draws the changed pixels"."""
    stop = reading.clause(pointer.start)[1]
    behind = {token.word for token in reading.tokens[pointer.end : min(stop, pointer.end + 1)]}
    near = range(pointer.end + 1, min(stop, pointer.end + _NEAR))
    return not behind.isdisjoint(reading.grammar["relative"]) and any(m.start in near for m in reading.of("task"))


def _is_subject(reading: Reading, mention: Mention, said: Sequence[Mention]) -> bool:
    """Whether a phrase says what a model does to which something is to be done: "the net that tells … should be …"."""
    relative = any(reading.tokens[n].word in reading.grammar["relative"] for n in mention.places)
    clause = range(*reading.clause(mention.start))
    ordered = (m for m in said if m.start >= mention.end and m.start in clause)
    return relative and any(is_ordered(reading.tokens, clause, m, reading.grammar) for m in ordered)


def _became(reading: Reading, mention: Mention) -> bool:
    """Whether a clause only tells which one is meant, by what became of it: "the one that was quantized"."""
    if not mention.group.startswith("action"):
        return False
    start, stop = reading.clause(mention.start)
    words = [token.word for token in reading.tokens[start:stop]]
    here, use = mention.start - start, reading.grammar
    for place in (n for n in range(here) if words[n] in use["relative"]):
        between = words[place + 1 : here]
        if between and between[0] in use["became"] and (use["adverbs"] | use["became"]).issuperset(between[1:]):
            return True
    ends = mention.end - start
    return (
        start > 0
        and here > 0
        and words[0] in use["relative_object"]
        and bool(use["was"].intersection(words[ends : ends + 1]))
    )


def _is_told_of(reading: Reading, place: int) -> bool:
    """Whether somebody did it already: "the model we trained yesterday"."""
    told = reading.tokens[place].word in {"trained", "taught", "learned", "trainierten", "trainiert"}
    return told and reading.tokens[place - 1].word in reading.grammar["persons"]
