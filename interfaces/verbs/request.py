# SPDX-License-Identifier: Apache-2.0
"""A request is decided, and planned by the route that it takes; nothing is started."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING

from core.errors import RequestError
from core.memory import Memory
from interfaces.skill import the_skill
from interfaces.verbs.request_options import RequestOptions, given_flags, request_of
from interfaces.verbs.spoken import decided
from router.model_files import has_model_file
from router.step_models import makes_a_model, stands_alone

if TYPE_CHECKING:
    from automl.plan import ExperimentPlan
    from interfaces.outcome import Reporter
    from router.declarations import Skill
    from router.types import Decision, Request
    from runners.planning.plan import Plan


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


def route(options: RequestOptions, reporter: Reporter | None = None, *, asked_at: str | None = None) -> Routed:
    """What a request means, and the plan of its route; starts nothing.

    With a `reporter`, data that lies elsewhere is fetched first; otherwise nothing is written. `asked_at` is when it
    was asked, where that is not now: what "the model from before" is depends on it.

    Raises:
        RequestError: an option of a search is given for a request that is none.
        ChangenetError: as `router.decision.decide`, `automl.plan.make_plan` and `runners.api.prepare_decision` say.
    """
    skill = the_skill()
    decision = decided(request_of(options), skill, asked_at=asked_at)
    if reporter:
        decision = with_data(decision, skill, reporter, options.test)
    if not decision.steps:
        return route_one(decision, skill, options)
    if decision.missing:
        return Routed(decision)
    steps = [route_one(step, skill, options, of_steps=True) for step in decision.steps[:1]]
    for before, step in pairwise(decision.steps):
        waits = makes_a_model(before, skill) or steps[-1].plan is None
        waits = waits and step.request.parent_job_id is None and not stands_alone(step, skill)
        waits = waits and not has_model_file(step.request, skill, step.action)
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


def names_data_elsewhere(routed: Routed, test: str | None = None) -> bool:
    """Whether a request, or the `test` data of its search, names data that has to be fetched to be read here."""
    from core.addresses import is_fetched

    requests = [routed.decision.request, *(step.decision.request for step in routed.steps)]
    return any(map(is_fetched, [*(place for one in requests for place in _places_of(one)), *([test] if test else [])]))


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
