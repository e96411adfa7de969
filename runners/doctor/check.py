# SPDX-License-Identifier: Apache-2.0
"""One line of `changenet doctor`: what was looked at, how it is, what is there, how to mend it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

Status = Literal["ok", "warning", "error"]


@dataclass(frozen=True, slots=True)
class Check:
    """What was found. A `warning` limits what can be done here, an `error` stops every run of the runner."""

    name: str
    status: Status
    found: str
    remedy: str = ""

    def to_json(self) -> dict[str, Any]:
        """As a JSON object."""
        return asdict(self)


def ok(name: str, found: str) -> Check:
    """Nothing to mend."""
    return Check(name, "ok", found)


def warning(name: str, found: str, remedy: str) -> Check:
    """Something that can't be done here."""
    return Check(name, "warning", found, remedy)


def error(name: str, found: str, remedy: str) -> Check:
    """Something that stops every run."""
    return Check(name, "error", found, remedy)
