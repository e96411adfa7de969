# SPDX-License-Identifier: Apache-2.0
"""Slurm's word for how a job is, as a sight of ours; the native word is kept beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.problem import Problem
from runners.jobs.job import JobState
from runners.platforms.platform import Sight

if TYPE_CHECKING:
    from runners.platforms.slurm_queue import Listed

_WAITING = {"PENDING", "CONFIGURING", "REQUEUED", "REQUEUE_HOLD", "REQUEUE_FED", "RESV_DEL_HOLD", "SPECIAL_EXIT"}
_AT_WORK = {"RUNNING", "COMPLETING", "SUSPENDED", "STOPPED", "STAGE_OUT", "SIGNALING", "RESIZING"}
_CALLED_OFF = {"CANCELLED", "REVOKED"}
_BY_EXIT_CODE = {"COMPLETED", "FAILED"}
_NOT_STARTED = (126, 127)  # what a shell says of a program that it can't run
# What ended a job from outside: code, and what is said. The codes are those of `runners.jobs.failures`.
_CAUSES = {
    "TIMEOUT": ("job.time_limit", "its time limit was used up"),
    "DEADLINE": ("job.time_limit", "it could not end before its deadline"),
    "PREEMPTED": ("job.preempted", "a job of higher priority took its place"),
    "NODE_FAIL": ("node.lost", "a node of the job was lost"),
    "BOOT_FAIL": ("node.lost", "a node of the job did not boot"),
    "LAUNCH_FAILED": ("launch.failed", "Slurm could not launch it"),
    "RECONFIG_FAIL": ("launch.failed", "its nodes could not be set up"),
    "OUT_OF_MEMORY": ("action.out_of_memory", "it used more memory than it was given"),
}


def sight_of(listed: Listed, job_id: str) -> Sight:
    """Our state of a job that Slurm lists; a word that is not known here is UNKNOWN, and no failure."""
    native, began = _told(listed), bool(listed.nodes)
    if listed.native in _WAITING:
        return Sight(JobState.PENDING, native)
    if listed.native in _AT_WORK:
        return Sight(JobState.RUNNING, native)
    if listed.native in _CALLED_OFF:
        return Sight(JobState.CANCELED, native, listed.exit_code, began=began)
    if listed.native in _BY_EXIT_CODE:
        return ended(listed.exit_code, native, job_id, began=began)
    if listed.native in _CAUSES:
        code, message = _CAUSES[listed.native]
        return Sight(JobState.ERROR, native, listed.exit_code, Problem(code, job_id, f"{message} ({native})"), began)
    return Sight(JobState.UNKNOWN, native)


def ended(exit_code: int | None, native: str, job_id: str, *, began: bool) -> Sight:
    """A job whose script ended by itself."""
    cause = None
    if exit_code in _NOT_STARTED:
        cause = Problem("launch.failed", job_id, f"the action can't be run there: exit code {exit_code} ({native})")
    return Sight(JobState.ERROR if exit_code else JobState.COMPLETE, native, exit_code, cause, began)


def _told(listed: Listed) -> str:
    reason = f" ({listed.reason})" if listed.reason not in {"", "None"} else ""
    nodes = f" on {listed.nodes}" if listed.nodes else ""
    return f"Slurm job {listed.job_id}: {listed.native}{reason}{nodes}"
