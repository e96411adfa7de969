# SPDX-License-Identifier: Apache-2.0
"""Jobs that their platform ended: the same plan is launched again, from the last checkpoint, as a record of its own.

A node that was lost, a preemption and a time limit are no fault of the plan. How often that is done is a setting of the
platform; a platform without that setting does it never. Trials are left to their search.
"""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core import dotted
from core.documents import read_json
from core.errors import InputError
from core.file_names import PLAN_FILE
from router.consistency import RESUME
from runners.model_rules import skill_at
from runners.planning.parents import wanted_artifacts
from runners.planning.plan import Mount, Plan, Provenance
from runners.platforms.table import make_settings

if TYPE_CHECKING:
    from collections.abc import Callable

    from runners.jobs.job import Job
    from runners.jobs.store import JobStore

TIME_LIMIT = "job.time_limit"
ENDED_FROM_OUTSIDE = frozenset({"node.lost", "job.preempted", TIME_LIMIT})
_MODELS = "/data/models"


def go_on(store: JobStore, job: Job, launch: Callable[[Plan], Job]) -> Job | None:
    """The job that goes on with one that was ended from outside, launched here or by somebody else before.

    None where that is not due: it ended otherwise, is a part of a search, or was retried often enough; or its time
    limit left it no checkpoint to go on from. Errors: those of `launch`.
    """
    import sqlite3

    if job.failure is None or job.failure.code not in ENDED_FROM_OUTSIDE or job.part_of:
        return None
    if known := store.retry_of(job.id):
        return known
    plan = _plan_of(job)
    if plan is None or _retries(store, job) >= getattr(make_settings(plan.runner, plan.platform), "retries", 0):
        return None
    key, checkpoint = _last_checkpoint(plan, job)
    if checkpoint is None and job.failure.code == TIME_LIMIT:
        return None
    try:
        return launch(_next_plan(plan, job, key, checkpoint))
    except sqlite3.IntegrityError:  # another process was quicker: a job has one retry
        return store.retry_of(job.id)


def _plan_of(job: Job) -> Plan | None:
    try:
        return Plan.from_json(read_json(Path(job.folder) / PLAN_FILE))
    except (InputError, KeyError, TypeError, ValueError):
        return None


def _retries(store: JobStore, job: Job) -> int:
    count = 0
    while job.retry_of is not None:
        count, job = count + 1, store.read(job.retry_of)
    return count


def _last_checkpoint(plan: Plan, job: Job) -> tuple[str, str | None]:
    """The key of the spec that takes it, and the file; None where there is none."""
    for want in wanted_artifacts(skill_at(plan.skill_dir), plan.action):
        if want.how == RESUME:
            fitting = [a for a in job.artifacts if a.kind == want.kind and a.path.endswith(want.suffixes or "")]
            latest = next((a for a in fitting if "latest" in a.roles), None)
            return want.key, str(Path(job.results_dir) / latest.path) if latest else None
    return "", None


def _next_plan(plan: Plan, job: Job, key: str, checkpoint: str | None) -> Plan:
    parts: dict[str, Any] = {f.name: getattr(plan, f.name) for f in fields(plan) if f.name != "id"}
    parts["retry_of"] = job.id
    if checkpoint:
        origin = Provenance("parent", f"{job.id}: its last checkpoint")
        spec = dotted.nest(dotted.flatten(plan.spec) | {key: checkpoint})
        parts |= {"spec": spec, "provenance": {**plan.provenance, key: origin}, "parent_job_id": job.id}
        parts["inputs"] = {**plan.inputs, key: checkpoint}
        if plan.mounts:
            parts["mounts"] = (*plan.mounts, Mount(checkpoint, f"{_MODELS}/{job.id}/{Path(checkpoint).name}"))
    return Plan.sealed(**parts)
