# SPDX-License-Identifier: Apache-2.0
"""What a search may spend, and how its trials share the machine."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from automl.settings import AutomlSettings
    from automl.types import Run

_SCHEDULED_TRIALS = 4
_THREADS_PER_TRIAL = 4


def machine_threads() -> int:
    """The CPUs that this process may run on."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def parallel_trials(*, gpus: int, threads: int, scheduled: bool = False) -> int:
    """How many trials run side by side: on this machine one per four CPUs, and one where a GPU is used.

    Where a cluster places them (`scheduled`), four: it starts them as it has room, and each decision is made from the
    results of all but the last four.
    """
    if scheduled:
        return _SCHEDULED_TRIALS
    return 1 if gpus else max(1, threads // _THREADS_PER_TRIAL)


@dataclass(slots=True)
class Budget:
    """Epochs and wall time of a search; trials are counted by its schedule.

    `worked` is the seconds that earlier sessions took.
    """

    epochs: int | None
    wall_seconds: float | None
    worked: float = 0.0
    spent_epochs: int = 0
    _started: float = field(default_factory=time.monotonic)

    @classmethod
    def of(cls, settings: AutomlSettings, worked: float = 0.0) -> Budget:
        """The budget that the settings give."""
        wall = settings.wall_minutes * 60 if settings.wall_minutes else None
        return cls(settings.epochs, wall, worked)

    @property
    def seconds(self) -> float:
        """The time spent so far, over all sessions."""
        return self.worked + time.monotonic() - self._started

    def time_is_up(self) -> bool:
        """Whether the wall time is used up."""
        return self.wall_seconds is not None and self.seconds >= self.wall_seconds

    def refuses(self, run: Run) -> str | None:
        """Why a run can't be afforded, or None."""
        if self.time_is_up():
            return f"the wall time of {(self.wall_seconds or 0) / 60:g} minutes is used up"
        if self.epochs is not None and self.spent_epochs + run.cost > self.epochs:
            return f"{self.spent_epochs} of {self.epochs} epochs are used up; the next run needs {run.cost}"
        return None

    def spend(self, run: Run) -> None:
        """Count a run that is launched."""
        self.spent_epochs += run.cost

    def give_back(self, run: Run) -> None:
        """Uncount a run that was never launched after all."""
        self.spent_epochs -= run.cost
