# SPDX-License-Identifier: Apache-2.0
"""What a request is made of: words, numbers, paths, job ids, key=value, and where a clause ends."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

Kind = Literal["word", "number", "path", "job", "override", "action", "quote", "break"]
BREAK, NUMBER, PATH, JOB = "<break>", "<number>", "<path>", "<job>"
OVERRIDE, ACTION, QUOTE = "<override>", "<action>", "<quote>"
JOB_ID = re.compile(r"(?<![\w-])(?:automl-)?([a-z][a-z0-9_]*)-\d{8}-\d{6}-[0-9a-f]{6}(?![\w-])")
JOINED = re.compile(r"[^\W_]+")
SENTENCE_ENDS = frozenset(".!?;\n")
_FOLD = str.maketrans(
    {"\u2019": "'", "\u2018": "'", "\u02bc": "'", "\u00e4": "ae", "\u00f6": "oe", "\u00fc": "ue", "\u00df": "ss"}
)


class Token(NamedTuple):
    """A part of a request: `word` is what phrases are compared with, `text` what stands at `start` to `end`.

    `kind` tells what it is; for a number `value` is its figure, elsewhere 0. `spelled` is a number that was a word.
    """

    kind: Kind
    word: str
    text: str
    start: int
    end: int
    value: float = 0
    spelled: str = ""


def folded(word: str) -> str:
    """A word as it is compared: lower case, umlauts written out."""
    return word.lower().translate(_FOLD)


def fold(text: str) -> str:
    """A phrase as it is compared: as `folded`, what joins words as a blank."""
    return " ".join(JOINED.findall(folded(text)))


def figure(said: str) -> float:
    """The value of a number as it is written: 1,000 is a thousand, and 0,5 a half."""
    if re.fullmatch(r"[1-9]\d{0,2}(,\d{3})+", said):
        return float(said.replace(",", ""))
    try:
        return float(said.replace(",", "."))
    except ValueError:
        return float(re.sub(r"\D", "", said))


def clause_at(tokens: Sequence[Token], place: int) -> range:
    """The tokens of the clause that a token stands in: those between the breaks around it."""
    start = stop = place
    while start and tokens[start - 1].kind != "break":
        start -= 1
    while stop < len(tokens) and tokens[stop].kind != "break":
        stop += 1
    return range(start, stop)


def clauses_in(tokens: Sequence[Token]) -> Iterator[range]:
    """The tokens between breaks, clause by clause."""
    place = 0
    while place < len(tokens):
        if clause := clause_at(tokens, place):
            yield clause
        place = max(clause.stop, place) + 1


def sentence_begin(tokens: Sequence[Token], place: int) -> int:
    """The first token of the sentence that a token stands in."""
    return max((n + 1 for n in range(place) if tokens[n].text in SENTENCE_ENDS), default=0)


def sentence_end(tokens: Sequence[Token], place: int) -> int:
    """The break that ends the sentence of a token; how many tokens there are where none does."""
    ends = (n for n in range(place, len(tokens)) if tokens[n].kind == "break" and tokens[n].text in SENTENCE_ENDS)
    return next(ends, len(tokens))
