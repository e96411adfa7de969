# SPDX-License-Identifier: Apache-2.0
"""The groups of odd inputs by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from file_inputs import archive, checkpoint, picture
from line_inputs import line, line_command
from record_inputs import record
from typed_inputs import command_line, spec, table

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from arena import Case
    from draw import Draw

GROUPS: dict[str, Callable[[Draw, Path], Case]] = {
    "command line": command_line,
    "spec": spec,
    "table": table,
    "picture": picture,
    "archive": archive,
    "checkpoint": checkpoint,
    "record": record,
    "line": line,
    "line command": line_command,
}

ENGINE_ONLY = {"spec", "checkpoint"}
