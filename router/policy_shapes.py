# SPDX-License-Identifier: Apache-2.0
"""The shape of what is said of a search: words for it, denials and refusals, in their order and without the others.

"Don't you dare leave out the tuning" and "schalte AutoML bloß nicht ab" have one shape, whatever their words: a denial,
a refusal, a search. The linear model of the policy sees these shapes beside the words.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from router.tokens import BREAK
from router.vocabulary import AUTOML
from router.word_stems import uses_at

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from router.reading import Reading

# A word is of the first kind that it can be.
_KINDS = {
    "shape_search": "S",
    "shape_without": "NO",
    "shape_denies": "N",
    "shape_single": "T",
    "shape_refuses": "R",
    "shape_particle": "P",
    "shape_objects": "A",
    "shape_switches": "L",
    "shape_wants": "M",
    "shape_is": "B",
    "shape_settings": "V",
    "shape_tries": "Y",
    "shape_trains": "X",
    "shape_contrasts": "&!",
    "shape_joins": "&",
    "shape_now": "D",
    "shape_past": "H",
    "shape_says": "G",
    "shape_corrects": "C",
    "shape_persons": "p",
    "shape_others": "O",
}
_NAMES = {BREAK: "|", AUTOML: "S"}
_OTHER, _CUT = "_", frozenset({"&", "&!"})
_SPEAKS = frozenset({"S", "T", "N", "NO", "R", "Y", "V"})
_OF_POLICY = frozenset({"S", "T", "V"})
_WEIGHS = frozenset({"S", "T", "N", "NO", "R", "P", "A", "Y", "V", "G", "H", "C", "O"})
_LONGEST, _MOST = 4, 3


def shapes(reading: Reading) -> Iterator[str]:
    """The features: two to four kinds in a row, with and without what stands between, and what each piece comes to."""
    kinds = [_kind(reading, n) for n in range(len(reading.tokens))]
    whole = ["^", *(one for before, one in pairwise(["", *kinds]) if not before == one == _OTHER), "$"]
    yield from _rows("t", whole)
    yield from _rows("c", [one for one in whole if one not in {_OTHER, "p"}])
    for piece in _pieces(kinds):
        if not _OF_POLICY.isdisjoint(piece):
            yield from _sum(piece)


def _kind(reading: Reading, place: int) -> str:
    if kind := _NAMES.get(reading.tokens[place].word):
        return kind
    uses = uses_at(reading, place)
    return next((kind for use, kind in _KINDS.items() if use in uses), _OTHER)


def _rows(name: str, kinds: Sequence[str]) -> Iterator[str]:
    for length in range(2, _LONGEST + 1):
        for start in range(len(kinds) - length + 1):
            row = kinds[start : start + length]
            if not _SPEAKS.isdisjoint(row):
                yield f"{name}:{' '.join(row)}"


def _pieces(kinds: Sequence[str]) -> Iterator[list[str]]:
    """What stands between punctuation marks, and words such as "and", "but"."""
    piece: list[str] = []
    for kind in kinds:
        if kind == "|" or (kind in _CUT and piece):
            if piece:
                yield piece
            piece = [] if kind == "|" else [kind]
        else:
            piece.append(kind)
    if piece:
        yield piece


def _sum(piece: Sequence[str]) -> Iterator[str]:
    """What speaks for or against in a piece, and whether it is denied once or twice."""
    said = [kind for kind in piece if kind in _WEIGHS]
    yield f"piece:{' '.join([said[0], *(other for one, other in pairwise(said) if other != one)])}"
    denials = sum(kind in {"N", "NO"} for kind in piece)
    refusals = piece.count("R") or int("P" in piece and not {"L", "B", "M", "S"}.isdisjoint(piece))
    about = next(kind for kind in ("S", "T", "V") if kind in piece)
    yield f"sum:{about}{denials}{min(refusals, _MOST)}{piece.count('A')}"
    yield f"odd:{about}{(denials + refusals) % 2}{int(denials + refusals > 0)}"
