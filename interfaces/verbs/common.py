# SPDX-License-Identifier: Apache-2.0
"""What several verbs take."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from interfaces.options import argument, option

RESULTS: dict[str, Any] = {
    "help": "folder of all jobs",
    "flag": "--results",
    "metavar": "DIR",
    "env": "CHANGENET_RESULTS",
    "otherwise": "./results",
}


@dataclass(frozen=True, slots=True)
class NamedOptions:
    """A job, or a search, by its name."""

    job: str = argument("id of a job, or its beginning; or of a search", metavar="JOB")
    results_root: str | None = option(**RESULTS)


def split_names(text: str | None) -> tuple[str, ...]:
    """The parts of a comma-separated list."""
    return tuple(part.strip() for part in (text or "").split(",") if part.strip())
