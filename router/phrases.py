# SPDX-License-Identifier: Apache-2.0
"""Finds declared phrases in a request, and whether each was negated."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

BREAK = "|"
_APOSTROPHES = str.maketrans({"\u2019": "'", "\u2018": "'", "\u02bc": "'", "`": "'"})
_NOT = re.compile(r"\b(?:(do|does|did|is|are|was|should|would|could|need|must|have|ca|wo)n'?t|cannot)\b")
_CLAUSE_END = re.compile(r"[,;!?()\n]|\.(?!\w)")
_JOINER = re.compile(r"[\s_/\-:=\"']+")
_GAP = " * "
_LONGEST_GAP = 4


class Mention(NamedTuple):
    """One phrase in the text: the group that it belongs to, what was said, and where (character positions)."""

    group: str
    phrase: str
    start: int
    end: int
    negated: bool = False


class Negation(NamedTuple):
    """The words that turn a phrase round: directly before it, or with fillers between."""

    words: tuple[str, ...]
    fillers: tuple[str, ...]
    continuations: tuple[str, ...]

    @classmethod
    def declared(cls, language: Mapping[str, Any]) -> Negation:
        """The negation words of skill_info.yaml."""
        parts = (language["negations"], language["negation_fillers"], language["continuations"])
        return cls(*(tuple(words) for words in parts))

    def covers(self, before: str) -> bool:
        """Whether the words directly before a phrase negate it."""
        words = self._without_tail(before.split(), self.fillers)
        return any(words[-len(n) :] == n for n in (negation.split() for negation in self.words))

    def carries_on(self, between: str) -> bool:
        """Whether a negation reaches over these words to the next phrase, as in "don't train or export"."""
        words = between.split()
        rest = self._without_tail(words, (*self.continuations, *self.fillers))
        return not rest and any(word in self.continuations for word in words)

    def _without_tail(self, words: list[str], tail: tuple[str, ...]) -> list[str]:
        end = len(words)
        while end and words[end - 1] in tail and words[end - 1] not in self.words:
            end -= 1
        return words[:end]


def normalise(text: str) -> str:
    """Lower case, one space between words, `|` where a clause ends, "n't" as "not"."""
    text = _NOT.sub(r"\1 not", text.lower().translate(_APOSTROPHES))
    text = _CLAUSE_END.sub(f" {BREAK} ", text)
    return " ".join(_JOINER.sub(" ", text).split())


def find_mentions(text: str, phrases: Mapping[str, Iterable[str]], negation: Negation) -> list[Mention]:
    """The mentions of the phrases (group to phrases) in a normalised text, in order; where two overlap, the longer."""
    found = [
        Mention(group, text[start:end], start, end)
        for group, entries in phrases.items()
        for entry in entries
        for start, end in _spans(text, entry)
    ]
    return _with_negation(text, _longest(found), negation)


def _spans(text: str, phrase: str) -> Iterator[tuple[int, int]]:
    """Where a phrase stands in the text as whole words; ` * ` in it is a gap of at most four words of one clause."""
    head, gap, tail = phrase.partition(_GAP)
    for start in _places(text, head, 0):
        end = start + len(head)
        stop = _end_of_tail(text, tail, end) if gap else end
        if stop is not None:
            yield start, stop


def _end_of_tail(text: str, tail: str, start: int) -> int | None:
    place = next(_places(text, tail, start), None)
    between = text[start:place].split() if place is not None else []
    reached = place is not None and len(between) <= _LONGEST_GAP and BREAK not in between
    return place + len(tail) if place is not None and reached else None


def _places(text: str, words: str, start: int) -> Iterator[int]:
    """Positions of whole words, from `start` on; no pattern is compiled, as a request meets hundreds of phrases."""
    padded = f" {text} "
    place = padded.find(f" {words} ", start)
    while place >= 0:
        yield place
        place = padded.find(f" {words} ", place + 1)


def _longest(found: Sequence[Mention]) -> list[Mention]:
    kept: list[Mention] = []
    for mention in sorted(found, key=lambda m: (m.start - m.end, m.start)):
        if all(mention.end <= other.start or mention.start >= other.end for other in kept):
            kept.append(mention)
    return sorted(kept, key=lambda m: m.start)


def _with_negation(text: str, mentions: Sequence[Mention], negation: Negation) -> list[Mention]:
    result: list[Mention] = []
    for mention in mentions:
        clause = text[: mention.start].rpartition(BREAK)[2]
        negated = negation.covers(clause) or _carried(text, result, mention, negation)
        result.append(Mention(mention.group, mention.phrase, mention.start, mention.end, negated))
    return result


def _carried(text: str, before: Sequence[Mention], mention: Mention, negation: Negation) -> bool:
    return bool(before) and before[-1].negated and negation.carries_on(text[before[-1].end : mention.start])
