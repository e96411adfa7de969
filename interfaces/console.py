# SPDX-License-Identifier: Apache-2.0
"""What verbs tell, on the terminal: progress bars where there is one, plain lines elsewhere, on standard error."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING, Any, Self, TextIO

from core.terminal import Pace, printable
from interfaces.outcome import Reporter

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from types import TracebackType

    from automl.live import LiveTable
    from automl.types import Objective
    from runners.jobs.follow import Update


_TROUBLE = re.compile(r"\W*(WARNING|ERROR|CRITICAL)\b")
_COLOUR = re.compile("\x1b\\[[0-9;]*m")  # which logs may hold, and which is of no harm


class Terminal(Reporter):
    """Tells on standard error; lines of a result go to standard output. `quiet` leaves out what the document has."""

    def __init__(self, *, quiet: bool = False) -> None:
        self._quiet = quiet

    def say(self, text: str) -> None:
        """Print it."""
        print(printable(text), file=sys.stderr, flush=True)

    def preview(self, text: str) -> None:
        """Print it, unless the document is what is read."""
        if not self._quiet:
            self.say(text)

    def line(self, text: str) -> None:
        """Print it as a part of the result, unless the document is what is read."""
        if not self._quiet:
            print(printable(_COLOUR.sub("", text)), flush=True)

    def progress(self, title: str) -> Callable[[int, int], None]:
        """A line that counts, or one line now and then."""
        return progress_line(title)

    def job(self, title: str) -> Console:
        """The job's lines with a progress bar below them."""
        return Console(title)

    def search(self, objectives: Sequence[Objective], trials: int, task: str) -> LiveTable:
        """A table of the trials."""
        from automl.live import LiveTable

        return LiveTable(objectives, trials, task)


class Console:
    """Shows updates of one job; use as a context manager so that the bar is taken down on every way out."""

    def __init__(self, title: str, stream: TextIO | None = None) -> None:
        self._title = title
        self._stream = stream or sys.stderr
        self._pace = Pace()
        self._bar: Any = None
        self._task: Any = None

    def __enter__(self) -> Self:
        if self._stream.isatty():
            self._open_bar()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.stop()

    def __call__(self, update: Update) -> None:
        """Show one update: lines as they are, progress on the bar, states as lines of their own.

        Without a terminal, all of it is read at the end: warnings, errors, and now and then how far it is. The log
        holds every line.
        """
        if update.line is not None:
            if self._bar is not None or _TROUBLE.match(update.line) or self._pace.is_due():
                self._say(update.line)
        elif update.state is not None and self._bar is not None:
            self._say(f"[{self._title}] {update.state}")
        elif update.progress is not None and self._bar is not None:
            self._advance(update.progress.epoch, update.progress.max_epoch)

    def _open_bar(self) -> None:
        from rich.console import Console as RichConsole
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        self._bar = Progress(*columns, console=RichConsole(file=self._stream), transient=True)
        self._task = self._bar.add_task(self._title, total=None)
        self._bar.start()

    def _advance(self, epoch: int | None, max_epoch: int | None) -> None:
        if epoch is not None and max_epoch:
            self._bar.update(self._task, completed=epoch, total=max_epoch)

    def _say(self, line: str) -> None:
        line = printable(_COLOUR.sub("", line))
        if self._bar is not None:
            self._bar.console.print(line, markup=False, highlight=False)
        else:
            print(line, file=self._stream, flush=True)


def progress_line(title: str, stream: TextIO | None = None) -> Callable[[int, int], None]:
    """A callback `(done, total)` that shows the share of a long piece of work; a plain line now and then elsewhere."""
    out, pace = stream or sys.stderr, Pace()

    def show(done: int, total: int) -> None:
        if out.isatty():
            print(f"\r{title}: {done}/{total}", end="\n" if done >= total else "", file=out, flush=True)
        elif pace.is_due():
            print(f"{title}: {done}/{total}", file=out, flush=True)

    return show
