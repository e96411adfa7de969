# SPDX-License-Identifier: Apache-2.0
"""Phrases as patterns over tokens, and where they stand in a request.

A pattern is words with blanks between. `stop|halt` is one of these words, `the?` may be left out, `*` is a gap of at
most four words of one clause, `**` one of at most eight. `<number>`, `<path>`, `<job>` and `<action>` are such tokens,
`<break>` is the end of a clause, `@name` stands for the words of a list that the language files name.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from router.tokens import BREAK

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from router.tokens import Token

_GAPS = {"*": 4, "**": 8}


# What is done to one thing at a time; what compares several reaches over "and".
_OF_ONE_THING = ("action:", "verb:resume", "verb:cancel", "verb:remove", "verb:status", "verb:data_check")


class Part(NamedTuple):
    """One place of a pattern: words of which one stands there, or a gap of at most so many words."""

    words: frozenset[str]
    optional: bool = False
    gap: int = 0


class Mention(NamedTuple):
    """A phrase in the text: the group that it belongs to, and the tokens (by number) that are its words."""

    group: str
    places: tuple[int, ...]
    negated: bool = False

    @property
    def start(self) -> int:
        """The first token."""
        return self.places[0]

    @property
    def end(self) -> int:
        """Behind the last token."""
        return self.places[-1] + 1


@dataclass(slots=True)
class Patterns:
    """Patterns by their first word, each with its group; parsed when that word is met for the first time.

    `barriers` are words that no gap of a phrase reaches over which speaks of one thing, as they begin the next one.
    """

    lists: Mapping[str, Sequence[str]]
    barriers: frozenset[str] = frozenset()
    raw: dict[str, list[tuple[str, str]]] = field(default_factory=dict)
    parsed: dict[str, list[tuple[str, tuple[Part, ...], tuple[frozenset[str], ...]]]] = field(default_factory=dict)
    words: set[str] = field(default_factory=set)

    def add(self, group: str, patterns: Iterable[str]) -> None:
        """Declare patterns of a group."""
        for pattern in patterns:
            first, _, rest = pattern.partition(" ")
            if first.endswith("?"):
                self.add(group, [rest])
                pattern = f"{first[:-1]} {rest}"  # noqa: PLW2901 - the pattern as it stands where its first word is said
                first = first[:-1]
            for word in self._alternatives(first):
                self.raw.setdefault(word, []).append((group, pattern))
            for part in rest.split():
                if part not in _GAPS:
                    self.words.update(self._alternatives(part.removesuffix("?")))

    def _alternatives(self, part: str) -> Iterator[str]:
        for word in part.split("|"):
            if word.startswith("@"):
                yield from self.lists[word[1:]]
            else:
                yield word

    def knows(self, word: str) -> bool:
        """Whether any pattern has the word."""
        return word in self.raw or word in self.words

    def vocabulary(self) -> Iterator[str]:
        """Every word of every pattern."""
        yield from self.raw
        yield from self.words - self.raw.keys()

    def find(self, tokens: Sequence[Token]) -> Iterator[Mention]:
        """Every mention, overlapping ones included."""
        said = {token.word for token in tokens} | {token.spelled for token in tokens} | {BREAK}
        for start, token in enumerate(tokens):
            for word in {token.word, token.spelled} - {""}:
                for group, parts, needed in self._beginning_with(word):
                    for words in needed:
                        if said.isdisjoint(words):
                            break
                    else:
                        barriers = self.barriers if group.startswith(_OF_ONE_THING) else frozenset()
                        places = _match(tokens, parts, start, barriers)
                        if places is not None:
                            yield Mention(group, tuple(n for n in places if n < len(tokens)))

    def _beginning_with(self, word: str) -> list[tuple[str, tuple[Part, ...], tuple[frozenset[str], ...]]]:
        """The patterns that begin with a word: the group, the parts, and the words of which each one has to be said."""
        if word not in self.parsed:
            parsed = ((group, self._parse(pattern)) for group, pattern in self.raw.get(word, ()))
            self.parsed[word] = [
                (group, parts, tuple(part.words for part in parts[1:] if not (part.gap or part.optional)))
                for group, parts in parsed
            ]
        return self.parsed[word]

    def _parse(self, pattern: str) -> tuple[Part, ...]:
        parts = []
        for part in pattern.split():
            if part in _GAPS:
                parts.append(Part(frozenset(), gap=_GAPS[part]))
            else:
                parts.append(Part(frozenset(self._alternatives(part.removesuffix("?"))), optional=part.endswith("?")))
        return tuple(parts)


def _match(
    tokens: Sequence[Token], parts: Sequence[Part], place: int, barriers: frozenset[str]
) -> tuple[int, ...] | None:
    """The tokens that the parts stand for, from `place` on; None where they do not stand there."""
    if not parts:
        return ()
    wanted, others = parts[0], parts[1:]
    if wanted.gap:
        for skipped in range(wanted.gap + 1):
            found = _match(tokens, others, place + skipped, barriers)
            if found is not None:
                return found
            here = place + skipped
            if here >= len(tokens) or tokens[here].word == BREAK or tokens[here].word in barriers:
                return None
        return None
    if _stands(tokens, wanted, place):
        rest = _match(tokens, others, place + 1, barriers)
        if rest is not None:
            return (place, *rest)
    return _match(tokens, others, place, barriers) if wanted.optional else None


def _stands(tokens: Sequence[Token], wanted: Part, place: int) -> bool:
    """Whether a wanted word stands at a place; the end of a request ends a clause as well."""
    if place >= len(tokens):
        return place == len(tokens) and BREAK in wanted.words
    return tokens[place].word in wanted.words or tokens[place].spelled in wanted.words


def longest(mentions: Iterable[Mention], rank: Mapping[str, int]) -> list[Mention]:
    """Of mentions that share a token the one of more words; of equal ones that of the lower rank, then the first."""
    taken: set[int] = set()
    kept = []
    for mention in sorted(mentions, key=lambda m: (-len(m.places), rank.get(m.group.partition(":")[0], 0), m.places)):
        if taken.isdisjoint(mention.places):
            taken.update(mention.places)
            kept.append(mention)
    return sorted(kept, key=lambda m: m.places)


def by_last_word(phrases: Iterable[str]) -> dict[str, list[tuple[str, ...]]]:
    """Last word to the phrases, longest first."""
    found: dict[str, list[tuple[str, ...]]] = {}
    for words in sorted((tuple(phrase.split()) for phrase in phrases), key=len, reverse=True):
        found.setdefault(words[-1], []).append(words)
    return found
