# SPDX-License-Identifier: Apache-2.0
"""Handles that name processes by their role: `launcher`, which opened the record, and those that work on the job."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from runners.jobs.job import Handle, JobState
from runners.platforms.platform import Sight
from runners.platforms.processes import ProcessId

if TYPE_CHECKING:
    from runners.jobs.job import Job

LAUNCHER, SUPERVISOR, ACTION = "launcher", "supervisor", "action"
_ROLES = (LAUNCHER, SUPERVISOR, ACTION)


def opened_here(platform: str) -> Handle:
    """The handle that a record is opened with: a launch that dies before its platform knows the job is found by it."""
    return with_process(Handle(platform), LAUNCHER, ProcessId.own())


def with_process(handle: Handle, role: str, process: ProcessId) -> Handle:
    """The same handle with one more process, or another one in this role."""
    return with_detail(handle, role, asdict(process))


def with_detail(handle: Handle, name: str, value: Any) -> Handle:
    """The same handle with one more detail."""
    return Handle(handle.platform, {**handle.details, name: value})


def processes_in(handle: Handle) -> dict[str, ProcessId]:
    """The processes by role, as far as the handle names such."""
    found = {role: ProcessId.from_json(handle.details.get(role)) for role in _ROLES}
    return {role: process for role, process in found.items() if process}


def process_of(handle: Handle, role: str) -> ProcessId | None:
    """The process in this role."""
    return processes_in(handle).get(role)


def sight_of(job: Job, keeper: ProcessId | None, action: ProcessId | None = None) -> Sight:
    """How a job is whose end `keeper` records: it goes on while the keeper, or an action that lost it, is alive."""
    if keeper is None or keeper.is_foreign():
        return Sight(JobState.UNKNOWN, "its processes can't be seen from this machine")
    if keeper.is_alive() or (action is not None and action.is_alive()):
        return Sight(job.state, f"process {keeper.pid} looks after it")
    return Sight(JobState.ERROR, f"process {keeper.pid} is gone")
