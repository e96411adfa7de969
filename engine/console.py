# SPDX-License-Identifier: Apache-2.0
"""Progress for people: a bar on a terminal, a plain line now and then elsewhere."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Self

from core.terminal import printable
from engine.lifecycle import is_first_process

if TYPE_CHECKING:
    from types import TracebackType

    from rich.progress import Progress as RichProgress
    from rich.progress import TaskID

_SECONDS_BETWEEN_LINES = 10.0


class ProgressLine:
    """Follows work of a known length, as a context manager; quiet in all processes but the first."""

    def __init__(self, label: str, total: int, unit: str) -> None:
        self._label = label
        self._total = total
        self._unit = unit
        self._shown = is_first_process()
        self._bar: tuple[RichProgress, TaskID] | None = None
        self._last_line = self._start = time.monotonic()

    def __enter__(self) -> Self:
        """Show the bar where there is a terminal."""
        if self._shown and sys.stdout.isatty():
            self._bar = _bar(self._label, self._total, self._unit)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Take the bar away."""
        if self._bar:
            self._bar[0].stop()

    def update(self, done: int, note: str = "") -> None:
        """Say how much is done."""
        if self._bar:
            progress, task = self._bar
            progress.update(task, completed=done, note=note)
        elif self._shown and (done == self._total or time.monotonic() - self._last_line >= _SECONDS_BETWEEN_LINES):
            self._last_line = time.monotonic()
            say(f"{self._label}: {done}/{self._total} {self._unit}{self._rate(done)}{note and f', {note}'}")

    def _rate(self, done: int) -> str:
        elapsed = time.monotonic() - self._start
        return f" ({done / elapsed:.1f}/s)" if elapsed > 1.0 else ""


def _bar(label: str, total: int, unit: str) -> tuple[RichProgress, TaskID]:
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    progress = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn(unit),
        TimeRemainingColumn(),
        TextColumn("{task.fields[note]}"),
    )
    progress.start()
    return progress, progress.add_task(label, total=total, note="")


def say(line: str) -> None:
    """One line of the log."""
    if is_first_process():
        sys.stdout.write(f"{printable(line)}\n")
        sys.stdout.flush()
