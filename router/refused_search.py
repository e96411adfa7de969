# SPDX-License-Identifier: Apache-2.0
"""A search that is refused in words which no phrase of the language files foresees: "I've no patience for tuning"."""

from __future__ import annotations

from typing import TYPE_CHECKING

from router.vocabulary import AUTOML

if TYPE_CHECKING:
    from router.reading import Reading

_NEAR, _SHORT = 6, 3


def refused_search(reading: Reading, part: range) -> str:
    """The user's own words that name a search and deny it in one clause, or in a short answer to it; else nothing.

    Asked only where no phrase says that a search is wanted: what is denied twice is.
    """
    for place in (n for n in part if _is_search(reading, n)):
        start, stop = reading.clause(place)
        denials = [n for n in range(start, stop) if abs(n - place) <= _NEAR and _denies(reading, n)]
        answer = stop if _is_answered(reading, stop) else 0
        if len(denials) == 1 or (answer and not denials):
            ends = sorted([place, *denials, *([answer + 1] if answer else [])])
            return reading.text[reading.tokens[ends[0]].start : reading.tokens[ends[-1]].end]
    return ""


def _is_search(reading: Reading, place: int) -> bool:
    token = reading.tokens[place]
    named = token.word == AUTOML or token.word in reading.grammar["searches"]
    phrases = (m for m in reading.of("policy", negated=None) if place in m.places)
    return named and token.kind == "word" and place not in reading.past and all(len(m.places) == 1 for m in phrases)


def _denies(reading: Reading, place: int) -> bool:
    """Whether a word denies what is to be, and sets no limit: "no longer than 3 hours", "has not ended", "NO_PASS"."""
    if reading.tokens[place].word not in reading.grammar["denies"]:
        return False
    return reading.grammar["compares"].isdisjoint(token.word for token in reading.tokens[place + 1 : place + 2])


def _is_answered(reading: Reading, stop: int) -> bool:
    """Whether a clause ends as a question, and a short one says no to it: "Tuning? No thanks."."""
    if stop + 1 >= len(reading.tokens) or reading.tokens[stop].text != "?":
        return False
    start, end = reading.clause(stop + 1)
    return end - start <= _SHORT and _denies(reading, stop + 1)
