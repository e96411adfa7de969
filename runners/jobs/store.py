# SPDX-License-Identifier: Apache-2.0
"""The records of all jobs below one results root. Rows are added, never changed; an ended job takes no more of them."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from core.errors import InputError, did_you_mean
from runners.jobs import database
from runners.jobs.job import Artifact, Failure, Job, JobState, Transition
from runners.platforms.processes import ProcessId

if TYPE_CHECKING:
    import sqlite3

Role = Literal["launcher", "supervisor", "action"]
ROOT_VARIABLE = "CHANGENET_RESULTS"


def default_root(named: str | None = None) -> Path:
    """The results root: the one named, else $CHANGENET_RESULTS, else `results` in the current folder."""
    return Path(named or os.environ.get(ROOT_VARIABLE) or "results").expanduser().absolute()


@dataclass(frozen=True, slots=True)
class Ending:
    """How a job ended: a terminal state, why, and what it left behind."""

    state: JobState
    reason: str
    exit_code: int | None = None
    metrics: dict[str, Any] = field(default_factory=dict)
    artifacts: tuple[Artifact, ...] = ()
    failure: Failure | None = None


class JobStore:
    """Opens, reads and closes job records; safe in any number of processes. Reading makes no files."""

    def __init__(self, root: Path) -> None:
        self.root = root.absolute()

    def open_record(self, job: Job, launcher: ProcessId) -> None:
        """Record a job that is about to be launched; its one transition is the first."""
        columns = (job.id, job.action, job.task, job.runner, job.folder, job.results_dir, job.plan_id)
        with database.transaction(self.root, write=True) as connection:
            connection.execute(
                "INSERT INTO jobs VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (*columns, job.config_sha256, job.image, job.image_digest, job.parent_job_id, job.part_of),
            )
            for transition in job.transitions:
                _append(connection, job.id, transition)
            _insert_process(connection, job.id, "launcher", launcher)

    def move(self, job_id: str, state: JobState, reason: str) -> bool:
        """Record that the job is in another state now; False when it has ended, or is in that state already."""
        with database.transaction(self.root, write=True) as connection:
            current = _state(connection, job_id)
            if current.is_terminal or current is state:
                return False
            _append(connection, job_id, Transition(state, now(), reason))
            return True

    def close(self, job_id: str, ending: Ending) -> bool:
        """Record how the job ended, all in one transaction; False when another process has done so."""
        with database.transaction(self.root, write=True) as connection:
            if _state(connection, job_id).is_terminal:
                return False
            _append(connection, job_id, Transition(ending.state, now(), ending.reason))
            _insert_outcome(connection, job_id, ending)
            return True

    def add_process(self, job_id: str, role: Role, process: ProcessId) -> None:
        """Record a process that works on the job."""
        with database.transaction(self.root, write=True) as connection:
            _insert_process(connection, job_id, role, process)

    def processes(self, job_id: str) -> dict[Role, ProcessId]:
        """The latest process of each role."""
        with database.transaction(self.root) as connection:
            rows = connection.execute("SELECT * FROM processes WHERE job_id = ? ORDER BY sequence", (job_id,))
            return {r["role"]: ProcessId(r["pid"], r["started"], r["host"], r["boot"], r["namespace"]) for r in rows}

    def request_cancel(self, job_id: str, reason: str) -> None:
        """Ask whoever looks after the job to stop it; asking twice is asking once."""
        with database.transaction(self.root, write=True) as connection:
            connection.execute("INSERT OR IGNORE INTO cancel_requests VALUES (?, ?, ?)", (job_id, now(), reason))

    def cancel_reason(self, job_id: str) -> str | None:
        """Why the job shall be stopped; None when nobody asked for it."""
        with database.transaction(self.root) as connection:
            row = connection.execute("SELECT reason FROM cancel_requests WHERE job_id = ?", (job_id,)).fetchone()
        return str(row[0]) if row else None

    def find(self, job_id: str) -> str:
        """The whole id of the job whose id begins with `job_id`.

        Raises:
            InputError: no job or several begin like that, with the closest ids.
        """
        if self._is_known(job_id):
            return job_id
        ids = self.ids()
        found = [known for known in ids if known.startswith(job_id)]
        if len(found) == 1 and job_id:
            return found[0]
        if found:
            names = ", ".join(found[:8])
            raise InputError(f"'{job_id}' fits {len(found)} jobs: {names}", code="job.ambiguous", where=str(self.root))
        hint = did_you_mean(job_id, ids) or (f"The latest is {ids[0]}." if ids else "No job was recorded there yet.")
        raise InputError(f"there is no job '{job_id}'. {hint}", code="job.unknown", where=str(self.root))

    def _is_known(self, job_id: str) -> bool:
        if not database.exists(self.root):
            return False
        with database.transaction(self.root) as connection:
            return connection.execute("SELECT 1 FROM jobs WHERE job_id = ?", (job_id,)).fetchone() is not None

    def with_plan(self, plan_id: str) -> list[Job]:
        """The records of the jobs that were launched from this plan, oldest first."""
        if not database.exists(self.root):
            return []
        with database.transaction(self.root) as connection:
            rows = connection.execute("SELECT job_id FROM jobs WHERE plan_id = ? ORDER BY rowid", (plan_id,))
            return [_load(connection, row[0], self.root) for row in rows.fetchall()]

    def ids(self) -> list[str]:
        """All job ids, newest first."""
        if not database.exists(self.root):
            return []
        with database.transaction(self.root) as connection:
            return _ids(connection)

    def newest(self, most: int = -1) -> list[Job]:
        """The records of the `most` newest jobs (all of them by default), newest first, as they stand."""
        if not database.exists(self.root):
            return []
        with database.transaction(self.root) as connection:
            return [_load(connection, job_id, self.root) for job_id in _ids(connection, most)]

    def read(self, job_id: str) -> Job:
        """The record of the job with this id, as it stands; nobody asks whether its processes still run.

        Raises:
            InputError: see `find`.
        """
        whole_id = self.find(job_id)
        with database.transaction(self.root) as connection:
            return _load(connection, whole_id, self.root)


def now() -> str:
    """The present time as records write it."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def _ids(connection: sqlite3.Connection, most: int = -1) -> list[str]:
    return [row[0] for row in connection.execute("SELECT job_id FROM jobs ORDER BY rowid DESC LIMIT ?", (most,))]


def _append(connection: sqlite3.Connection, job_id: str, transition: Transition) -> None:
    connection.execute(
        "INSERT INTO transitions (job_id, state, at, reason) VALUES (?, ?, ?, ?)",
        (job_id, transition.state.value, transition.at, transition.reason),
    )


def _insert_process(connection: sqlite3.Connection, job_id: str, role: Role, process: ProcessId) -> None:
    connection.execute(
        "INSERT INTO processes (job_id, role, pid, started, host, boot, namespace) VALUES (?, ?, ?, ?, ?, ?, ?)",
        (job_id, role, *asdict(process).values()),
    )


def _insert_outcome(connection: sqlite3.Connection, job_id: str, ending: Ending) -> None:
    cause = (ending.failure.kind, ending.failure.message) if ending.failure else (None, None)
    figures = json.dumps(ending.metrics, allow_nan=False)
    connection.execute("INSERT INTO outcomes VALUES (?, ?, ?, ?, ?)", (job_id, ending.exit_code, figures, *cause))
    rows = [(job_id, a.path, a.kind, a.size, a.sha256, " ".join(a.roles), a.epoch, a.step) for a in ending.artifacts]
    connection.executemany("INSERT INTO artifacts VALUES (?, ?, ?, ?, ?, ?, ?, ?)", rows)


def _state(connection: sqlite3.Connection, job_id: str) -> JobState:
    query = "SELECT state FROM transitions WHERE job_id = ? ORDER BY sequence DESC LIMIT 1"
    return JobState(connection.execute(query, (job_id,)).fetchone()[0])


def _load(connection: sqlite3.Connection, job_id: str, root: Path) -> Job:
    record = dict(connection.execute("SELECT * FROM jobs WHERE job_id = ?", (job_id,)).fetchone())
    outcome = connection.execute("SELECT * FROM outcomes WHERE job_id = ?", (job_id,)).fetchone()
    transitions = _transitions(connection, job_id)
    return Job(
        id=record.pop("job_id"),
        state=transitions[-1].state,
        transitions=transitions,
        artifacts=_artifacts(connection, job_id),
        **_placed(record, root),
        **(_outcome(outcome) if outcome else {}),
    )


def _placed(record: dict[str, Any], root: Path) -> dict[str, Any]:
    """The record with the job's folders as they lie below `root` now: results roots are moved and copied."""
    folder = Path(record["folder"])
    here, results = root / folder.name, Path(record["results_dir"])
    if here == folder or not here.is_dir():
        return record
    inside = results.is_relative_to(folder)
    return record | {"folder": str(here)} | ({"results_dir": str(here / results.relative_to(folder))} if inside else {})


def _transitions(connection: sqlite3.Connection, job_id: str) -> tuple[Transition, ...]:
    rows = connection.execute("SELECT * FROM transitions WHERE job_id = ? ORDER BY sequence", (job_id,))
    return tuple(Transition(JobState(row["state"]), row["at"], row["reason"]) for row in rows)


def _artifacts(connection: sqlite3.Connection, job_id: str) -> tuple[Artifact, ...]:
    rows = connection.execute("SELECT * FROM artifacts WHERE job_id = ? ORDER BY path", (job_id,))
    documents = [{name: row[name] for name in row.keys() if name != "job_id"} for row in rows]  # noqa: SIM118
    return tuple(Artifact.from_json(document | {"roles": document["roles"].split()}) for document in documents)


def _outcome(row: sqlite3.Row) -> dict[str, Any]:
    failure = Failure(row["failure_kind"], row["failure_message"]) if row["failure_kind"] else None
    return {"exit_code": row["exit_code"], "metrics": json.loads(row["metrics"]), "failure": failure}
