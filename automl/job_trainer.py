# SPDX-License-Identifier: Apache-2.0
"""The trainer of real searches: every run is a job of the runner.

Its plan says of which experiment it is a part, and its parent is the job that it goes on from.
"""

from __future__ import annotations

import time
from dataclasses import fields, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from automl.job_history import JobHistory
from automl.trainer import Prepared, Work, WorkState
from automl.trial_spec import fixed_values, run_values
from core.file_names import LOG_FILE, STATUS_FILE
from runners.jobs.job import JobState
from runners.planning.plan import Plan

if TYPE_CHECKING:
    from collections.abc import Collection

    from automl.job_history import Epochs
    from automl.plan import ExperimentPlan
    from automl.types import Run, RunResult
    from runners.jobs.job import Artifact, Job
    from runners.jobs.store import JobStore

# The process is gone through no fault of the configuration that it ran.
_LOST = frozenset({"process.killed", "process.lost", "launch.lost", "launch.failed", "machine.unreachable"})
_LOST |= {"node.lost", "job.preempted"}
_FULL = ("No space left on device", "ENOSPC", "disk is full", "Disk quota exceeded")


class JobTrainer:
    """Prepares, launches and watches the runs of one experiment; `store` holds its jobs."""

    def __init__(self, plan: ExperimentPlan, experiment_id: str, store: JobStore) -> None:
        self._plan, self._experiment_id, self._store = plan, experiment_id, store
        self._fixed = fixed_values(plan.keys, plan.objectives, plan.overrides, plan.start)
        self._histories: dict[str, JobHistory] = {}

    def prepare(self, run: Run, parent: RunResult | None) -> Prepared:
        """The sealed plan of a run. Raises InputError where schema or rules between keys refuse it."""
        from runners.planning.prepare import prepare

        asked = self._plan
        own = run_values(asked.keys, run, parent.last if parent else None, asked.overrides)
        request = replace(asked.decision.request, overrides={**asked.overrides, **self._fixed, **own})
        decision = replace(asked.decision, request=request, handover=None)
        plan = prepare(decision, asked.skill, store=self._store, command=asked.engine, memory=asked.memory)
        place = f"trial {run.trial} (run {run.number}) of {self._experiment_id}: {run.origin}"
        parent_job_id = parent.job_id if parent else plan.parent_job_id
        sealed = as_part(plan, self._experiment_id, place, parent_job_id, asked.threads)
        return Prepared(sealed.id, sealed)

    def start(self, prepared: Prepared) -> str:
        """Launch the plan; the job goes on by itself."""
        import sqlite3

        from runners.api import launch

        claim = f"{self._experiment_id} {prepared.claim}"
        try:
            return launch(prepared.plan, store=self._store, detach=True, memory=self._plan.memory, claim=claim).id
        except sqlite3.IntegrityError:  # another controller was quicker
            if job_id := self._store.claimed_by(claim):
                return job_id
            raise

    def find(self, plan_id: str, known: Collection[str]) -> str | None:
        """A job of this search that was launched, but not written down."""
        return next((job.id for job in self._store.with_plan(plan_id) if job.id not in known), None)

    def look(self, job_id: str) -> Work:
        """The job's state, and what it has logged so far."""
        from runners.jobs.watch import look

        job = look(self._store, job_id)
        state, message = state_of(job), _message_of(job)
        return Work(
            job_id,
            state,
            self._history(job),
            message,
            _seconds(job),
            *_checkpoints(job, ranked=len(self._plan.objectives) == 1),
            disk_full=state in {WorkState.FAILED, WorkState.LOST} and any(sign in message for sign in _FULL),
            heard=heard(job) if state is WorkState.UNREACHABLE else 0,
        )

    def stop(self, job_id: str, reason: str) -> None:
        """Cancel the job."""
        from runners.jobs.watch import cancel

        cancel(self._store, job_id, reason)

    def wait(self, seconds: float) -> None:
        """Sleep."""
        time.sleep(seconds)

    def _history(self, job: Job) -> Epochs:
        if job.id not in self._histories:
            self._histories[job.id] = JobHistory(job, self._plan.keys, self._plan.objectives)
        return self._histories[job.id].read()


def as_part(plan: Plan, experiment_id: str, place: str, parent_job_id: str | None, threads: int) -> Plan:
    """The same plan as part of a search: it says of which one and which part, and has its share of the machine.

    Raises:
        MissingInputError: something is missing that the search does not set.
    """
    from runners.planning.plan import open_questions

    if plan.missing:
        raise open_questions(plan.missing)
    parts = {f.name: getattr(plan, f.name) for f in fields(plan) if f.name != "id"}
    parts |= {"decision": replace(plan.decision, reasons=(*plan.decision.reasons, place)), "part_of": experiment_id}
    parts |= {"parent_job_id": parent_job_id, "resources": replace(plan.resources, threads=threads)}
    return Plan.sealed(**parts)


def state_of(job: Job) -> WorkState:
    """How a job stands, in the words of a search."""
    if job.state is JobState.COMPLETE:
        return WorkState.COMPLETE
    if job.state is JobState.CANCELED:
        return WorkState.CANCELED
    if job.state is JobState.ERROR:
        return WorkState.LOST if job.failure and job.failure.code in _LOST else WorkState.FAILED
    return WorkState.UNREACHABLE if job.state is JobState.UNKNOWN else WorkState.RUNNING


def heard(job: Job) -> int:
    """The bytes that the action has written about itself, wherever it runs."""
    places = (Path(job.folder) / LOG_FILE, Path(job.results_dir) / STATUS_FILE)
    return sum(place.stat().st_size for place in places if place.is_file())


def _message_of(job: Job) -> str:
    if job.failure:
        return job.failure.message
    return job.transitions[-1].reason if job.state is JobState.CANCELED else ""


def _seconds(job: Job) -> float:
    begun = next((step.at for step in job.transitions if step.state is JobState.RUNNING), None)
    if begun is None:
        return 0.0
    end = datetime.fromisoformat(job.updated_at) if job.state.is_terminal else datetime.now(UTC)
    return (end - datetime.fromisoformat(begun)).total_seconds()


def _checkpoints(job: Job, *, ranked: bool) -> tuple[dict[str, str], tuple[str, ...], int | None]:
    """The files of the best and of the latest checkpoint, all of them, and the step of the one that counts."""
    all_of_them = [a for a in job.artifacts if a.kind == "checkpoint"]
    found = {role: a for a in all_of_them for role in a.roles}
    latest = found.get("latest")
    counts = found.get("best", latest) if ranked else latest
    paths = {role: _path(job, a) for role, a in {"best": counts, "latest": latest}.items() if a}
    return paths, tuple(_path(job, a) for a in all_of_them), counts.step if counts else None


def _path(job: Job, artifact: Artifact) -> str:
    return str(Path(job.results_dir) / artifact.path)
