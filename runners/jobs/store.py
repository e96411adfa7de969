# SPDX-License-Identifier: Apache-2.0
"""The records of all jobs below one results root. Rows are added, never changed; an ended job takes no more of them."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.errors import InputError, PlatformError, did_you_mean
from core.redaction import redact_text
from runners.jobs import database, rows
from runners.jobs.job import Artifact, Handle, Job, JobState, Transition

if TYPE_CHECKING:
    from collections.abc import Sequence

    from core.problem import Problem
    from runners.jobs.rows import Record

ROOT_VARIABLE = "CHANGENET_RESULTS"
ALL = 2**62  # more jobs than a store holds
_AFTER_ALL = "\U0010ffff"
_MOST_NAMED = 8
_MOST_COMPARED = 1_000  # the newest ids, among which those that are like a mistyped one are looked for
_ENDED = "SELECT 1 FROM transitions WHERE job_id = jobs.job_id AND state IN ('COMPLETE', 'ERROR', 'CANCELED')"
_OPEN = f"NOT EXISTS ({_ENDED})"


def default_root(named: str | None = None) -> Path:
    """The results root: the one named, else $CHANGENET_RESULTS, else `results` in the current folder.

    Raises:
        InputError: it is a URI, or holds a secret.
    """
    root = named or os.environ.get(ROOT_VARIABLE) or "results"
    if (shown := redact_text(root)) != root:
        remedy = "give a folder of this machine whose name holds no secret"
        raise InputError("the results root holds a secret", code="store.secret", where=shown, remedy=remedy)
    if "://" in root:
        remedy = "give a folder of this machine; `changenet run --upload URI` sends what a job leaves to a store"
        raise InputError("records are kept in a folder, not behind a URI", code="store.uri", where=root, remedy=remedy)
    return Path(root).expanduser().absolute()


@dataclass(frozen=True, slots=True)
class Ending:
    """How a job ended: a terminal state, why, and what it left behind."""

    state: JobState
    reason: str
    exit_code: int | None = None
    metrics: dict[str, Any] = field(default_factory=dict)
    artifacts: tuple[Artifact, ...] = ()
    failure: Problem | None = None


class JobStore:
    """Opens, reads and closes job records; safe in any number of processes. Reading makes no files."""

    def __init__(self, root: Path) -> None:
        self.root = root.absolute()

    def open_record(self, job: Job, handle: Handle, claim: str | None = None) -> None:
        """Record a job that is about to be launched; `handle` names who launches it.

        Raises:
            sqlite3.IntegrityError: another job has this `claim`, or is the retry of the same one; nothing is recorded.
        """
        with database.transaction(self.root, write=True, create=True) as connection:
            rows.insert_job(connection, job)
            if claim is not None:
                connection.execute("INSERT INTO claims VALUES (?, ?)", (claim, job.id))
            _insert_handle(connection, job.id, handle)

    def move(self, job_id: str, state: JobState, reason: str) -> bool:
        """Record that the job is in another state now; False when it has ended, or is in that state already."""
        with database.transaction(self.root, write=True) as connection:
            current = _state(connection, job_id, self.root)
            if current.is_terminal or current is state:
                return False
            rows.insert_transition(connection, job_id, Transition(state, now(), reason))
            return True

    def close(self, job_id: str, ending: Ending) -> bool:
        """Record how the job ended, all in one transaction; False when another process has done so."""
        with database.transaction(self.root, write=True) as connection:
            if _state(connection, job_id, self.root).is_terminal:
                return False
            rows.insert_transition(connection, job_id, Transition(ending.state, now(), ending.reason))
            rows.insert_outcome(connection, job_id, ending.exit_code, ending.metrics, ending.failure)
            rows.insert_artifacts(connection, job_id, ending.artifacts)
            return True

    def add_handle(self, job_id: str, handle: Handle) -> None:
        """Record by what the platform finds the job from now on."""
        with database.transaction(self.root, write=True) as connection:
            _insert_handle(connection, job_id, handle)

    def handle(self, job_id: str) -> Handle:
        """By what the platform finds the job: the handle that was recorded last.

        Raises:
            PlatformError: the record names none, as it was damaged.
        """
        if found := self.handles([job_id]).get(job_id):
            return found
        remedy = f"see what it left in {self.root / job_id}, and run it again"
        message = "the record does not say where the job runs"
        raise PlatformError(message, code="job.handle", where=job_id, remedy=remedy)

    def handles(self, job_ids: Sequence[str]) -> dict[str, Handle]:
        """The same for many jobs by one question; those whose record names none are left out."""
        with database.transaction(self.root) as connection:
            return rows.load_handles(connection, job_ids)

    def set_image_digest(self, job_id: str, digest: str) -> None:
        """Record what the job's image was when it started: a tag may mean another one later. The first word stands."""
        with database.transaction(self.root, write=True) as connection:
            connection.execute("INSERT OR IGNORE INTO image_digests VALUES (?, ?)", (job_id, digest))

    def request_cancel(self, job_id: str, reason: str) -> None:
        """Ask whoever looks after the job to stop it; asking twice is asking once."""
        with database.transaction(self.root, write=True) as connection:
            connection.execute("INSERT OR IGNORE INTO cancel_requests VALUES (?, ?, ?)", (job_id, now(), reason))

    def cancel_reason(self, job_id: str) -> str | None:
        """Why the job shall be stopped; None when nobody asked for it."""
        with database.transaction(self.root) as connection:
            row = connection.execute("SELECT reason FROM cancel_requests WHERE job_id = ?", (job_id,)).fetchone()
        return str(row[0]) if row else None

    def record_removal(self, job_id: str, size: int) -> None:
        """Record that the files of a job were removed, and how many bytes; the first word stands."""
        with database.transaction(self.root, write=True) as connection:
            connection.execute("INSERT OR IGNORE INTO removals VALUES (?, ?, ?)", (job_id, now(), size))

    def exists(self) -> bool:
        """Whether jobs were ever recorded below this results root."""
        return database.exists(self.root)

    def read(self, job_id: str) -> Job:
        """The record of the job whose id begins with `job_id`, as it stands; its platform is not asked.

        Raises:
            InputError: no job or several begin like that, with the closest ids.
        """
        if not self.exists():
            raise _unknown(job_id, [], self.root)
        with database.transaction(self.root) as connection:
            return rows.load(connection, [_whole_id(connection, job_id, self.root)], self.root)[0]

    def with_plan(self, plan_id: str) -> list[Job]:
        """The records of the jobs that were launched from this plan, oldest first."""
        return self._select("SELECT job_id FROM jobs WHERE plan_id = ? ORDER BY rowid", plan_id)

    def retry_of(self, job_id: str) -> Job | None:
        """The record of the job that goes on with this one; there is one at most."""
        return next(iter(self._select("SELECT job_id FROM jobs WHERE retry_of = ?", job_id)), None)

    def claimed_by(self, claim: str) -> str | None:
        """The id of the job that was opened with this claim."""
        if not self.exists():
            return None
        with database.transaction(self.root) as connection:
            row = connection.execute("SELECT job_id FROM claims WHERE claim = ?", (claim,)).fetchone()
        return str(row[0]) if row else None

    def parts(self, search: str) -> list[Job]:
        """The records of the jobs of a search, newest first."""
        return self._select("SELECT job_id FROM jobs WHERE part_of = ? ORDER BY rowid DESC", search)

    def open_parts(self, search: str) -> list[Job]:
        """The records of the jobs of a search that have not ended, oldest first."""
        return self._select(f"SELECT job_id FROM jobs WHERE part_of = ? AND {_OPEN} ORDER BY rowid", search)  # noqa: S608

    def children(self, job_id: str) -> list[Job]:
        """The records of the jobs that start from what this one made, newest first."""
        return self._select("SELECT job_id FROM jobs WHERE parent_job_id = ? ORDER BY rowid DESC", job_id)

    def newest(self, most: int = ALL) -> list[Job]:
        """The records of the `most` newest jobs (all of them by default), newest first, as they stand."""
        return self._select("SELECT job_id FROM jobs ORDER BY rowid DESC LIMIT ?", most)

    def not_ended(self) -> list[Job]:
        """The records of the jobs that have not ended, newest first; those that have are not read."""
        return self._select(f"SELECT job_id FROM jobs WHERE {_OPEN} ORDER BY rowid DESC")  # noqa: S608

    def count(self) -> int:
        """How many jobs are recorded."""
        if not self.exists():
            return 0
        with database.transaction(self.root) as connection:
            return _count(connection, "SELECT count(*) FROM jobs")

    def ids(self) -> list[str]:
        """All job ids, newest first."""
        if not self.exists():
            return []
        with database.transaction(self.root) as connection:
            return _ids(connection)

    def _select(self, query: str, *parameters: str | int) -> list[Job]:
        if not self.exists():
            return []
        with database.transaction(self.root) as connection:
            return rows.load(connection, [row[0] for row in connection.execute(query, parameters)], self.root)


def now() -> str:
    """The present time as records write it."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def _whole_id(connection: Record, beginning: str, root: Path) -> str:
    where = "FROM jobs WHERE job_id BETWEEN ? AND ?"
    query = f"SELECT job_id {where} ORDER BY job_id = ? DESC, rowid DESC LIMIT ?"
    # A name of bytes that are not UTF-8 is no name of a job; SQLite does not take it.
    known = beginning.encode(errors="replace").decode()
    fits = (known, known + _AFTER_ALL)
    found = [row[0] for row in connection.execute(query, (*fits, known, _MOST_NAMED))]
    if found and beginning and (len(found) == 1 or found[0] == beginning):
        return str(found[0])
    if found:
        count = _count(connection, f"SELECT count(*) {where}", fits)
        message, remedy = f"'{beginning}' fits {count} jobs: {', '.join(found)}", "write more of the id"
        raise InputError(message, code="job.ambiguous", where=str(root), remedy=remedy)
    raise _unknown(beginning, _ids(connection, _MOST_COMPARED), root)


def _count(connection: Record, query: str, values: tuple[str, ...] = ()) -> int:
    return next(int(row[0]) for row in connection.execute(query, values))


def _unknown(job_id: str, ids: list[str], root: Path) -> InputError:
    hint = did_you_mean(job_id, ids) or (f"The latest is {ids[0]}." if ids else "No job was recorded there yet.")
    remedy = "see `changenet jobs` for the ids; jobs of another folder are found with --results DIR"
    return InputError(f"there is no job '{job_id}'. {hint}", code="job.unknown", where=str(root), remedy=remedy)


def _ids(connection: Record, most: int = ALL) -> list[str]:
    return [row[0] for row in connection.execute("SELECT job_id FROM jobs ORDER BY rowid DESC LIMIT ?", (most,))]


def _insert_handle(connection: Record, job_id: str, handle: Handle) -> None:
    document = json.dumps(handle.to_json(), allow_nan=False)
    connection.execute("INSERT INTO handles (job_id, at, document) VALUES (?, ?, ?)", (job_id, now(), document))


def _state(connection: Record, job_id: str, root: Path) -> JobState:
    query = "SELECT state FROM transitions WHERE job_id = ? ORDER BY sequence DESC LIMIT 1"
    row = connection.execute(query, (job_id,)).fetchone()
    if row is None and not connection.execute("SELECT 1 FROM jobs WHERE job_id = ?", (job_id,)).fetchone():
        raise _unknown(job_id, _ids(connection, _MOST_COMPARED), root)
    if row is None:
        remedy = f"see what the job left in {root / job_id}, and run it again"
        raise PlatformError("the record holds no state of the job", code="job.damaged", where=job_id, remedy=remedy)
    return rows.STATES.get(row[0], JobState.UNKNOWN)
