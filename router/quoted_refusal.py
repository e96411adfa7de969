# SPDX-License-Identifier: Apache-2.0
"""A search that words in quotation marks refuse, where nothing outside them speaks of one: "'no tuning', she wrote".

What a request says of others' words in so many words outweighs them, as in "'no AutoML' was a typo".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from router.refused_trying import is_limit
from router.tokens import JOINED, QUOTE, folded
from router.vocabulary import AUTOML
from router.word_stems import has, places_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from router.reading import Reading

_DENIES = ("denies_trying", "search_stops", "search_gone", "denies_behind")
_OUTSIDE = (
    *("searches", "inscriptions", "untrue", "is_a_mistake", "taken_back", "objects", "ignores", "was"),
    *("search_stops", "search_gone", "contrasts"),
)


def quoted_refusal(reading: Reading, part: range) -> str:
    """The quotation that refuses a search; nothing where words outside deny or dispute it, or name a search."""
    for place in quotes(reading, part):
        words = quoted_words(reading, place)
        denials = sum(any(word in reading.grammar[use] for use in _DENIES) for word in words)
        if not names_search(reading, words) or denials % 2 == 0:
            continue
        if not _is_disputed(reading, part):
            return reading.tokens[place].text
    return ""


def _is_disputed(reading: Reading, part: range) -> bool:
    """Whether words outside a quotation deny anything, or speak of a search themselves."""
    if any(has(reading, part, use) for use in _OUTSIDE):
        return True
    return any(not is_limit(reading, n) for n in places_of(reading, part, "turns_denied"))


def quotes(reading: Reading, places: range) -> Iterator[int]:
    """The places of quotations."""
    return (n for n in places if reading.tokens[n].word == QUOTE)


def quoted_words(reading: Reading, place: int) -> list[str]:
    """The words of a quotation, as they are compared."""
    token = reading.tokens[place]
    return [folded(one) for one in JOINED.findall(reading.text[token.start : token.end])]


def names_search(reading: Reading, words: list[str]) -> bool:
    """Whether words of a quotation name a search."""
    names = reading.grammar["searches"] | reading.grammar["search_nouns"] | {AUTOML, "automl"}
    return not names.isdisjoint(words)
