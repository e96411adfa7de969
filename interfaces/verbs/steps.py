# SPDX-License-Identifier: Apache-2.0
"""What was planned is started: one job or search, or several steps, each with the model of the one before it."""

from __future__ import annotations

import shlex
from dataclasses import replace
from typing import TYPE_CHECKING

from core.errors import ParentError
from interfaces.outcome import Outcome
from interfaces.skill import the_skill
from interfaces.verbs.planned import planned
from interfaces.verbs.request import route_one
from router.step_models import makes_a_model

if TYPE_CHECKING:
    from collections.abc import Sequence

    from interfaces.outcome import Reporter
    from interfaces.verbs.request import Routed
    from interfaces.verbs.request_options import RequestOptions
    from runners.jobs.job import Job
    from runners.planning.plan import Plan


class Book:
    """Is told how far steps are, by their numbers from 0. This one keeps nothing; that of a chain does."""

    def done(self, number: int) -> str | None:
        """The job, or search, of a step that need not run again."""
        del number
        return None

    def begins(self, number: int, *, plan_id: str = "", name: str = "") -> str | None:
        """A step is about to be launched by its plan; a search has its name by then. A job is launched by the claim."""
        del number, plan_id, name
        return None

    def ends(self, number: int, name: str, exit_code: int) -> None:
        """A step has ended."""


def start(routed: Routed, reporter: Reporter, *, detach: bool) -> Outcome:
    """Launch what was planned, and follow it unless it is to work by itself; an open question is the outcome."""
    shown = planned(routed)
    if routed.search or routed.plan:
        reporter.preview(shown.text.partition("\n")[0])  # the plan itself was shown by `plan`
    if routed.search:
        from interfaces.verbs.tuning import run_search

        return run_search(routed.search, reporter, detach=detach)
    if routed.plan:
        from interfaces.verbs.job_outcome import follow_plan, run_outcome

        job = follow_plan(routed.plan, reporter, memory=routed.memory, detach=detach)
        return _with_next(run_outcome(job), job, routed.plan)
    return shown


def run_steps(routed: Routed, options: RequestOptions, reporter: Reporter, book: Book | None = None) -> Outcome:
    """One step after the other, each with the newest model that it takes; the first that fails is the last."""
    book, done, models = book or Book(), list[Outcome](), list[tuple[str, str | None]]()
    for number, step in enumerate(routed.steps):
        name = book.done(number)
        if name is None:
            others = [made for made, action in models if action != step.decision.action]  # of its own kind: beside it
            ready = step if step.plan or step.search else _with_parent(step, others, options)
            reporter.say(f"step {number + 1} of {len(routed.steps)}: {step.decision.action}")
            is_last = number == len(routed.steps) - 1
            done.append(_step(ready, reporter, book, number, is_last=is_last))
            name = _made(done[-1])
            book.ends(number, name, done[-1].exit_code)
            if done[-1].exit_code:
                break
        if makes_a_model(step.decision, the_skill()):
            models.insert(0, (name, step.decision.action))
    document = {"decision": routed.decision.to_json(), "steps": [outcome.document for outcome in done]}
    return Outcome(document, "\n".join(outcome.text for outcome in done), done[-1].exit_code if done else 0)


def _step(ready: Routed, reporter: Reporter, book: Book, number: int, *, is_last: bool) -> Outcome:
    """One step to its end; the last tells what is typed next."""
    if ready.search:
        from interfaces.verbs.tuning import run_search

        reporter.preview(planned(ready).text.partition("\n")[0])
        return run_search(ready.search, reporter, begun=lambda name: book.begins(number, name=name))
    if ready.plan is None:
        return planned(ready)
    from interfaces.verbs.job_outcome import follow_plan, run_outcome

    claim = book.begins(number, plan_id=ready.plan.id)
    job = follow_plan(ready.plan, reporter, memory=ready.memory, claim=claim)
    return _with_next(run_outcome(job), job, ready.plan) if is_last else run_outcome(job)


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


def _with_parent(step: Routed, models: Sequence[str], options: RequestOptions) -> Routed:
    """The step with the newest of the models that it takes: what is quantised after an export is what was exported.

    Raises:
        ParentError: none of them is one; what is told is why the newest is not.
    """
    first: ParentError | None = None
    for parent in models or (None,):
        decision = replace(step.decision, request=replace(step.decision.request, parent_job_id=parent))
        try:
            return route_one(decision, the_skill(), options, of_steps=True)
        except ParentError as problem:
            first = first or problem
    raise first or ParentError("no step before it makes a model")


def _made(outcome: Outcome) -> str:
    """The job, or search, whose result the next step works on; empty where nothing was launched."""
    found = outcome.document
    return str((found.get("automl") or {}).get("experiment") or (found.get("job") or {}).get("id") or "")
