# SPDX-License-Identifier: Apache-2.0
"""From a plan to a job: the record is opened first, then the job's folder is filled; nothing runs yet."""

from __future__ import annotations

import hashlib
import secrets
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.documents import dump_yaml
from core.errors import PlatformError
from core.file_names import FINDINGS_FILE, LOG_FILE, PLAN_FILE, SPEC_FILE
from core.files import write_json, write_text
from core.installation import versions
from core.problem import Problem
from runners.jobs.artifacts import result_folders, stamps
from runners.jobs.closing import finish
from runners.jobs.job import Job, JobState, Transition
from runners.jobs.store import now
from runners.names import BEFORE_FILE, VERSIONS_FILE
from runners.planning.plan import Plan, at_job
from runners.platforms.handles import opened_here

if TYPE_CHECKING:
    from runners.jobs.store import JobStore

_SUBCOMMAND = 1


def open_job(
    store: JobStore, plan: Plan, spec: dict[str, Any], findings: tuple[Problem, ...] = (), claim: str | None = None
) -> Job:
    """Record a job for this plan, PENDING, and write plan.json, spec.yaml and findings.json into its folder.

    `spec` is the plan's spec with inputs as they lie on this machine; its texts may still begin with the job's folder.
    `findings` are what the data check warns of: the first lines of the job's log, and a part of its report. Of all jobs
    with the same `claim`, one is opened.

    Raises:
        sqlite3.IntegrityError: another job has the claim.
        PlatformError: the folder can't be written; the record is closed as ERROR then.
    """
    job_id = _new_id(plan.action)
    folder = store.root / job_id
    own_spec = at_job(spec, str(folder))
    text = dump_yaml(own_spec)
    job = Job(
        id=job_id,
        action=plan.action,
        task=plan.task,
        runner=plan.runner,
        state=JobState.PENDING,
        folder=str(folder),
        results_dir=results_dir(own_spec, plan.command[_SUBCOMMAND]),
        plan_id=plan.id,
        config_sha256=hashlib.sha256(text.encode()).hexdigest(),
        transitions=(Transition(JobState.PENDING, now(), "the record is opened"),),
        image=plan.image,
        parent_job_id=plan.parent_job_id,
        part_of=plan.part_of,
        retry_of=plan.retry_of,
    )
    store.open_record(job, opened_here(plan.runner), claim)
    try:
        _fill_folder(job, plan, text)
        _keep_apart(job, own_spec)
        write_json(folder / FINDINGS_FILE, [finding.to_json() for finding in findings])
        write_text(folder / LOG_FILE, "".join(map(_log_line, findings)))
    except OSError as problem:
        reason = f"the job's folder can't be written: {problem.strerror or problem}"
        finish(store, job, None, Problem("launch.failed", job_id, reason))
        raise PlatformError(reason, code="job.folder", where=str(folder)) from None
    return job


def results_dir(spec: dict[str, Any], command: str) -> str:
    """The folder that `visual_changenet COMMAND` writes to: the action's own, else one below the common folder."""
    section = spec.get(command)
    own = section.get("results_dir") if isinstance(section, dict) else None
    return str(own) if own else str(Path(str(spec["results_dir"])) / command)


def _log_line(finding: Problem) -> str:
    """One line for any text: a cell of a CSV that was quoted in it may hold line breaks."""
    return f"{finding.severity}: {' '.join(f'{finding.place}: {finding.message}'.split())}\n"


def _fill_folder(job: Job, plan: Plan, spec_text: str) -> None:
    folder = Path(job.folder)
    folder.mkdir(parents=True, exist_ok=True)
    write_json(folder / PLAN_FILE, plan.to_json())
    write_text(folder / SPEC_FILE, spec_text)
    if plan.engine == "embedded":
        write_json(folder / VERSIONS_FILE, versions())


def _keep_apart(job: Job, spec: dict[str, Any]) -> None:
    """Note what lies in the results folders already: one that the user named can hold files of others."""
    if before := stamps(result_folders(job.results_dir, spec)):
        write_json(Path(job.folder) / BEFORE_FILE, before)


def _new_id(action: str) -> str:
    return f"{action}-{datetime.now(UTC):%Y%m%d-%H%M%S}-{secrets.token_hex(3)}"
