# SPDX-License-Identifier: Apache-2.0
"""One function per verb: takes the words typed, calls the rooms, returns a JSON document and a text for people."""

from __future__ import annotations

import os
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.dotted import parse_override
from core.errors import INTERRUPTED, InputError, JobFailedError, NotReadyError
from router.types import Request

if TYPE_CHECKING:
    from argparse import Namespace

    from router.declarations import Skill
    from runners.jobs.follow import Update
    from runners.jobs.job import Job
    from runners.jobs.store import JobStore
    from runners.planning.plan import Plan


_TARGET = "target"  # a short name of the skill


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a verb returns: the document of `--json`, the text for people, the exit code."""

    document: dict[str, Any]
    text: str = ""
    exit_code: int = 0


def skill_root() -> Path:
    """The folder of SKILL.md: $CHANGENET_SKILL_DIR, else the one that this package lies in."""
    named = os.environ.get("CHANGENET_SKILL_DIR")
    return Path(named) if named else Path(__file__).resolve().parent.parent


def the_skill() -> Skill:
    """The declarations of the skill, read and checked."""
    from router.declarations import load_skill

    return load_skill(skill_root())


def request_of(args: Namespace) -> Request:
    """The request that the words typed make: a single word names an action, several are a sentence."""
    words = list(args.request)
    overrides = dict(parse_override(text) for text in args.set)
    if len(overrides) < len(args.set):
        keys = [parse_override(text)[0] for text in args.set]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise InputError(f"'{twice}' is set more than once", code="override.twice", remedy="set it once")
    if args.target is not None:
        overrides[_TARGET] = args.target
    sentence = len(words) != 1 or " " in words[0].strip()
    request = Request(text=" ".join(words)) if sentence else Request(action=words[0].strip())
    return replace(
        request,
        task=args.task,
        automl_policy=args.automl,
        data=args.data,
        train_datasets=tuple(args.train),
        eval_dataset=args.eval,
        inference_dataset=args.infer,
        calibration_dataset=tuple(args.calibration),
        overrides=overrides,
        parent_job_id=args.parent,
        runner=args.runner,
        profile=args.profile,
        gpus=args.gpus,
        nodes=args.nodes,
        results_root=args.results,
    )


def run_plan(plan: Plan, *, detach: bool = False) -> Job:
    """Launch a plan and show it on the console until it ends; Ctrl-C cancels the job."""
    from interfaces.console import Console
    from runners.api import launch

    if detach:
        return launch(plan, detach=True)
    with Console(plan.action) as console:
        return launch(plan, follow=console)


def job_outcome(job: Job) -> Outcome:
    """A job as a result: exit code 4 where it failed or was cancelled."""
    from interfaces.present import job_text
    from runners.jobs.inspection_report import verdict_line
    from runners.jobs.job import JobState

    failed = job.state in {JobState.ERROR, JobState.CANCELED}
    document = {"job": job.to_json()} | ({"verdict": verdict} if (verdict := verdict_line(job)) else {})
    return Outcome(document, job_text(job), JobFailedError.exit_code if failed else 0)


def run_outcome(job: Job) -> Outcome:
    """The same for a job that was followed from here: exit code 130 where Ctrl-C ended it."""
    from runners.platforms.platform import BY_KEYBOARD

    outcome = job_outcome(job)
    interrupted = job.state == "CANCELED" and job.transitions[-1].reason == BY_KEYBOARD
    return replace(outcome, exit_code=INTERRUPTED) if interrupted else outcome


def _job_of(args: Namespace) -> tuple[Job, JobStore]:
    from runners.api import get_job, open_store

    store = open_store(args.results)
    return get_job(args.job, store), store


def verb_jobs(args: Namespace) -> Outcome:
    """All searches and all jobs, newest first."""
    from interfaces.automl_lookup import summaries
    from interfaces.present import jobs_text
    from runners.api import list_jobs, open_store

    jobs, searches = list_jobs(open_store(args.results)), summaries(args.results)
    document = {"jobs": [job.to_json() for job in jobs], "experiments": [found for found, _ in searches]}
    return Outcome(document, "\n".join([*(line for _, line in searches), jobs_text(jobs)]))


def verb_status(args: Namespace) -> Outcome:
    """One job as it is now, with the last progress that it reported."""
    from core.file_names import STATUS_FILE
    from interfaces.present import job_text
    from runners.jobs.status_log import read_progress

    job, _ = _job_of(args)
    history = [] if job.state.is_terminal else read_progress(Path(job.results_dir) / STATUS_FILE)
    latest = next((one for one in reversed(history) if one.epoch), None)
    progress = {name: value for name, value in asdict(latest).items() if value} if latest else {}
    return Outcome({"job": job.to_json(), "progress": progress}, job_text(job, progress))


def verb_logs(args: Namespace) -> Outcome:
    """A job's log on standard output; with `--json` its lines in a document."""
    from runners.api import follow_log

    job, store = _job_of(args)
    lines: list[str] = []

    def take(update: Update) -> None:
        if update.line is None:
            return
        lines.append(update.line)
        if not args.json:
            print(update.line, flush=True)

    job = follow_log(job, take, store=store, until_end=args.follow)
    return Outcome({"job_id": job.id, "state": job.state, "lines": lines if args.json else []})


def verb_cancel(args: Namespace) -> Outcome:
    """Stop a job and all its processes."""
    from runners.api import cancel

    _, store = _job_of(args)
    job = cancel(args.job, store)
    return Outcome({"job": job.to_json()}, f"{job.id}: {job.state}")


def verb_result(args: Namespace) -> Outcome:
    """What a job made: exit code 3 while it runs, 4 where it failed."""
    from interfaces.present import job_text
    from runners.api import result

    job, _ = _job_of(args)
    document = result(job)
    failure = document.get("failure") or {}
    log = [f"  | {line}" for line in failure.get("last_log_lines", [])]
    exit_code = job_outcome(job).exit_code if job.state.is_terminal else NotReadyError.exit_code
    return Outcome({"result": document}, "\n".join([job_text(job), *log]), exit_code)


def verb_report(args: Namespace) -> Outcome:
    """Write the report of a job and name its path."""
    from runners.jobs.inspection_report import make_report

    job, _ = _job_of(args)
    made = make_report(job, target=args.target, out=Path(args.out) if args.out else None)
    document = {"job_id": job.id, "report": str(made.path), "status": made.status, "verdict": made.sentence}
    return Outcome(document, f"{made.sentence}\n{made.path}")
