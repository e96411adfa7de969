# SPDX-License-Identifier: Apache-2.0
"""The SQLite file below a results root: opened for one short transaction at a time, by any number of processes."""

from __future__ import annotations

import os
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from core.errors import PlatformError
from core.file_names import LOG_FILE, PLAN_FILE
from core.files import atomic_path
from core.sqlite_migrations import bring_up_to_date, version_of
from runners.jobs.tables import MIGRATIONS
from runners.names import MANIFEST_FILE, STORE_FILE

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator

_BUSY_SECONDS = 30.0
_MEMORY = "/dev/shm"  # noqa: S108 - a folder of random name is made in it
_COPIES = 20


@contextmanager
def transaction(root: Path, *, write: bool = False, create: bool = False) -> Iterator[sqlite3.Connection]:
    """One transaction on the store of `root`: committed when the block ends well, undone when not.

    With `write`, the writer's lock is taken at the start, so that what the block reads can't change under it. With
    `create`, the store is made when it is not there.

    Raises:
        PlatformError: the file is no store, belongs to a newer version, is locked for too long or can't be written.
    """
    import sqlite3

    path = root / STORE_FILE
    try:
        with closing(_open(root, write=write, create=create)) as connection:
            connection.execute("BEGIN IMMEDIATE" if write else "BEGIN")
            yield connection
            connection.execute("COMMIT")
    except sqlite3.IntegrityError:
        raise
    except sqlite3.DatabaseError as problem:
        raise _as_platform_error(problem, path) from problem


def _open(root: Path, *, write: bool, create: bool) -> sqlite3.Connection:
    import sqlite3

    path = root / STORE_FILE
    try:
        if create and not path.is_file():
            _create(root)
    except OSError as problem:
        reason = problem.strerror or str(problem)
        raise PlatformError(
            f"can't be written: {reason}", code="store.unusable", where=str(root), remedy=_ROOM_OR_RIGHTS
        ) from None
    try:
        return _up_to_date(_connect(path, "?mode=rw"), path)
    except sqlite3.OperationalError as problem:
        if write or not (_is_read_only(problem) or _is_full(problem)):
            raise
        return _copy_in_memory(path)


def _copy_in_memory(path: Path) -> sqlite3.Connection:
    """A store that can't be written where it lies, read all the same: not even a lock can be left beside it there.

    What was recorded last may stand in a journal that only a file which can be written is joined with.
    """
    import sqlite3

    journal = path.with_name(f"{STORE_FILE}-wal")
    copy = _prepared(sqlite3.connect(":memory:", isolation_level=None))
    if not journal.is_file() or not journal.stat().st_size:
        with closing(_connect(path, "?immutable=1&mode=ro")) as source:
            source.backup(copy)
        return _up_to_date(copy, path)
    from tempfile import TemporaryDirectory

    try:
        elsewhere = TemporaryDirectory(dir=_MEMORY if os.access(_MEMORY, os.W_OK) else None)
        with elsewhere as folder, closing(_connect(_copied(path, journal, folder))) as source:
            source.backup(copy)
    except OSError as problem:
        raise sqlite3.OperationalError(f"{journal.name} can't be read elsewhere: {problem.strerror}") from None
    return _up_to_date(copy, path)


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


def exists(root: Path) -> bool:
    """Whether jobs were ever recorded below this results root."""
    return (root / STORE_FILE).is_file()


def _connect(path: Path, options: str = "") -> sqlite3.Connection:
    import sqlite3

    place = f"file:{quote(str(path))}{options}"
    return _prepared(sqlite3.connect(place, uri=True, timeout=_BUSY_SECONDS, isolation_level=None))


def _prepared(connection: sqlite3.Connection) -> sqlite3.Connection:
    import sqlite3

    connection.row_factory = sqlite3.Row
    # One text that was damaged must not hide every other job.
    connection.text_factory = lambda data: data.decode("utf-8", "backslashreplace")
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA synchronous = FULL")
    return connection


def _up_to_date(connection: sqlite3.Connection, path: Path) -> sqlite3.Connection:
    """The same connection, once the store has the present version; closed when it can't have it."""
    try:
        if _known_version(connection, path) < len(MIGRATIONS):
            bring_up_to_date(connection, MIGRATIONS)
    except BaseException:
        connection.close()
        raise
    return connection


def _known_version(connection: sqlite3.Connection, path: Path) -> int:
    import sqlite3

    version = version_of(connection)
    if version > len(MIGRATIONS):
        remedy = "use the version of this project that wrote it, or another results root"
        raise PlatformError("was written by a newer version", code="store.newer", where=str(path), remedy=remedy)
    if version < 1:
        raise sqlite3.DatabaseError("it holds no jobs")
    return version


def _is_read_only(problem: sqlite3.Error) -> bool:
    name = getattr(problem, "sqlite_errorname", "")
    return name.startswith(("SQLITE_READONLY", "SQLITE_CANTOPEN"))


def _is_full(problem: sqlite3.Error) -> bool:
    # A journal that can't grow is told as a failed write.
    return getattr(problem, "sqlite_errorname", "").startswith(("SQLITE_FULL", "SQLITE_IOERR"))


def _create(root: Path) -> None:
    """Make the store aside and move it into place, so that nobody meets half of it; the lock lets one process do so."""
    import fcntl

    root.mkdir(parents=True, exist_ok=True)
    with open(os.open(root / ".jobs.lock", os.O_RDWR | os.O_CREAT, 0o644), "w") as lock:  # noqa: PTH123 - no pipe waits
        fcntl.flock(lock, fcntl.LOCK_EX)
        if (root / STORE_FILE).is_file():
            return
        with atomic_path(root / STORE_FILE) as draft, closing(_connect(draft)) as connection:
            connection.execute("PRAGMA journal_mode = WAL")
            bring_up_to_date(connection, MIGRATIONS)


_ROOM_OR_RIGHTS = "mend the rights of its folder, make room, or name another results root"


def _as_platform_error(problem: sqlite3.DatabaseError, path: Path) -> PlatformError:
    text = str(problem)
    if "locked" in text:
        remedy = "find out which process holds it, and try again"
        return PlatformError("is held by another process", code="store.busy", where=str(path), remedy=remedy)
    if _is_full(problem):
        remedy = "make room on its disk, or mend the disk; what was recorded is kept"
        return PlatformError(f"can't be written: {text}", code="store.full", where=str(path), remedy=remedy)
    if _is_read_only(problem):
        remedy = _ROOM_OR_RIGHTS
        return PlatformError(f"can't be written: {text}", code="store.unusable", where=str(path), remedy=remedy)
    remedy = f"move the file away: every job folder keeps its own {PLAN_FILE}, {LOG_FILE} and {MANIFEST_FILE}"
    return PlatformError(f"can't be used as a job store: {text}", code="store.broken", where=str(path), remedy=remedy)
