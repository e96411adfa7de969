# SPDX-License-Identifier: Apache-2.0
"""`plan`: a request is decided, and planned by the route that it takes."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.errors import NotReadyError, RequestError
from core.memory import Memory
from interfaces.options import option
from interfaces.outcome import Outcome
from interfaces.skill import the_skill
from interfaces.verbs.request_options import RequestOptions, given_flags, request_of

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

    out: str | None = option("write what the machine needs that runs it, as a new folder", metavar="FOLDER")


@dataclass(frozen=True, slots=True)
class Routed:
    """A request with its decision, and the plan of the route that it takes: neither while a question is open.

    `memory` holds what was checked for a plan.
    """

    decision: Decision
    plan: Plan | None = None
    search: ExperimentPlan | None = None
    memory: Memory = field(default_factory=Memory)


def plan(options: PlanOptions, reporter: Reporter) -> Outcome:
    """Decide and prepare, start nothing; exit code 3 where something is missing.

    Raises:
        RequestError: a folder is asked for, and the request is a search.
        ChangenetError: as `route` and `runners.handover.folder.write_folder` say.
    """
    routed = route(options)
    shown = planned(routed)
    if options.out is None or shown.exit_code:
        return shown
    if routed.plan is None:
        message = "a search can't be carried in a folder: it decides as its trials end"
        remedy = "ask for one training (--automl off), or run the search where its trials can be started"
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
    from router.decision import decide

    skill = the_skill()
    decision = decide(request_of(options), skill)
    if reporter:
        decision = with_data(decision, skill, reporter)
    if decision.action is None:
        return Routed(decision)
    if decision.route == "automl":
        from interfaces.verbs.tuning import search_of

        return Routed(decision, search=search_of(decision, skill, options))
    from runners.api import prepare_decision

    _refuse_settings(options, decision)
    memory = Memory()
    plan = prepare_decision(decision, skill, engine=options.engine, memory=memory)
    return Routed(decision, plan=plan, memory=memory)


def with_data(decision: Decision, skill: Skill, reporter: Reporter) -> Decision:
    """The decision with its data on this machine, as far as its runner reads what lies there.

    It is made anew where something was fetched: the layout of data tells of the task.

    Raises:
        PlatformError, DataError, ArchiveError: as `runners.staging.request.bring` says.
    """
    from router.decision import decide
    from runners.platforms.table import DEFAULT, capabilities

    request = decision.request
    if decision.missing or capabilities(request.runner or DEFAULT).reads_stores or not _lies_elsewhere(request):
        return decision
    from interfaces.verbs.stage import watcher_of
    from runners.staging.request import bring_request

    return decide(bring_request(request, skill, watcher_of(reporter)), skill)


def _lies_elsewhere(request: Request) -> bool:
    from core.addresses import is_fetched

    one = (request.data, request.eval_dataset, request.inference_dataset)
    return any(is_fetched(place) for place in (*one, *request.train_datasets, *request.calibration_dataset) if place)


def _refuse_settings(options: RequestOptions, decision: Decision) -> None:
    """Options of a search say nothing about a request that is none."""
    flags = given_flags(options)
    if not flags:
        return
    why = "; ".join((*decision.reasons, *decision.warnings))
    message = f"only AutoML takes {', '.join(flags)}, and the route is {decision.route} ({why})"
    remedy = "leave that out, or ask for a training with --automl on"
    raise RequestError(message, code="automl.options", remedy=remedy)


def planned(routed: Routed) -> Outcome:
    """What a request would run, or what is open; exit code 3 where something is missing."""
    from interfaces.present import decision_text, plan_text

    if routed.search:
        from interfaces.verbs.tuning import search_text

        return _asking(routed.search.base.missing, routed.search.to_json(), search_text(routed.search))
    decision = routed.decision.to_json()
    if routed.plan is None:
        return _asking(routed.decision.missing, {"decision": decision, "plan": None}, decision_text(routed.decision))
    document = {"decision": decision, "plan": routed.plan.to_json()}
    return _asking(routed.plan.missing, document, plan_text(routed.plan))


def _asking(questions: Sequence[Question], document: dict[str, Any], text: str) -> Outcome:
    """Whatever the route, and however far it came, what is missing stands at the top."""
    missing = [question.to_json() for question in questions]
    # A decision that asks for nothing and names no action is no plan either.
    not_ready = bool(missing) or document["plan"] is None
    return Outcome({"missing": missing} | document, text, NotReadyError.exit_code * not_ready)
