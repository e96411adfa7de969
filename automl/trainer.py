# SPDX-License-Identifier: Apache-2.0
"""What the controller asks of whatever trains, and what the end of a job means: a failure is never a figure."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Protocol

from automl.objective import best_of, curve_of
from automl.types import RunResult, RunState

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from automl.types import Objective, Run


class WorkState(StrEnum):
    """How a piece of work stands.

    `lost` means that its process is gone through no fault of the configuration, `unreachable` that nobody here can say.
    """

    RUNNING = "running"
    COMPLETE = "complete"
    FAILED = "failed"
    LOST = "lost"
    CANCELED = "canceled"
    UNREACHABLE = "unreachable"


@dataclass(frozen=True, slots=True)
class Prepared:
    """A run that may be started: the id of its plan, which is the same each time the run is prepared, and the plan.

    `claim` names run and attempt: whatever launches them, one job is launched for each claim.
    """

    plan_id: str
    plan: Any
    claim: str = ""


@dataclass(frozen=True, slots=True)
class Work:
    """A job as it stands.

    `history` holds epochs done (from 1) with what was logged then; `checkpoints` maps roles (`best`, `latest`) to
    files, `files` are all of them, `step` is that of the best one. `disk_full` says that the job failed for want of
    room, `heard` is a number that grows with all that the job says.
    """

    job_id: str
    state: WorkState
    history: tuple[tuple[int, Mapping[str, Any]], ...] = ()
    message: str = ""
    seconds: float = 0.0
    checkpoints: Mapping[str, str] = field(default_factory=dict)
    files: tuple[str, ...] = ()
    step: int | None = None
    disk_full: bool = False
    heard: int = 0


class Trainer(Protocol):
    """Runs trainings; every method but `wait` returns at once."""

    def prepare(self, run: Run, parent: RunResult | None) -> Prepared:
        """Check a run and make its plan; `parent` is the result of the run whose checkpoint it goes on from.

        Raises:
            InputError: the configuration is not valid; nothing was started.
        """

    def start(self, prepared: Prepared) -> str:
        """Start a run; returns the job's id, which is that of another process where that has launched the same claim.

        Raises:
            InputError: the data does not fit the configuration; nothing was started.
        """

    def find(self, plan_id: str, known: Collection[str]) -> str | None:
        """The job that was started with this plan, and that is none of the `known` ones."""

    def look(self, job_id: str) -> Work:
        """How the job stands."""

    def stop(self, job_id: str, reason: str) -> None:
        """Stop the job and all its processes; one that has ended stays as it is."""

    def wait(self, seconds: float) -> None:
        """Let time pass, at most this long."""


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
