# SPDX-License-Identifier: Apache-2.0
"""What a training has logged, by epochs done; each look at it reads the new lines of its status file alone."""

from __future__ import annotations

from contextlib import suppress
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from automl.trial_spec import SECONDS_PER_EPOCH
from core import dotted
from core.documents import read_yaml
from core.file_names import SPEC_FILE, STATUS_FILE
from core.tail import Tail
from runners.jobs.checkpoint_record import read_checkpoint_record
from runners.jobs.status_log import parse_line

if TYPE_CHECKING:
    from collections.abc import Sequence

    from automl.trial_spec import TrialKeys
    from automl.types import Objective
    from runners.jobs.job import Job
    from runners.jobs.status_log import Progress

Epochs = tuple[tuple[int, dict[str, Any]], ...]


class JobHistory:
    """The validations of one job.

    The lines with figures do not say the epoch in every engine. Each validation is one line with the objective, and
    they come every `validation_interval` epochs from where the run began.
    """

    def __init__(self, job: Job, keys: TrialKeys, objectives: Sequence[Objective]) -> None:
        self._tail = Tail(Path(job.results_dir) / STATUS_FILE)
        self._job, self._keys = job, keys
        self._metric = next(o.metric for o in objectives if o.metric != SECONDS_PER_EPOCH)
        self._found: list[tuple[int, dict[str, Any]]] = []
        self._figures: dict[str, Any] = {}

    def read(self) -> Epochs:
        """Epochs done (from 1) and what was logged then, as far as the job has come."""
        lines = self._tail.read()
        if self._tail.anew:
            self._found, self._figures = [], {}
        for line in lines:
            if progress := parse_line(line):
                self._take(progress)
        return tuple(self._found)

    def _take(self, progress: Progress) -> None:
        self._figures |= progress.kpi
        if self._metric in progress.kpi:
            start, interval = self._begun
            epoch = (start // interval + len(self._found) + 1) * interval
            self._found.append((epoch, self._figures))
            self._figures = {}
        if self._found and (seconds := _seconds_in(progress.time_per_epoch)) is not None:
            self._found[-1][1][SECONDS_PER_EPOCH] = seconds

    @cached_property
    def _begun(self) -> tuple[int, int]:
        """Epochs done when the job began, and epochs between its validations."""
        keys, spec = self._keys, read_yaml(Path(self._job.folder) / SPEC_FILE)
        resumed = dotted.get(spec, keys.resume) if keys.resume else None
        epoch = read_checkpoint_record(Path(resumed)).epoch if resumed else None
        interval = dotted.get(spec, keys.validation_interval, 1) if keys.validation_interval else 1
        return (epoch + 1 if epoch is not None else 0, int(interval or 1))


def _seconds_in(clock: str | None) -> float | None:
    """Seconds of `h:mm:ss`, as status.json tells durations, with fractions or without."""
    parts = (clock or "").split(":")
    with suppress(ValueError):
        return float(sum(float(part) * 60**place for place, part in enumerate(reversed(parts))))
    return None
