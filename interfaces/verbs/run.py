# SPDX-License-Identifier: Apache-2.0
"""`run`: a request is run by the route that it takes, or a search goes on."""

from __future__ import annotations

import shlex
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from core.addresses import is_store
from core.errors import RequestError
from interfaces.options import option
from interfaces.outcome import Outcome
from interfaces.skill import the_skill
from interfaces.verbs.planned import next_line, planned
from interfaces.verbs.request import route, route_one
from interfaces.verbs.request_options import RequestOptions
from router.steps import makes_a_model
from runners.names import names_search

if TYPE_CHECKING:
    from interfaces.outcome import Reporter
    from interfaces.verbs.request import Routed
    from runners.jobs.job import Job
    from runners.planning.plan import Plan


@dataclass(frozen=True, slots=True)
class RunOptions(RequestOptions):
    """A request that is run, or a search that goes on."""

    dry_run: bool = option("stop after the plan; the same as `changenet plan`", default=False)
    detach: bool = option("return at once; the work goes on by itself", default=False)
    resume: str | None = option("go on with an AutoML search, by its id or folder", metavar="SEARCH")
    standby: bool = option("while another process works on that search, wait, to take its place", default=False)
    upload: str | None = option("send what the run leaves to this folder in a store at its end", metavar="URI")


def run(options: RunOptions, reporter: Reporter) -> Outcome:
    """Prepare, launch, and follow to the end; `dry_run` stops at the plan, `resume` goes on with a search."""
    options = _with_place(options, reporter)
    if options.resume is not None:
        return _sent(_resumed(options.resume, options, reporter), options, reporter)
    routed = route(options, None if options.dry_run else reporter)
    if routed.decision.command:
        return _sent(_answered(routed, options, reporter), options, reporter)
    shown = planned(routed, full=options.full, next_line=next_line(options))
    if options.dry_run or any(step.decision.command for step in routed.steps):
        return shown
    if routed.steps and not shown.exit_code:
        return _sent(_run_steps(routed, options, reporter), options, reporter)
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


def start(routed: Routed, reporter: Reporter, *, detach: bool, step: tuple[int, int] = (0, 0)) -> Outcome:
    """Launch what was planned, and follow it unless it is to work by itself; an open question is the outcome.

    Of steps, `step` is which of how many: each is announced by its number, and the last tells what is typed next.
    """
    shown = planned(routed)
    if routed.search:
        from interfaces.verbs.tuning import run_search

        reporter.preview(_headline(shown))
        return run_search(routed.search, reporter, detach=detach)
    if routed.plan:
        from interfaces.verbs.jobs import follow_plan, run_outcome

        if not step[0]:
            reporter.preview(_headline(shown))
        job = follow_plan(routed.plan, reporter, memory=routed.memory, detach=detach)
        return _with_next(run_outcome(job), job, routed.plan) if step[0] == step[1] else run_outcome(job)
    return shown


def _headline(shown: Outcome) -> str:
    """What runs, in a line: the plan itself was shown by `plan`."""
    return shown.text.partition("\n")[0]


def _with_next(outcome: Outcome, job: Job, plan: Plan) -> Outcome:
    """After a training, what is typed to measure it."""
    trains = plan.action in the_skill().info["train_policy"]["applies_to"]
    if job.state != "COMPLETE" or not trains:
        return outcome
    asked = plan.decision.request
    data = f" --data {shlex.quote(asked.data)}" if asked.data else ""
    root = f" --results {shlex.quote(asked.results_root)}" if asked.results_root else ""
    line = f"changenet run evaluate{data} --parent {job.id}{root}"
    return replace(outcome, document={**outcome.document, "next": line}, text=f"{outcome.text}\nnext: {line}")


def _run_steps(routed: Routed, options: RunOptions, reporter: Reporter) -> Outcome:
    """One step after the other, each with the model of the one before it; the first that fails is the last.

    Raises:
        RequestError: the steps were to be detached.
    """
    if options.detach:
        message = "several steps follow each other, and can't be detached"
        raise RequestError(message, code="usage", where="--detach", remedy="leave it out, or run each step by itself")
    done: list[Outcome] = []
    parent: str | None = None
    for number, step in enumerate(routed.steps, 1):
        ready = step if step.plan or step.search else _with_parent(step, parent, options)
        reporter.say(f"step {number} of {len(routed.steps)}: {step.decision.action}")
        done.append(start(ready, reporter, detach=False, step=(number, len(routed.steps))))
        if done[-1].exit_code:
            break
        if makes_a_model(step.decision, the_skill()):
            parent = _made(done[-1])
    document = {"decision": routed.decision.to_json(), "steps": [outcome.document for outcome in done]}
    return Outcome(document, "\n".join(outcome.text for outcome in done), done[-1].exit_code)


def _with_parent(step: Routed, parent: str | None, options: RunOptions) -> Routed:
    decision = replace(step.decision, request=replace(step.decision.request, parent_job_id=parent))
    return route_one(decision, the_skill(), options, of_steps=True)


def _made(outcome: Outcome) -> str | None:
    """The job, or search, whose result the next step works on."""
    if "automl" in outcome.document:
        return str(outcome.document["automl"]["experiment"])
    return str(outcome.document["job"]["id"])


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
    from interfaces.verbs.tuning import resume_search

    if options.dry_run:
        remedy = f"see `changenet status {search}`"
        raise RequestError("a search that is resumed has no dry run", code="usage", where="--dry-run", remedy=remedy)
    return resume_search(search, options, reporter, detach=options.detach, standby=options.standby)
