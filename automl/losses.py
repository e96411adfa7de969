# SPDX-License-Identifier: Apache-2.0
"""Jobs that are gone through no fault of their configuration: whether their runs are run again.

A loss counts only where a controller saw it that had looked after the job: one that was lost while the search itself
was dead says nothing about the trial, and would make a search that was killed end otherwise than one that was not.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from automl.trainer import WorkState

if TYPE_CHECKING:
    from automl.ledger import Ledger
    from automl.trainer import Work

_MOST_LOSSES = 3
SILENT_SECONDS = 600.0
"""A job whose machine can't be asked is taken as lost when it has said nothing for so long."""


class Silence:
    """How long jobs that can't be asked have said nothing."""

    def __init__(self) -> None:
        self._heard: dict[str, tuple[int, float]] = {}

    def is_news(self, job_id: str) -> bool:
        """Whether the job was not asked about yet."""
        return job_id not in self._heard

    def is_too_long(self, job_id: str, heard: int) -> bool:
        """Whether a job has been silent for too long; `heard` grows with all that it says."""
        before, since = self._heard.get(job_id, (-1, 0.0))
        if heard != before:
            self._heard[job_id] = heard, time.monotonic()
            return False
        return time.monotonic() - since >= SILENT_SECONDS


class Losses:
    """Counts the losses of each run."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._lost = ledger.losses()
        self._given_up: set[str] = set()

    def is_used_up(self, number: int) -> bool:
        """Whether a run was lost as often as it may be."""
        return len(self._lost.get(number, ())) >= _MOST_LOSSES

    def let_run_again(self, number: int, work: Work) -> bool:
        """Whether a run is run again, as its job was lost; the loss is written down."""
        if work.job_id in self._given_up:
            return work.state is not WorkState.COMPLETE
        if work.state is not WorkState.LOST:
            return False
        if work.job_id not in self._lost.setdefault(number, set()):
            self._ledger.add_loss(number, work.job_id)
            self._lost[number].add(work.job_id)
        return not self.is_used_up(number)

    def give_up(self, work: Work) -> None:
        """Take a job as lost that can't be asked, however its end is recorded; that says nothing about the trial."""
        self._given_up.add(work.job_id)
