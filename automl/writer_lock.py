# SPDX-License-Identifier: Apache-2.0
"""One process works on a search at a time: the lock that says so, and which process holds it."""

from __future__ import annotations

import fcntl
import os
import time
from typing import TYPE_CHECKING

from core.errors import RequestError

if TYPE_CHECKING:
    from pathlib import Path

_NAME = ".writer.lock"
_ATTEMPTS, _PAUSE = 4, 0.05


def writer_of(folder: Path) -> int | None:
    """The number of the process that works on the experiment, or None; it is known to live, as it holds the lock."""
    try:
        handle = os.open(folder / _NAME, os.O_RDWR)
    except FileNotFoundError:
        return None
    try:
        return None if _locked(handle) else int(os.pread(handle, 20, 0) or 0) or None
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
            os.pwrite(handle, str(os.getpid()).encode(), 0)
            return handle
        # Somebody who only asks whether there is a writer holds the lock for an instant.
        time.sleep(_PAUSE)
    os.close(handle)
    message, remedy = "another process works on this experiment", "wait until it ends, or stop it: changenet cancel"
    raise RequestError(message, code="automl.locked", where=str(folder), remedy=f"{remedy} {folder.name}")


def _locked(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
