# SPDX-License-Identifier: Apache-2.0
"""What interfaces and scripts call: prepare a request, launch its plan, and ask about jobs."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.errors import ChangenetError, PlatformError
from core.memory import Memory
from core.problem import Problem
from runners.jobs.job import Job, JobState
from runners.jobs.store import ALL, JobStore, default_root
from runners.platforms.platform import BY_KEYBOARD
from runners.platforms.table import capabilities, platform_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from router.declarations import Skill
    from router.types import Decision, Request
    from runners.diagnosis.diagnose import Diagnosis
    from runners.jobs.follow import Update
    from runners.planning.plan import Plan

_OVERDUE = timedelta(days=1)


def open_store(results_root: str | None = None) -> JobStore:
    """The store of a results root: the one named, else $CHANGENET_RESULTS, else ./results. Makes nothing yet."""
    return JobStore(default_root(results_root))


def prepare_request(request: Request, skill: Skill, *, engine: str | None = None) -> tuple[Decision, Plan | None]:
    """Decide what a request means and prepare its plan; starts and writes nothing.

    `engine` names another `visual_changenet` to run (default: $CHANGENET_ENGINE, else the embedded one). The plan is
    None while the decision names no action: its `missing` says what to ask.

    Raises:
        InputError, NotReadyError: as `router.decision.decide` and `runners.planning.prepare.prepare` say.
    """
    from router.decision import decide

    decision = decide(request, skill)
    return decision, prepare_decision(decision, skill, engine=engine) if decision.action else None


def prepare_decision(
    decision: Decision, skill: Skill, *, engine: str | None = None, memory: Memory | None = None
) -> Plan:
    """The plan of a decision that names an action, with what the quick data check warns of.

    `memory` holds what was checked, so that `launch` need not check again what has not changed.

    Raises:
        ChangenetError: as `runners.planning.prepare.prepare` says.
        DataError: the data can't be used; with every finding that is an error.
    """
    from runners.planning.prepare import prepare
    from runners.planning.resolved import ENGINE_VARIABLE
    from runners.preflight import check_of_plan

    store, memory = open_store(decision.request.results_root), memory or Memory()
    plan = prepare(decision, skill, store=store, command=engine or os.environ.get(ENGINE_VARIABLE), memory=memory)
    return plan.warned([finding.sentence for finding in check_of_plan(plan, skill, memory)])


def launch(  # noqa: PLR0913 - all but the plan by keyword, each with a default
    plan: Plan,
    *,
    store: JobStore | None = None,
    follow: Callable[[Update], None] | None = None,
    detach: bool = False,
    memory: Memory | None = None,
    claim: str | None = None,
) -> Job:
    """Check, record and start a plan; wait for its end, calling `follow` for all that the job says.

    With `memory`, what was checked for plans before this one is not checked again, where this one asks no more.
    With `detach` the job is returned as soon as it runs. A job that its platform ended is followed into the one that
    goes on with it (`runners.resubmission`). A platform that does not survive its caller has run the
    action by then, and has shown itself what that said. Ctrl-C while waiting cancels the job; the death of this
    process does not. How the job ended is in its state: a job that failed is no exception. With a `claim`, nothing is
    launched where a job has it already.

    Raises:
        sqlite3.IntegrityError: another job has the claim, or is the retry of the same one.
        RequestError, MissingInputError: the plan, or a table that it reads, was altered, something is missing, or it
            belongs to AutoML.
        InputError: inputs are not on this machine, an archive is unsafe, or the data has errors.
        ParentError: the parent's artifact was changed since the parent ended.
        PlatformError: the engine or the runner is not there, or the results root can't be written, or is full.
    """
    from runners.jobs.record import open_job
    from runners.jobs.watch import cancel as stop
    from runners.launch_check import check

    store = store or open_store(plan.results_root)
    spec, findings = check(plan, store, memory)
    job = open_job(store, plan, spec, findings, claim)
    try:
        started = _start(store, job, plan)
        if detach or not capabilities(plan.runner).survives_caller:
            return started
        return _to_the_end(store, job, follow or _ignore)
    except KeyboardInterrupt:
        return stop(store, job.id, BY_KEYBOARD)


def _to_the_end(store: JobStore, job: Job, callback: Callable[[Update], None]) -> Job:
    """Follow a job, and those that go on with it where its platform ended it."""
    from runners.jobs.follow import follow
    from runners.jobs.watch import cancel as stop

    following: Job | None = job
    while following is not None:
        try:
            job = follow(store, following.id, callback)
        except KeyboardInterrupt:
            return stop(store, following.id, BY_KEYBOARD)
        following = _next_of(store, job)
    return job


def _next_of(store: JobStore, job: Job) -> Job | None:
    """The job that goes on with one that has ended; see `runners.resubmission.go_on`."""
    if job.failure is None:
        return None
    from runners.resubmission import go_on

    return go_on(store, job, lambda plan: launch(plan, store=store, detach=True))


def _looked_at(store: JobStore, before: Job, now: Job) -> Job:
    """The job; what is due to go on with it is launched, where its end is news, or whoever saw it died before that."""
    if now.failure is None or (before.state.is_terminal and not _may_be_overdue(now)):
        return now
    try:
        _next_of(store, now)
    except ChangenetError as problem:
        remedy = f"{now.failure.remedy}; it could not be launched again: {problem.message}"
        return replace(now, failure=replace(now.failure, remedy=remedy))
    return now


def _may_be_overdue(job: Job) -> bool:
    """Whether a job that its platform ended not long ago may lack the one that goes on with it."""
    from runners.resubmission import ENDED_FROM_OUTSIDE

    if job.failure is None or job.failure.code not in ENDED_FROM_OUTSIDE:
        return False
    return datetime.now(UTC) - datetime.fromisoformat(job.updated_at) < _OVERDUE


def _start(store: JobStore, job: Job, plan: Plan) -> Job:
    """The job as it is once its platform was asked to start it: ERROR where that was not possible."""
    from runners.jobs.closing import finish
    from runners.jobs.watch import look

    try:
        platform_of(plan.runner).start(store, job, plan)
    except PlatformError as problem:
        return finish(store, job, None, Problem(problem.code, problem.where, problem.message, problem.remedy))
    except OSError as problem:
        return finish(store, job, None, Problem("launch.failed", job.id, str(problem)))
    return look(store, job.id)


def _ignore(update: Update) -> None:
    del update


def list_jobs(store: JobStore | None = None, most: int = ALL) -> list[Job]:
    """The `most` newest jobs, or all of them, newest first, each as it is now."""
    store = store or open_store()
    return _looked_at_together(store, store.newest(most))


def open_jobs(store: JobStore | None = None) -> list[Job]:
    """The jobs that have not ended, newest first, each as it is now; the others are not read."""
    store = store or open_store()
    return [job for job in _looked_at_together(store, store.not_ended()) if not job.state.is_terminal]


def _looked_at_together(store: JobStore, jobs: list[Job]) -> list[Job]:
    from runners.jobs.watch import as_they_are

    return [_looked_at(store, job, now) for job, now in zip(jobs, as_they_are(store, jobs), strict=True)]


def get_job(job_id: str, store: JobStore | None = None) -> Job:
    """The job with this id, or with the only id that begins so, as it is now.

    Raises:
        InputError: there is none, or there are several; with the closest ids.
    """
    from runners.jobs.watch import as_it_is

    store = store or open_store()
    job = store.read(job_id)
    return _looked_at(store, job, as_it_is(store, job))


def cancel(job_id: str, store: JobStore | None = None) -> Job:
    """Stop a job and every process of its action; a job that has ended stays as it is. Errors: see `get_job`."""
    from runners.jobs.watch import cancel as stop

    return stop(store or open_store(), job_id)


def follow_log(
    job: Job, callback: Callable[[Update], None], *, store: JobStore | None = None, until_end: bool = True
) -> Job:
    """Call back for all that the job has said and, with `until_end`, will say. Ctrl-C leaves the job alone."""
    from runners.jobs.follow import follow

    store = store or JobStore(Path(job.folder).parent)
    return _looked_at(store, job, follow(store, job.id, callback, until_end=until_end))


def diagnosis(job: Job) -> Diagnosis:
    """Why a job failed; for one that did not fail, its state alone."""
    from runners.diagnosis.diagnose import diagnose

    return diagnose(JobStore(Path(job.folder).parent), job)


def result(job: Job) -> dict[str, Any]:
    """What a job made, as a JSON object: state, metrics, figures, artifacts with whole paths, parent, spec, failure.

    A failure comes with its diagnosis.
    """
    from core.documents import read_yaml
    from core.file_names import LOG_FILE, SPEC_FILE
    from runners.figures import figures_of
    from runners.jobs.inspection_report import verdict_line
    from runners.jobs.status_log import last_lines

    folder = Path(job.folder)
    document = job.to_json()
    document["artifacts"] = [a.to_json() | {"path": str(Path(job.results_dir) / a.path)} for a in job.artifacts]
    if verdict := verdict_line(job):
        document["verdict"] = verdict
    document["figures"] = [figure.to_json() for figure in figures_of(job.metrics, job.task)]
    document["spec"] = read_yaml(folder / SPEC_FILE) if (folder / SPEC_FILE).is_file() else None
    if job.state is JobState.ERROR:
        document["failure"] = (document["failure"] or {}) | {"last_log_lines": last_lines(folder / LOG_FILE)}
        document["diagnosis"] = diagnosis(job).to_json()
    return document
