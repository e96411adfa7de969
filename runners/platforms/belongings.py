# SPDX-License-Identifier: Apache-2.0
"""All that a job's action started, however far it went, and its end.

Everything that an action starts inherits the mark of its job in its environment, whatever group or session it puts
itself into, so that it is found by anybody and without a record of it. Where the system does not show environments, or
a process overwrote its own, it is found by the action's group, and by being a child of what was found.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from contextlib import suppress
from typing import TYPE_CHECKING

from runners.platforms.processes import ProcessId, has_in_environment, here, table

if TYPE_CHECKING:
    from collections.abc import Callable

_MARK = "CHANGENET_JOB_ID"
_POLL_SECONDS = 0.05
_KILL_SECONDS = 5.0  # for processes that wait for a disk, which even SIGKILL does not end at once
_PR_SET_CHILD_SUBREAPER = 36


def mark(job_id: str) -> dict[str, str]:
    """What the environment of the job's action says of it."""
    return {_MARK: job_id}


def belongings(job_id: str, action: ProcessId | None = None, *, adopted: bool = False) -> list[ProcessId]:
    """The living processes of a job's action, but for the one that asks; with `adopted`, its children are of them."""
    rows = [row for row in table() if row.pid != os.getpid()]
    group = action.pid if action and _owns_its_group(action) else None
    found = {row.pid for row in rows if row.group == group or has_in_environment(row.pid, f"{_MARK}={job_id}")}
    parents = found | ({os.getpid()} if adopted else set())
    while more := {row.pid for row in rows if row.parent in parents} - found:
        found |= more
        parents |= more
    return [identity for pid in found if (identity := ProcessId.of(pid))]


def stop(job_id: str, action: ProcessId | None, grace_seconds: float, *, adopted: bool = False) -> None:
    """End all processes of a job's action: SIGTERM, time to close files, then SIGKILL."""
    asked: set[ProcessId] = set()

    def ask(process: ProcessId) -> None:
        if process not in asked:
            process.signal(signal.SIGTERM)
            process.signal(signal.SIGCONT)  # one that is stopped (SIGSTOP) would never see the request
            asked.add(process)

    def left() -> list[ProcessId]:
        return belongings(job_id, action, adopted=adopted)

    _until_none(left, ask, grace_seconds)
    _until_none(left, lambda process: process.signal(signal.SIGKILL), _KILL_SECONDS)


def adopt_orphans() -> None:
    """Make this process the parent of every descendant that loses its own, where the system can."""
    if sys.platform == "linux":
        import ctypes

        with suppress(AttributeError, OSError):
            ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def _until_none(left: Callable[[], list[ProcessId]], act: Callable[[ProcessId], object], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while (processes := left()) and time.monotonic() < deadline:
        for process in processes:
            act(process)
        time.sleep(_POLL_SECONDS)


def _owns_its_group(leader: ProcessId) -> bool:
    """Whether the group of this number is the one that the process led: not when another process has the number."""
    if leader.is_foreign() or leader.boot != here().boot:
        return False
    return leader.is_alive() or ProcessId.of(leader.pid) is None
