# SPDX-License-Identifier: Apache-2.0
"""What several verbs take."""

from __future__ import annotations

from typing import Any

from core.errors import InputError
from interfaces.options import Group, given

CLASSIFY = Group("classify", "for classify data")
SEGMENT = Group("segment", "for segment data")
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


def refuse_options_of(group: Group, options: Any) -> None:
    """Refuse options for data that this is not: they would be passed over.

    Raises:
        InputError: with the options.
    """
    flags = [entry.flag for entry in given(options) if entry.group is group]
    if flags:
        message = f"{' and '.join(flags)} {'is' if len(flags) == 1 else 'are'} {group.description}, which this is not"
        raise InputError(message, code="data.option", where=flags[0], remedy="leave that out")
