# SPDX-License-Identifier: Apache-2.0
"""Words of the language files that stand for all that begins with them: `experiment-` for "experimentation"."""

from __future__ import annotations

from typing import TYPE_CHECKING

from router.tokens import folded
from router.vocabulary import AUTOML

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from router.reading import Reading

_STEM = "-"
_NONE: frozenset[str] = frozenset()
_NO_WORDS = frozenset({"break", "path", "job", "number"})
_MOST = 50_000


class _Uses:
    """The uses of words, looked up once for each word."""

    def __init__(self, grammar: Mapping[str, frozenset[str]]) -> None:
        self.grammar = grammar
        self.found: dict[tuple[str, str], frozenset[str]] = {}
        self.whole: dict[str, set[str]] = {}
        self.stems: dict[str, list[tuple[str, str]]] = {}
        for use, words in grammar.items():
            for word in words:
                if word.endswith(_STEM):
                    self.stems.setdefault(word[:2], []).append((word.removesuffix(_STEM), use))
                else:
                    self.whole.setdefault(word, set()).add(use)

        self.whole.setdefault(AUTOML, set()).add("searches")

    def of(self, word: str, text: str) -> frozenset[str]:
        """The uses of a word, as it is read and as it is written."""
        if (uses := self.found.get((word, text))) is None:
            if len(self.found) >= _MOST:
                self.found.clear()
            uses = self.found[word, text] = frozenset(self._of(word) | self._of(folded(text)))
        return uses

    def _of(self, word: str) -> set[str]:
        begins = {use for stem, use in self.stems.get(word[:2], ()) if word.startswith(stem)}
        return begins | self.whole.get(word, set())


_latest: list[_Uses] = []


def uses_at(reading: Reading, place: int) -> frozenset[str]:
    """All uses of the word at a place."""
    token = reading.tokens[place]
    if token.kind in _NO_WORDS:
        return _NONE
    if not _latest or _latest[0].grammar is not reading.grammar:
        _latest[:] = [_Uses(reading.grammar)]
    return _latest[0].of(token.word, token.text)


def is_of(reading: Reading, place: int, use: str) -> bool:
    """Whether a word, as it is read or as it is written, is one of a use, or begins as one that ends in a hyphen."""
    return use in uses_at(reading, place)


def places_of(reading: Reading, places: range, use: str) -> Iterator[int]:
    """The places of a stretch at which a word of a use stands."""
    return (n for n in places if is_of(reading, n, use))


def has(reading: Reading, places: range, use: str) -> bool:
    """Whether a word of a use stands in a stretch."""
    return any(is_of(reading, n, use) for n in places)


def quoted(reading: Reading, *places: int) -> str:
    """The user's own words from the first of these places to the last."""
    return reading.text[reading.tokens[min(places)].start : reading.tokens[max(places)].end]
