# SPDX-License-Identifier: Apache-2.0
"""A job as a result: launched and followed, with its figures, its verdict, and why it failed."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from core.errors import INTERRUPTED, JobFailedError, PlatformError
from interfaces.outcome import Outcome

if TYPE_CHECKING:
    from core.memory import Memory
    from interfaces.outcome import Reporter
    from runners.jobs.job import Job
    from runners.planning.plan import Plan


def follow_plan(
    plan: Plan,
    reporter: Reporter,
    *,
    memory: Memory | None = None,
    detach: bool = False,
    claim: str | None = None,
) -> Job:
    """Launch a plan and tell of it until it ends; Ctrl-C cancels the job. For `claim` see `runners.api.launch`."""
    from runners.api import launch

    if detach:
        return launch(plan, detach=True, memory=memory, claim=claim)
    with reporter.job(plan.action) as callback:
        return launch(plan, follow=callback, memory=memory, claim=claim)


def job_outcome(job: Job, *, full: bool = False) -> Outcome:
    """A job as a result: exit code 4 where it failed or was cancelled."""
    from interfaces.present import job_text
    from interfaces.present_job import job_brief
    from runners.jobs.inspection_report import verdict_line
    from runners.jobs.job import JobState

    failed = job.state in {JobState.ERROR, JobState.CANCELED}
    document = {"job": with_figures(job)} | ({"verdict": verdict} if (verdict := verdict_line(job)) else {})
    document, text = diagnosed(job, document, job_text(job) if full else job_brief(job))
    return Outcome(document, text, JobFailedError.exit_code if failed else 0)


def diagnosed(job: Job, document: dict[str, Any], text: str) -> tuple[dict[str, Any], str]:
    """Document and text of a job that failed, with why."""
    if job.state != "ERROR":
        return document, text
    from interfaces.present_diagnosis import diagnosis_lines
    from runners.api import diagnosis

    found = diagnosis(job)
    return document | {"diagnosis": found.to_json()}, "\n".join([text, *diagnosis_lines(found)])


def run_outcome(job: Job) -> Outcome:
    """The same for a job that was followed from here: code 130 where Ctrl-C ended it, 5 where that is not known."""
    from runners.platforms.platform import BY_KEYBOARD

    outcome = job_outcome(job)
    if job.state == "UNKNOWN":
        return replace(outcome, exit_code=PlatformError.exit_code)
    interrupted = job.state == "CANCELED" and job.transitions[-1].reason == BY_KEYBOARD
    return replace(outcome, exit_code=INTERRUPTED) if interrupted else outcome


def with_figures(job: Job) -> dict[str, Any]:
    """The job, its figures as people read them: one unit each, and of what; `metrics` holds them as they came."""
    from runners.figures import figures_of

    return job.to_json() | {"figures": [figure.to_json() for figure in figures_of(job.metrics, job.task)]}
