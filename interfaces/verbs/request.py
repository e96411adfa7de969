# SPDX-License-Identifier: Apache-2.0
"""`plan`: a request is decided, and planned by the route that it takes."""

from __future__ import annotations

import os
from dataclasses import dataclass, field, fields, replace
from itertools import pairwise
from pathlib import Path
from shutil import which
from typing import TYPE_CHECKING, Any

from core.errors import NotReadyError, RequestError
from core.memory import Memory
from interfaces.options import option
from interfaces.outcome import Outcome
from interfaces.skill import the_skill
from interfaces.verbs.request_options import RequestOptions, given_flags, request_of
from interfaces.verbs.spoken import decided
from router.steps import makes_a_model

if TYPE_CHECKING:
    from collections.abc import Sequence

    from automl.plan import ExperimentPlan
    from interfaces.outcome import Reporter
    from router.declarations import Skill
    from router.types import Decision, Question, Request
    from runners.planning.plan import Plan


@dataclass(frozen=True, slots=True)
class PlanOptions(RequestOptions):
    """A request that is planned, and where the plan is written for a machine that nobody reaches from here."""

    out: str | None = option("write a new folder for the machine that runs it", metavar="FOLDER")


@dataclass(frozen=True, slots=True)
class Routed:
    """A request with its decision, and the plan of the route that it takes: neither while a question is open.

    Of several `steps` each is routed by itself; one that works on what the step before it makes has no plan before that
    is made. `memory` holds what was checked for a plan.
    """

    decision: Decision
    plan: Plan | None = None
    search: ExperimentPlan | None = None
    steps: tuple[Routed, ...] = ()
    memory: Memory = field(default_factory=Memory)


def plan(options: PlanOptions, reporter: Reporter) -> Outcome:
    """Decide and prepare, start nothing; exit code 3 where something is missing. What a command answers is answered.

    Raises:
        RequestError: a folder is asked for, and the request is a search.
        ChangenetError: as `route` and `runners.handover.folder.write_folder` say.
    """
    from interfaces.verbs.answers import answer

    routed = route(options)
    if answered := answer(routed.decision, reporter):
        return answered
    shown = planned(routed, full=options.full, next_line="" if options.out else next_line(options))
    if options.out is None or shown.exit_code:
        return shown
    if routed.plan is None:
        message = "what is carried in a folder is one job: no search, which decides as its trials end, and no steps"
        remedy = "ask for one training (--automl off) or one step, or run it where its jobs can be started"
        raise RequestError(message, code="handover.search", where="--out", remedy=remedy)
    from runners.handover.folder import write_folder

    folder = Path(options.out).expanduser().absolute()
    reporter.say(f"writing {folder}")
    files = write_folder(routed.plan, folder)
    written = f"folder {folder}: {', '.join(files)}\nnext: copy it to the machine, and do what its README.md says"
    text = f"{shown.text}\n{written}"
    return replace(shown, document=shown.document | {"folder": str(folder), "files": list(files)}, text=text)


def route(options: RequestOptions, reporter: Reporter | None = None) -> Routed:
    """What a request means, and the plan of its route; starts nothing.

    With a `reporter`, data that lies elsewhere is fetched first; otherwise nothing is written.

    Raises:
        RequestError: an option of a search is given for a request that is none.
        ChangenetError: as `router.decision.decide`, `automl.plan.make_plan` and `runners.api.prepare_decision` say.
    """
    skill = the_skill()
    decision = decided(request_of(options), skill)
    if reporter:
        decision = with_data(decision, skill, reporter, options.test)
    if not decision.steps:
        return route_one(decision, skill, options)
    if decision.missing:
        return Routed(decision)
    steps = [route_one(step, skill, options, of_steps=True) for step in decision.steps[:1]]
    for before, step in pairwise(decision.steps):
        waits = step.request.parent_job_id is None and (makes_a_model(before, skill) or steps[-1].plan is None)
        steps.append(Routed(step) if waits else route_one(step, skill, options, of_steps=True))
    return Routed(decision, steps=tuple(steps))


def route_one(decision: Decision, skill: Skill, options: RequestOptions, *, of_steps: bool = False) -> Routed:
    """The plan of one decision by its route. Among steps, settings of a search are for that step alone."""
    if decision.action is None:
        return Routed(decision)
    if decision.route == "automl":
        from interfaces.verbs.tuning import search_of

        return Routed(decision, search=search_of(decision, skill, options))
    from runners.api import prepare_decision

    if not of_steps:
        _refuse_settings(options, decision)
    memory = Memory()
    plan = prepare_decision(decision, skill, engine=options.engine, memory=memory)
    return Routed(decision, plan=plan, memory=memory)


def with_data(decision: Decision, skill: Skill, reporter: Reporter, test: str | None = None) -> Decision:
    """The decision with its data, and the `test` data of its search, on this machine, where its runner needs that.

    It is made anew where something was fetched: the layout of data tells of the task.

    Raises:
        PlatformError, DataError, ArchiveError: as `runners.staging.request.bring` says.
    """
    from core.addresses import is_fetched
    from router.decision import decide
    from runners.platforms.table import DEFAULT, capabilities

    request, tested = decision.request, [test] if test and decision.route == "automl" else []
    elsewhere = any(map(is_fetched, [*_places_of(request), *tested]))
    if decision.missing or capabilities(request.runner or DEFAULT).reads_stores or not elsewhere:
        return decision
    from interfaces.verbs.stage import watcher_of
    from runners.staging.request import bring, bring_request

    watcher = watcher_of(reporter)
    for place in tested:
        bring(place, skill, watcher)
    return decide(bring_request(request, skill, watcher), skill)


def _places_of(request: Request) -> list[str]:
    one = (request.data, request.eval_dataset, request.inference_dataset)
    return [place for place in (*one, *request.train_datasets, *request.calibration_dataset) if place]


def _refuse_settings(options: RequestOptions, decision: Decision) -> None:
    """Options of a search say nothing about a request that is none."""
    flags = given_flags(options)
    if not flags:
        return
    why = "; ".join((*decision.reasons, *decision.warnings))
    message = f"only AutoML takes {', '.join(flags)}, and the route is {decision.route} ({why})"
    remedy = "leave that out, or ask for a training with --automl on"
    raise RequestError(message, code="automl.options", remedy=remedy)


def next_line(options: RequestOptions) -> str:
    """The command that runs what was planned."""
    from interfaces.options import words_of

    asked = RequestOptions(**{entry.name: getattr(options, entry.name) for entry in fields(RequestOptions)})
    return f"changenet run {words_of(replace(asked, full=False))}"


def planned(routed: Routed, *, full: bool = False, next_line: str = "") -> Outcome:
    """What a request would run, or what is open; exit code 3 where something is missing.

    In a dozen lines, the last of which is what to type next; `full` gives every key with where its value comes from.
    """
    from interfaces.present import decision_text, plan_text
    from interfaces.present_plan import plan_brief, search_brief

    if routed.steps:
        return _planned_steps(routed, full=full, next_line=next_line)
    if routed.search:
        from interfaces.verbs.tuning import search_text

        missing = routed.search.base.missing
        text = search_text(routed.search) if full else search_brief(routed.search, "" if missing else next_line)
        return _asking(missing, routed.search.to_json(), text)
    decision = routed.decision.to_json()
    command = routed.decision.command
    if command and not routed.decision.missing:
        text = f"nothing was done; this is for\n  {command.line}{_absent(command.line)}"
        return Outcome({"missing": [], "decision": decision, "plan": None, "command": command.line}, text)
    if routed.plan is None:
        return _asking(routed.decision.missing, {"decision": decision, "plan": None}, decision_text(routed.decision))
    document = {"decision": decision, "plan": routed.plan.to_json()}
    missing = routed.plan.missing
    text = (
        plan_text(routed.plan) if full else plan_brief(routed.plan, "" if missing else _reached(routed.plan, next_line))
    )
    return _asking(missing, document, text)


def _reached(plan: Plan, line: str) -> str:
    """The command that runs a plan: where there is no Docker here, the one that writes it for a machine that has it."""
    if plan.runner != "docker" or not line or "DOCKER_HOST" in os.environ or which("docker"):
        return line
    return f"{line.replace('changenet run', 'changenet plan', 1)} --out handover  (there is no Docker here)"


def _asking(questions: Sequence[Question], document: dict[str, Any], text: str) -> Outcome:
    """Whatever the route, and however far it came, what is missing stands at the top."""
    missing = [question.to_json() for question in questions]
    # A decision that asks for nothing and names no action is no plan either.
    not_ready = bool(missing) or document["plan"] is None
    return Outcome({"missing": missing} | document, text, NotReadyError.exit_code * not_ready)


def _planned_steps(routed: Routed, *, full: bool, next_line: str) -> Outcome:
    """Each step as it would run; one that waits for what the step before it makes as it was decided."""
    from interfaces.present_plan import fitted

    shown = [
        planned(step, full=full)
        if step.plan or step.search
        else Outcome({"decision": step.decision.to_json(), "plan": None})
        for step in routed.steps
    ]
    texts = []
    for number, (step, outcome) in enumerate(zip(routed.steps, shown, strict=True), 1):
        if command := step.decision.command:
            texts.append(f"step {number} of {len(shown)}: {command.verb}\n  {command.line}{_absent(command.line)}")
            continue
        waits = f"  works on what step {number - 1} makes{_on_data(step.decision)}"
        text = outcome.text or waits
        texts.append(f"step {number} of {len(shown)}: {step.decision.action}\n{text}")
    document = {"missing": [], "decision": routed.decision.to_json(), "steps": [outcome.document for outcome in shown]}
    lines = "\n".join(texts).splitlines()
    exit_code = max(outcome.exit_code for outcome in shown)
    if any(step.decision.command for step in routed.steps):
        lines.append("nothing was done: commands are among the steps; type each step by itself, in this order")
    elif next_line and not exit_code:
        lines.append(f"next: {next_line}")
    return Outcome(document, "\n".join(lines) if full else fitted(lines), exit_code)


def _absent(line: str) -> str:
    """Word of a command that this installation does not have."""
    from interfaces.table import VERBS

    words = line.split()[1:]
    known = words[0] in VERBS or " ".join(words[:2]) in VERBS
    return "" if known else "\n  which is not part of this version: see `changenet --help`"


def _on_data(decision: Decision) -> str:
    asked = decision.request
    data = asked.inference_dataset or asked.eval_dataset or asked.data
    return f", on {data}" if data else ""
