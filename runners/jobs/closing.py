# SPDX-License-Identifier: Apache-2.0
"""How a job ends: the verdict from exit code and log, its figures and its manifest, recorded once."""

from __future__ import annotations

import signal
import sys
import time
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.documents import read_json
from core.errors import InputError, PlatformError
from core.file_names import LOG_FILE, PLAN_FILE, STATUS_FILE
from core.files import write_json
from core.problem import Problem
from core.salvage import salvage
from runners.jobs.artifacts import Stamps, collect, result_folders
from runners.jobs.inspection_report import try_report
from runners.jobs.job import Job, JobState
from runners.jobs.status_log import Progress, has_passed, last_lines, last_metrics, read_status
from runners.jobs.store import Ending, JobStore
from runners.names import BEFORE_FILE, MANIFEST_FILE

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from runners.jobs.job import Artifact

_MOST_TOLD = 3
_PAUSE_SECONDS = 1.0
_SUCCESS = "SUCCESS"
_PASSING = frozenset({"store.full", "store.busy", "store.unusable"})


def finish(
    store: JobStore, job: Job, exit_code: int | None, cause: Problem | None = None, *, patience: float = 0.0
) -> Job:
    """Collect what the job left behind and close its record; when another process was quicker, its word stands.

    `exit_code` None means that nobody could read it. `cause` is why the job ends when that is known from outside.
    A record that can't be written is tried again for `patience` seconds: a disk that is full need not remain so.

    Raises:
        PlatformError: the record can't be written.
    """
    if exit_code == 0 and (unwritten := try_report(job)):
        sys.stderr.write(f"{unwritten}\n")
    history, lost = read_status(Path(job.results_dir) / STATUS_FILE)
    found, problem = _found(job)
    artifacts, unkept = _recordable(found)
    lost += unkept + _write_manifest(job, artifacts)
    asked = _patiently(store, lambda: store.cancel_reason(job.id), patience)
    state, reason, failure = _verdict(job, exit_code, history, cause or problem, asked)
    if failure:
        failure = replace(failure, message=_whole_text(failure.message))
    ending = Ending(state, _whole_text(reason + _told(lost)), exit_code, last_metrics(history), artifacts, failure)
    _patiently(store, lambda: store.close(job.id, ending), patience)
    return store.read(job.id)


def _patiently(store: JobStore, act: Callable[[], Any], seconds: float) -> Any:
    deadline = time.monotonic() + seconds
    while True:
        try:
            return act()
        except PlatformError as problem:
            if problem.code not in _PASSING or time.monotonic() >= deadline or not store.exists():
                raise
            time.sleep(_PAUSE_SECONDS)


def _recordable(found: Sequence[Artifact]) -> tuple[tuple[Artifact, ...], list[str]]:
    """The artifacts that a record can hold: their names are text."""
    kept = tuple(artifact for artifact in found if _whole_text(artifact.path) == artifact.path)
    lost = [f"the name of {_whole_text(artifact.path)} is not UTF-8" for artifact in found if artifact not in kept]
    return kept, lost


def _told(lost: list[str]) -> str:
    shown = "; ".join(lost[:_MOST_TOLD]) + (f"; and {len(lost) - _MOST_TOLD} more" if len(lost) > _MOST_TOLD else "")
    return f" (not kept: {shown})" if lost else ""


def _whole_text(text: str) -> str:
    return str(salvage(text).value)


def _verdict(
    job: Job, exit_code: int | None, history: list[Progress], cause: Problem | None, canceled: str | None
) -> tuple[JobState, str, Problem | None]:
    passed = cause is None and has_passed(Path(job.folder) / LOG_FILE)
    if passed and exit_code == 0:
        return JobState.COMPLETE, "exit code 0 and a log that says PASS", None
    # A log may say PASS of a process that failed afterwards: without its exit code, one witness is not enough.
    said = next((progress.status for progress in reversed(history) if progress.status), "")
    if passed and exit_code is None and said == _SUCCESS:
        return JobState.COMPLETE, f"the log ends with PASS and {STATUS_FILE} with {_SUCCESS}; its exit is lost", None
    if canceled is not None:
        return JobState.CANCELED, canceled, None
    failure = cause or _failure(job, exit_code, history)
    return JobState.ERROR, failure.message, failure


def _failure(job: Job, exit_code: int | None, history: list[Progress]) -> Problem:
    said = _last_words(job, history)
    if exit_code is None:
        return Problem("process.lost", job.id, f"the process ended, and nobody was there to see how. {said}".strip())
    if exit_code < 0:
        name = _signal_name(-exit_code)
        hint = " Often that is the system running out of memory." if name == "SIGKILL" else ""
        return Problem("process.killed", job.id, f"the action was ended by {name}.{hint} {said}".strip())
    if exit_code == 0:
        return Problem("action.unconfirmed", job.id, f"exit code 0, but the log does not end with PASS. {said}".strip())
    return Problem("action.failed", job.id, f"exit code {exit_code}. {said}".strip())


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def _last_words(job: Job, history: list[Progress]) -> str:
    failures = [progress.message for progress in history if progress.status == "FAILURE" and progress.message]
    if failures:
        return failures[-1]
    lines = [x for x in last_lines(Path(job.folder) / LOG_FILE) if not x.startswith("Execution status")]
    return lines[-1] if lines else ""


def _found(job: Job) -> tuple[tuple[Artifact, ...], Problem | None]:
    try:
        spec = _document(job, PLAN_FILE).get("spec")
        return collect(result_folders(job.results_dir, spec if isinstance(spec, dict) else {}), _before(job)), None
    except (OSError, ValueError) as problem:
        return (), Problem("results.unreadable", job.id, f"the results can't be read: {problem}")


def _before(job: Job) -> Stamps:
    stamps = _document(job, BEFORE_FILE).items()
    return {path: (stamp[0], stamp[1]) for path, stamp in stamps if isinstance(stamp, list) and len(stamp) == 2}


def _document(job: Job, name: str) -> dict[str, Any]:
    with suppress(InputError):
        document = read_json(Path(job.folder) / name)
        return document if isinstance(document, dict) else {}
    return {}


def _write_manifest(job: Job, artifacts: tuple[Artifact, ...]) -> list[str]:
    folder = Path(job.folder)
    entries = [artifact.to_json() for artifact in artifacts]
    try:
        if folder.is_dir():
            write_json(folder / MANIFEST_FILE, {"job": job.id, "results_dir": job.results_dir, "artifacts": entries})
    except (OSError, ValueError) as problem:
        return [f"{MANIFEST_FILE} can't be written: {problem}"]
    return []
