# SPDX-License-Identifier: Apache-2.0
"""How a container ended, as far as its exit code and its engine tell; the log says the rest when the job is closed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from core.file_names import LOG_FILE
from core.problem import Problem
from runners.jobs.job import JobState
from runners.jobs.status_log import last_lines
from runners.platforms.platform import Sight

if TYPE_CHECKING:
    from runners.jobs.job import Job

_KILLED, _CAN_NOT_RUN = 137, (126, 127)  # 128 + SIGKILL; what shells and `docker run` give for a command


def end_of(job: Job, exit_code: int | None, native: str, *, out_of_memory: bool) -> Sight:
    """The sight of a container that has ended; `native` is its engine's word for that."""
    cause = _cause(job, exit_code, out_of_memory=out_of_memory)
    state = JobState.ERROR if cause or exit_code else JobState.COMPLETE
    return Sight(state, f"{native}, exit code {exit_code}", exit_code, cause)


def _cause(job: Job, exit_code: int | None, *, out_of_memory: bool) -> Problem | None:
    said = " ".join(last_lines(Path(job.folder) / LOG_FILE, 1))
    if out_of_memory:
        remedy = "give it more by --memory, or make batches and pictures smaller"
        message = "the container ran out of memory, and the kernel ended a process of it"
        return Problem("action.out_of_memory", job.id, message, remedy)
    if exit_code == _KILLED:
        return Problem("process.killed", job.id, f"the container was ended by SIGKILL. {said}".strip())
    if exit_code in _CAN_NOT_RUN:
        message = f"the image can't run the command (exit code {exit_code}). {said}".strip()
        remedy = "check that the image holds the program: --image, or versions.yaml"
        return Problem("launch.failed", job.id, message, remedy)
    return None
