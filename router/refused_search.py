# SPDX-License-Identifier: Apache-2.0
"""A search that is refused in words which no phrase of the language files foresees: "I've no patience for tuning"."""

from __future__ import annotations

from typing import TYPE_CHECKING

from router.vocabulary import AUTOML

if TYPE_CHECKING:
    from collections.abc import Iterator

    from router.reading import Reading

_NEAR, _SHORT = 8, 3


def refused_search(reading: Reading, part: range) -> str:
    """The user's own words that name a search and deny it in one clause, or in a short answer to it; else nothing.

    Asked only where no phrase says that a search is wanted: what is denied twice is, as in "never to be left out".
    """
    for place in (n for n in part if _is_search(reading, n)):
        later = (_answer(reading, place), _overruled(reading, place))
        denials = [*_denials(reading, place), *(one for one in later if one is not None)]
        clause = range(*reading.clause(place))
        reversed_ = any(reading.tokens[n].word in reading.grammar["reverses"] for n in clause)
        if len(denials) == 1 and not reversed_:
            first, last = sorted([place, *denials])
            return reading.text[reading.tokens[first].start : reading.tokens[last].end]
    return ""


def _denials(reading: Reading, place: int) -> Iterator[int]:
    """The words around one that deny it, up to where the clause goes on with something else."""
    start, stop = reading.clause(place)
    before, behind = range(place - 1, max(start, place - _NEAR) - 1, -1), range(place + 1, min(stop, place + _NEAR))
    for side, places in (("before", before), ("behind", behind)):
        for n in places:
            if reading.tokens[n].word in reading.grammar[f"breaks_{side}"]:
                break
            if reading.tokens[n].word in reading.grammar[f"denies_{side}"] and not _compares(reading, n):
                yield n


def _is_search(reading: Reading, place: int) -> bool:
    token, use = reading.tokens[place], reading.grammar
    named = token.word == AUTOML or token.word in use["searches"]
    phrases = (m for m in reading.of("policy", negated=None) if place in m.places)
    return named and token.kind == "word" and place not in reading.past and all(len(m.places) == 1 for m in phrases)


def _compares(reading: Reading, place: int) -> bool:
    """Whether a word denies no wish: "no longer than 3 hours", "has not ended", "NO_PASS", "without further ado"."""
    return any(token.word in reading.grammar["compares"] for token in reading.tokens[place + 1 : place + 3])


def _answer(reading: Reading, place: int) -> int | None:
    """The first word of a short answer that says no to a question: "Tuning? No thanks."."""
    _, stop = reading.clause(place)
    if stop + 1 >= len(reading.tokens) or reading.tokens[stop].text != "?":
        return None
    start, end = reading.clause(stop + 1)
    return start if end - start <= _SHORT and reading.tokens[start].word in reading.grammar["says_no"] else None


def _overruled(reading: Reading, place: int) -> int | None:
    """A word of the next clause that overrules what is said of a search: "…, I decline it", "… . Train without one"."""
    _, stop = reading.clause(place)
    start, end = reading.clause(min(stop + 1, len(reading.tokens) - 1))
    use, words = reading.grammar, [token.word for token in reading.tokens[start:end]]
    for n, word in enumerate(words):
        alone = word in use["without"] and use["its_own"].intersection(words[n + 1 : n + 2])
        if stop < start and (word in use["overrules"] or alone):
            return start + n
    return None
