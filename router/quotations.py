# SPDX-License-Identifier: Apache-2.0
"""What is said of words in quotation marks behind them, or who hands them on, so that they are ordered."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from router.tokens import JOINED, folded

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    Grammar = Mapping[str, frozenset[str]]

_DENIED = re.compile(r"n['\u2019]t\b|\b(?:do|did|does|ca|wo)nt\b", re.IGNORECASE)
_WRAPPED = re.compile(r"(?:\"[^\"\n]{8,}\"|(?<=[\s:])'[^'\n]{8,}'(?!\w))")
_ENDS = re.compile(r"(?<!\bMr)(?<!\bMs)(?<!\bMrs)(?<!\bDr)[.!?;\n](?=\s|$)")
_LONGEST = 7


class _Intro(NamedTuple):
    """The words before a quotation in its sentence, as they are written, and as they are compared."""

    raw: Sequence[str]
    words: Sequence[str]
    grammar: Grammar

    def speaker(self) -> str:
        """Who wants, or asks for, what is quoted, by the last word that names him; else nothing."""
        if not self.words or len(self.words) > _LONGEST:
            return ""
        if self.words[-1] in self.grammar["hands_on"]:
            return self._person(len(self.words) - 2)
        wish = next((n for n, word in enumerate(self.words) if word in self.grammar["request_nouns"]), None)
        if wish is None:
            return ""
        if wish == len(self.words) - 1:  # "Marta's wish"
            return self._person(wish - 2) if self.words[wish - 1] == "s" else self._person(wish - 1)
        of_whom = self.words[wish + 1] in self.grammar["from_whom"]  # "Wunsch von Pavel"
        return self._person(len(self.words) - 1) if of_whom else ""

    def _person(self, place: int) -> str:
        if place < 0:
            return ""
        use, word = self.grammar, self.words[place]
        spoken_of = use["people"] | use["wishing"] | use["askers"] | use["third"]
        named = self.raw[place][0].isupper() and word not in use["articles"] | use["inscriptions"]
        return word if word in spoken_of or named else ""


def is_endorsed(behind: str, grammar: Grammar) -> bool:
    """Whether what somebody said is then ordered: "my boss wrote 'export the best trial', he is right, so do that"."""
    words = [folded(one) for one in JOINED.findall(behind)]
    if "?" in behind or not grammar["not"].isdisjoint(words) or _DENIED.search(behind):
        return False
    return any(one in grammar["carries_out"] and other in grammar["what_is_said"] for one, other in pairwise(words))


def names_bearer(outside: str, grammar: Grammar) -> bool:
    """Whether the words around a quotation name a thing that may bear it: a sticker, a cell, a file."""
    return not grammar["inscriptions"].isdisjoint(folded(one) for one in JOINED.findall(outside))


def handed_on(text: str, grammar: Grammar) -> str:
    """The text, a quotation that is ordered with blanks for who says so, its marks, and the words that order it.

    A user's words are handed on by the agent that quotes them ("User asked: …"); others' are ordered in so many words
    ("Marta's wish: '…'. Please carry out."). What a sticker, a cell or a file says is never.
    """
    wrapped = _WRAPPED.search(text) if '"' in text or "'" in text else None
    if wrapped is None or wrapped.start() == 0:
        return text
    begin = max((found.end() for found in _ENDS.finditer(text, 0, wrapped.start())), default=0)
    if names_bearer(text[: wrapped.start()] + text[wrapped.end() :], grammar):
        return text
    raw = JOINED.findall(text[begin : wrapped.start()])
    while raw and folded(raw[-1]) in grammar["verbatim"]:
        raw.pop()
    speaker = _Intro(raw, [folded(one) for one in raw], grammar).speaker()
    order = _order_behind(text[wrapped.end() :], grammar)
    if not speaker or not (order or speaker in grammar["askers"]) or _is_denied(text[wrapped.end() :], grammar):
        return text
    inside = text[wrapped.start() + 1 : wrapped.end() - 1]
    rest = text[wrapped.end() + order :]
    return f"{text[:begin]}{' ' * (wrapped.start() + 1 - begin)}{inside} {' ' * order}{rest}"


def _order_behind(behind: str, grammar: Grammar) -> int:
    """How many letters behind a quotation only order to carry it out: ". Please carry out."."""
    start = len(behind) - len(behind.lstrip(" .,;\u2013-"))
    stop = next((found.end() for found in _ENDS.finditer(behind, start)), len(behind))
    words = [folded(one) for one in JOINED.findall(behind[:stop])]
    bids = not grammar["carry_it_out"].isdisjoint(words)
    return stop if bids and grammar["carry_it_out"] | grammar["carrying_out"] >= set(words) else 0


def _is_denied(behind: str, grammar: Grammar) -> bool:
    words = [folded(one) for one in JOINED.findall(behind)]
    return not grammar["not"].isdisjoint(words) or bool(_DENIED.search(behind))
