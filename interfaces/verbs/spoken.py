# SPDX-License-Identifier: Apache-2.0
"""The decision on a request, with the jobs that its words name by what they are: "the last model", "the two models"."""

from __future__ import annotations

import shlex
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.documents import read_json
from core.errors import ChangenetError
from core.file_names import PLAN_FILE
from router.types import LAST_TRAINING, SPOKEN_PARENTS, Request
from runners.names import names_chain, names_search

if TYPE_CHECKING:
    from router.declarations import Skill
    from router.types import Decision
    from runners.jobs.job import Job
    from runners.jobs.store import JobStore

_TWO = 2
_EMBEDDED = "embedded"


def decided(request: Request, skill: Skill, *, asked_at: str | None = None) -> Decision:
    """The decision on a request; a parent that is named by what it is becomes the job that the record tells.

    A comparison of two models that are not named is of the last two. "The same training" on a runner with the container
    is a new one with the settings of the last, where the container can't load what the embedded engine trained.
    With `asked_at`, it is decided as it was then: jobs that ended later were not meant.

    Raises:
        ChangenetError: as `router.decision.decide` says. InputError: there is no such job. ParentError: there is
            none of that kind.
    """
    from router.decision import decide

    decision = decide(request, skill)
    first = decision.steps[0] if decision.steps else decision
    if decision.command and decision.command.verb == "compare":
        return _of_two_models(decision, skill)
    _require_job(decision)
    name = first.request.parent_job_id or (first.command.values.get("parent") if first.command else None)
    if name not in SPOKEN_PARENTS:
        return _with_parents_of_steps(decision, skill, asked_at)
    from runners.api import open_store
    from runners.planning.spoken_parents import SPOKEN, find_spoken

    store, trains = open_store(request.results_root), skill.info["train_policy"]["applies_to"]
    found = find_spoken(store, name, trains, request.task or first.stated.get("task"), asked_at=asked_at)
    why = f"{SPOKEN[name]} is {found}"
    if name == LAST_TRAINING and decision.action in trains and (again := _again(decision, found, store)):
        return replace(again, reasons=(*again.reasons, why))
    decision = decide(replace(request, parent_job_id=found), skill)
    return replace(decision, reasons=(*decision.reasons, why))


def _require_job(decision: Decision) -> None:
    """What is to be removed, cancelled or gone on with has to be there, before its command is handed out.

    Raises:
        InputError: there is no such job.
    """
    job = decision.command.values.get("job") if decision.command and not decision.missing else None
    if job and not (names_search(job) or names_chain(job)):
        from runners.api import open_store

        open_store(decision.request.results_root).read(job)


def _with_parents_of_steps(decision: Decision, skill: Skill, asked_at: str | None) -> Decision:
    """The decision with the parents of its later steps: those that were there before any of its steps ran."""
    if not any(step.request.parent_job_id in SPOKEN_PARENTS for step in decision.steps):
        return decision
    from runners.api import open_store
    from runners.planning.spoken_parents import SPOKEN, find_spoken

    store, trains = open_store(decision.request.results_root), skill.info["train_policy"]["applies_to"]
    steps, reasons = list(decision.steps), list(decision.reasons)
    for number, step in enumerate(steps):
        if (name := step.request.parent_job_id) in SPOKEN_PARENTS:
            found = find_spoken(store, name, trains, step.request.task or step.stated.get("task"), asked_at=asked_at)
            steps[number] = replace(step, request=replace(step.request, parent_job_id=found))
            reasons.append(f"{SPOKEN[name]} is {found}")
    return replace(decision, steps=tuple(steps), reasons=tuple(reasons))


def _of_two_models(decision: Decision, skill: Skill) -> Decision:
    """The comparison with the last two models in it, where the words name none."""
    command = decision.command
    if command is None or {question.slot for question in decision.missing} != {"jobs"} or command.values.get("jobs"):
        return decision
    from runners.api import open_store
    from runners.planning.spoken_parents import last_models

    root = decision.request.results_root
    names = last_models(open_store(root), skill.info["train_policy"]["applies_to"], _TWO)
    if len(names) < _TWO:
        return decision
    names.reverse()  # A is the older one
    words = ["changenet", "compare", *names, *(["--results", root] if root else [])]
    made = replace(command, values={**command.values, "jobs": names}, line=shlex.join(words))
    why = f"the last two models are {' and '.join(names)}"
    return replace(decision, command=made, missing=(), reasons=(*decision.reasons, why))


def _again(decision: Decision, name: str, store: JobStore) -> Decision | None:
    """The decision as a new training with the settings of the last; None where the runner can load that one."""
    from runners.platforms.table import DEFAULT, capabilities

    job = _job_of(name, store)
    plan = _plan_of(job)
    if not capabilities(decision.request.runner or DEFAULT).needs_image or plan.get("engine") != _EMBEDDED:
        return None
    theirs = Request.from_json(plan["decision"]["request"])
    own = decision.request
    told = {**theirs.overrides, **own.overrides}
    places = ("data", "train_datasets", "eval_dataset")
    named = any(getattr(own, place) for place in places) or any(q.slot == "data" for q in decision.missing)
    taken = {} if named else {place: getattr(theirs, place) for place in places}
    request = replace(own, parent_job_id=None, overrides=told, task=own.task or job.task, **taken)
    settings = ", ".join(f"{key}={value}" for key, value in told.items()) or "no setting of its own"
    warning = f"the container can't load {name}, which the embedded engine trained: a new training, with {settings}"
    return replace(decision, request=request, warnings=(*decision.warnings, warning))


def _job_of(name: str, store: JobStore) -> Job:
    from runners.planning.parents import winner_of

    return store.read(winner_of(store, name))


def _plan_of(job: Job) -> dict[str, Any]:
    try:
        plan = read_json(Path(job.folder) / PLAN_FILE)
    except (ChangenetError, OSError):
        return {}
    return plan if isinstance(plan, dict) else {}


def data_of(job: Job) -> str:
    """The data that a job was asked to work on, as it is typed; `DIR` where its plan is gone or names none."""
    request = (_plan_of(job).get("decision") or {}).get("request") or {}
    return shlex.quote(request["data"]) if request.get("data") else "DIR"
