# SPDX-License-Identifier: Apache-2.0
"""What a data check says: findings, errors apart from warnings, and the counts behind them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from core.terminal import printable

LONGEST_LINE = 600

if TYPE_CHECKING:
    from core.problem import Problem


@dataclass(frozen=True, slots=True)
class Report:
    """The findings on a data set. `counts` holds one table per split: rows, labels, boards, picture sizes."""

    task: str
    findings: tuple[Problem, ...]
    counts: dict[str, dict[str, Any]] = field(default_factory=dict)
    decoded: bool = False

    @property
    def errors(self) -> list[Problem]:
        """What must be mended before a run."""
        return [finding for finding in self.findings if finding.severity == "error"]

    @property
    def warnings(self) -> list[Problem]:
        """What should be looked at."""
        return [finding for finding in self.findings if finding.severity == "warning"]

    @property
    def exit_code(self) -> int:
        """2 where there are errors, else 0."""
        return 2 if self.errors else 0

    def as_dict(self) -> dict[str, Any]:
        """The same as a JSON object."""
        return {
            "task": self.task,
            "ok": not self.errors,
            "decoded": self.decoded,
            "errors": [finding.to_json() for finding in self.errors],
            "warnings": [finding.to_json() for finding in self.warnings],
            "counts": self.counts,
        }

    def as_text(self) -> str:
        """The same for people: counts first, then errors, then warnings."""
        lines = [line for name, table in self.counts.items() for line in _table_lines(name, table)]
        for title, findings in (("errors", self.errors), ("warnings", self.warnings)):
            lines += [f"{len(findings)} {title if len(findings) != 1 else title[:-1]}"] if findings else []
            lines += [line for finding in findings for line in _finding_lines(finding)]
        if not self.findings:
            lines.append("nothing is wrong" if self.decoded else "nothing is wrong (pictures were not decoded)")
        return "\n".join(map(_printable, lines)) + "\n"


def _finding_lines(finding: Problem) -> list[str]:
    lines = [f"  {finding.code}: {finding.message}"]
    lines += [f"    at {finding.where}"] if finding.where else []
    return lines + ([f"    remedy: {finding.remedy}"] if finding.remedy else [])


def _table_lines(name: str, table: dict[str, Any]) -> list[str]:
    labels = table.get("labels", {})
    kinds = ", ".join(f"{label or 'no label'} {count}" for label, count in labels.items())
    lines = [f"{name}: {table.get('rows', 0)} rows" + (f" ({kinds})" if kinds else "")]
    lines += [f"  files are named OBJECT{ending}" for ending in table.get("pictures", ())]
    sizes = ", ".join(f"{size} px: {count}" for size, count in table.get("sizes", {}).items())
    return lines + ([f"  pictures of {sizes}"] if sizes else [])


def _printable(line: str) -> str:
    """A line without what a terminal would obey in cells and file names, and of bearable length."""
    line = printable(line).replace("\n", "\\n").replace("\t", "\\t")
    return line if len(line) <= LONGEST_LINE else f"{line[:LONGEST_LINE]}…"
