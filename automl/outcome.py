# SPDX-License-Identifier: Apache-2.0
"""From a job that has ended to the result of its run: a failure is a failure, and never a figure."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from automl.objective import best_of, curve_of
from automl.trainer import WorkState
from automl.types import RunResult, RunState

if TYPE_CHECKING:
    from collections.abc import Sequence

    from automl.trainer import Work
    from automl.types import Objective


def result_of(work: Work, objectives: Sequence[Objective]) -> RunResult:
    """The result of a job that has ended; figures count only where it completed and every one of them is finite."""
    curve = curve_of(work.history, objectives)
    best = best_of(curve, objectives)
    ended = RunResult(
        RunState.FAILED,
        message=work.message,
        job_id=work.job_id,
        files=tuple(work.files),
        curve=curve,
        metrics=dict(work.metrics),
        seconds=work.seconds,
    )
    if work.state is WorkState.CANCELED:
        return replace(ended, state=RunState.STOPPED)
    if work.state is not WorkState.COMPLETE:
        return ended
    if best is None:
        names = ", ".join(objective.metric for objective in objectives)
        return replace(ended, message=f"it logged no finite {names}")
    return replace(
        ended,
        state=RunState.COMPLETE,
        values=best[1],
        epoch=best[0],
        step=work.step,
        best=work.checkpoints.get("best"),
        last=work.checkpoints.get("latest"),
    )
