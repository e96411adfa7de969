# SPDX-License-Identifier: Apache-2.0
"""Evaluations beside the search: of the start checkpoint before it, and of the winner on held-out data after it.

Nothing is chosen by a figure of the test data; winner, defaults and start checkpoint meet them once each, at the end.
"""

from __future__ import annotations

import os
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from automl.job_trainer import as_part, heard, state_of
from automl.losses import Silence
from automl.trainer import WorkState
from core import dotted
from core.errors import ChangenetError
from router.types import Request

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from automl.ledger import Ledger
    from automl.plan import ExperimentPlan
    from runners.jobs.job import Job
    from runners.jobs.store import JobStore
    from runners.planning.plan import Plan

Split = Literal["validation", "test"]
_POLL_SECONDS = 0.2
_CHECKPOINT_FUNCTION = "parent_model"
_MOST_LAUNCHES = 3


@dataclass(frozen=True, slots=True)
class Subject:
    """What is evaluated: a checkpoint, and the job that wrote it, if that is known."""

    name: str
    checkpoint: str
    job_id: str | None


class Evaluator:
    """Evaluates checkpoints as jobs of the runner; each evaluation is recorded, and made once."""

    def __init__(
        self, plan: ExperimentPlan, store: JobStore, ledger: Ledger, interrupted: Callable[[], bool] = bool
    ) -> None:
        self._plan, self._store, self._ledger = plan, store, ledger
        self._interrupted = interrupted

    def evaluate(self, subject: Subject, split: Split) -> dict[str, Any] | None:
        """The recorded evaluation, made now where there is none; None when the search was interrupted meanwhile.

        An evaluation that can't be made is recorded with the reason: the search does not depend on it.
        """
        name = f"{subject.name}.{split}"
        known = self._ledger.evaluations().get(name)
        if known and known["checkpoint"] == subject.checkpoint:
            return known
        try:
            prepared = self._prepare(subject, split)
        except ChangenetError as problem:
            return self._record(name, subject, {"skipped": f"{problem.where}: {problem.message}".lstrip(": ")})
        if isinstance(prepared, str):
            return self._record(name, subject, {"skipped": prepared})
        return self._run(name, subject, prepared)

    def _run(self, name: str, subject: Subject, prepared: Plan) -> dict[str, Any] | None:
        try:
            job = self._ended(prepared)
        except ChangenetError as problem:
            return self._record(name, subject, {"skipped": problem.message})
        if job is None:
            return None
        if state_of(job) is WorkState.COMPLETE:
            return self._record(name, subject, {"job_id": job.id, "metrics": dict(job.metrics)})
        reason = job.failure.message if job.failure else job.transitions[-1].reason
        return self._record(name, subject, {"job_id": job.id, "skipped": f"the evaluation failed: {reason}"})

    def _ended(self, prepared: Plan) -> Job | None:
        """The job of an evaluation at its end; one that was lost, or was stopped with the search, is made up for."""
        from runners.api import launch

        known = self._store.with_plan(prepared.id)[-1:]
        job, gone = (self._follow(known[0].id) if known else None), {WorkState.LOST, WorkState.CANCELED}
        for _ in range(_MOST_LAUNCHES):
            if self._interrupted():
                return None
            if job is not None and state_of(job) not in gone:
                return job
            launched = launch(prepared, store=self._store, detach=True, memory=self._plan.memory)
            job, gone = self._follow(launched.id), {WorkState.LOST}
        return job

    def _record(self, name: str, subject: Subject, found: dict[str, Any]) -> dict[str, Any]:
        document = {"checkpoint": subject.checkpoint} | found
        self._ledger.add_evaluation(name, document)
        return document

    def _follow(self, job_id: str) -> Job | None:
        """The job at its end; None when the search is interrupted, which stops it."""
        from runners.jobs.watch import cancel, look

        silence = Silence()
        while True:
            job = look(self._store, job_id)
            if job.state.is_terminal:
                return job
            if self._interrupted():
                cancel(self._store, job_id, "the search was interrupted")
                return None
            if state_of(job) is WorkState.UNREACHABLE and silence.is_too_long(job_id, heard(job)):
                return cancel(self._store, job_id, "its machine can't be asked, and it said nothing for too long")
            time.sleep(_POLL_SECONDS)

    def _prepare(self, subject: Subject, split: Split) -> Plan | str:
        """The sealed plan, or why there is nothing to evaluate on."""
        from runners.planning.prepare import prepare

        plan = self._plan
        action = plan.skill.info["tasks"][plan.base.task]["actions"].get("evaluate")
        if not action:
            return f"the skill packages no evaluation of the task {plan.base.task}"
        request = self._request(action, subject, split)
        decision = replace(plan.decision, action=action, route="action", handover=None, request=request)
        prepared = prepare(decision, plan.skill, store=self._store, command=plan.engine, memory=plan.memory)
        if split == "test" and (reason := not_held_out(plan.base, prepared)):
            return reason
        name = self._ledger.folder.name
        place = f"evaluation of the {subject.name} on {split} data, {name}"
        return as_part(prepared, name, place, prepared.parent_job_id, plan.threads * plan.parallel)

    def _request(self, action: str, subject: Subject, split: Split) -> Request:
        from runners.planning.schema import action_schema

        plan, asked = self._plan, self._plan.decision.request
        schema = action_schema(plan.skill, action, plan.memory)
        overrides = {key: value for key, value in plan.overrides.items() if schema.node(key) and key != "results_dir"}
        params = plan.skill.spec_params(action)
        field = next(key for key, how in params.items() if how == _CHECKPOINT_FUNCTION)
        overrides[field] = subject.checkpoint
        own_test = split == "test" and plan.settings.test_dataset
        if split == "validation":
            overrides |= self._validation_as_test(action, schema.value_keys())
        return Request(
            action=action,
            task=plan.base.task,
            data=None if own_test else asked.data,
            train_datasets=asked.train_datasets,
            eval_dataset=plan.settings.test_dataset if own_test else asked.eval_dataset,
            overrides=overrides,
            parent_job_id=subject.job_id,
            runner=asked.runner,
            gpus=asked.gpus,
            nodes=asked.nodes,
            profile=asked.profile or (None if subject.job_id else plan.base.profile),
            results_root=asked.results_root,
            platform=asked.platform,
        )

    def _validation_as_test(self, action: str, known: Iterable[str]) -> dict[str, Any]:
        """What makes an evaluation look at the data that trials are ranked on."""
        plan, spec = self._plan, self._plan.base.spec
        train = plan.skill.data_sources(plan.base.action)
        found: dict[str, Any] = {}
        for key, entry in plan.skill.data_sources(action).items():
            if key in train:
                continue
            twins = [k for k, e in train.items() if e["source"] == entry["source"] and _last(k) == _last(key)]
            if twins:
                found[key] = dotted.get(spec, twins[0])
        for key in known:
            if _last(key) == "test_split":
                found[key] = dotted.get(spec, key.replace("test_split", "validation_split"))
        return {key: value for key, value in found.items() if value}


def not_held_out(train: Plan, evaluation: Plan) -> str | None:
    """Why the data of an evaluation can't count as held out from a training; None when it can.

    Data of its own must be named by a place that the training does not read, and by no table that it reads; where both
    share one place, the split that is evaluated must have a list of its own.
    """
    seen = {place for value in train.inputs.values() for place in _places(value)}
    own = {key: value for key, value in evaluation.inputs.items() if "dataset" in key and key not in train.inputs}
    places = {place for value in own.values() for place in _places(value)}
    if places:
        again = places <= seen or any(Path(place).is_file() for place in places & seen)
        return "no test data is given: the evaluation would see validation data" if again else None
    spec = dotted.flatten(evaluation.spec)
    split = next((value for key, value in spec.items() if _last(key) == "test_split"), None)
    roots = [Path(str(value)) for key, value in evaluation.inputs.items() if "dataset" in key]
    if split and any(list(root.glob(f"*/{split}.txt")) for root in roots):
        return None
    return "no test data is given, and the data set has no test split"


def _places(value: str | list[str]) -> list[str]:
    """Paths without links and detours; URIs as they are."""
    places = value if isinstance(value, list) else [value]
    return [place if "://" in place else os.path.realpath(place) for place in places]


def _last(key: str) -> str:
    return key.rpartition(".")[2]
