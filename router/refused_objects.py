# SPDX-License-Identifier: Apache-2.0
"""Whether an action that is ruled out is asked for all the same, in other words, or of another thing."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from router.patterns import Mention
    from router.reading import Reading
    from router.vocabulary import Vocabulary

_OURS = ("model", "task", "trade")


def is_asked_otherwise(reading: Reading, refused: Mention, vocabulary: Vocabulary) -> bool:
    """Whether later words ask for an action that is ruled out: "no masks, just the verdicts", "not X, evaluate Y"."""
    instead = not reading.grammar["substitutes"].isdisjoint(token.word for token in reading.tokens)
    clause = reading.clause(refused.start)
    later = [m for m in reading.of("action") if m.group == refused.group and m.start > refused.start]
    return any(
        reading.clause(m.start) != clause
        and (
            instead
            or reading.tokens[m.start].word != reading.tokens[refused.start].word
            or _is_of_another(reading, refused, m, vocabulary)
        )
        for m in later
    )


def _is_of_another(reading: Reading, refused: Mention, asked: Mention, vocabulary: Vocabulary) -> bool:
    """Whether a refusal names something else to do it to: "don't evaluate suppliers, evaluate our classifier"."""
    theirs, ours = (range(m.start, reading.clause(m.start)[1]) for m in (refused, asked))
    if not (_carried(reading, ours) or _names_ours(reading, ours)) or _names_ours(reading, theirs):
        return False
    if carried := _carried(reading, theirs):
        return carried.isdisjoint(_carried(reading, ours))
    named = {n for kind in ("foreign", "other", "pointer") for m in reading.of(kind, negated=None) for n in m.places}
    known = vocabulary.known - reading.grammar["anybody"]
    return any(n in named or (reading.tokens[n].kind == "word" and reading.tokens[n].word not in known) for n in theirs)


def _carried(reading: Reading, places: range) -> set[str]:
    return {reading.tokens[n].text for n in places if reading.tokens[n].kind in {"path", "job"}}


def _names_ours(reading: Reading, places: range) -> bool:
    return any(m.start in places for kind in _OURS for m in reading.of(kind, negated=None))
