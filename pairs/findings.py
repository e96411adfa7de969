# SPDX-License-Identifier: Apache-2.0
"""What is wrong with a data set: findings that name the rows and the remedy."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

Severity = Literal["error", "warning"]
ROWS_NAMED = 20
READABLE = "make it readable for you"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong. `rows` are the first lines it concerns (at most 20), `count` how many in all."""

    code: str
    severity: Severity
    message: str
    where: str = ""
    remedy: str = ""
    rows: tuple[int, ...] = ()
    count: int = 0

    @property
    def place(self) -> str:
        """Where it is, with the first rows."""
        rows = ", ".join(map(str, self.rows)) + (", …" if len(self.rows) == ROWS_NAMED else "")
        return f"{self.where}{f' row {rows}' if self.rows else ''}"

    def as_dict(self) -> dict[str, Any]:
        """The same as a JSON object."""
        return asdict(self) | {"rows": list(self.rows)}


class Tally:
    """Collects what is met row by row into one finding per kind, in the order in which the kinds were met."""

    def __init__(self, where: str) -> None:
        self.where = where
        self._kinds: dict[tuple[str, Severity], _Kind] = {}

    def note(self, code: str, severity: Severity, message: str, remedy: str, row: int | None = None) -> None:
        """Count one case; `message` describes the first one met and stands for the others of its kind."""
        kind = self._kinds.get((code, severity))
        if kind is None:
            kind = self._kinds[code, severity] = _Kind(message, remedy, [])
        kind.count += 1
        if row is not None and len(kind.rows) < ROWS_NAMED and row not in kind.rows:
            kind.rows.append(row)

    def findings(self) -> list[Finding]:
        """One finding per kind."""
        return [
            Finding(code, severity, kind.text(), self.where, kind.remedy, tuple(kind.rows), kind.count)
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


def errors(findings: list[Finding]) -> list[Finding]:
    """The findings that must be mended before a run."""
    return [finding for finding in findings if finding.severity == "error"]
