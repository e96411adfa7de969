# SPDX-License-Identifier: Apache-2.0
"""What not every engine knows: actions, and the keys and options of the spec that the schema marks."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core import dotted
from core.errors import PlatformError
from core.problem import Problem
from router.declarations import DEPLOY_PREFIX
from runners.model_rules import is_below
from runners.planning.resolved import ENGINE_VARIABLE
from runners.planning.schema import options
from runners.platforms.table import PLATFORMS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from router.declarations import Skill
    from router.types import Question
    from runners.planning.layers import Layers
    from runners.planning.parents import Parent
    from runners.planning.resolved import ResolvedRequest
    from runners.planning.schema import ActionSchema, Node

_CONTAINER = "container"
_EMBEDDED = "embedded"
_ABSENT = object()
PACKAGE = "package:"
"""Begins a path that names weights which come with the embedded engine."""


def not_embedded(skill: Skill, action: str) -> str:
    """Why the embedded engine can't run an action; empty where it can."""
    if action in skill.info["engines"][_EMBEDDED]["actions"] or notes_of(skill, action):
        return ""
    why = _instead(skill, action).get("why", "it takes the container")
    return f"the embedded engine does not run {action}: {why}"


def _instead(skill: Skill, action: str) -> dict[str, str]:
    """What the skill says of an action that its engine does not run: why, and an offer."""
    rows = skill.info["engines"][_EMBEDDED].get("instead", ())
    return next((row for row in rows if action in row["actions"]), {})


def notes_of(skill: Skill, action: str) -> list[str]:
    """What has to be known of an action when the embedded engine runs it."""
    here = skill.deploy_info.get(_EMBEDDED) if action.startswith(DEPLOY_PREFIX) else None
    return [str(here["note"])] if here else []


def require_action(skill: Skill, action: str, questions: Sequence[Question] = ()) -> None:
    """The embedded engine runs the action.

    Raises:
        PlatformError: it does not; `questions` that are open as well are listed below the reason.
    """
    problem = not_embedded(skill, action)
    if not problem:
        return
    program = Path(skill.info["engines"][_EMBEDDED]["command"]).name
    others = [name for name, row in PLATFORMS.items() if row.capabilities.needs_image]
    offer = _instead(skill, action).get("offer")
    remedy = f"{offer}; or " if offer else ""
    remedy += f"name a runner with the container (--runner {', '.join(others)}), or a `{program}` that runs it by"
    remedy += f" --engine or ${ENGINE_VARIABLE}"
    asked = "".join(f"\n  - {question.text}" for question in questions)
    raise PlatformError(problem + asked, code="engine.action", remedy=remedy)


def own_defaults(layers: Layers, *, embedded: bool) -> None:
    """Put the engine's own default where the template's is another engine's, and nobody chose a value."""
    engine = _EMBEDDED if embedded else _CONTAINER
    for key in layers.schema.value_keys():
        own = (layers.schema.node(key) or {}).get("engine_defaults", {}).get(engine)
        if own is not None and layers.source(key) == "template":
            layers.suggest(key, own, "adjusted", f"the default of the {engine} engine")


def require_action_of_container(skill: Skill, action: str) -> None:
    """The container runs the action: all do that are not marked otherwise.

    Raises:
        PlatformError: it does not.
    """
    if skill.action_info(action).get(_CONTAINER, True):
        return
    remedy = f"run {action} here, with the embedded engine (--runner local)"
    raise PlatformError(f"the container has no {action}", code="engine.action", remedy=remedy)


def fit_to_engine(layers: Layers, *, embedded: bool) -> list[Problem]:
    """Leave out the keys that the engine does not know; returns those that are no default, and foreign options."""
    engine = _EMBEDDED if embedded else _CONTAINER
    problems = []
    for key in layers.schema.value_keys():
        node, value = layers.schema.node(key) or {}, dotted.get(layers.spec, key, _ABSENT)
        if value is _ABSENT:
            continue
        if engine not in node.get("engines", [engine]):
            if value != node.get("default"):
                problems.append(_problem(key, key, engine))
            layers.drop(key)
        elif not _takes(node, value, engine):
            problems.append(_problem(key, f"{key}={_word(value)}", engine))
    return problems


def unfit_to_processor(layers: Layers) -> list[Problem]:
    """The options that no processor can do, for a run of the embedded engine without a GPU."""
    remedy = "choose another value, or a machine with a GPU"
    chosen = ((key, dotted.get(layers.spec, key, None)) for key in layers.schema.value_keys())
    return [
        Problem("spec.engine", key, f"the processor can't do {key}={value}, and there is no GPU for the run", remedy)
        for key, value in chosen
        if value in (layers.schema.node(key) or {}).get("gpu_options", ())
    ]


def require_known_network(resolved: ResolvedRequest, schema: ActionSchema, parent: Parent) -> None:
    """The engine knows the network of the parent's checkpoint.

    Raises:
        PlatformError: with the values of the parent's that only another engine knows.
    """
    engine = _EMBEDDED if resolved.embedded else _CONTAINER
    foreign = [
        f"{key}={value}"
        for key in schema.value_keys()
        if is_below(key, resolved.rules.inherited.architecture)
        and (value := dotted.get(parent.spec, key, _ABSENT)) is not _ABSENT
        and not _is_usable(schema.node(key) or {}, value, engine)
    ]
    if not foreign:
        return
    who, other = ("the container", "embedded") if engine == _CONTAINER else ("the embedded engine", "container's")
    message = f"{who} can't load the network of {parent.job.id}: only the {other} engine knows {', '.join(foreign)}"
    remedy = f"train with --profile {_CONTAINER}, and name that job as parent"
    if engine == _CONTAINER and not not_embedded(resolved.skill, resolved.action):
        remedy += f"; or run {resolved.action} here, with the embedded engine (--runner local)"
    raise PlatformError(message, code="runner.network", where=parent.job.id, remedy=remedy)


def _is_usable(node: Node, value: Any, engine: str) -> bool:
    return value == node.get("default") if engine not in node.get("engines", [engine]) else _takes(node, value, engine)


def _takes(node: Node, value: Any, engine: str) -> bool:
    """Whether the engine knows this value of a key that it knows."""
    if engine == _CONTAINER and isinstance(value, str) and value.startswith(PACKAGE):
        return False
    if engine not in node.get("option_engines", {}).get(_word(value), [engine]):
        return False
    if isinstance(value, list):
        return all(_takes(node.get("items", {}), entry, engine) for entry in value)
    if isinstance(value, dict):
        inner = node.get("properties", {})
        return all(_takes(inner.get(name, {}), entry, engine) for name, entry in value.items())
    for branch in node.get("anyOf", ()):
        if engine not in branch.get("engines", [engine]) and _fits(branch, value):
            return False
    return True


def _word(value: Any) -> str:
    """A value as it is typed, which is how the schema names options."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _fits(branch: Node, value: Any) -> bool:
    return value in options(branch) or (isinstance(value, str) and bool(re.match(branch.get("pattern", "$."), value)))


def _problem(key: str, what: str, engine: str) -> Problem:
    if engine == _EMBEDDED:
        message, remedy = f"only the container knows {what}", "choose another value, or a runner with the container"
    else:
        message = f"only the embedded engine knows {what}"
        remedy = "leave it out (and the profile laptop, which may have set it), or run the embedded engine"
    return Problem("spec.engine", key, message, remedy)
