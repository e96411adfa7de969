# SPDX-License-Identifier: Apache-2.0
"""The trainer of real searches: every run is a job of the runner.

Its plan names the experiment among its reasons, and its parent is the job that it goes on from.
"""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from automl.trainer import Prepared, Work, WorkState
from automl.trial_spec import SECONDS_PER_EPOCH, fixed_values, run_values
from runners.jobs.job import JobState
from runners.planning.plan import Plan

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from automl.trial_spec import TrialKeys
    from automl.types import Objective, Run, RunResult
    from router.declarations import Skill
    from router.types import Decision
    from runners.jobs.job import Artifact, Job
    from runners.jobs.store import JobStore

# The process is gone through no fault of the configuration that it ran.
_LOST = frozenset({"process.killed", "process.lost", "launch.lost", "launch.failed", "machine.unreachable"})
_FULL = ("No space left on device", "ENOSPC", "disk is full", "Disk quota exceeded")


@dataclass(frozen=True, slots=True)
class TrialSetting:
    """What all runs of a search have in common.

    `decision` is the request's, `overrides` its overrides as dotted keys, `start` the checkpoint that it starts from,
    `threads` the CPUs that one trial may use.
    """

    experiment_id: str
    decision: Decision
    skill: Skill
    store: JobStore
    engine: str | None
    overrides: Mapping[str, Any]
    keys: TrialKeys
    objectives: Sequence[Objective]
    start: str | None
    threads: int


class JobTrainer:
    """Prepares, launches and watches runs through the runners."""

    def __init__(self, setting: TrialSetting) -> None:
        self._setting = setting
        self._fixed = fixed_values(setting.keys, setting.objectives, setting.overrides, setting.start)
        self._starts: dict[str, tuple[int, int]] = {}

    def prepare(self, run: Run, parent: RunResult | None) -> Prepared:
        """The sealed plan of a run. Raises InputError where schema or rules between keys refuse it."""
        from runners.planning.prepare import prepare

        setting = self._setting
        own = run_values(setting.keys, run, parent.last if parent else None, setting.overrides)
        request = replace(setting.decision.request, overrides={**setting.overrides, **self._fixed, **own})
        decision = replace(setting.decision, route="direct", request=request, handover=None)
        plan = prepare(decision, setting.skill, store=setting.store, command=setting.engine)
        place = f"trial {run.trial} (run {run.number}) of {setting.experiment_id}: {run.origin}"
        sealed = as_part(plan, place, parent.job_id if parent else plan.parent_job_id, setting.threads)
        return Prepared(sealed.id, sealed)

    def start(self, run: Run, prepared: Prepared) -> str:
        """Launch the plan; the job goes on by itself."""
        from runners.api import launch

        del run
        return launch(prepared.plan, store=self._setting.store, detach=True).id

    def find(self, plan_id: str, known: Collection[str]) -> str | None:
        """A job of this search that was launched, but not written down."""
        store = self._setting.store
        for job in (store.read(job_id) for job_id in store.ids() if job_id not in known):
            if job.plan_id == plan_id:
                return job.id
        return None

    def look(self, job_id: str) -> Work:
        """The job's state, and what it has logged so far."""
        from runners.jobs.watch import look

        job = look(self._setting.store, job_id)
        state, message = _state_of(job), _message_of(job)
        return Work(
            job_id,
            state,
            self._history(job),
            dict(job.metrics),
            message,
            _seconds(job),
            *_checkpoints(job, ranked=len(self._setting.objectives) == 1),
            disk_full=state in {WorkState.FAILED, WorkState.LOST} and any(sign in message for sign in _FULL),
        )

    def stop(self, job_id: str, reason: str) -> None:
        """Cancel the job."""
        from runners.jobs.watch import cancel

        cancel(self._setting.store, job_id, reason)

    def wait(self, seconds: float) -> None:
        """Sleep."""
        time.sleep(seconds)

    def _history(self, job: Job) -> tuple[tuple[int, dict[str, Any]], ...]:
        """What was logged, by epochs done.

        The lines with figures do not say the epoch in every engine. Each validation is one line with the objective,
        and they come every `validation_interval` epochs from where the run began.
        """
        from core.file_names import STATUS_FILE
        from runners.jobs.status_log import read_progress

        metric = next(o.metric for o in self._setting.objectives if o.metric != SECONDS_PER_EPOCH)
        start, interval = self._begun(job)
        found: list[tuple[int, dict[str, Any]]] = []
        figures: dict[str, Any] = {}
        for progress in read_progress(Path(job.results_dir) / STATUS_FILE):
            figures |= progress.kpi
            if metric in progress.kpi:
                found.append(((start // interval + len(found) + 1) * interval, figures))
                figures = {}
            if found and (seconds := _seconds_in(progress.time_per_epoch)) is not None:
                found[-1][1][SECONDS_PER_EPOCH] = seconds
        return tuple(found)

    def _begun(self, job: Job) -> tuple[int, int]:
        """Epochs done when the job began, and epochs between its validations."""
        if job.id not in self._starts:
            self._starts[job.id] = self._read_begin(job)
        return self._starts[job.id]

    def _read_begin(self, job: Job) -> tuple[int, int]:
        from core import dotted
        from core.documents import read_yaml
        from core.file_names import SPEC_FILE
        from runners.jobs.checkpoint_record import read_checkpoint_record

        keys, spec = self._setting.keys, read_yaml(Path(job.folder) / SPEC_FILE)
        resumed = dotted.get(spec, keys.resume) if keys.resume else None
        epoch = read_checkpoint_record(Path(resumed)).epoch if resumed else None
        interval = dotted.get(spec, keys.validation_interval, 1) if keys.validation_interval else 1
        return (epoch + 1 if epoch is not None else 0, int(interval or 1))


def as_part(plan: Plan, place: str, parent_job_id: str | None, threads: int) -> Plan:
    """The same plan as part of a search: it says which part, and has its share of the machine.

    Raises:
        MissingInputError: something is missing that the search does not set.
    """
    from runners.planning.plan import open_questions

    if plan.missing:
        raise open_questions(plan.missing)
    parts = {f.name: getattr(plan, f.name) for f in fields(plan) if f.name != "id"}
    decision = replace(plan.decision, reasons=(*plan.decision.reasons, place))
    resources = replace(plan.resources, threads=threads)
    return Plan.sealed(**parts | {"decision": decision, "parent_job_id": parent_job_id, "resources": resources})


def _seconds_in(clock: str | None) -> float | None:
    """Seconds of `h:mm:ss`, as status.json tells durations, with fractions or without."""
    parts = (clock or "").split(":")
    with suppress(ValueError):
        return float(sum(float(part) * 60**place for place, part in enumerate(reversed(parts))))
    return None


def _state_of(job: Job) -> WorkState:
    if job.state is JobState.COMPLETE:
        return WorkState.COMPLETE
    if job.state is JobState.CANCELED:
        return WorkState.CANCELED
    if job.state is JobState.ERROR:
        return WorkState.LOST if job.failure and job.failure.code in _LOST else WorkState.FAILED
    return WorkState.RUNNING


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
