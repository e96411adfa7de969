# SPDX-License-Identifier: Apache-2.0
"""One process works on a search at a time: the lock that says so, and which process holds it.

The lock is on a file; where a server keeps the record, the writer's connection holds one there as well, so that no
other machine writes, whatever the file system says. A writer whose connection broke can write no more.
"""

from __future__ import annotations

import fcntl
import json
import os
import signal
import time
from contextlib import closing, contextmanager, suppress
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from automl.files import RECORD
from core.errors import PlatformError, RequestError
from core.record_places import place_of
from runners.platforms.processes import ProcessId

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LOCKED = "automl.locked"
_NAME = ".writer.lock"
_ATTEMPTS, _PAUSE = 4, 0.05
_MOST_BYTES = 4096


@dataclass(frozen=True, slots=True)
class Writer:
    """The process that holds the lock, as far as it says which one it is; that it lives is known by the lock itself."""

    folder: Path
    process: ProcessId | None

    def ask_to_stop(self) -> None:
        """Send SIGTERM to this very process; one that has ended meanwhile is let be.

        Raises:
            PlatformError: it is not known which one it is, or it belongs to another machine or container.
        """
        process = self.process
        if process is None:
            raise self._out_of_reach("it does not say which process it is")
        if process.is_foreign():
            raise self._out_of_reach(f"it is process {process.pid} of {process.host}, which can't be reached from here")
        process.signal(signal.SIGTERM)

    def _out_of_reach(self, why: str) -> PlatformError:
        message = f"a process works on this experiment, but {why}"
        remedy = "stop it where it was started, by Ctrl-C or `changenet cancel` there"
        return PlatformError(message, code="automl.writer", where=str(self.folder), remedy=remedy)


def writer_of(folder: Path) -> Writer | None:
    """The process that works on the experiment, or None."""
    try:
        handle = os.open(folder / _NAME, os.O_RDWR if os.access(folder / _NAME, os.W_OK) else os.O_RDONLY)
    except FileNotFoundError:
        return None
    try:
        if _locked(handle) and not _held_on_server(folder):
            return None
        return Writer(folder, _process(os.pread(handle, _MOST_BYTES, 0)))
    finally:
        os.close(handle)


def take_lock(folder: Path) -> int:
    """An open file that holds the writer's lock; the system gives it back when the process ends, whatever ends it.

    Raises:
        RequestError: another process holds it.
    """
    handle = os.open(folder / _NAME, os.O_RDWR | os.O_CREAT, 0o644)
    for _ in range(_ATTEMPTS):
        if _locked(handle):
            os.ftruncate(handle, 0)
            os.pwrite(handle, json.dumps(asdict(ProcessId.own())).encode(), 0)
            return handle
        # Somebody who only asks whether there is a writer holds the lock for an instant.
        time.sleep(_PAUSE)
    os.close(handle)
    raise locked(folder)


@contextmanager
def held(folder: Path) -> Iterator[bool]:
    """Keep writers away for a moment, without being one whom others may ask to stop; whether there was none."""
    handle = os.open(folder / _NAME, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        yield _locked(handle)
    finally:
        os.close(handle)


def locked(folder: Path) -> RequestError:
    """What is told where another process holds the lock."""
    remedy = f"wait until it ends (--standby), or stop it: changenet cancel {folder.name}"
    message = "another process works on this experiment"
    return RequestError(message, code=LOCKED, where=str(folder), remedy=remedy)


def _locked(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _held_on_server(folder: Path) -> bool:
    """Whether a process of some machine holds the lock of a record that a server keeps."""
    place = place_of(folder / RECORD)
    if place is None:
        return False
    from core.postgres import connect

    with closing(connect(place)) as connection:
        return not connection.try_lock()


def _process(text: bytes) -> ProcessId | None:
    """The process that a lock file names; None for anything that is no identity, such as a bare number."""
    with suppress(ValueError):
        return ProcessId.from_json(json.loads(text))
    return None
