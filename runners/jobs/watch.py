# SPDX-License-Identifier: Apache-2.0
"""A look at jobs that tells the truth: its platform is asked, and a job that has ended is closed."""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from core.errors import PlatformError
from core.problem import Problem
from runners.jobs.closing import finish
from runners.jobs.job import Job, JobState
from runners.platforms.handles import with_detail
from runners.platforms.platform import grace_seconds
from runners.platforms.table import capabilities, platform_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from runners.jobs.job import Handle
    from runners.jobs.store import JobStore
    from runners.platforms.platform import Sight

NO_ANSWER = "job.no_answer"  # why a job is UNKNOWN that may be asked again some time
_ANSWER_SECONDS = 15.0
_POLL_SECONDS = 0.05


def look(store: JobStore, job_id: str) -> Job:
    """The job as it is now: closed here if its platform says that it has ended, UNKNOWN if that gives no answer."""
    return as_it_is(store, store.read(job_id))


def as_they_are(store: JobStore, jobs: Sequence[Job]) -> list[Job]:
    """The same for records that were read already, in their order; the store is asked once for all of them."""
    waiting = [job.id for job in jobs if _can_change(job)]
    handles = store.handles(waiting) if waiting else {}
    return [as_it_is(store, job, handles.get(job.id)) for job in jobs]


def as_it_is(store: JobStore, job: Job, handle: Handle | None = None) -> Job:
    """The same for a record, and perhaps its handle, that was read already."""
    if not _can_change(job):
        return job
    try:
        sight = platform_of(job.runner).look(job, handle or store.handle(job.id))
    except PlatformError as problem:
        # A record that was edited, or of a platform that is not there: the others in a list can still be seen.
        return replace(job, state=JobState.UNKNOWN, failure=_unseen(job, str(problem)))
    if sight.state is job.state:
        return job
    if sight.state is JobState.UNKNOWN:
        return replace(job, state=JobState.UNKNOWN, failure=_unseen(job, sight.native, NO_ANSWER))
    try:
        return _recorded(store, job, sight)
    except PlatformError as problem:
        # On a disk that is full, or that can only be read, jobs can be looked at all the same.
        message = f"it is {sight.state} now ({sight.native}), and that can't be recorded: {problem.message}"
        unrecorded = Problem("job.unrecorded", job.id, message, problem.remedy)
        return replace(job, state=JobState.UNKNOWN, failure=unrecorded)


def _unseen(job: Job, why: str, code: str = "job.unseen") -> Problem:
    remedy = f"it may work all the same; `changenet doctor --runner {job.runner}` looks at the platform"
    return Problem(code, job.id, f"it can't be asked: {why}", remedy)


def _can_change(job: Job) -> bool:
    return not (job.state.is_terminal or job.state is JobState.UNKNOWN)  # no record says UNKNOWN, unless it was damaged


def cancel(store: JobStore, job_id: str, reason: str = "canceled by the user") -> Job:
    """Stop the job and all processes of its action; a job that has ended stays as it is, and nothing of it at work.

    Raises:
        PlatformError: the action did not end in time, or the record was damaged and can't say whether it did.
    """
    job = look(store, job_id)
    if job.state.is_terminal:
        # A supervisor that was stopped (SIGSTOP) after it closed the record would stay for ever.
        with suppress(PlatformError):
            if capabilities(job.runner).on_this_machine:
                platform_of(job.runner).cancel(job, store.handle(job.id))
        return job
    ask_to_stop(store, job, reason)
    if store.read(job.id).state is JobState.UNKNOWN:
        remedy = f"see what it left in {job.folder}"
        message = "the record holds no state of the job; whatever of it was at work was stopped"
        raise PlatformError(message, code="job.damaged", where=job.id, remedy=remedy)
    return _wait_for_end(store, job)


def ask_to_stop(store: JobStore, job: Job, reason: str) -> None:
    """The same for a job that has not ended, without waiting for its end.

    A platform elsewhere that gives no answer stops nothing: that is told, and not recorded, so that the job's own end
    will be told as such.
    """
    platform, handle = platform_of(job.runner), store.handle(job.id)
    if job.state is JobState.UNKNOWN and not capabilities(job.runner).on_this_machine:
        try:
            platform.cancel(job, handle)
        except PlatformError as problem:
            problem.message += f"; {job.id} was not stopped"
            raise
        store.request_cancel(job.id, reason)
        return
    try:
        store.request_cancel(job.id, reason)
    finally:
        platform.cancel(job, handle)  # whether or not that can be recorded


def log_of(store: JobStore, job: Job) -> Path:
    """The file with all that the job's action has printed so far."""
    return platform_of(job.runner).log(job, store.handle(job.id))


def _wait_for_end(store: JobStore, job: Job) -> Job:
    deadline = time.monotonic() + grace_seconds() + _ANSWER_SECONDS
    while not (current := look(store, job.id)).state.is_terminal and time.monotonic() < deadline:
        time.sleep(_POLL_SECONDS)
    if current.state.is_terminal:
        return current
    if current.state is JobState.UNKNOWN and not capabilities(job.runner).asked_from_anywhere:
        message = "the machine of the job did not answer"
        return finish(store, job, None, Problem("machine.unreachable", job.id, message))
    remedy = f"see {log_of(store, job)}, and end it by hand"
    raise PlatformError("the job was asked to stop and did not", code="cancel", where=job.id, remedy=remedy)


def _recorded(store: JobStore, job: Job, sight: Sight) -> Job:
    if not sight.state.is_terminal:
        # An answer from before somebody else saw the job begin is no requeue.
        if store.read(job.id).state is job.state or sight.state is not JobState.PENDING:
            store.move(job.id, sight.state, sight.native)
        return store.read(job.id)
    again = store.read(job.id)
    if again.state is not job.state:  # somebody works on it, who was not there a moment ago
        return as_it_is(store, again)
    if sight.state is JobState.CANCELED:
        store.request_cancel(job.id, sight.native)
    if sight.began:
        store.move(job.id, JobState.RUNNING, sight.native)
    handle = store.handle(job.id)
    platform_of(job.runner).collect(job, handle)
    if not capabilities(job.runner).on_this_machine:
        store.add_handle(job.id, with_detail(handle, "native", sight.native))
    return finish(store, job, sight.exit_code, sight.cause)
