# SPDX-License-Identifier: Apache-2.0
"""Pairs as an import finds them, and the rows or files that it does not use, each with its reason."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from core.verdicts import PASS

if TYPE_CHECKING:
    from collections.abc import Iterable

NO_TEST, NO_GOLDEN, NO_LABEL = "missing picture", "missing golden image", "unknown label"
TWICE, CONTRADICTING, SAME, NO_SPLIT = "twice", "two labels", "its own golden image", "unknown split"


@dataclass(frozen=True, slots=True)
class FoundPair:
    """One pair of pictures, by whole paths, with its verdict; `row` is the line of the table, 0 where there is none."""

    row: int
    test: str
    golden: str
    label: str
    name: str  # relative path of the test image
    board: str = ""
    split: str = ""
    extra: tuple[str, ...] = ()

    @property
    def is_defect(self) -> bool:
        """Whether the pair is no PASS."""
        return self.label != PASS


@dataclass(frozen=True, slots=True)
class Unused:
    """A row, or a file, that became no pair: where, why, and the value that is meant."""

    row: int
    reason: str
    value: str


@dataclass(slots=True)
class Gathered:
    """What was found, and what was left out."""

    pairs: list[FoundPair] = field(default_factory=list)
    unused: list[Unused] = field(default_factory=list)

    def leave_out(self, row: int, reason: str, value: str) -> None:
        """Tell of a row that is not used."""
        self.unused.append(Unused(row, reason, value))

    def reasons(self) -> dict[str, int]:
        """How many rows are not used, by reason."""
        return dict(Counter(one.reason for one in self.unused).most_common())


def without_repeats(found: Gathered) -> Gathered:
    """Each test image once; none of those that stand with two verdicts."""
    labels: dict[str, set[str]] = {}
    for pair in found.pairs:
        labels.setdefault(pair.name, set()).add(pair.label)
    kept = Gathered(unused=list(found.unused))
    seen: set[tuple[str, str]] = set()
    for pair in found.pairs:
        if len(labels[pair.name]) > 1:
            kept.leave_out(pair.row, CONTRADICTING, pair.name)
        elif (pair.name, pair.golden) in seen:
            kept.leave_out(pair.row, TWICE, pair.name)
        else:
            seen.add((pair.name, pair.golden))
            kept.pairs.append(pair)
    kept.unused.sort(key=lambda one: one.row)
    return kept


def count_labels(pairs: Iterable[FoundPair]) -> dict[str, int]:
    """How many pairs have which label, most frequent first."""
    return dict(Counter(pair.label for pair in pairs).most_common())
