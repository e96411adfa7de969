# SPDX-License-Identifier: Apache-2.0
"""Looks after one local job from start to end, on its own: `python -m runners.platforms.supervise JOB_FOLDER`.

The process leaves its caller's session, starts the action in a session of its own with everything it prints in log.txt,
and closes the job's record. Its caller is told by the exit code as soon as the action runs, and may die then.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.documents import read_json
from core.errors import ChangenetError
from core.file_names import PLAN_FILE
from core.problem import Problem
from runners.jobs.job import Job, JobState
from runners.jobs.store import JobStore
from runners.planning.plan import Plan
from runners.platforms import belongings
from runners.platforms.handles import ACTION, SUPERVISOR, with_process
from runners.platforms.platform import grace_seconds
from runners.platforms.processes import ProcessId, has_ended
from runners.platforms.this_machine import start_action

if TYPE_CHECKING:
    from collections.abc import Callable

_POLL_SECONDS = 0.1
_POLLS_PER_RECORD_LOOK = 20
_STARTED = b"1"
_PATIENCE_SECONDS = 3600.0


class _StopRequest:
    """Set by SIGTERM; a job may also be asked to stop by its record, from where no signal reaches."""

    def __init__(self) -> None:
        self.seen = False
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, self._take)

    def _take(self, number: int, frame: Any) -> None:
        del number, frame
        self.seen = True


def supervise(folder: Path, on_start: Callable[[], None]) -> JobState:
    """Run the action of the job in `folder` to its end, whatever that is; `on_start` is called once it runs."""
    stop = _StopRequest()
    store = JobStore(folder.parent)
    job = store.read(folder.name)
    _record(store, job, SUPERVISOR, ProcessId.own())
    try:
        if store.cancel_reason(job.id) is not None:
            return _finished(store, job, None)
        plan = Plan.from_json(read_json(folder / PLAN_FILE))
        plan.require_launchable()
        if not store.move(job.id, JobState.RUNNING, "the action is started"):
            return store.read(job.id).state
        child = start_action(folder, plan, subprocess.DEVNULL)
    except (ChangenetError, OSError) as problem:
        return _finished(store, job, None, Problem("launch.failed", job.id, str(problem)))

    def started() -> None:
        on_start()
        _make_ready_to_finish(job, plan)

    return _finished(store, job, _see_to_its_end(store, job, child, stop, started), patience=_PATIENCE_SECONDS)


def _finished(
    store: JobStore, job: Job, exit_code: int | None, cause: Problem | None = None, *, patience: float = 0.0
) -> JobState:
    from runners.jobs.closing import finish

    return finish(store, job, exit_code, cause, patience=patience).state


def _make_ready_to_finish(job: Job, plan: Plan) -> None:
    """Load what closing the record needs while the action loads its own."""
    from runners.jobs import closing  # noqa: F401
    from runners.jobs.inspection_report import make_ready

    make_ready(job, plan.action)


def _record(store: JobStore, job: Job, role: str, process: ProcessId) -> None:
    store.add_handle(job.id, with_process(store.handle(job.id), role, process))


def _see_to_its_end(
    store: JobStore, job: Job, child: subprocess.Popen[bytes], stop: _StopRequest, on_start: Callable[[], None]
) -> int:
    identity = ProcessId.of(child.pid)
    try:
        # Where that can't be recorded, the action is found by the mark of its job all the same.
        with suppress(ChangenetError):
            if identity:
                _record(store, job, ACTION, identity)
        on_start()
        _wait(store, job, child, stop)
    finally:
        # Workers that outlive the action would hold memory and ports; as long as the action is not reaped, the
        # number of their group can't belong to anybody else.
        belongings.stop(job.id, identity, grace_seconds(), adopted=True)
        exit_code = child.wait()
    return exit_code


def _wait(store: JobStore, job: Job, child: subprocess.Popen[bytes], stop: _StopRequest) -> None:
    polls = 0
    while not has_ended(child) and not stop.seen:
        time.sleep(_POLL_SECONDS)
        polls += 1
        if polls % _POLLS_PER_RECORD_LOOK == 0:
            stop.seen = stop.seen or _is_called_off(store, job)


def _is_called_off(store: JobStore, job: Job) -> bool:
    # A store that is busy for a moment is no reason to stop an action that may have run for days.
    with suppress(ChangenetError):
        return store.cancel_reason(job.id) is not None or store.read(job.id).state.is_terminal
    return False


def main(arguments: list[str]) -> int:
    """Leave the caller, and supervise; the caller's exit code is 0 once the action runs."""
    folder = Path(arguments[0]).absolute()
    reading, writing = os.pipe()
    if os.fork():
        os.close(writing)
        with os.fdopen(reading, "rb") as answer:
            return 0 if answer.read(1) == _STARTED else 1
    os.close(reading)
    os.setsid()
    belongings.adopt_orphans()
    with os.fdopen(writing, "wb", buffering=0) as answer:
        try:
            state = supervise(folder, on_start=lambda: _tell(answer))
        except ChangenetError as problem:
            sys.stderr.write(f"{problem}\n")
            return 1
    return 0 if state is JobState.COMPLETE else 1


def _tell(answer: Any) -> None:
    with suppress(BrokenPipeError):
        answer.write(_STARTED)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
