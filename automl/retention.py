# SPDX-License-Identifier: Apache-2.0
"""Which checkpoints stay, and which go.

Those of the winner and of trials that the user pins stay, the best of the defaults and of a Pareto front, and those a
run may still go on from. The rest goes once its results are recorded; what went is written down.
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from automl.standings import front_of, ranked, standings_of

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from automl.ledger import Ledger
    from automl.types import Objective, Run, RunResult


class Retention:
    """Takes checkpoints away as a search goes on; looks only at the runs that still have some."""

    def __init__(self, ledger: Ledger, objectives: Sequence[Objective], pin: Collection[int]) -> None:
        self._ledger, self._objectives, self._pin = ledger, objectives, {0, *pin}
        self._gone = set(ledger.removed())
        self._live: dict[int, tuple[Run, RunResult]] = {}

    def note(self, run: Run, result: RunResult) -> None:
        """A result is recorded; its checkpoints may go when nothing needs them."""
        if any(path not in self._gone for path in result.files):
            self._live[run.number] = (run, result)

    def sweep(self, needed: Collection[int]) -> None:
        """Take away what nothing needs; `needed` are runs whose last checkpoint is, or may yet be, gone on from."""
        kept = self._kept(needed)
        for number, (_, result) in list(self._live.items()):
            for path in result.files:
                if path not in kept and path not in self._gone:
                    self._remove(number, Path(path))
            if self._gone.issuperset(result.files):
                del self._live[number]

    def _kept(self, needed: Collection[int]) -> set[str | None]:
        runs: Mapping[int, Run] = {number: run for number, (run, _) in self._live.items()}
        results = {number: result for number, (_, result) in self._live.items()}
        standings = standings_of(runs, results, self._objectives)
        best = {standing.trial for standing in ranked(standings, self._objectives)[:1]}
        trials = best | self._pin | set(front_of(standings, self._objectives))
        whole = best | self._pin - {0}
        pinned = {number for number, run in runs.items() if run.trial in whole}
        kept = {standing.checkpoint for standing in standings if standing.trial in trials}
        return kept | {results[number].last for number in pinned.union(needed) if number in results}

    def _remove(self, number: int, path: Path) -> None:
        size = 0
        with suppress(FileNotFoundError):
            size = path.stat().st_size
            path.unlink()
        for link in path.parent.iterdir() if path.parent.is_dir() else ():
            if link.is_symlink() and not link.exists():
                link.unlink(missing_ok=True)
        self._ledger.add_removed(str(path), number, size)
        self._gone.add(str(path))
