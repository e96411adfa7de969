# SPDX-License-Identifier: Apache-2.0
"""A search on the terminal: a table that keeps up where there is a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self, TextIO

from core.terminal import Pace, printable
from runners.figures import figure

if TYPE_CHECKING:
    from collections.abc import Sequence

    from automl.events import Update
    from automl.types import Objective

_MOST_ROWS = 20
_STATES = {"started": "running", "progress": "running"}


@dataclass(slots=True)
class _Row:
    """What is known of one trial."""

    state: str = "decided"
    epochs: str = ""
    values: tuple[float, ...] = ()
    origin: str = ""


class LiveTable:
    """Shows the updates of a search; use as a context manager, and as the callback of `automl.experiment.run`."""

    def __init__(self, objectives: Sequence[Objective], trials: int, task: str, stream: TextIO | None = None) -> None:
        self._objectives, self._trials, self._task = objectives, trials, task
        self._stream = stream or sys.stderr
        self._rows: dict[int, _Row] = {}
        self._pace = Pace()
        self._live: Any = None

    def __enter__(self) -> Self:
        if self._stream.isatty():
            from rich.console import Console
            from rich.live import Live

            self._live = Live(console=Console(file=self._stream), refresh_per_second=4)
            self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._live is not None:
            self._live.stop()

    def __call__(self, update: Update) -> None:
        """Take in one update."""
        row = self._rows.setdefault(update.run.trial, _Row())
        row.state, row.origin = update.kind, update.run.origin
        if update.curve:
            row.epochs = f"{update.curve[-1][0]}/{update.run.epochs}"
            row.values = update.curve[-1][1]
        if update.result is not None:
            row.state = str(update.result.state)
            row.values = update.result.values or row.values
        if self._live is not None:
            self._live.update(self._table())
        elif update.kind not in {"decided", "progress"} or (update.kind == "progress" and self._pace.is_due()):
            print(self._line(update.run.trial, row, update.message), file=self._stream, flush=True)

    def _line(self, trial: int, row: _Row, message: str) -> str:
        figures = [f"{o.metric} {text}" for o, text in zip(self._objectives, self._texts(row.values), strict=False)]
        parts = [
            f"trial {trial}",
            row.state,
            *([f"epoch {row.epochs}"] if row.epochs else []),
            *figures,
        ]
        return printable("  ".join([*parts, *([message.partition("\n")[0]] if message else [])]))

    def _table(self) -> Any:
        from rich.table import Table

        table = Table(title=f"AutoML, {len(self._rows)} of {self._trials} trials")
        for name in ("trial", "state", "epochs", *(o.metric for o in self._objectives), "origin"):
            table.add_column(name, justify="left" if name in {"state", "origin"} else "right")
        best = self._best()
        for trial in self._shown(best):
            row = self._rows[trial]
            figures = self._texts(row.values) or [""] * len(self._objectives)
            style = "bold green" if trial == best else None
            state = _STATES.get(row.state, row.state)
            table.add_row(str(trial), state, row.epochs, *figures, row.origin, style=style)
        return table

    def _texts(self, values: Sequence[float]) -> list[str]:
        return [figure(o.metric, v, self._task).text for o, v in zip(self._objectives, values, strict=False)]

    def _best(self) -> int | None:
        complete = {t: row.values[0] for t, row in self._rows.items() if row.state == "complete" and row.values}
        return min(complete, key=lambda t: self._objectives[0].key(complete[t])) if complete else None

    def _shown(self, best: int | None) -> list[int]:
        """The latest trials, and the best one whenever it was."""
        latest = sorted(self._rows)[-_MOST_ROWS:]
        return latest if best is None or best in latest else [best, *latest[1:]]
