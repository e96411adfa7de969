# SPDX-License-Identifier: Apache-2.0
"""The plan of a search as text for people."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from automl.algorithms import model_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from automl.plan import ExperimentPlan

_MODELS = {"gp": "Gaussian process", "tpe": "Parzen estimators", "cmaes": "CMA-ES", "random": "even draws"}


def plan_text(plan: ExperimentPlan, defaults: Iterable[str] = ()) -> str:
    """Objective, budget, space, first trials, the lines that tell the `defaults`, and last what is doubtful or open."""
    return "\n".join(_lines(plan, defaults))


def _lines(plan: ExperimentPlan, defaults: Iterable[str]) -> Iterator[str]:
    settings, base = plan.settings, plan.base
    objectives = ", ".join(f"{o.metric} ({o.direction})" for o in plan.objectives)
    yield f"AutoML on {base.action} ({base.task}), runner {base.runner}: {objectives}"
    yield f"  command   {' '.join(base.command)}"
    for reason in plan.decision.reasons:
        yield f"  because {reason}"
    yield f"  algorithm {settings.algorithm} ({_MODELS[model_of(settings.algorithm)]}), seed {settings.seed}"
    yield f"  budget    {_budget(plan)}"
    yield f"  parallel  {plan.parallel} at a time, {plan.threads} threads each"
    if not settings.test:
        yield "  test      none at the end: winner and defaults meet no held-out data"
    if plan.start:
        yield f"  starts from the weights of {plan.start}; it is evaluated before the search"
    described = plan.space.describe()
    yield f"  space     {len(described['searched'])} parameters"
    width = max((len(key) for key in described["searched"]), default=0)
    for key, entry in described["searched"].items():
        yield f"    {key:<{width}}  {_range(entry)}, default {spelt(entry['default'])}"
    for key, reason in described["left_out"].items():
        yield f"    not {key}: {reason}"
    yield "  first trials"
    names = short_names(plan.space.keys)
    for number, values in enumerate(plan.first_trials()):
        said = ", ".join(f"{names[key]}={spelt(value)}" for key, value in values.items())
        yield f"    {number}: {said or 'the defaults'}"
    if lines := [f"  {line}" for line in defaults]:
        yield from ("  defaults of the trials, where they are not the template's", *lines)
    for warning in (*plan.decision.warnings, *base.warnings):
        yield f"  warning: {warning}"
    for question in base.missing:
        yield f"  missing: {question.text}"


def _budget(plan: ExperimentPlan) -> str:
    settings = plan.settings
    parts = [f"{settings.trials} trials of {plan.epochs} epochs"]
    parts += [f"{settings.epochs} epochs in all"] if settings.epochs else []
    parts += [f"{settings.wall_minutes:g} minutes in all"] if settings.wall_minutes else []
    parts += [f"{settings.trial_minutes:g} minutes a run"] if settings.trial_minutes else []
    return ", ".join(parts)


def _range(entry: Mapping[str, Any]) -> str:
    if "options" in entry:
        return f"one of {', '.join(map(spelt, entry['options']))}"
    return f"{entry['low']:g} to {entry['high']:g} ({entry['scale']})"


def spelt(value: Any) -> str:
    """A value as a spec has it: true and null, not True and None."""
    return json.dumps(value) if value is None or isinstance(value, bool) else str(value)


def short_names(keys: Iterable[str]) -> dict[str, str]:
    """Each key's last part, or as many parts as tell it from the others."""
    found, known = {}, list(keys)
    for key in known:
        parts = key.split(".")
        others = [other for other in known if other != key]
        names = (".".join(parts[-n:]) for n in range(1, len(parts) + 1))
        found[key] = next(name for name in names if not any(f".{other}".endswith(f".{name}") for other in others))
    return found
