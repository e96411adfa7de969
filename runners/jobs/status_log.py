# SPDX-License-Identifier: Apache-2.0
"""What an action says while it runs: the JSON lines of status.json, and the end of its log."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from core.errors import InputError
from core.files import open_ordinary
from core.redaction import redact_text
from core.salvage import LINE_BYTES, salvage_json, salvage_lines

if TYPE_CHECKING:
    from pathlib import Path

PASSED = "Execution status: PASS"
_TAIL_BYTES = 64 * 1024
_WHOLE_BOUND = 2**53  # from here on, not every whole number is a float


@dataclass(frozen=True, slots=True)
class Progress:
    """One line of status.json, as the action writes it; the embedded engine counts `epoch` from 1 there."""

    status: str = ""
    message: str = ""
    epoch: int | None = None
    max_epoch: int | None = None
    step: int | None = None
    eta: str | None = None
    time_per_epoch: str | None = None
    kpi: dict[str, Any] = field(default_factory=dict)


def read_progress(path: Path) -> list[Progress]:
    """Every whole line of a status.json; a last line that is still being written is left for the next look."""
    return read_status(path)[0]


def read_status(path: Path) -> tuple[list[Progress], list[str]]:
    """The same, and in words what of the file could not be kept."""
    lines = salvage_lines(path)
    history = [progress for line in lines if (progress := _progress(line.value))]
    return history, [f"{path.name}: {told}" for line in lines for told in line.dropped]


def parse_line(line: bytes) -> Progress | None:
    """The progress that one line tells of; None for what is no JSON object."""
    return _progress(salvage_json(line, LINE_BYTES).value)


def _progress(document: Any) -> Progress | None:
    if not isinstance(document, dict):
        return None
    kpi = document.get("kpi")
    return Progress(
        status=str(document.get("status", "")),
        message=redact_text(str(document.get("message", ""))),
        epoch=_whole(document.get("epoch")),
        max_epoch=_whole(document.get("max_epoch")),
        step=_whole(document.get("step")),
        eta=_text(document.get("eta")),
        time_per_epoch=_text(document.get("time_per_epoch")),
        kpi=kpi if isinstance(kpi, dict) else {},
    )


def last_metrics(history: list[Progress]) -> dict[str, Any]:
    """The last figure that was written under each name."""
    figures: dict[str, Any] = {}
    for progress in history:
        figures.update(progress.kpi)
    return figures


def last_lines(log: Path, count: int = 20) -> list[str]:
    """The last lines of a log that say something, secrets masked."""
    with suppress(OSError, InputError), open_ordinary(log) as handle:
        handle.seek(max(0, handle.seek(0, 2) - _TAIL_BYTES))
        text = redact_text(handle.read(_TAIL_BYTES).decode("utf-8", errors="replace"))
        return [line.rstrip() for line in text.splitlines() if line.strip()][-count:]
    return []


def has_passed(log: Path) -> bool:
    """Whether the log ends by saying that the action did what it was asked for."""
    lines = last_lines(log, 1)
    return bool(lines) and lines[0].strip().endswith(PASSED)


def _whole(value: Any) -> int | None:
    return int(value) if isinstance(value, int | float) and abs(value) < _WHOLE_BOUND else None


def _text(value: Any) -> str | None:
    return None if value is None else str(value)
