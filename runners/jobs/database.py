# SPDX-License-Identifier: Apache-2.0
"""The store of a results root: opened for one short transaction at a time, by any number of processes.

It is an SQLite file in the root, or a schema of a PostgreSQL server that a file in the root names.
"""

from __future__ import annotations

import os
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING
from urllib.parse import quote

from core.errors import PlatformError
from core.file_names import LOG_FILE, PLAN_FILE
from core.file_systems import Kind, kind_of, set_journal, type_of
from core.files import atomic_path
from core.record_places import chosen_place, is_recorded, place_of, point_to
from core.sqlite_copies import copy_in_memory, is_full, is_read_only
from core.sqlite_migrations import bring_up_to_date, version_of
from runners.jobs.tables import MIGRATIONS
from runners.names import MANIFEST_FILE, STORE_FILE

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator
    from pathlib import Path

    from core.postgres import Connection
    from core.record_places import Place

_BUSY_SECONDS = 30.0


@contextmanager
def transaction(root: Path, *, write: bool = False, create: bool = False) -> Iterator[sqlite3.Connection | Connection]:
    """One transaction on the store of `root`: committed when the block ends well, undone when not.

    With `write`, the writer's lock is taken at the start, so that what the block reads can't change under it. With
    `create`, the store is made when it is not there.

    Raises:
        PlatformError: the file is no store, belongs to a newer version, is locked for too long or can't be written.
    """
    import sqlite3

    path = root / STORE_FILE
    if place := place_of(path) or (new_place(root) if create else None):
        with _on_server(place, write=write) as connection:
            yield connection
        return
    try:
        with closing(_open(root, write=write, create=create)) as connection:
            connection.execute("BEGIN IMMEDIATE" if write else "BEGIN")
            yield connection
            connection.execute("COMMIT")
    except sqlite3.IntegrityError:
        raise
    except sqlite3.DatabaseError as problem:
        raise _as_platform_error(problem, path) from problem


@contextmanager
def _on_server(place: Place, *, write: bool) -> Iterator[Connection]:
    from core.postgres import connect
    from runners.jobs.server_tables import SCRIPTS

    with closing(connect(place)) as connection:
        version = connection.version()
        if version > len(SCRIPTS):
            raise _newer(f"{place.url} ({place.schema})")
        if version < len(SCRIPTS):
            connection.bring_up_to_date(SCRIPTS)
        connection.begin(write=write)
        yield connection
        connection.execute("COMMIT")


def new_place(root: Path) -> Place | None:
    """The server that keeps the store of this results root from now on; None where that is a file, or shall be one.

    Raises:
        RequestError: $CHANGENET_STORE is no URL of a server, or holds a password.
        PlatformError: the server does not answer.
    """
    path = root / STORE_FILE
    if found := place_of(path):
        return found
    if path.is_file() or (place := chosen_place()) is None:
        return None
    from core.postgres import connect

    connect(place).close()
    try:
        return point_to(path, place)
    except OSError as problem:
        reason = problem.strerror or str(problem)
        message = f"can't be written: {reason}"
        raise PlatformError(message, code="store.unusable", where=str(root), remedy=_ROOM_OR_RIGHTS) from None


def _open(root: Path, *, write: bool, create: bool) -> sqlite3.Connection:
    import sqlite3

    path = root / STORE_FILE
    if write:
        require_locks(root)
    try:
        if create and not path.is_file():
            _create(root)
    except OSError as problem:
        reason, remedy = f"can't be written: {problem.strerror or problem}", _ROOM_OR_RIGHTS
        if root.is_symlink() and not root.exists():
            reason = f"is a link that leads nowhere ({root.readlink()})"
            remedy = "make the folder that it leads to, or name another results root"
        raise PlatformError(reason, code="store.unusable", where=str(root), remedy=remedy) from None
    try:
        return _up_to_date(_journalled(_connect(path, "?mode=rw"), root, write=write), path)
    except sqlite3.OperationalError as problem:
        if write or not (is_read_only(problem) or is_full(problem)):
            raise
        return _up_to_date(_prepared(copy_in_memory(path)), path)


def require_locks(root: Path) -> None:
    """The results root lies where files can be locked and changed in place.

    Raises:
        PlatformError: it is an object store that looks like a folder.
    """
    if kind_of(root) is Kind.OBJECTS and not place_of(root / STORE_FILE):
        message = f"lies on {type_of(root)}: files can't be locked there, so jobs can't be recorded"
        remedy = "name a folder of a disk or of a network file system by --results, and send results by --upload URI"
        raise PlatformError(message, code="store.no_locks", where=str(root), remedy=remedy)


def exists(root: Path) -> bool:
    """Whether jobs were ever recorded below this results root."""
    return is_recorded(root / STORE_FILE)


def _connect(path: Path, options: str = "") -> sqlite3.Connection:
    import sqlite3

    place = f"file:{quote(str(path))}{options}"
    return _prepared(sqlite3.connect(place, uri=True, timeout=_BUSY_SECONDS, isolation_level=None))


def _journalled(connection: sqlite3.Connection, root: Path, *, write: bool) -> sqlite3.Connection:
    """The same connection; a store that was made on a disk and moved to a network leaves its write-ahead log."""
    try:
        if write and kind_of(root) is Kind.SHARED:
            set_journal(connection, root)
    except BaseException:
        connection.close()
        raise
    return connection


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
        raise _newer(str(path))
    if version < 1:
        raise sqlite3.DatabaseError("it holds no jobs")
    return version


def _newer(where: str) -> PlatformError:
    remedy = "use the version of this project that wrote it, or another results root"
    return PlatformError("was written by a newer version", code="store.newer", where=where, remedy=remedy)


def _create(root: Path) -> None:
    """Make the store aside and move it into place, so that nobody meets half of it; the lock lets one process do so."""
    import fcntl

    root.mkdir(parents=True, exist_ok=True)
    with open(os.open(root / ".jobs.lock", os.O_RDWR | os.O_CREAT, 0o644), "w") as lock:  # noqa: PTH123 - no pipe waits
        fcntl.flock(lock, fcntl.LOCK_EX)
        if (root / STORE_FILE).is_file():
            return
        with atomic_path(root / STORE_FILE) as draft, closing(_connect(draft)) as connection:
            set_journal(connection, root)
            bring_up_to_date(connection, MIGRATIONS)


_ROOM_OR_RIGHTS = "mend the rights of its folder, make room, or name another results root"


def _as_platform_error(problem: sqlite3.DatabaseError, path: Path) -> PlatformError:
    text = str(problem)
    if "locked" in text:
        remedy = "find out which process holds it, and try again"
        return PlatformError("is held by another process", code="store.busy", where=str(path), remedy=remedy)
    if is_full(problem):
        remedy = "make room on its disk, or mend the disk; what was recorded is kept"
        return PlatformError(f"can't be written: {text}", code="store.full", where=str(path), remedy=remedy)
    if is_read_only(problem):
        remedy = _ROOM_OR_RIGHTS
        return PlatformError(f"can't be written: {text}", code="store.unusable", where=str(path), remedy=remedy)
    remedy = f"move the file away: every job folder keeps its own {PLAN_FILE}, {LOG_FILE} and {MANIFEST_FILE}"
    return PlatformError(f"can't be used as a job store: {text}", code="store.broken", where=str(path), remedy=remedy)
