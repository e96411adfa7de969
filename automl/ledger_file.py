# SPDX-License-Identifier: Apache-2.0
"""The record of a search, in an SQLite file or a schema of PostgreSQL: its tables, older versions, how it is opened."""

from __future__ import annotations

import sqlite3
from contextlib import contextmanager
from typing import TYPE_CHECKING

from core.errors import PlatformError
from core.file_systems import set_journal
from core.record_places import place_of
from core.sqlite_copies import copy_in_memory, is_full, is_read_only
from core.sqlite_migrations import append_only, bring_up_to_date, version_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from core.postgres import Connection
    from core.record_places import Place

_FIRST = {
    "experiment": "name TEXT PRIMARY KEY, document TEXT NOT NULL, at TEXT NOT NULL",
    "sessions": "sequence INTEGER PRIMARY KEY AUTOINCREMENT, pid INTEGER NOT NULL, at TEXT NOT NULL",
    "runs": "number INTEGER PRIMARY KEY, document TEXT NOT NULL, at TEXT NOT NULL",
    "launches": (
        "sequence INTEGER PRIMARY KEY AUTOINCREMENT, number INTEGER NOT NULL REFERENCES runs (number), "
        "plan_id TEXT NOT NULL, at TEXT NOT NULL"
    ),
    "jobs": "job_id TEXT PRIMARY KEY, number INTEGER NOT NULL REFERENCES runs (number), at TEXT NOT NULL",
    "results": "number INTEGER PRIMARY KEY REFERENCES runs (number), document TEXT NOT NULL, at TEXT NOT NULL",
    "evaluations": "name TEXT PRIMARY KEY, document TEXT NOT NULL, at TEXT NOT NULL",
    "removed": "path TEXT PRIMARY KEY, number INTEGER NOT NULL, bytes INTEGER NOT NULL, at TEXT NOT NULL",
    "endings": (
        "sequence INTEGER PRIMARY KEY AUTOINCREMENT, state TEXT NOT NULL, reason TEXT NOT NULL, at TEXT NOT NULL"
    ),
}
_SECOND = """
CREATE TABLE losses (job_id TEXT PRIMARY KEY, number INTEGER NOT NULL REFERENCES runs (number), at TEXT NOT NULL);
CREATE TABLE changes (sequence INTEGER PRIMARY KEY AUTOINCREMENT, settings TEXT NOT NULL, at TEXT NOT NULL);
CREATE TABLE places (sequence INTEGER PRIMARY KEY AUTOINCREMENT, root TEXT NOT NULL, at TEXT NOT NULL);
CREATE TABLE older AS SELECT * FROM evaluations ORDER BY rowid;
DROP TABLE evaluations;
CREATE TABLE evaluations (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL, document TEXT NOT NULL, at TEXT NOT NULL
);
INSERT INTO evaluations (name, document, at) SELECT name, document, at FROM older;
DROP TABLE older;
"""
_ADDED = ("losses", "changes", "places", "evaluations")
_MIGRATIONS = (
    "".join(f"CREATE TABLE {name} ({columns});\n{append_only(name)}" for name, columns in _FIRST.items()),
    _SECOND + "".join(map(append_only, _ADDED)),
)
_EVALUATED = "sequence INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL, document TEXT NOT NULL, at TEXT NOT NULL"
_ON_SERVER = _FIRST | {
    "losses": "job_id TEXT PRIMARY KEY, number INTEGER NOT NULL REFERENCES runs (number), at TEXT NOT NULL",
    "changes": "sequence INTEGER PRIMARY KEY AUTOINCREMENT, settings TEXT NOT NULL, at TEXT NOT NULL",
    "places": "sequence INTEGER PRIMARY KEY AUTOINCREMENT, root TEXT NOT NULL, at TEXT NOT NULL",
    "evaluations": _EVALUATED,
}
WORK = ("runs", "launches", "jobs", "results", "evaluations", "removed", "endings", "losses")
"""The tables whose rows tell that somebody worked on the search."""


def connect(path: Path, *, read_only: bool) -> sqlite3.Connection | Connection:
    """Open the record, and bring it up to date unless it is only read; an older one is read as it is.

    Raises:
        PlatformError: a newer version wrote it, or its server can't be used.
    """
    if place := place_of(path):
        return _on_server(place, path)
    target = f"{path.absolute().as_uri()}?mode=ro" if read_only else str(path)
    connection = sqlite3.connect(target, timeout=30.0, isolation_level=None, uri=read_only)
    if read_only and not _can_be_read_there(connection):
        connection.close()
        connection = copy_in_memory(path)
    try:
        connection.execute("PRAGMA foreign_keys = ON")
        _require_known_version(connection, path)
        if not read_only:
            set_journal(connection, path)
            connection.execute("PRAGMA synchronous = FULL")
            if version_of(connection) < len(_MIGRATIONS):
                bring_up_to_date(connection, _MIGRATIONS)
    except BaseException:
        connection.close()
        raise
    return connection


def _on_server(place: Place, path: Path) -> Connection:
    from core import postgres

    scripts, connection = (postgres.tables(_ON_SERVER),), postgres.connect(place)
    if (version := connection.version()) > len(scripts):
        raise _newer(path)
    if version < len(scripts):
        connection.bring_up_to_date(scripts)
    return connection


def is_empty(connection: sqlite3.Connection | Connection) -> bool:
    """Whether no table was made yet."""
    return isinstance(connection, sqlite3.Connection) and version_of(connection) == 0


def has_table(connection: sqlite3.Connection | Connection, name: str) -> bool:
    """Whether the record has this table: one of an older version, that is only read, may lack it."""
    if not isinstance(connection, sqlite3.Connection):
        return True
    query = "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?"
    return connection.execute(query, (name,)).fetchone() is not None


def _can_be_read_there(connection: sqlite3.Connection) -> bool:
    """Whether a file can be read where it lies: even a reader has to leave a lock beside it."""
    try:
        version_of(connection)
    except sqlite3.OperationalError as problem:
        return not (is_read_only(problem) or is_full(problem))
    return True


def _require_known_version(connection: sqlite3.Connection, path: Path) -> None:
    if version_of(connection) > len(_MIGRATIONS):
        raise _newer(path)


def _newer(path: Path) -> PlatformError:
    message, remedy = "the experiment's record was written by a newer version", "use that version of this project"
    return PlatformError(message, code="automl.newer", where=str(path), remedy=remedy)


@contextmanager
def disk(path: Path) -> Iterator[None]:
    """What goes wrong with the file or its disk is told as such.

    Raises:
        PlatformError: the file is no record, or can't be read or written.
    """
    try:
        yield
    except sqlite3.IntegrityError:
        raise
    except (sqlite3.DatabaseError, OSError) as problem:
        reason = problem.strerror if isinstance(problem, OSError) and problem.strerror else str(problem)
        remedy = "make room, or mend what is said; then resume: everything that ended is recorded"
        raise PlatformError(
            f"the experiment's record can't be used: {reason}", code="automl.record", where=str(path), remedy=remedy
        ) from None
