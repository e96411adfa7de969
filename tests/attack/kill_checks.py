# SPDX-License-Identifier: Apache-2.0
"""What is wrong with the jobs of a results root after their processes were hit."""

from __future__ import annotations

import os
import signal
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from core.file_names import LOG_FILE, STATUS_FILE
from runners import api
from runners.jobs.job import JobState
from runners.jobs.status_log import has_passed, read_progress
from runners.jobs.store import JobStore
from runners.platforms.belongings import belongings

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable

    from runners.jobs.job import Job

LOOK_SECONDS = 15.0


def wrong_jobs(root: Path, look: Callable[[], subprocess.CompletedProcess[str]]) -> list[str]:
    """The jobs that have no right end `LOOK_SECONDS` after the first look; `look` is `changenet jobs`."""
    deadline, store = time.monotonic() + LOOK_SECONDS, JobStore(root)
    while True:
        answer = look()
        if answer.returncode:
            return [f"jobs: exit {answer.returncode}: {answer.stderr.strip()[-150:]}"]
        jobs = store.newest()
        if all(job.state.is_terminal for job in jobs) or time.monotonic() > deadline:
            break
        time.sleep(0.3)
    found = [text for job in jobs for text in _wrong(job)]
    if not found and api.list_jobs(store) != jobs:
        found.append("a job changed after its end")
    return found


def _wrong(job: Job) -> list[str]:
    if not job.state.is_terminal:
        return [f"{job.id} is {job.state}"]
    status = read_progress(Path(job.results_dir) / STATUS_FILE)
    did_it = has_passed(Path(job.folder) / LOG_FILE) and bool(status) and status[-1].status == "SUCCESS"
    if job.state is JobState.COMPLETE and not did_it:
        return [f"{job.id} is COMPLETE without PASS"]
    # An action that was killed after its last word, and before its end, has failed by its exit code.
    if job.state is JobState.ERROR and did_it and not job.exit_code:
        return [f"{job.id} is ERROR, and its log and status say otherwise"]
    if job.state is JobState.ERROR and not (job.failure and job.failure.remedy):
        return [f"{job.id} failed without a remedy"]
    return []


def left_over(root: Path) -> list[str]:
    """What is still running of the root's jobs; it is ended then."""
    ids = JobStore(root).ids() if root.exists() else []
    deadline = time.monotonic() + 5
    while (left := processes_of(root, ids)) and time.monotonic() < deadline:
        time.sleep(0.1)
    for pid in left:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    return [f"process {pid} is left over" for pid in left]


def processes_of(root: Path, ids: list[str] | None = None) -> list[int]:
    """The processes that name this run's results root, which no other process does, and what belongs to its jobs."""
    found = {process.pid for job_id in ids or () for process in belongings(job_id)}
    for entry in Path("/proc").iterdir():
        with suppress(OSError, ValueError):
            words, state = (entry / "cmdline").read_bytes(), (entry / "stat").read_text().rpartition(")")[2].split()[0]
            if os.fsencode(root) in words and state != "Z" and int(entry.name) != os.getpid():
                found.add(int(entry.name))
    return sorted(found)
