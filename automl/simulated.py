# SPDX-License-Identifier: Apache-2.0
"""A trainer that trains nothing: figures come from a function.

For tests of the search, and to measure what the search itself costs.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from automl.trainer import Prepared, Work, WorkState

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from automl.types import Run, RunResult


class SimulatedTrainer:
    """Jobs that end after `seconds` with the figures that `figures(run, epoch)` gives for each epoch done.

    `fails` tells which runs fail, `refuses` raises InputError for those that are not valid. Checkpoints are names: what
    a run went on from is in `went_on_from`, by run number.
    """

    def __init__(
        self,
        figures: Callable[[Run, int], Mapping[str, float]],
        *,
        seconds: float = 0.0,
        fails: Callable[[Run], bool] = lambda _: False,
        refuses: Callable[[Run], None] = lambda _: None,
    ) -> None:
        self._figures, self._seconds, self._fails, self._refuses = figures, seconds, fails, refuses
        self._jobs: dict[str, tuple[Run, str, float]] = {}
        self.stopped: dict[str, str] = {}
        self.went_on_from: dict[int, str | None] = {}

    def prepare(self, run: Run, parent: RunResult | None) -> Prepared:
        """A plan that is the run itself, with the checkpoint that it goes on from."""
        self._refuses(run)
        return Prepared(f"plan-{run.number}", (run, parent.last if parent else None))

    def start(self, prepared: Prepared) -> str:
        """Note the run and the time."""
        run, checkpoint = prepared.plan
        job_id = f"job-{len(self._jobs)}"
        self._jobs[job_id] = (run, prepared.plan_id, time.monotonic())
        self.went_on_from[run.number] = checkpoint
        return job_id

    def find(self, plan_id: str, known: Collection[str]) -> str | None:
        """A job that was started, but is not known."""
        return next((j for j, (_, plan, _) in self._jobs.items() if plan == plan_id and j not in known), None)

    def look(self, job_id: str) -> Work:
        """The job's figures once its time is over."""
        run, _, begun = self._jobs[job_id]
        spent = time.monotonic() - begun
        if job_id in self.stopped:
            return Work(job_id, WorkState.CANCELED, message=self.stopped[job_id], seconds=spent)
        if spent < self._seconds:
            return Work(job_id, WorkState.RUNNING, seconds=spent)
        if self._fails(run):
            return Work(job_id, WorkState.FAILED, message="the simulation says so", seconds=spent)
        history = tuple((epoch, self._figures(run, epoch)) for epoch in range(run.start + 1, run.epochs + 1))
        checkpoints = {"best": f"{job_id}/best", "latest": f"{job_id}/epoch-{run.epochs}"}
        return Work(job_id, WorkState.COMPLETE, history, "", spent, checkpoints)

    def stop(self, job_id: str, reason: str) -> None:
        """The job ends without figures."""
        self.stopped[job_id] = reason

    def wait(self, seconds: float) -> None:
        """Sleep, but not where jobs end at once."""
        if self._seconds:
            time.sleep(min(seconds, self._seconds / 20))
