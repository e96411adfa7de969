# SPDX-License-Identifier: Apache-2.0
"""What the steps of a decision leave for the reader."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from router.types import Question


@dataclass(slots=True)
class Notes:
    """Reasons, warnings and open questions, in the order in which they came up."""

    reasons: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    missing: list[Question] = field(default_factory=list)

    def because(self, reason: str) -> None:
        """Note why something was decided."""
        self.reasons.append(reason)

    def warn(self, warning: str) -> None:
        """Note something that the caller should know before the launch."""
        self.warnings.append(warning)

    def ask(self, question: Question) -> None:
        """Note a question that must be answered first."""
        self.missing.append(question)


def listed(names: Iterable[str]) -> str:
    """The names as a sentence part: `a, b and c`."""
    *first, last = list(names) or [""]
    return f"{', '.join(first)} and {last}" if first else last
