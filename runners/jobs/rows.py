# SPDX-License-Identifier: Apache-2.0
"""Jobs as rows of the store's tables, written one by one and read many at once."""

from __future__ import annotations

import json
from collections import defaultdict
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from core.problem import Problem
from core.salvage import salvage_json
from runners.jobs.failures import with_remedy
from runners.jobs.job import Artifact, Handle, Job, JobState, Transition

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence

    from core.postgres import Connection

    Record: TypeAlias = sqlite3.Connection | Connection


def _query(table: str, texts: str, whole: str = "", order: str = "rowid") -> str:
    """Rows of these jobs; a cell that was edited is of the type of its column all the same."""
    columns = [f"CAST({name} AS TEXT) AS {name}" for name in texts.split()]
    columns += [f"CAST({name} AS BIGINT) AS {name}" for name in whole.split()]
    chosen = "job_id IN (SELECT value FROM json_each(?))"
    return f"SELECT {', '.join(columns)} FROM {table} WHERE {chosen} ORDER BY {order}"  # noqa: S608 - own names


_RECORD = "job_id action task runner folder results_dir plan_id config_sha256"
_RECORD += " image image_digest parent_job_id part_of retry_of"
_JOBS = _query("jobs", _RECORD)
_DIGESTS = _query("image_digests", "job_id digest")
_REMOVALS = _query("removals", "job_id at")
_TRANSITIONS = _query("transitions", "job_id state at reason", order="sequence")
_OUTCOMES = _query(
    "outcomes", "job_id metrics failure_code failure_message failure_place failure_remedy", whole="exit_code"
)
_HANDLES = _query("handles", "job_id document", order="sequence")
_ARTIFACTS = _query("artifacts", "job_id path kind sha256 roles", whole="size epoch step", order="path")


def insert_job(connection: Record, job: Job) -> None:
    """Record what is known of a job before it is launched, with its first transition."""
    columns = (job.id, job.action, job.task, job.runner, job.folder, job.results_dir, job.plan_id, job.config_sha256)
    connection.execute(
        "INSERT INTO jobs VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (*columns, job.image, job.image_digest, job.parent_job_id, job.part_of, job.retry_of),
    )
    for transition in job.transitions:
        insert_transition(connection, job.id, transition)


def insert_transition(connection: Record, job_id: str, transition: Transition) -> None:
    """Record one more step in a job's life."""
    connection.execute(
        "INSERT INTO transitions (job_id, state, at, reason) VALUES (?, ?, ?, ?)",
        (job_id, transition.state.value, transition.at, transition.reason),
    )


def insert_outcome(
    connection: Record, job_id: str, exit_code: int | None, metrics: dict[str, Any], failure: Problem | None
) -> None:
    """Record what is known of a job after its end, but for its artifacts."""
    cause = (failure.code, failure.message, failure.place, failure.remedy) if failure else (None,) * 4
    figures = json.dumps(metrics, allow_nan=False)
    connection.execute(
        "INSERT OR IGNORE INTO outcomes VALUES (?, ?, ?, ?, ?, ?, ?)", (job_id, exit_code, figures, *cause)
    )


def insert_artifacts(connection: Record, job_id: str, artifacts: Sequence[Artifact]) -> None:
    """Record the files that a job left."""
    rows = [(job_id, a.path, a.kind, a.size, a.sha256, " ".join(a.roles), a.epoch, a.step) for a in artifacts]
    connection.executemany("INSERT OR IGNORE INTO artifacts VALUES (?, ?, ?, ?, ?, ?, ?, ?)", rows)


def load(connection: Record, ids: Sequence[str], root: Path) -> list[Job]:
    """The records of these jobs in this order, in as many queries as there are tables."""
    chosen = (json.dumps(ids),)
    records = {row["job_id"]: dict(row) for row in connection.execute(_JOBS, chosen)}
    for job_id, digest in connection.execute(_DIGESTS, chosen):
        records[job_id]["image_digest"] = digest
    for job_id, at in connection.execute(_REMOVALS, chosen):
        records[job_id]["removed_at"] = at
    transitions, artifacts = defaultdict(list), defaultdict(list)
    for job_id, state, at, reason in connection.execute(_TRANSITIONS, chosen):
        transitions[job_id].append(Transition(STATES.get(state, JobState.UNKNOWN), at, reason))
    for job_id, path, kind, sha256, roles, size, epoch, step in connection.execute(_ARTIFACTS, chosen):
        artifacts[job_id].append(Artifact(path, kind, size, sha256, tuple(roles.split()), epoch, step))
    outcomes = {row["job_id"]: row for row in connection.execute(_OUTCOMES, chosen)}
    return [
        _job(records[job_id], root, tuple(transitions[job_id]) or _LOST, tuple(artifacts[job_id]), outcomes.get(job_id))
        for job_id in ids
    ]


def load_handles(connection: Record, ids: Sequence[str]) -> dict[str, Handle]:
    """The handle of each of these jobs that was recorded last; jobs without one that can be read are left out."""
    found: dict[str, Handle] = {}
    for job_id, text in connection.execute(_HANDLES, (json.dumps(ids),)):
        found.pop(job_id, None)
        document = salvage_json(text or "").value
        with suppress(TypeError):
            if isinstance(document, dict) and isinstance(document.get("details", {}), dict):
                found[job_id] = Handle.from_json(document)
    return found


STATES = {state.value: state for state in JobState}
_LOST = (Transition(JobState.UNKNOWN, "", "the record holds no state of this job"),)


def _job(
    record: dict[str, Any],
    root: Path,
    transitions: tuple[Transition, ...],
    artifacts: tuple[Artifact, ...],
    outcome: Any,
) -> Job:
    parts = _placed(record, root)
    return Job(
        id=parts.pop("job_id"),
        state=transitions[-1].state,
        transitions=transitions,
        artifacts=artifacts,
        **parts,
        **(_outcome(outcome, parts["folder"]) if outcome else {}),
    )


def _placed(record: dict[str, Any], root: Path) -> dict[str, Any]:
    """The record with the job's folders as they lie below `root` now: results roots are moved and copied."""
    if record["folder"] == f"{root}/{record['job_id']}":
        return record
    folder = Path(record["folder"])
    here, results = root / folder.name, Path(record["results_dir"])
    if not here.is_dir():
        return record
    inside = results.is_relative_to(folder)
    return record | {"folder": str(here)} | ({"results_dir": str(here / results.relative_to(folder))} if inside else {})


def _outcome(row: Any, folder: str) -> dict[str, Any]:
    failure = None
    if row["failure_code"]:
        place, remedy = row["failure_place"] or row["job_id"], row["failure_remedy"] or ""
        failure = with_remedy(Problem(row["failure_code"], place, row["failure_message"], remedy), folder)
    metrics = salvage_json(row["metrics"]).value
    metrics = metrics if isinstance(metrics, dict) else {}
    return {"exit_code": row["exit_code"], "metrics": metrics, "failure": failure}
