# SPDX-License-Identifier: Apache-2.0
"""Parents that are named by what they are, such as "the last training": only the record tells which job is meant."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from core.documents import read_json
from core.errors import InputError, ParentError
from router.types import BEST_TRIAL, LAST_FAILED, LAST_MODEL, LAST_TRAINING
from runners.jobs.job import JobState
from runners.names import REMOVED_FILE, SEARCH_PREFIX, SEARCH_RECORD

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from runners.jobs.job import Job
    from runners.jobs.store import JobStore

SPOKEN = {
    LAST_TRAINING: "the last training",
    LAST_MODEL: "the last model",
    BEST_TRIAL: "the best trial",
    LAST_FAILED: "the last job that failed",
}
_MOST_JOBS_READ = 200


def find_spoken(
    store: JobStore, name: str, trains: Collection[str], task: str | None = None, *, asked_at: str | None = None
) -> str:
    """The id of the job, or search, that a name of `SPOKEN` means, newest first; of one task where that is said.

    `trains` are the skill's train actions. Jobs that ended after `asked_at` were not meant. A trial stands for its
    search, whose winner is what a child takes.

    Raises:
        ParentError: there is none below the results root.
    """
    jobs = [job for job in store.newest(_MOST_JOBS_READ) if task in (None, job.task)]
    if asked_at:
        jobs = [job for job in jobs if job.updated_at <= asked_at]
    found: Iterator[str]
    if name == LAST_FAILED:
        found = (job.part_of or job.id for job in jobs if job.state in {JobState.ERROR, JobState.CANCELED})
    elif name == BEST_TRIAL:
        found = (job.part_of for job in jobs if job.part_of and _has_winner(store, job.part_of))
    else:
        found = _models(store, [job for job in jobs if job.action in trains])
    chosen = next(found, None)
    if chosen is None:
        kind = f" of the task {task}" if task else ""
        message = f"{SPOKEN[name]}{kind} is asked for, and there is none below {store.root}"
        remedy = "name the job, or its results root with --results; `changenet jobs` lists them"
        raise ParentError(message, code="parent.unknown", where=str(store.root), remedy=remedy)
    return chosen


def last_models(store: JobStore, trains: Collection[str], most: int) -> list[str]:
    """The ids of the newest trainings, or searches, that have a model, newest first."""
    jobs = [job for job in store.newest(_MOST_JOBS_READ) if job.action in trains]
    return list(dict.fromkeys(_models(store, jobs)))[:most]


def _models(store: JobStore, jobs: Collection[Job]) -> Iterator[str]:
    for job in jobs:
        if job.removed_at or (Path(job.folder) / REMOVED_FILE).is_file():
            continue
        if job.part_of and _has_winner(store, job.part_of):
            yield job.part_of
        elif job.state is JobState.COMPLETE and not job.part_of:
            yield job.id


def _has_winner(store: JobStore, search: str) -> bool:
    record = store.root / search / SEARCH_RECORD
    try:
        return search.startswith(SEARCH_PREFIX) and bool(read_json(record).get("job_id"))
    except (InputError, OSError, AttributeError):
        return False
