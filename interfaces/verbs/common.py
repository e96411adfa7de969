# SPDX-License-Identifier: Apache-2.0
"""What several verbs take."""

from __future__ import annotations

from typing import Any

RESULTS: dict[str, Any] = {
    "help": "folder of all jobs",
    "flag": "--results",
    "metavar": "DIR",
    "env": "CHANGENET_RESULTS",
    "otherwise": "./results",
}


def split_names(text: str | None) -> tuple[str, ...]:
    """The parts of a comma-separated list."""
    return tuple(part.strip() for part in (text or "").split(",") if part.strip())
