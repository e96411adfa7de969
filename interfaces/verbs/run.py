# SPDX-License-Identifier: Apache-2.0
"""`run`: a request is run by the route that it takes, or a search goes on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.errors import RequestError
from interfaces.options import option
from interfaces.verbs.request import planned, route
from interfaces.verbs.request_options import RequestOptions

if TYPE_CHECKING:
    from interfaces.outcome import Outcome, Reporter
    from interfaces.verbs.request import Routed


@dataclass(frozen=True, slots=True)
class RunOptions(RequestOptions):
    """A request that is run, or a search that goes on."""

    dry_run: bool = option("stop after the plan; the same as `changenet plan`", default=False)
    detach: bool = option("return at once; the work goes on by itself", default=False)
    resume: str | None = option("go on with an AutoML search, by its id or folder", metavar="SEARCH")


def run(options: RunOptions, reporter: Reporter) -> Outcome:
    """Prepare, launch, and follow to the end; `dry_run` stops at the plan, `resume` goes on with a search."""
    if options.resume is not None:
        return _resumed(options.resume, options, reporter)
    routed = route(options, None if options.dry_run else reporter)
    return planned(routed) if options.dry_run else start(routed, reporter, detach=options.detach)


def start(routed: Routed, reporter: Reporter, *, detach: bool) -> Outcome:
    """Launch what was planned, and follow it unless it is to work by itself; an open question is the outcome."""
    shown = planned(routed)
    if routed.search:
        from interfaces.verbs.tuning import run_search

        reporter.preview(shown.text)
        return run_search(routed.search, reporter, detach=detach)
    if routed.plan:
        from interfaces.verbs.jobs import follow_plan, run_outcome

        reporter.preview(shown.text)
        return run_outcome(follow_plan(routed.plan, reporter, memory=routed.memory, detach=detach))
    return shown


def _resumed(search: str, options: RunOptions, reporter: Reporter) -> Outcome:
    from interfaces.verbs.tuning import resume_search

    if options.dry_run:
        remedy = f"see `changenet status {search}`"
        raise RequestError("a search that is resumed has no dry run", code="usage", where="--dry-run", remedy=remedy)
    return resume_search(search, options, reporter, detach=options.detach)
