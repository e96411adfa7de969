# SPDX-License-Identifier: Apache-2.0
"""The record of one search: rows are added, never changed, each in a transaction of its own that reaches the disk.

Order of a run's life: its decision is written, then the plan it is launched with, then the job, then its result. A
crash between two of them leaves what the next writer needs to go on. One process writes at a time.
"""

from __future__ import annotations

import json
import os
import sqlite3
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Self

from automl.types import Run, RunResult
from automl.writer_lock import take_lock
from core.errors import PlatformError, RequestError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FILE_NAME = "experiment.sqlite3"
_VERSION = 1
_TABLES = {
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


class Ledger:
    """Opens the record of the search in `folder`; use as a context manager, so that the writer's lock is given back."""

    def __init__(self, folder: Path, *, create: bool = False, read_only: bool = False) -> None:
        self.folder, self.path = folder, folder / FILE_NAME
        self._lock: int | None = None
        if not create and not self.path.is_file():
            remedy = "name the experiment's folder, or its id below the results root"
            raise RequestError("there is no AutoML experiment", code="automl.unknown", where=str(folder), remedy=remedy)
        with _disk(self.path):
            if not read_only:
                folder.mkdir(parents=True, exist_ok=True)
                self._lock = take_lock(folder)
            self._connection = _connect(self.path, read_only=read_only)
            if not read_only:
                self._make_tables()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file and let others write."""
        self._connection.close()
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def _make_tables(self) -> None:
        if self._connection.execute("PRAGMA user_version").fetchone()[0] == _VERSION:
            return
        tables = "".join(f"CREATE TABLE {name} ({columns});\n" for name, columns in _TABLES.items())
        guards = "".join(_append_only(name) for name in _TABLES)
        self._connection.executescript(f"BEGIN IMMEDIATE;{tables}{guards}PRAGMA user_version = {_VERSION};COMMIT;")

    def _insert(self, table: str, *values: Any) -> None:
        marks = ", ".join("?" * (len(values) + 1))
        with _disk(self.path):
            self._connection.execute(f"INSERT INTO {table} VALUES ({marks})", (*values, now()))  # noqa: S608 - own names

    def _rows(self, query: str) -> list[tuple[Any, ...]]:
        with _disk(self.path):
            return self._connection.execute(query).fetchall()

    def write_identity(self, document: dict[str, Any]) -> None:
        """Record what the experiment is; once."""
        self._insert("experiment", "identity", _text(document))

    def identity(self) -> dict[str, Any] | None:
        """What the experiment is; None when that was never written."""
        if self._rows("PRAGMA user_version") == [(0,)]:
            return None
        rows = self._rows("SELECT document FROM experiment WHERE name = 'identity'")
        return json.loads(rows[0][0]) if rows else None

    def open_session(self) -> None:
        """Record that a process works on the search from now on."""
        self._insert("sessions", None, os.getpid())

    def add_run(self, run: Run) -> None:
        """Record a decision."""
        self._insert("runs", run.number, _text(run.to_json()))

    def runs(self) -> list[Run]:
        """All decisions, in order."""
        return [Run.from_json(json.loads(row[0])) for row in self._rows("SELECT document FROM runs ORDER BY number")]

    def add_launch(self, number: int, plan_id: str) -> None:
        """Record that a run is about to be launched with this plan."""
        self._insert("launches", None, number, plan_id)

    def launches(self) -> list[tuple[int, str]]:
        """Run and plan of every launch that was begun, in order."""
        return [(n, plan) for n, plan in self._rows("SELECT number, plan_id FROM launches ORDER BY sequence")]

    def add_job(self, number: int, job_id: str) -> None:
        """Record the job that a launch became."""
        self._insert("jobs", job_id, number)

    def jobs(self) -> dict[int, list[str]]:
        """The jobs of each run, in order; more than one where a job was lost."""
        found: dict[int, list[str]] = {}
        for number, job_id in self._rows("SELECT number, job_id FROM jobs ORDER BY rowid"):
            found.setdefault(number, []).append(job_id)
        return found

    def add_result(self, number: int, result: RunResult) -> None:
        """Record how a run ended; a second word on the same run is refused by the table."""
        self._insert("results", number, _text(result.to_json()))

    def results(self) -> dict[int, RunResult]:
        """How each run that has ended did so."""
        rows = self._rows("SELECT number, document FROM results ORDER BY number")
        return {number: RunResult.from_json(json.loads(text)) for number, text in rows}

    def add_evaluation(self, name: str, document: dict[str, Any]) -> None:
        """Record an evaluation, such as `winner.test`."""
        self._insert("evaluations", name, _text(document))

    def evaluations(self) -> dict[str, dict[str, Any]]:
        """All evaluations by name."""
        return {name: json.loads(text) for name, text in self._rows("SELECT name, document FROM evaluations")}

    def add_removed(self, path: str, number: int, size: int) -> None:
        """Record that a checkpoint of a run is taken away."""
        self._insert("removed", path, number, size)

    def removed(self) -> dict[str, int]:
        """Every checkpoint that was taken away, and its size."""
        return dict(self._rows("SELECT path, bytes FROM removed"))

    def add_ending(self, state: str, reason: str) -> None:
        """Record why the search stopped."""
        self._insert("endings", None, state, reason)

    def ending(self) -> tuple[str, str] | None:
        """State and reason of the last stop; None while it goes on, or where the last process died without a word."""
        after = "at >= COALESCE((SELECT MAX(at) FROM sessions), '')"
        rows = self._rows(f"SELECT state, reason FROM endings WHERE {after} ORDER BY sequence DESC LIMIT 1")  # noqa: S608
        return (rows[0][0], rows[0][1]) if rows else None

    def seconds_worked(self) -> float:
        """The time that processes worked on the search: from each session's start to the last row it wrote."""
        tables = [name for name in _TABLES if name not in {"experiment", "sessions"}]
        union = " UNION ALL ".join(f"SELECT at FROM {name}" for name in tables)  # noqa: S608 - own names
        marks = sorted(row[0] for row in self._rows(union))
        starts = [row[0] for row in self._rows("SELECT at FROM sessions ORDER BY sequence")]
        total = 0.0
        for start, following in zip(starts, [*starts[1:], "9999"], strict=False):
            inside = [mark for mark in marks if start <= mark < following]
            total += (_time(inside[-1]) - _time(start)).total_seconds() if inside else 0.0
        return total


def now() -> str:
    """The present time as the record writes it."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _text(document: dict[str, Any]) -> str:
    return json.dumps(document, allow_nan=False, separators=(",", ":"))


def _append_only(table: str) -> str:
    return "".join(
        f"CREATE TRIGGER {table}_no_{event.lower()} BEFORE {event} ON {table} "
        f"BEGIN SELECT RAISE(ABORT, 'rows of {table} are never changed'); END;\n"
        for event in ("UPDATE", "DELETE")
    )


def _connect(path: Path, *, read_only: bool) -> sqlite3.Connection:
    target = f"file:{path}?mode=ro" if read_only else str(path)
    connection = sqlite3.connect(target, timeout=30.0, isolation_level=None, uri=read_only)
    connection.execute("PRAGMA foreign_keys = ON")
    if not read_only:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
    return connection


@contextmanager
def _disk(path: Path) -> Iterator[None]:
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
