# SPDX-License-Identifier: Apache-2.0
"""What a search would do, decided before anything runs: space, objectives, budget, first trials. Loads no optimiser."""

from __future__ import annotations

import os
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from automl.algorithms import ALGORITHMS, model_of
from automl.budget import machine_threads, parallel_trials
from automl.draws import even_point, first_points, start_trials
from automl.objective import objectives_of, require_measurable
from automl.space_builder import Source, build_space
from automl.trial_spec import SECONDS_PER_EPOCH, TrialKeys, fixed_values
from core import dotted
from core.errors import DeclarationError, RequestError
from core.memory import Memory
from core.redaction import secret_places
from runners.model_rules import is_below, rules_of
from runners.platforms.table import SCHEDULED

if TYPE_CHECKING:
    from collections.abc import Mapping

    from automl.settings import AutomlSettings
    from automl.space import Space
    from automl.types import Objective
    from core.problem import Problem
    from router.declarations import Skill
    from router.types import Decision, Request
    from runners.planning.plan import Plan
    from runners.planning.schema import ActionSchema

_SHOWN = 3
_START = "pretrained_model"  # short name of the model that a training starts from


@dataclass(frozen=True, slots=True)
class ExperimentPlan:
    """A search, decided.

    `base` is the plan of trial 0 as the request makes it, `epochs` the length of a whole trial, `overrides` the
    request's overrides as dotted keys, `start` the checkpoint that the request starts from. `memory` holds
    what was read and checked for it, so that trials need not do so again.
    """

    decision: Decision
    skill: Skill
    settings: AutomlSettings
    base: Plan
    space: Space
    objectives: tuple[Objective, ...]
    keys: TrialKeys
    epochs: int
    overrides: dict[str, Any]
    start: str | None
    parallel: int
    threads: int
    engine: str | None
    memory: Memory = field(default_factory=Memory, compare=False, repr=False)

    def identity(self) -> dict[str, Any]:
        """Everything that the decisions of the search depend on; a search is only resumed with an equal one."""
        return {
            "settings": self.settings.to_json(),
            "request": self.decision.request.to_json(),
            "action": self.base.action,
            "skill_dir": str(self.skill.root),
            "command": list(self.base.command),
            "engine": self.engine,
            "spec": self.base.spec,
            "space": self.space.describe(),
            "objectives": [{"metric": o.metric, "direction": o.direction} for o in self.objectives],
            "model": model_of(self.settings.algorithm),
            "epochs": self.epochs,
            "parallel": self.parallel,
        }

    def first_trials(self) -> list[dict[str, Any]]:
        """What the first trials set on top of the defaults, as far as that is known before any result."""
        settings = self.settings
        if settings.algorithm in {"cmaes", "pbt"}:
            return [{}]
        if ALGORITHMS[settings.algorithm].drawn:
            points = [even_point(self.space, settings.seed, n) for n in range(1, _SHOWN + 1)]
        else:
            points = first_points(
                self.space, settings.seed, start_trials(settings.trials, model_of(settings.algorithm))
            )
        return [{}, *(self.space.values(point) for point in points)][: min(_SHOWN + 1, settings.trials)]

    def to_json(self) -> dict[str, Any]:
        """As a JSON object."""
        said = {"spec", "request", "skill_dir", "command", "engine"}
        own = {name: value for name, value in self.identity().items() if name not in said}
        own |= {"first_trials": self.first_trials(), "start_checkpoint": self.start, "threads": self.threads}
        return {"decision": self.decision.to_json(), "plan": self.base.to_json(), "automl": own}


def make_plan(
    decision: Decision,
    skill: Skill,
    settings: AutomlSettings,
    *,
    engine: str | None = None,
    parallel: int | None = None,
) -> ExperimentPlan:
    """Decide a search for a train request; starts and writes nothing.

    `parallel` is what a search that is resumed began with.

    Raises:
        RequestError: the request is no training, or a setting can't be used.
        InputError, NotReadyError: the request can't be prepared, or the space can't be made.
    """
    from runners.planning.prepare import prepare
    from runners.planning.resolved import ENGINE_VARIABLE

    action = str(decision.action)
    if action not in skill.info["train_policy"]["applies_to"]:
        remedy = f"ask for {' or '.join(skill.info['train_policy']['applies_to'])}"
        raise RequestError(f"AutoML tunes trainings, not {action}", code="automl.action", remedy=remedy)
    if secrets := secret_places(settings.to_json()):
        remedy = "leave it out; a key that needs one is set by -s, to the name of a variable (env:NAME)"
        raise RequestError("the search is given a secret", code="automl.secret", where=secrets[0], remedy=remedy)
    engine = engine or os.environ.get(ENGINE_VARIABLE)
    if settings.test_dataset:
        settings = replace(settings, test_dataset=_place(settings.test_dataset))
    memory = Memory()
    base = prepare(decision, skill, command=engine, memory=memory)
    names = skill.shorthand_keys(action)
    network = rules_of(skill).inherited.architecture
    if start_key := _start_of_profile(base, settings, names, network):
        overrides = dict(decision.request.overrides) | {start_key: None}
        decision = replace(decision, request=replace(decision.request, overrides=overrides))
        start_file = dotted.get(base.spec, start_key)
        left_out = f"no trial starts from {start_file}, as networks are searched that it does not fit"
        base = prepare(decision, skill, command=engine, memory=memory)
        base = replace(base, warnings=(*base.warnings, left_out))
    keys = TrialKeys.of(skill, action, base.spec)
    overrides = _overrides(base, {names.get(name, name): v for name, v in decision.request.overrides.items()})
    decision = replace(decision, request=_placed(decision.request, base, overrides))
    start = keys.start_checkpoint(base.spec)
    schema, knows = _schema(skill, action, memory), "embedded" if base.engine == "embedded" else "container"
    source = Source(
        schema=schema.document,
        base=schema.filled(base.spec, knows),
        pinned=_pinned(base, overrides, start, network),
        engine=knows,
        aliases=names,
    )
    objectives = objectives_of(skill, base.task, settings.objectives)

    def trial(objective: Objective) -> Plan:
        own = fixed_values(keys, (objective,), overrides, start)
        asked = replace(decision, request=replace(decision.request, overrides=overrides | own))
        return prepare(asked, skill, command=engine, memory=memory)

    findings: tuple[Problem, ...] = ()
    for objective in objectives:
        if objective.metric != SECONDS_PER_EPOCH or len(objectives) == 1:
            findings = require_measurable(objective, trial, skill, memory)
    threads = machine_threads()
    usual = parallel_trials(gpus=base.resources.gpus, threads=threads, scheduled=base.runner in SCHEDULED)
    places = min(parallel or settings.parallel or usual, settings.trials)
    return ExperimentPlan(
        decision=decision,
        skill=skill,
        settings=settings,
        base=base.warned([finding.sentence for finding in findings]),
        space=build_space(source, settings),
        objectives=objectives,
        keys=keys,
        epochs=int(dotted.get(base.spec, keys.epochs)),
        overrides=overrides,
        start=start,
        parallel=places,
        threads=max(1, threads // places),
        engine=engine,
        memory=memory,
    )


def _overrides(base: Plan, given: dict[str, Any]) -> dict[str, Any]:
    """The request's overrides, with paths as the plan has them: whole ones."""
    paths = base.inputs.keys() | base.outputs.keys()
    return {key: dotted.get(base.spec, key) if key in paths and value else value for key, value in given.items()}


def _placed(request: Request, base: Plan, overrides: dict[str, Any]) -> Request:
    """The request with whole paths, as a search may be taken up again from another folder, and with its profile.

    A trial whose backbone the search sets would otherwise get no profile, and differ from the others in far more.
    """
    from runners.planning.data_places import absolute

    places: dict[str, Any] = {"results_root": base.results_root, "profile": request.profile or base.profile}
    for name in ("data", "eval_dataset", "inference_dataset"):
        places[name] = absolute(place) if (place := getattr(request, name)) else None
    for name in ("train_datasets", "calibration_dataset"):
        places[name] = tuple(absolute(place) for place in getattr(request, name))
    return replace(request, overrides=overrides, **places)


def _place(test_dataset: str) -> str:
    from runners.planning.data_places import absolute, is_remote, require_there

    place = absolute(test_dataset)
    if not is_remote(place):
        require_there(place, "test_dataset")
    return place


def _schema(skill: Skill, action: str, memory: Memory) -> ActionSchema:
    from runners.planning.schema import action_schema

    path, schema = skill.schema_path(action), action_schema(skill, action, memory)
    if "automl_default_parameters" not in schema.document:
        remedy = "write it again with `changenet schemas`"
        message = "the schema does not say what AutoML searches"
        raise DeclarationError(message, code="automl.schema", where=str(path), remedy=remedy)
    return schema


def _start_of_profile(base: Plan, settings: AutomlSettings, names: Mapping[str, str], network: tuple[str, ...]) -> str:
    """The key of the model that the profile starts from, where networks are searched that it does not fit."""
    key = names.get(_START, "")
    searched = [names.get(name, name) for name in (*settings.add, *settings.ranges, *settings.options)]
    chosen = key in base.provenance and base.provenance[key].source == "profile"
    return key if chosen and any(is_below(name, network) for name in searched) else ""


def _pinned(base: Plan, overrides: dict[str, Any], start: str | None, architecture: tuple[str, ...]) -> dict[str, str]:
    """Keys that stay as they are: what the user sets, and the network where it comes from a checkpoint."""
    leaves = dotted.flatten(base.spec)
    pinned = {key: f"the network comes from {start}" for key in leaves if start and is_below(key, architecture)}
    for name in overrides:
        given = [key for key in leaves if key == name or key.startswith(f"{name}.")]
        pinned |= {key: f"the request sets it to {leaves[key]}" for key in given}
    return pinned
