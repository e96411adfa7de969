# SPDX-License-Identifier: Apache-2.0
"""What the tables of a plan say, as digests: labels that change make another plan, though every path stays."""

from __future__ import annotations

from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import InputError, RequestError
from core.files import sha256_file
from core.memory import Memory
from runners.planning.data_tables import part_names

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from router.declarations import Skill
    from runners.planning.data_tables import Entry
    from runners.planning.plan import Plan


def table_digests(
    inputs: Mapping[str, str | list[str]], rows: Mapping[str, Entry], memory: Memory | None = None
) -> dict[str, str]:
    """The SHA-256 of each table that lies on this machine, by its path; of a data folder, of the lists of its splits.

    `rows` are the data sources of the action; with `memory`, a file that was not written since is not read again. What
    can't be read is left to the check of the data.
    """
    memory = memory or Memory()
    places = (place for key, row in rows.items() for place in _tables(inputs.get(key, []), row))
    found: dict[str, str] = {}
    for place in dict.fromkeys(places):
        with suppress(OSError, InputError):
            file = place.stat()
            version = (str(place), file.st_ino, file.st_size, file.st_mtime_ns)
            found[str(place)] = memory.once(("table", *version), partial(sha256_file, place))
    return found


def _tables(value: str | list[str], row: Entry) -> Iterator[Path]:
    for place in map(Path, [value] if isinstance(value, str) else value):
        if row["runtime"] == "file":
            yield from (one for one in (place,) if one.is_file())
        elif row["runtime"] == "folder":
            yield from (one for part in part_names(row) for one in sorted((place / part).glob("*.txt")))


def require_same_tables(plan: Plan, skill: Skill, memory: Memory) -> None:
    """The tables say what they said when the plan was made.

    Raises:
        RequestError: one of them does not.
    """
    now = table_digests(plan.inputs, skill.data_sources(plan.action), memory)
    changed = [place for place, digest in plan.tables.items() if now.get(place) != digest]
    if changed:
        message = "this table was changed since the plan was made"
        remedy = "plan again, and launch that"
        raise RequestError(message, code="plan.changed", where=", ".join(changed), remedy=remedy)
