# SPDX-License-Identifier: Apache-2.0
"""What is optimised, and in which direction: as the model's contract or the user says, never guessed from a name."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from automl.trial_spec import MONITOR
from automl.types import Curve, Objective
from core.errors import RequestError, SpecError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from core.memory import Memory
    from core.problem import Problem
    from router.declarations import Skill
    from runners.planning.plan import Plan

DIRECTIONS = ("minimize", "maximize")
_SHORT = {"min": "minimize", "minimise": "minimize", "max": "maximize", "maximise": "maximize"}


def objectives_of(skill: Skill, task: str, texts: Sequence[str]) -> tuple[Objective, ...]:
    """The objectives that the user states, else the monitoring metric of the task in skill_info.yaml.

    Raises:
        RequestError: a text has no direction and the contract states none for the metric; a direction is none; or a
            metric stands twice.
    """
    declared: Mapping[str, Any] = skill.info["tasks"][task]["monitoring_metric"]
    contract = Objective(declared["name"], declared["direction"])
    found = tuple(_stated(text, contract) for text in texts) or (contract,)
    names = [objective.metric for objective in found]
    if len(set(names)) < len(names):
        raise _refused(", ".join(texts), "a metric is named twice", "name each metric once")
    return found


def _stated(text: str, contract: Objective) -> Objective:
    metric, colon, word = (part.strip() for part in text.partition(":"))
    if not colon and metric == contract.metric:
        return contract
    direction = _SHORT.get(word, word)
    if not metric or direction not in DIRECTIONS:
        hint = did_you_mean(word, [*DIRECTIONS, *_SHORT]) if word else "Its direction is never guessed from its name."
        remedy = f"write {metric or 'metric'}:minimize or {metric or 'metric'}:maximize"
        raise _refused(text, f"'{text}' does not say in which direction the metric is better. {hint}", remedy)
    return Objective(metric, "minimize" if direction == "minimize" else "maximize")


def require_measurable(
    objective: Objective, trial: Callable[[Objective], Plan], skill: Skill, memory: Memory
) -> tuple[Problem, ...]:
    """The model's rules and its data can give the objective; `trial` makes the plan of a trial that is judged by one.

    Returns what the data check warns of.

    Raises:
        RequestError: the training logs no such metric, or it is better in the other direction.
        DataError: the data can't be trained on, or gives no such figure.
    """
    from runners.preflight import check_of_plan

    try:
        plan = trial(objective)
    except SpecError as problem:
        raise _not_logged(objective, trial, problem) from None
    return check_of_plan(plan, skill, memory)


def _not_logged(objective: Objective, trial: Callable[[Objective], Plan], problem: SpecError) -> RequestError:
    """A refusal of the spec, whose keys the search sets and not the user, in words of the objective."""
    other = Objective(objective.metric, "maximize" if objective.direction == "minimize" else "minimize")
    try:
        trial(other)
    except SpecError:
        remedy = problem.remedy.replace(f"set {MONITOR} to", "choose")
        return RequestError(problem.message, code=problem.code, where=str(objective), remedy=remedy)
    best = "highest" if other.direction == "maximize" else "lowest"
    message = f"of {objective.metric} the {best} value is best: a search can't {objective.direction} it"
    return RequestError(message, code=problem.code, where=str(objective), remedy=f"write {other}")


def curve_of(history: Iterable[tuple[int, Mapping[str, Any]]], objectives: Sequence[Objective]) -> Curve:
    """The epochs (done, from 1) at which every objective has a finite figure; an epoch's last word counts."""
    figures: dict[int, dict[str, Any]] = {}
    for epoch, metrics in history:
        figures.setdefault(epoch, {}).update(metrics)
    points = ((epoch, tuple(_figure(found.get(o.metric)) for o in objectives)) for epoch, found in figures.items())
    return tuple(sorted((epoch, values) for epoch, values in points if all(math.isfinite(v) for v in values)))


def best_of(curve: Curve, objectives: Sequence[Objective]) -> tuple[int, tuple[float, ...]] | None:
    """The epoch that counts, and its values: the best one of a single objective, the last one of several."""
    if not curve:
        return None
    if len(objectives) > 1:
        return curve[-1]
    return min(curve, key=lambda point: (objectives[0].key(point[1][0]), point[0]))


def pareto_front(values: Mapping[int, tuple[float, ...]], objectives: Sequence[Objective]) -> list[int]:
    """The trials that no other trial beats in one objective without being worse in another."""
    costs = {trial: tuple(o.key(v) for o, v in zip(objectives, found, strict=True)) for trial, found in values.items()}
    return [t for t, cost in sorted(costs.items()) if not any(_dominates(other, cost) for other in costs.values())]


def _dominates(one: tuple[float, ...], other: tuple[float, ...]) -> bool:
    return one != other and all(a <= b for a, b in zip(one, other, strict=True))


def _figure(value: Any) -> float:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else math.nan


def _refused(where: str, message: str, remedy: str) -> RequestError:
    return RequestError(message, code="automl.objective", where=where, remedy=remedy)
