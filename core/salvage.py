# SPDX-License-Identifier: Apache-2.0
"""Records of other programs, read so that nothing in them stops the reader: what can't be kept is dropped and told."""

from __future__ import annotations

import json
import math
import re
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from core.errors import InputError
from core.files import open_ordinary
from core.yaml_reader import DEPTH

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import BinaryIO

LINE_BYTES = 1024 * 1024
RECORD_BYTES = 64 * 1024 * 1024
_INTEGER_BOUND = 2**63  # SQLite, and most readers of JSON, know no larger ones
_SURROGATE = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Salvaged:
    """What could be kept of a record that another program wrote, and in words what was dropped."""

    value: Any
    dropped: tuple[str, ...] = ()


def salvage_json(data: bytes | str, limit: int = RECORD_BYTES) -> Salvaged:
    """Read JSON of another program; never fails. A record that can't be read at all has the value None."""
    if len(data) > limit:
        return Salvaged(None, (f"a record of {len(data)} bytes is too long",))
    try:
        text = data if isinstance(data, str) else data.decode("utf-8-sig", errors="surrogateescape")
        value = json.loads(text, parse_int=_any_whole)
    except (ValueError, RecursionError, MemoryError) as problem:
        reason = problem.msg if isinstance(problem, json.JSONDecodeError) else "it is nested too deep"
        return Salvaged(None, (f"a record is invalid JSON: {reason}",))
    return salvage(value)


def salvage_lines(path: Path) -> list[Salvaged]:
    """The whole lines of a file of JSON lines; one that is still being written is left for the next look.

    Empty lines are passed over, and so is everything in a file that is missing or can't be read.
    """
    with suppress(OSError, InputError), open_ordinary(path) as handle:
        return [salvage_json(line, LINE_BYTES) for line in _whole_lines(handle) if line.strip()]
    return []


def _whole_lines(handle: BinaryIO) -> Iterator[bytes]:
    while line := handle.readline(LINE_BYTES + 1):
        whole = line
        while not whole.endswith(b"\n") and whole:
            whole = handle.readline(LINE_BYTES)  # of a line that is too long, no more than a part is kept in memory
        if whole:
            yield line


def _any_whole(text: str) -> int | float:
    return int(text) if len(text) <= 24 else math.inf


def salvage(value: Any) -> Salvaged:
    """The value as strict JSON can hold it: odd numbers become null, odd texts are escaped, the rest is dropped."""
    dropped: list[str] = []
    return Salvaged(_kept(value, "", 0, dropped), tuple(dropped))


def _kept(value: Any, place: str, depth: int, dropped: list[str]) -> Any:  # noqa: PLR0911 - a case for each type
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return _whole_text(value, place, dropped)
    if isinstance(value, int | float):
        if isinstance(value, int) and abs(value) < _INTEGER_BOUND:
            return value
        if isinstance(value, float) and math.isfinite(value):
            return value
        return _drop(place, "no finite number of 64 bits", dropped)
    if depth >= DEPTH:
        return _drop(place, "nested too deep", dropped)
    if isinstance(value, dict):
        return {
            (name := _whole_text(str(key), place, dropped)): _kept(inner, f"{place}.{name}", depth + 1, dropped)
            for key, inner in value.items()
        }
    if isinstance(value, list | tuple):
        return [_kept(inner, f"{place}[{n}]", depth + 1, dropped) for n, inner in enumerate(value)]
    return _drop(place, f"a {type(value).__name__}", dropped)


def _drop(place: str, what: str, dropped: list[str]) -> None:
    dropped.append(f"{place.lstrip('.') or 'the record'} is {what}")


def _whole_text(text: str, place: str, dropped: list[str]) -> str:
    if not _SURROGATE.search(text):
        return text
    dropped.append(f"{place.lstrip('.') or 'the record'} held bytes that are not UTF-8")
    return text.encode("utf-8", "backslashreplace").decode()
