# SPDX-License-Identifier: Apache-2.0
"""What jobs, and searches by their names, can be asked."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.errors import NotReadyError, RequestError
from interfaces.options import option
from interfaces.outcome import Outcome
from interfaces.verbs import searches
from interfaces.verbs.common import RESULTS
from interfaces.verbs.job_outcome import diagnosed, job_outcome, with_figures
from interfaces.verbs.searches import LogsOptions, NamedOptions
from runners.names import names_chain, names_search

if TYPE_CHECKING:
    from interfaces.outcome import Reporter
    from runners.jobs.follow import Update
    from runners.jobs.job import Job
    from runners.jobs.store import JobStore


_MOST_LINES, _MOST_LISTED = 14, 50
_LISTED = {
    "id", "action", "task", "runner", "state", "folder", "parent_job_id", "part_of", "retry_of", "failure",
    "created_at", "artifact_counts", "figures",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class JobsOptions:
    """Where the jobs are, and which are listed."""

    results_root: str | None = option(**RESULTS)
    running: bool = option("not ended", default=False)
    limit: int | None = option("at most so many", metavar="N", otherwise="14 lines, 50 with --json")
    full: bool = option("all of them, however many there are", default=False)


@dataclass(frozen=True, slots=True)
class ShownOptions(NamedOptions):
    """A job, and how much of it is shown."""

    full: bool = option("every figure, artifact and step of its life", default=False)


def _leading(job: Job) -> dict[str, Any]:
    from runners.figures import leading_of

    return {"figures": [figure.to_json() for figure in leading_of(job.metrics, job.task)]}


def _listing(job: Job, *, full: bool) -> dict[str, Any]:
    """A job in a list: what tells it from others and what it found; `full` adds its history, hashes and metrics."""
    whole = job.summary() | _leading(job)
    return whole if full else {name: value for name, value in whole.items() if name in _LISTED and value is not None}


def job_of(options: NamedOptions) -> tuple[Job, JobStore]:
    """The job that is named, as it is now, and its store. Errors: see `runners.api.get_job`."""
    from runners.api import get_job, open_store

    store = open_store(options.results_root)
    return get_job(options.job, store), store


def jobs(options: JobsOptions, reporter: Reporter) -> Outcome:
    """The newest searches and jobs, and how many more there are; what a job left is counted, and listed by `result`.

    Raises:
        RequestError: the limit is below 1.
    """
    from interfaces.present import jobs_text
    from interfaces.present_job import is_removed
    from runners.api import open_store

    del reporter
    store, most = open_store(options.results_root), _most_listed(options)
    found, more_jobs = _listed(store, most, running=options.running)
    tunings, more_searches = searches.summaries(options.results_root, most, running=options.running)
    linked, more_chains = _linked(store.root, most, running=options.running)
    document = {
        "jobs": [_listing(job, full=options.full) | {"removed": is_removed(job)} for job in found],
        "experiments": [tuning for tuning, _ in tunings],
        "chains": [chain for chain, _ in linked],
        "more": {"jobs": more_jobs, "experiments": more_searches, "chains": more_chains},
    }
    if options.running and not (found or tunings or linked):
        return Outcome(document, f"nothing runs in {store.root}")
    lines = [*(line for _, line in (*linked, *tunings)), *jobs_text(found, store.root).splitlines()]
    shown = lines[: len(lines) if options.full else options.limit or _MOST_LINES]
    left = len(lines) - len(shown) + more_jobs + more_searches + more_chains
    return Outcome(document, "\n".join([*shown, *([f"{left:,} more: --limit N, or --full"] if left else [])]))


def _linked(root: Path, most: int | None, *, running: bool) -> tuple[list[searches.Summary], int]:
    from runners.search_folders import chain_folders

    if not chain_folders(root):
        return [], 0
    from interfaces.verbs import chains

    return chains.summaries(root, most, running=running)


def _most_listed(options: JobsOptions) -> int | None:
    """How many jobs, and how many searches, are looked at; None for all."""
    if options.limit is not None and options.limit < 1:
        message, remedy = f"{options.limit} is no number of jobs", "give 1 or more, or --full for all"
        raise RequestError(message, code="usage.value", where="--limit", remedy=remedy)
    return None if options.full else options.limit or _MOST_LISTED


def _listed(store: JobStore, most: int | None, *, running: bool) -> tuple[list[Job], int]:
    """The newest jobs as they are now, and how many more there are."""
    from runners.api import list_jobs, open_jobs

    if running:
        found = open_jobs(store)
        return found[:most], len(found[most:]) if most else 0
    found = list_jobs(store) if most is None else list_jobs(store, most)
    return found, store.count() - len(found) if most else 0


def status(options: ShownOptions, reporter: Reporter) -> Outcome:
    """One job as it is now, with the last progress that it reported; or how a search stands."""
    from core.file_names import STATUS_FILE
    from interfaces.present import job_text
    from interfaces.present_job import job_brief
    from runners.jobs.status_log import read_progress

    del reporter
    if names_chain(options.job):
        from interfaces.verbs import chains

        return chains.status(options)
    if names_search(options.job):
        return searches.status(options)
    job, _ = job_of(options)
    history = [] if job.state.is_terminal else read_progress(Path(job.results_dir) / STATUS_FILE)
    latest = next((one for one in reversed(history) if one.epoch), None)
    progress = {name: value for name, value in asdict(latest).items() if value} if latest else {}
    text = job_text(job, progress) if options.full else job_brief(job, progress)
    return Outcome(*diagnosed(job, {"job": with_figures(job), "progress": progress}, text))


def logs(options: LogsOptions, reporter: Reporter) -> Outcome:
    """The log of a job, line by line as it comes; or that of a detached search.

    Raises:
        RequestError: there is no such line to begin after.
    """
    from runners.api import follow_log

    if (options.after or 0) < 0:
        remedy = "count from 0, which leaves out none"
        raise RequestError(f"there is no line {options.after}", code="usage.value", where="--after", remedy=remedy)
    if names_chain(options.job):
        from interfaces.verbs import chains

        return chains.logs(options, reporter)
    if names_search(options.job):
        return searches.logs(options, reporter)
    job, store = job_of(options)
    lines: list[str] = []
    passed = 0

    def take(update: Update) -> None:
        nonlocal passed
        if update.line is None:
            return
        passed += 1
        if passed > (options.after or 0):
            lines.append(update.line)
            reporter.line(update.line)

    job = follow_log(job, take, store=store, until_end=options.follow)
    return Outcome({"job_id": job.id, "state": job.state, "lines": lines, "total": passed})


def cancel(options: NamedOptions, reporter: Reporter) -> Outcome:
    """Stop a job and all its processes; a search stops its trials and can be resumed."""
    from runners.api import cancel as stop

    del reporter
    if names_chain(options.job):
        from interfaces.verbs import chains

        return chains.cancel(options)
    if names_search(options.job):
        return searches.cancel(options)
    before, store = job_of(options)
    job = stop(options.job, store)
    late = " (it had ended before; nothing was stopped)" if before.state.is_terminal else ""
    return Outcome({"job": job.to_json()}, f"{job.id}: {job.state}{late}")


def result(options: ShownOptions, reporter: Reporter) -> Outcome:
    """What a job made, or what a search found: exit code 3 while it runs, 4 where it failed."""
    from runners.api import result as made_by

    del reporter
    if names_chain(options.job):
        from interfaces.verbs import chains

        return chains.result(options)
    if names_search(options.job):
        return searches.result(options)
    job, _ = job_of(options)
    document = made_by(job)
    failure = document.get("failure") or {}
    shown = job_outcome(job, full=options.full)
    known = (shown.document.get("diagnosis") or {}).get("cause")  # which quotes the lines that tell of it
    log = [f"  | {line}" for line in failure.get("last_log_lines", []) if options.full or not known]
    exit_code = shown.exit_code if job.state.is_terminal else NotReadyError.exit_code
    return Outcome({"result": document}, "\n".join([shown.text, *log]), exit_code)
