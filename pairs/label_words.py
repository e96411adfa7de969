# SPDX-License-Identifier: Apache-2.0
"""What the labels of a foreign table mean: which are good, which are defects, and which decide nothing.

Good boards become PASS; of a defect the table's own word is kept, as the kind of defect.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from core.errors import DataError
from core.verdicts import PASS
from pairs.csv_files import some
from pairs.import_words import BAD, GOOD, ONE_IS_BAD, ONE_IS_GOOD, UNDECIDED, is_named, plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_TWO_VALUES = ({"0", "1"}, {"false", "true"})
_MOST_KINDS = 100


@dataclass(frozen=True, slots=True)
class LabelReading:
    """The good words, the bad ones, and whether any other word is a kind of defect; `guessed` says so to the user."""

    good: frozenset[str]
    bad: frozenset[str]
    others_are_defects: bool
    guessed: str = ""

    def read(self, value: str) -> str | None:
        """PASS, or the kind of defect; None where the value decides nothing."""
        word = plain(value)
        if word in self.good:
            return PASS
        if word in self.bad or (self.others_are_defects and word not in UNDECIDED):
            return value.strip() if value.strip() != PASS else f"{PASS}?"
        return None


def good_words(column: str, values: Iterable[str]) -> list[str]:
    """The values of a column that mean a good board, as written, most frequent first; empty where none is known."""
    counts = Counter(filter(None, map(str.strip, values)))
    known = {plain(value): value for value, _ in reversed(counts.most_common()) if plain(value) in GOOD}
    if known:
        return list(reversed(known.values()))
    plain_values = {plain(value) for value in counts}
    for pair in _TWO_VALUES:
        zero, one = sorted(pair)
        if plain_values and plain_values <= pair:
            meant = one if is_named(column, ONE_IS_GOOD) else zero if is_named(column, ONE_IS_BAD) else ""
            return [value for value in counts if plain(value) == meant]
    return []


def label_reading(column: str, values: Sequence[str], good: Sequence[str], bad: Sequence[str]) -> LabelReading:
    """How a column of labels is read, by what is said of it, else by words that are known.

    Where a word for defects at large stands in the column (NG beside OK), a word that nobody knows is none.

    Raises:
        DataError: which values are good can't be told, a word is said to be both, or is not there.
    """
    counts = Counter(map(str.strip, values))
    present = {plain(value) for value in counts} - {""}
    _refuse_contradiction(counts, present, good, bad, column)
    found = list(good) or good_words(column, counts.elements())
    if not found:
        shown = some([repr(value) for value, _ in counts.most_common()])
        remedy = "say which of them are good boards: --good VALUE"
        message = f"which values of the column {column!r} mean a good board can't be told: it has {shown}"
        raise DataError(message, code="data.labels_unknown", where="--good", remedy=remedy)
    words = frozenset(map(plain, found))
    named = frozenset(map(plain, bad)) or (frozenset(BAD | {"0", "1", "false", "true"}) & present) - words
    others = not bad and not named
    if others and len(present - words) > _MOST_KINDS:
        message = f"the column {column!r} has {len(present - words):,} values beside {some(found)}: it holds no labels"
        remedy = "name the column of the verdicts by --label, or the values that mean a defect by --bad"
        raise DataError(message, code="data.labels_unknown", where=column, remedy=remedy)
    reading = LabelReading(words, named, others)
    return reading if good else replace(reading, guessed=_guess(column, found, counts, reading))


def _guess(column: str, found: Sequence[str], counts: Counter[str], reading: LabelReading) -> str:
    defects = [value for value in counts if reading.read(value) not in {PASS, None}]
    return f"of {column!r}, {some(list(found))} means PASS, and {some(defects) or 'nothing'} a defect"


def _refuse_contradiction(
    counts: Counter[str], present: set[str], good: Sequence[str], bad: Sequence[str], column: str
) -> None:
    both = [word for word in good if plain(word) in set(map(plain, bad))]
    if both:
        message, remedy = f"{some(both)} is said to be good and bad", "say either"
        raise DataError(message, code="data.labels_unknown", where="--good", remedy=remedy)
    for flag, words in (("--good", good), ("--bad", bad)):
        if absent := [word for word in words if plain(word) not in present]:
            message = f"no row of the column {column!r} has {some(absent)}; it has {some([v for v in counts if v])}"
            raise DataError(message, code="data.labels_unknown", where=flag, remedy="name values as the table has them")
