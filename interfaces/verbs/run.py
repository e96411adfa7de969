# SPDX-License-Identifier: Apache-2.0
"""`run`: a request is run by the route that it takes, or a search goes on."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from core.addresses import is_store
from core.errors import RequestError
from interfaces.options import option
from interfaces.verbs.planned import next_line, plan_id_of, planned
from interfaces.verbs.request import route
from interfaces.verbs.request_options import RequestOptions
from interfaces.verbs.reviewed import reviewed
from interfaces.verbs.steps import run_steps, start
from runners.names import names_chain, names_search

if TYPE_CHECKING:
    from interfaces.outcome import Outcome, Reporter
    from interfaces.verbs.request import Routed


@dataclass(frozen=True, slots=True)
class RunOptions(RequestOptions):
    """A request that is run, or a search that goes on."""

    dry_run: bool = option("stop after the plan; the same as `changenet plan`", default=False)
    detach: bool = option("return at once; the work goes on by itself", default=False)
    plan: str | None = option("start it only where its plan has this id, as `changenet plan` showed it", metavar="ID")
    resume: str | None = option("go on with an AutoML search, or steps, by id or folder", metavar="SEARCH")
    standby: bool = option("while another process works on that search, wait, to take its place", default=False)
    upload: str | None = option("send what the run leaves to this folder in a store at its end", metavar="URI")


def run(options: RunOptions, reporter: Reporter) -> Outcome:
    """Prepare, launch, and follow to the end; `dry_run` stops at the plan, `resume` goes on with a search."""
    options = _with_place(options, reporter)
    if options.resume is not None:
        return _sent(_resumed(options.resume, options, reporter), options, reporter)
    fetching = None if options.dry_run else reporter
    routed = reviewed(options, options.plan, fetching) if options.plan else route(options, fetching)
    if routed.decision.command:
        return _sent(_answered(routed, options, reporter), options, reporter)
    shown = planned(routed, full=options.full, next_line=next_line(options))
    if options.dry_run or any(step.decision.command for step in routed.steps):
        return shown
    if routed.steps and not shown.exit_code:
        return _sent(_steps(routed, options, reporter), options, reporter)
    return _sent(start(routed, reporter, detach=options.detach), options, reporter)


def _with_place(options: RunOptions, reporter: Reporter) -> RunOptions:
    """The options with a results root in a store taken for where to send what the run leaves.

    Raises:
        InputError: the place is no store. RequestError: nobody would be there at the end to send anything.
    """
    if options.results_root and is_store(options.results_root) and not options.dry_run:
        options = replace(options, results_root=None, upload=options.upload or options.results_root)
        reporter.say(f"records are kept in ./results; what the run leaves goes to {options.upload}")
    if not options.upload:
        return options
    from runners.staging.upload import require_store

    require_store(options.upload)
    if options.detach:
        message, remedy = "nobody waits for the end", f"changenet upload JOB {options.upload}, when it has ended"
        raise RequestError(message, code="upload.detached", where="--upload", remedy=remedy)
    return options


def _sent(outcome: Outcome, options: RunOptions, reporter: Reporter) -> Outcome:
    """The outcome once what was run is where `--upload` names it; what did not run left nothing."""
    if not options.upload:
        return outcome
    from interfaces.verbs.upload import with_upload

    for document in outcome.document.get("steps") or [outcome.document]:
        name = document.get("job", {}).get("id") or document.get("automl", {}).get("experiment")
        if name:
            outcome = with_upload(outcome, name, options.results_root, options.upload, reporter)
    return outcome


def _steps(routed: Routed, options: RunOptions, reporter: Reporter) -> Outcome:
    """Several steps: followed, or left to a process of their own."""
    if not options.detach:
        return run_steps(routed, options, reporter)
    from interfaces.verbs.chain_run import start_chain

    return start_chain(routed, options, plan_id_of(route(options)))


def _answered(routed: Routed, options: RunOptions, reporter: Reporter) -> Outcome:
    """A command in words; to go on with a job is what `run` does itself."""
    from interfaces.verbs.answers import answer

    decision = routed.decision
    job = decision.command.values.get("job") if decision.command else None
    if decision.command and decision.command.verb == "resume" and job and not decision.missing:
        if names_search(job):
            return _resumed(job, options, reporter)
        action = job.rpartition("-")[0].rpartition("-")[0].rpartition("-")[0]
        request = (action,)
        return run(replace(options, request=request, parent_job_id=job, automl_policy="off"), reporter)
    return answer(decision, reporter) or planned(routed)


def _resumed(search: str, options: RunOptions, reporter: Reporter) -> Outcome:
    if options.dry_run:
        remedy = f"see `changenet status {search}`"
        raise RequestError("what is resumed has no dry run", code="usage", where="--dry-run", remedy=remedy)
    if names_chain(search):
        from interfaces.verbs.chain_run import go_on

        return go_on(search, options.results_root, reporter)
    from interfaces.verbs.tuning import resume_search

    return resume_search(search, options, reporter, detach=options.detach, standby=options.standby)
