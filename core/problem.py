# SPDX-License-Identifier: Apache-2.0
"""The one shape of "what is wrong", from the data check and the rules of a spec to a job's end and the exit code."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal

from core.errors import SpecError, UnknownKeyError

if TYPE_CHECKING:
    from collections.abc import Sequence

Severity = Literal["error", "warning"]
ROWS_NAMED = 20
UNKNOWN_KEY = UnknownKeyError.code


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong: stable code, place (file, key or job), what is wrong, how to mend it.

    `rows` are the first lines of the place that it concerns (at most `ROWS_NAMED`), `count` how many in all.
    """

    code: str
    place: str
    message: str
    remedy: str = ""
    severity: Severity = "error"
    rows: tuple[int, ...] = ()
    count: int = 0

    @property
    def where(self) -> str:
        """The place with its first rows."""
        rows = ", ".join(map(str, self.rows)) + (", …" if len(self.rows) == ROWS_NAMED else "")
        return f"{self.place}{f' row {rows}' if self.rows else ''}"

    @property
    def sentence(self) -> str:
        """Place, what is wrong and how to mend it, in one line: a cell of a CSV that is quoted may hold line breaks."""
        remedy = f" ({self.remedy})" if self.remedy else ""
        return " ".join(f"{self.where}: {self.message}{remedy}".split())

    def to_json(self) -> dict[str, Any]:
        """As a JSON object."""
        return asdict(self) | {"rows": list(self.rows)}

    @classmethod
    def from_json(cls, document: dict[str, Any]) -> Problem:
        """The inverse of `to_json`."""
        return cls(**{**document, "rows": tuple(document.get("rows", ()))})


def refuse(problems: Sequence[Problem]) -> None:
    """Raise one error that tells all problems of a spec at once; nothing when there are none.

    Raises:
        UnknownKeyError: every problem is a key that is not there.
        SpecError: otherwise; the code is that of the only problem, or `spec` for several.
    """
    if not problems:
        return
    kind = UnknownKeyError if all(p.code == UNKNOWN_KEY for p in problems) else SpecError
    if len(problems) == 1:
        only = problems[0]
        raise kind(only.message, code=only.code, where=only.place, remedy=only.remedy)
    lines = "".join(f"\n  - {p.place}: {p.message}\n    remedy: {p.remedy}" for p in problems)
    codes = {problem.code for problem in problems}
    raise kind(f"{len(problems)} values can't be used:{lines}", code=codes.pop() if len(codes) == 1 else None)
