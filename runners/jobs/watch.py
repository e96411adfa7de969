# SPDX-License-Identifier: Apache-2.0
"""A look at jobs that tells the truth: a job whose processes are gone is closed by whoever sees it first."""

from __future__ import annotations

import os
import signal
import time
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from core.errors import PlatformError
from runners.jobs.closing import finish
from runners.jobs.job import Failure, Job, JobState
from runners.platforms.processes import stop_orphans

if TYPE_CHECKING:
    from runners.jobs.store import JobStore
    from runners.platforms.processes import ProcessId

GRACE_VARIABLE = "CHANGENET_GRACE_SECONDS"
_ANSWER_SECONDS = 15.0
_POLL_SECONDS = 0.05


def grace_seconds() -> float:
    """How long an action that is stopped may take to close its files: $CHANGENET_GRACE_SECONDS, else 10 s."""
    with suppress(ValueError):
        return max(0.0, float(os.environ.get(GRACE_VARIABLE, "10")))
    return 10.0


def look(store: JobStore, job_id: str) -> Job:
    """The job as it is now. One whose processes died becomes ERROR here; one of another machine is UNKNOWN."""
    job = store.read(job_id)
    if job.state.is_terminal:
        return job
    people = store.processes(job.id)
    keeper = people.get("supervisor") or people["launcher"]
    if keeper.is_foreign():
        return replace(job, state=JobState.UNKNOWN)
    if keeper.is_alive() or _works_alone(people.get("action")):
        return job
    return _close_lost(store, job, people.get("action"), launched="supervisor" in people)


def cancel(store: JobStore, job_id: str, reason: str = "canceled by the user") -> Job:
    """Stop the job and all processes of its action; a job that has ended stays as it is.

    Raises:
        PlatformError: the processes did not end in time.
    """
    job = look(store, job_id)
    if job.state.is_terminal:
        return job
    store.request_cancel(job.id, reason)
    people = store.processes(job.id)
    supervisor, action = people.get("supervisor"), people.get("action")
    if supervisor and not supervisor.is_foreign() and supervisor.is_alive():
        with suppress(ProcessLookupError):
            os.kill(supervisor.pid, signal.SIGTERM)
    elif action and not action.is_foreign():
        stop_orphans(action, grace_seconds())
    return _wait_for_end(store, job)


def _wait_for_end(store: JobStore, job: Job) -> Job:
    deadline = time.monotonic() + grace_seconds() + _ANSWER_SECONDS
    while time.monotonic() < deadline:
        current = look(store, job.id)
        if current.state.is_terminal:
            return current
        time.sleep(_POLL_SECONDS)
    if current.state is JobState.UNKNOWN:
        return finish(store, job, None, Failure("machine.unreachable", "the machine of the job did not answer"))
    remedy = f"see {job.folder}/log.txt, and end the processes by hand"
    raise PlatformError("the job was asked to stop and did not", code="cancel", where=job.id, remedy=remedy)


def _works_alone(action: ProcessId | None) -> bool:
    """Whether the action goes on without its supervisor: the job is closed when it ends."""
    return action is not None and action.is_alive()


def _close_lost(store: JobStore, job: Job, action: ProcessId | None, *, launched: bool) -> Job:
    again = store.read(job.id)
    if again.state.is_terminal:
        return again
    if action:
        stop_orphans(action, grace_seconds())
    if launched:
        return finish(store, job, None)
    return finish(store, job, None, Failure("launch.lost", "the launching process died before the action was started"))
