# SPDX-License-Identifier: Apache-2.0
"""SQLite files on disks that are full, or that can only be read."""

from __future__ import annotations

import os
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

if TYPE_CHECKING:
    import sqlite3

_MEMORY = "/dev/shm"  # noqa: S108 - a folder of random name is made in it
_COPIES = 20


def is_read_only(problem: sqlite3.Error) -> bool:
    """Whether a file, or what SQLite puts beside it, can't be written."""
    name = getattr(problem, "sqlite_errorname", "")
    return name.startswith(("SQLITE_READONLY", "SQLITE_CANTOPEN"))


def is_full(problem: sqlite3.Error) -> bool:
    """Whether a disk has no room, or fails."""
    # A journal that can't grow is told as a failed write.
    return getattr(problem, "sqlite_errorname", "").startswith(("SQLITE_FULL", "SQLITE_IOERR"))


def copy_in_memory(path: Path) -> sqlite3.Connection:
    """A file that can't be written where it lies, read all the same: not even a lock can be left beside it there.

    What was recorded last may stand in a journal that only a file which can be written is joined with.

    Raises:
        sqlite3.OperationalError: there is no room for that elsewhere either.
    """
    import sqlite3

    journal = path.with_name(f"{path.name}-wal")
    if not journal.is_file() or not journal.stat().st_size:
        with closing(sqlite3.connect(f"file:{quote(str(path))}?immutable=1&mode=ro", uri=True)) as source:
            return _in_memory(source)
    from tempfile import TemporaryDirectory

    try:
        elsewhere = TemporaryDirectory(dir=_MEMORY if os.access(_MEMORY, os.W_OK) else None)
        with elsewhere as folder, closing(sqlite3.connect(_copied(path, journal, folder))) as source:
            return _in_memory(source)
    except OSError as problem:
        raise sqlite3.OperationalError(f"{journal.name} can't be read elsewhere: {problem.strerror}") from None


def _in_memory(source: sqlite3.Connection) -> sqlite3.Connection:
    import sqlite3

    copy = sqlite3.connect(":memory:", isolation_level=None)
    try:
        source.backup(copy)
    except BaseException:
        copy.close()
        raise
    return copy


def _copied(path: Path, journal: Path, folder: str) -> Path:
    """Both files, as they were at one moment, in another folder."""
    import shutil

    def stamps() -> list[tuple[int, int]]:
        return [(found.st_mtime_ns, found.st_size) for found in (path.stat(), journal.stat())]

    for _ in range(_COPIES):
        before = stamps()
        for each in (path, journal):
            shutil.copyfile(each, f"{folder}/{each.name}")
        if stamps() == before:
            break
    return Path(folder) / path.name
