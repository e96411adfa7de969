# SPDX-License-Identifier: Apache-2.0
"""What every action has around it: the results folder, the status file, signals, and one verdict at the end."""

from __future__ import annotations

import errno
import logging
import os
import signal
import sys
import threading
import traceback
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import ChangenetError, InputError
from core.file_names import DETAILS_FILE, STATUS_FILE
from core.files import write_text
from core.redaction import redact_text
from core.terminal import printable
from engine.patience import patience
from engine.status import StatusFile

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType

    from engine.settings import Run

_SIGNALS = (signal.SIGINT, signal.SIGTERM)
# What torchrun, Lightning's own launcher, Slurm and the nodes of a cluster give each process; 0 in the first one alone.
_RANKS = ("RANK", "LOCAL_RANK", "NODE_RANK", "GROUP_RANK", "SLURM_PROCID")
_OF_OTHERS = {"stopped", "process.lost"}  # what happens to a process because of another one
# What Gloo and NCCL say, of a process that has ended, in the others.
_LOST = ("gloo/transport", "Connection closed by peer", "ncclRemoteError", "NCCL communicator was aborted")
_logger = logging.getLogger(__name__)
_asked: list[int] = []  # signals that asked to stop
_PATIENCE_SECONDS = 40.0  # a stop comes anywhere, also where a library holds a lock that its own end then waits for
_PLACES = 4
_last_words: list[Callable[[ChangenetError], None]] = []  # what a process says that has to be ended from within


class ActionStopped(BaseException):
    """A signal asked the action to stop. No Exception, so that nothing on the way takes it for a failure to mend."""

    def __init__(self, number: int) -> None:
        name = signal.Signals(number).name
        super().__init__(f"stopped by {name}" + (" (Ctrl-C)" if number == signal.SIGINT else ""))


def is_first_process() -> bool:
    """Whether this process reports: of several that train together only the first one does."""
    return all(os.environ.get(name, "0") == "0" for name in _RANKS)


@contextmanager
def stoppable() -> Iterator[None]:
    """Turn SIGINT and SIGTERM into `ActionStopped`; a second one while stopping is ignored.

    What has not ended by itself after `_PATIENCE_SECONDS` ends at once, as a failure.
    """

    def stop(number: int, _frame: FrameType | None) -> None:
        for each in _SIGNALS:
            signal.signal(each, signal.SIG_IGN)
        _asked.append(number)
        raise ActionStopped(number)

    _asked.clear()
    before = {number: signal.signal(number, stop) for number in _SIGNALS}
    try:
        with patience(_SIGNALS, _PATIENCE_SECONDS, _end_at_once):
            yield
    finally:
        _asked.clear()
        for number, handler in before.items():
            signal.signal(number, handler)


def _end_at_once(number: int) -> None:
    """Tell of the stop without a lock that the rest of the process may hold, and leave."""
    remedy = "run the same command again; training resumes"
    place = _waiting_place()
    problem = f"{ActionStopped(number)}; it did not end by itself: the main thread waits in {place}"
    error = ChangenetError(problem, code="stopped", remedy=remedy)
    for say in _last_words:
        say(error)
    if is_first_process():
        os.write(2, f"{_line(error)}\n".encode())
        os.write(1, b"Execution status: FAIL\n")
    os._exit(1)


def _waiting_place() -> str:
    """The innermost functions that the main thread is in, outermost first: `fit (trainer.py:580), acquire (…)`."""
    frame = sys._current_frames().get(threading.main_thread().ident or 0)  # noqa: SLF001 - the documented way
    calls = traceback.extract_stack(frame)[-_PLACES:] if frame else []
    return ", ".join(f"{call.name} ({Path(call.filename).name}:{call.lineno})" for call in calls) or "no Python code"


def stop_if_asked() -> None:
    """Raise a stop again that came where its exception went nowhere, as in a destructor or a library's callback.

    Raises:
        ActionStopped: a signal asked for it.
    """
    if _asked:
        raise ActionStopped(_asked[0])


def execute(run: Run, action: Callable[[Run, StatusFile], None]) -> bool:
    """Carry out an action; returns whether it succeeded. The status file ends in SUCCESS or FAILURE."""
    try:
        run.results_dir.mkdir(parents=True, exist_ok=True)
        status = StatusFile(run.results_dir / STATUS_FILE, enabled=is_first_process())
        if status.enabled:
            run.write_experiment()
        status.write("STARTED", f"Starting visual_changenet {run.command}.")
    except OSError as problem:
        report(_folder_error(run, problem))
        return False
    _last_words[:] = [partial(_write_failure, status)]
    try:
        action(run, status)
    except (Exception, ActionStopped, SystemExit) as problem:  # noqa: BLE001 - whatever ends an action is its verdict
        error = _explained(problem, run)
        report(error)
        _write_failure(status, error)
        return False
    finally:
        _last_words.clear()
    status.write("SUCCESS", f"{run.command} finished successfully.")
    return True


def report(error: ChangenetError) -> None:
    """Say what is wrong on standard error.

    Of several processes that train together, all meet what is wrong before they are joined, and the first one says it.
    From then on each may meet what the others don't, as a broken picture among its own, and says so.
    """
    if is_first_process() or (_is_joined() and error.code not in _OF_OTHERS):
        sys.stdout.flush()
        sys.stderr.write(f"{_line(error)}\n")
        sys.stderr.flush()


def _line(error: ChangenetError) -> str:
    return f"ERROR [{error.code}] {printable(redact_text(str(error)))}"


def _is_joined() -> bool:
    torch = sys.modules.get("torch")
    return bool(torch and torch.distributed.is_available() and torch.distributed.is_initialized())


def _write_failure(status: StatusFile, error: ChangenetError) -> None:
    try:
        status.write("FAILURE", str(error), verbosity="ERROR")
    except OSError as problem:  # a full disk must not hide the error that is being reported
        _logger.warning("%s could not be written: %s", STATUS_FILE, problem.strerror)


def _folder_error(run: Run, problem: OSError) -> ChangenetError:
    return InputError(
        f"the results folder can't be written ({problem.strerror})",
        code="results_dir",
        where=str(run.results_dir),
        remedy="set results_dir to a folder that you may write to",
    )


def _explained(problem: BaseException, run: Run) -> ChangenetError:
    if isinstance(problem, ChangenetError):
        return problem
    if isinstance(problem, ActionStopped):
        return ChangenetError(str(problem), code="stopped", remedy="run the same command again; training resumes")
    if _is_out_of_memory(problem):
        batch = f"dataset.{run.experiment.task}.batch_size"
        remedy = f"lower {batch}, the image size or cache_images_mb, or take a smaller backbone"
        return ChangenetError("there is not enough memory", code="out_of_memory", remedy=remedy)
    if isinstance(problem, RuntimeError) and any(mark in str(problem) for mark in _LOST):
        return _lost_process()
    return _system_error(problem, run) if isinstance(problem, OSError) else _unexpected(problem, run)


def _lost_process() -> ChangenetError:
    remedy = "its own error stands beside this one, where it could tell; the same command again resumes"
    return ChangenetError("another of the processes that train together has ended", code="process.lost", remedy=remedy)


def _system_error(problem: OSError, run: Run) -> ChangenetError:
    if problem.errno in {errno.ENOSPC, errno.EDQUOT}:
        where = str(problem.filename2 or problem.filename or run.results_dir)  # of a copy, where it goes to
        return ChangenetError("the disk is full", code="disk_full", where=where, remedy="make room, then run it again")
    return file_error(problem) if problem.filename else _unexpected(problem, run)


def file_error(problem: OSError) -> InputError:
    """A file or folder that the system refuses: too long a name, no permission, a broken disk."""
    where = str(problem.filename)
    remedy = "check that it is there, that you may use it, and that its name is not too long"
    return InputError(f"it can't be used ({problem.strerror})", code="file", where=where, remedy=remedy)


def _is_out_of_memory(problem: BaseException) -> bool:
    text = str(problem).lower()
    return isinstance(problem, MemoryError) or "out of memory" in text or "can't allocate memory" in text


def _unexpected(problem: BaseException, run: Run) -> ChangenetError:
    """An error nobody foresaw: one line for the reader, the details in a file for who mends it."""
    details = run.results_dir / DETAILS_FILE
    try:
        write_text(details, redact_text("".join(traceback.format_exception(problem))))
    except OSError:
        _logger.warning("the details of the error could not be written to %s", details)
    reason = str(problem).strip().partition("\n")[0]
    return ChangenetError(
        f"unexpected {type(problem).__name__}: {reason}",
        code="internal",
        where=str(details),
        remedy="the file named holds the details; please report them",
    )
