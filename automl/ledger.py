# SPDX-License-Identifier: Apache-2.0
"""The record of one search: rows are added, never changed, each in a transaction of its own that reaches the disk.

Order of a run's life: its decision is written, then the plan it is launched with, then the job, then its result. A
crash between two of them leaves what the next writer needs to go on. One process writes at a time.
"""

from __future__ import annotations

import json
import os
import sqlite3
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from automl.files import RECORD
from automl.ledger_file import WORK, connect, disk, has_table, is_empty
from automl.types import Run, RunResult
from automl.writer_lock import locked, take_lock
from core.errors import PlatformError, RequestError
from core.record_places import is_recorded, point_to
from runners.jobs.database import new_place

if TYPE_CHECKING:
    from collections.abc import Sequence

    from core.postgres import Connection


class Ledger:
    """Opens the record of the search in `folder`; use as a context manager, so that the writer's lock is given back."""

    def __init__(self, folder: Path, *, create: bool = False, read_only: bool = False) -> None:
        self.folder, self.path = folder, folder / RECORD
        self._lock: int | None = None
        self._roots: list[str] | None = None
        if not create and not is_recorded(self.path):
            remedy = "name the experiment's folder, or its id below the results root"
            raise RequestError("there is no AutoML experiment", code="automl.unknown", where=str(folder), remedy=remedy)
        with disk(self.path):
            if not read_only:
                folder.mkdir(parents=True, exist_ok=True)
                self._lock = take_lock(folder)
            try:
                self._connection = self._connected(create=create, read_only=read_only)
            except BaseException:
                self._give_back()
                raise

    def _connected(self, *, create: bool, read_only: bool) -> sqlite3.Connection | Connection:
        """A connection to the record; one to a server holds the writer's lock there as long as it lasts."""
        if create and not is_recorded(self.path) and (store := new_place(self.folder.absolute().parent)):
            point_to(self.path, store.part(self.folder.name))
        connection = connect(self.path, read_only=read_only)
        if not read_only and not isinstance(connection, sqlite3.Connection) and not connection.try_lock():
            connection.close()
            raise locked(self.folder)
        return connection

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file and let others write."""
        self._connection.close()
        self._give_back()

    def _give_back(self) -> None:
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def _insert(self, table: str, **values: Any) -> None:
        values["at"] = now()
        query = f"INSERT INTO {table} ({', '.join(values)}) VALUES ({', '.join('?' * len(values))})"  # noqa: S608 - own
        with disk(self.path):
            self._connection.execute(query, tuple(values.values()))

    def _rows(self, query: str) -> list[tuple[Any, ...]]:
        with disk(self.path):
            return self._connection.execute(query).fetchall()

    def _rows_of(self, table: str, columns: str) -> list[tuple[Any, ...]]:
        """All rows in their order; none where the record is older than the table."""
        with disk(self.path):
            if not has_table(self._connection, table):
                return []
        return self._rows(f"SELECT {columns} FROM {table} ORDER BY rowid")  # noqa: S608 - own names

    def write_identity(self, document: dict[str, Any]) -> None:
        """Record what the experiment is; once."""
        self._insert("experiment", name="identity", document=_text(document))

    def identity(self) -> dict[str, Any] | None:
        """What the experiment is, with its latest settings; None when that was never written."""
        document = self._first_identity()
        changes = self._rows_of("changes", "settings")
        latest = {"settings": json.loads(changes[-1][0])} if changes else {}
        return self._here(document | latest) if document else None

    def _first_identity(self) -> dict[str, Any] | None:
        with disk(self.path):
            if is_empty(self._connection):
                return None
        rows = self._rows("SELECT document FROM experiment WHERE name = 'identity'")
        return self._read_identity(rows[0][0]) if rows else None

    def _read_identity(self, text: str) -> dict[str, Any]:
        with suppress(AttributeError, KeyError, TypeError, ValueError):
            document: dict[str, Any] = json.loads(text)
            needed = [document[name] for name in ("action", "skill_dir", "settings", "request", "objectives")]
            needed += [document["request"]["results_root"], document["settings"]["trials"]]
            if all(needed) and all(entry.keys() == {"metric", "direction"} for entry in document["objectives"]):
                return document
        remedy = "start a new search; the jobs of this one are kept (`changenet jobs`)"
        message = "what the experiment began with can't be read: its record was edited, or is damaged"
        raise PlatformError(message, code="automl.record", where=str(self.path), remedy=remedy)

    def change_settings(self, settings: dict[str, Any]) -> None:
        """Record that the search goes on with these settings."""
        self._insert("changes", settings=_text(settings))

    def open_session(self) -> None:
        """Record that a process works on the search from now on, and where."""
        self._insert("sessions", pid=os.getpid())
        if self._moved:
            self._insert("places", root=str(self.folder.absolute().parent))

    @property
    def _moved(self) -> Sequence[str]:
        """The results roots that the search has had, if it is in another one now."""
        if self._roots is None:
            first = self._first_identity()
            known = [first["request"]["results_root"]] if first else []
            known += [row[0] for row in self._rows_of("places", "root")]
            self._roots = [root for root in dict.fromkeys(known) if not _is_same(Path(root), self.folder.parent)]
        return self._roots

    def _here(self, value: Any) -> Any:
        """A document of the record, with paths below a results root that was moved as they are now."""
        return _relocated(value, self._moved, str(self.folder.absolute().parent)) if self._moved else value

    def add_run(self, run: Run) -> None:
        """Record a decision."""
        self._insert("runs", number=run.number, document=_text(run.to_json()))

    def runs(self) -> list[Run]:
        """All decisions, in order."""
        return [Run.from_json(json.loads(row[0])) for row in self._rows("SELECT document FROM runs ORDER BY number")]

    def add_launch(self, number: int, plan_id: str) -> None:
        """Record that a run is about to be launched with this plan."""
        self._insert("launches", number=number, plan_id=plan_id)

    def launches(self) -> list[tuple[int, str]]:
        """Run and plan of every launch that was begun, in order."""
        return [(n, plan) for n, plan in self._rows("SELECT number, plan_id FROM launches ORDER BY sequence")]

    def add_job(self, number: int, job_id: str) -> None:
        """Record the job that a launch became."""
        self._insert("jobs", job_id=job_id, number=number)

    def jobs(self) -> dict[int, list[str]]:
        """The jobs of each run, in order; more than one where a job was lost."""
        found: dict[int, list[str]] = {}
        for number, job_id in self._rows("SELECT number, job_id FROM jobs ORDER BY rowid"):
            found.setdefault(number, []).append(job_id)
        return found

    def add_result(self, number: int, result: RunResult) -> None:
        """Record how a run ended; a second word on the same run is refused by the table."""
        self._insert("results", number=number, document=_text(result.to_json()))

    def results(self) -> dict[int, RunResult]:
        """How each run that has ended did so."""
        rows = self._rows("SELECT number, document FROM results ORDER BY number")
        return {number: RunResult.from_json(self._here(json.loads(text))) for number, text in rows}

    def add_evaluation(self, name: str, document: dict[str, Any]) -> None:
        """Record an evaluation, such as `winner.test`; a later one of the name takes its place."""
        self._insert("evaluations", name=name, document=_text(document))

    def evaluations(self) -> dict[str, dict[str, Any]]:
        """The latest evaluation of each name."""
        return {name: self._here(json.loads(text)) for name, text in self._rows_of("evaluations", "name, document")}

    def add_loss(self, number: int, job_id: str) -> None:
        """Record that a run's job was lost while somebody looked after it."""
        self._insert("losses", job_id=job_id, number=number)

    def losses(self) -> dict[int, set[str]]:
        """The jobs of each run that were lost so."""
        found: dict[int, set[str]] = {}
        for number, job_id in self._rows_of("losses", "number, job_id"):
            found.setdefault(number, set()).add(job_id)
        return found

    def add_removed(self, path: str, number: int, size: int) -> None:
        """Record that a checkpoint of a run is taken away."""
        self._insert("removed", path=path, number=number, bytes=size)

    def removed(self) -> dict[str, int]:
        """Every checkpoint that was taken away, and its size."""
        return {self._here(path): size for path, size in self._rows("SELECT path, bytes FROM removed")}

    def add_ending(self, state: str, reason: str) -> None:
        """Record why the search stopped."""
        self._insert("endings", state=state, reason=reason)

    def ending(self) -> tuple[str, str] | None:
        """State and reason of the last stop; None while it goes on, or where the last process died without a word."""
        after = "at >= COALESCE((SELECT MAX(at) FROM sessions), '')"
        rows = self._rows(f"SELECT state, reason FROM endings WHERE {after} ORDER BY sequence DESC LIMIT 1")  # noqa: S608
        return (rows[0][0], rows[0][1]) if rows else None

    def seconds_worked(self) -> float:
        """The time that processes worked on the search: from each session's start to the last row it wrote."""
        marks = sorted(row[0] for table in WORK for row in self._rows_of(table, "at"))
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


def _is_same(one: Path, other: Path) -> bool:
    return one.absolute() == other.absolute() or (one.is_dir() and other.is_dir() and one.samefile(other))


def _relocated(value: Any, roots: Sequence[str], here: str) -> Any:
    if isinstance(value, str):
        old = next((root for root in roots if value == root or value.startswith(f"{root}/")), None)
        return value if old is None else here + value[len(old) :]
    if isinstance(value, dict):
        return {name: _relocated(item, roots, here) for name, item in value.items()}
    return [_relocated(item, roots, here) for item in value] if isinstance(value, list) else value
