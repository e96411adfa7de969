# SPDX-License-Identifier: Apache-2.0
"""The verbs that take a job, for a search."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.errors import ChangenetError, JobFailedError, NotReadyError, RequestError
from interfaces.options import argument, option
from interfaces.outcome import Outcome
from interfaces.verbs.common import RESULTS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from automl.lookup import Overview
    from interfaces.outcome import Reporter


@dataclass(frozen=True, slots=True)
class NamedOptions:
    """A job, or a search, by its name."""

    job: str = argument("job, search or chain", metavar="JOB")
    results_root: str | None = option(**RESULTS)


@dataclass(frozen=True, slots=True)
class LogsOptions(NamedOptions):
    """Whose log, and whether it is followed."""

    follow: bool = option("go on until the job ends", short="-f", default=False)
    after: int | None = option("lines after this one", metavar="LINE", otherwise="all lines")


Summary = tuple[dict[str, Any], str]


def summaries(results_root: str | None, most: int | None = None, *, running: bool = False) -> tuple[list[Summary], int]:
    """The `most` newest searches below the results root, each as a JSON object and a line, and how many more there are.

    With `running`, only those that a process works on: the records of the others are not opened.
    """
    from runners.jobs.store import default_root
    from runners.search_folders import search_folders

    root = default_root(results_root)
    if not search_folders(root):
        return [], 0
    from automl.lookup import list_experiments
    from automl.writer_lock import writer_of

    names = [name for name in list_experiments(results_root) if not running or writer_of(root / name)]
    return [_summary(name, results_root) for name in names[:most]], len(names[most:]) if most else 0


def _summary(name: str, results_root: str | None) -> tuple[dict[str, Any], str]:
    """One search as a JSON object and as a line; one that can't be read does not hide the others."""
    from automl.lookup import find_experiment, overview
    from automl.lookup_text import headline

    folder = find_experiment(name, results_root)
    try:
        found = overview(folder)
    except ChangenetError as problem:
        document = {"experiment": name, "folder": str(folder), "state": "unreadable", "reason": problem.message}
        return document, f"{name:<40} unreadable   {problem.message}"
    return found.to_json(), headline(found)


def status(options: NamedOptions) -> Outcome:
    """How the search stands."""
    from automl.lookup_text import overview_text

    found = _overview(options)
    return Outcome({"automl": found.to_json()}, overview_text(found))


def result(options: NamedOptions) -> Outcome:
    """What the search found: exit code 3 while it is open, 4 where it ended without a winner."""
    from automl.lookup import best_record_of
    from automl.lookup_text import overview_text, record_text

    found = _overview(options)
    record = best_record_of(found.folder)
    open_code = NotReadyError.exit_code if found.state != "finished" else 0
    exit_code = open_code or (0 if found.outcome.winner else JobFailedError.exit_code)
    text = "\n".join([overview_text(found), *record_text(record, found.task)])
    evaluations = {name: _with_figures(one, found.task) for name, one in record.get("evaluations", {}).items()}
    return Outcome({"automl": record | {"evaluations": evaluations} | found.to_json()}, text, exit_code)


def _with_figures(evaluation: dict[str, Any], task: str) -> dict[str, Any]:
    from runners.figures import figures_of

    figures = [figure.to_json() for figure in figures_of(evaluation.get("metrics", {}), task)]
    return evaluation | ({"figures": figures} if figures else {})


def report(options: NamedOptions, *, plain: bool) -> Outcome:
    """The path of the search's report, which can be asked for with no option."""
    if not plain:
        remedy = "give an evaluation or inference job, or leave --target and --out out"
        raise RequestError("the report of a search takes no options", code="usage", where=options.job, remedy=remedy)
    found = _overview(options)
    path = found.files.get("report")
    if path is None:
        remedy = f"see `changenet status {found.name}`"
        message = f"the search is {found.state}; its report is written when it ends or is interrupted"
        raise NotReadyError(message, where=str(found.folder), remedy=remedy)
    return Outcome({"experiment": found.id, "report": path}, path)


def logs(options: LogsOptions, reporter: Reporter) -> Outcome:
    """What a search that works by itself has said; of one that was followed, where the logs of its trials are."""
    found = _overview(options)
    path = found.files.get("log")
    jobs = {standing.trial: standing.job_id for standing in found.outcome.standings if standing.job_id}
    lines = Path(path).read_text(errors="replace").splitlines() if path else []
    lines = lines or list(_where_logs_are(jobs, options.results_root))
    total, lines = len(lines), lines[options.after or 0 :]
    for line in lines:
        reporter.line(line)
    trials = [{"trial": trial, "job_id": job_id} for trial, job_id in jobs.items()]
    document = {"experiment": found.id, "state": found.state, "lines": lines, "total": total, "trials": trials}
    return Outcome(document)


def _where_logs_are(jobs: dict[int, str], results_root: str | None) -> Iterator[str]:
    yield "the search has no log of its own, as it was not detached; each trial has one:"
    place = f" --results {shlex.quote(results_root)}" if results_root else ""
    for trial, job_id in jobs.items():
        yield f"  trial {trial}: changenet logs {job_id}{place}"


def cancel(options: NamedOptions) -> Outcome:
    """Let the search stop its trials and close; it can be resumed."""
    from automl.lookup import stop
    from automl.lookup_text import overview_text

    found = _overview(options)
    if not stop(found.folder):
        raise JobFailedError(
            "the search was asked to stop and still works", where=str(found.folder), remedy="ask again"
        )
    found = _overview(options)
    return Outcome({"automl": found.to_json()}, overview_text(found))


def _overview(options: NamedOptions) -> Overview:
    from automl.lookup import find_experiment, overview

    return overview(find_experiment(options.job, options.results_root))
