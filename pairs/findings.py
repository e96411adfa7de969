# SPDX-License-Identifier: Apache-2.0
"""What is wrong with a data set: problems that name the rows and the remedy, one of each kind."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.problem import ROWS_NAMED, Problem

if TYPE_CHECKING:
    from core.problem import Severity

READABLE = "make it readable for you"
MORE_DEFECTS = (
    "`changenet data synthesize OUT --from PAIRS` draws defects into good pairs, and "
    "`changenet calibrate starter PAIRS` needs no training"
)
NO_DEFECTS = f"where there are good pairs alone: {MORE_DEFECTS}"
FEW_DEFECTS, MANY_ROWS = 10, 50
"""Fewer defects among so many rows teach little."""


def few_defects(defects: int, rows: int, where: str) -> list[Problem]:
    """A warning where a split that is trained on has hardly a defect, though it has rows enough."""
    if not 0 < defects < FEW_DEFECTS or rows < MANY_ROWS:
        return []
    message = (
        f"{defects} of {rows} rows {'is a defect' if defects == 1 else 'are defects'}: hardly enough to learn from"
    )
    return [Problem("data.few_defects", where, message, MORE_DEFECTS, "warning", count=defects)]


class Tally:
    """Collects what is met row by row into one problem per kind, in the order in which the kinds were met."""

    def __init__(self, place: str) -> None:
        self.place = place
        self._kinds: dict[tuple[str, Severity], _Kind] = {}

    def note(self, code: str, severity: Severity, message: str, remedy: str, row: int | None = None) -> None:
        """Count one case; `message` describes the first one met and stands for the others of its kind."""
        self._kinds.setdefault((code, severity), _Kind(message, remedy, []))
        self.again(code, severity, row)

    def again(self, code: str, severity: Severity, row: int | None = None) -> bool:
        """Count one more case of a kind, so that its message need not be made; no where there was none yet."""
        kind = self._kinds.get((code, severity))
        if kind is None:
            return False
        kind.count += 1
        if row is not None and len(kind.rows) < ROWS_NAMED and row not in kind.rows:
            kind.rows.append(row)
        return True

    def findings(self) -> list[Problem]:
        """One problem per kind."""
        return [
            Problem(code, self.place, kind.text(), kind.remedy, severity, tuple(kind.rows), kind.count)
            for (code, severity), kind in self._kinds.items()
        ]


@dataclass(slots=True)
class _Kind:
    message: str
    remedy: str
    rows: list[int]
    count: int = 0

    def text(self) -> str:
        return self.message if self.count < 2 else f"{self.message} (and {self.count - 1} more of this kind)"


def errors(findings: list[Problem]) -> list[Problem]:
    """What must be mended before a run."""
    return [finding for finding in findings if finding.severity == "error"]
