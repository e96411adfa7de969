# SPDX-License-Identifier: Apache-2.0
"""`report`: the page of an evaluation or inference, written anew; the path of that of a search."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from interfaces.options import option
from interfaces.outcome import Outcome
from interfaces.verbs import searches
from interfaces.verbs.jobs import job_of
from interfaces.verbs.searches import NamedOptions
from runners.names import names_search

if TYPE_CHECKING:
    from interfaces.outcome import Reporter


@dataclass(frozen=True, slots=True)
class ReportOptions(NamedOptions):
    """Whose report, for which target, and where to."""

    target: str | None = option("inspection target", metavar="TEXT", otherwise="the one of the job's spec")
    out: str | None = option("HTML file to write", metavar="FILE", otherwise="report.html in the job's results")


def report(options: ReportOptions, reporter: Reporter) -> Outcome:
    """Write the report of a job and name its path."""
    from runners.jobs.inspection_report import make_report

    del reporter
    if names_search(options.job):
        return searches.report(options, plain=not (options.target or options.out))
    job, _ = job_of(options)
    made = make_report(job, target=options.target, out=Path(options.out) if options.out else None)
    document = {"job_id": job.id, "report": str(made.path), "status": made.status, "verdict": made.sentence}
    return Outcome(document, f"{made.sentence}\n{made.path}")
