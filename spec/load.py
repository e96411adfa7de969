# SPDX-License-Identifier: Apache-2.0
"""From a nested dictionary to the typed experiment spec, with errors that name the key and what it may hold."""

from __future__ import annotations

import json
from collections.abc import Mapping
from copy import deepcopy
from typing import Any

from pydantic import ValidationError

from core.dotted import get, put
from core.errors import SpecError, UnknownKeyError, closest
from core.redaction import MASK, is_secret_key
from spec.actions import ACTIONS, COMMANDS, TASK_DEFAULTS, task_of
from spec.experiment import Experiment
from spec.schema_tree import all_keys, allowed, full_schema, node_at, options

__all__ = ["Experiment", "default_tree", "full_default_tree", "parse_experiment"]

Tree = dict[str, Any]
_ABSENT = object()


def full_default_tree(task: str = "classify") -> Tree:
    """The whole default spec of a task, all actions together: what `default_specs` writes."""
    return Experiment.model_validate(_with_task_defaults({}, task)).model_dump()


def default_tree(action: str) -> Tree:
    """The default spec of one action of the skill, with its own keys only: what its template holds.

    Raises:
        SpecError: the skill has no such action.
    """
    if action not in ACTIONS:
        known = ", ".join(ACTIONS)
        raise SpecError(f"there is no action '{action}'", code="spec.action", remedy=f"name one of: {known}")
    spec = ACTIONS[action]
    return _kept(full_default_tree(spec.task), spec.uses)


def _kept(tree: Tree, uses: Any, prefix: str = "") -> Tree:
    kept: Tree = {}
    for name, value in tree.items():
        key = f"{prefix}{name}"
        node = node_at(full_schema(), tuple(key.split("."))) or {}
        if "properties" in node and isinstance(value, dict):
            part = _kept(value, uses, f"{key}.")
            kept |= {name: part} if part else {}
        elif uses(key) and not _is_extra(node):
            kept[name] = value
    return kept


def _is_extra(node: Tree) -> bool:
    """Whether no template holds the key, because a container does not know it."""
    return bool(node.get("optional")) or "container" not in node.get("engines", ["container"])


def parse_experiment(tree: Mapping[str, Any], action: str) -> Experiment:
    """The typed spec of a nested dictionary; keys that are left out take the default of its task.

    `action` is an action of the skill or a command of the engine. The whole spec is accepted whichever the action, so
    that one file can serve training, evaluation and inference. Integral floats (3.0, 1e3) count as integers. Rules
    between keys are another step: `spec.constraints.settle`.

    Raises:
        UnknownKeyError: the spec does not have a key; further problems are listed with it.
        SpecError: values of the wrong type or out of their bounds; every problem is listed.
    """
    plain = _plain(tree)
    try:
        return Experiment.model_validate(_with_task_defaults(plain, _task(plain, action)))
    except ValidationError as problem:
        raise _spec_error(problem) from None


def _plain(value: Any) -> Any:
    """Keys as texts and integral floats as integers, so that 1e3 does for an integer as in JSON Schema."""
    if isinstance(value, Mapping):
        return {str(name): _plain(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _task(tree: Tree, action: str) -> str:
    """The task that the action settles, or else the spec."""
    if action not in ACTIONS and action not in COMMANDS:
        known = ", ".join([*COMMANDS, *(name for name in ACTIONS if name not in COMMANDS)])
        raise SpecError(f"there is no action '{action}'", code="spec.action", remedy=f"name one of: {known}")
    settled = task_of(action)
    named = tree.get("task", settled or "classify")
    if settled and named != settled:
        raise SpecError(
            f"the action '{action}' is of the task {settled}, but the spec says '{named}'",
            code="spec.task",
            where="task",
            remedy=f"set task to {settled}, or ask for the action of the other task",
        )
    return str(named)


def _with_task_defaults(tree: Tree, task: str) -> Tree:
    filled = deepcopy(tree)
    for key, value in TASK_DEFAULTS.get(task, {}).items():
        if get(filled, key, _ABSENT) is _ABSENT and _reachable(filled, key):
            put(filled, key, deepcopy(value))
    return filled


def _reachable(tree: Tree, key: str) -> bool:
    """Whether every section on the way to `key` is one, or is not there yet; anything else is reported as an error."""
    sections = key.split(".")[:-1]
    return all(isinstance(get(tree, ".".join(sections[: i + 1]), {}), dict) for i in range(len(sections)))


def _spec_error(problem: ValidationError) -> SpecError:
    found: dict[str, SpecError] = {}
    for detail in problem.errors(include_url=False, include_context=False):
        error = _unknown(detail) if detail["type"] == "extra_forbidden" else _wrong_value(detail)
        found.setdefault(error.where, error)
    first, *others = sorted(found.values(), key=lambda error: not isinstance(error, UnknownKeyError))
    lines = [f"{error.where}: {error.message} ({error.remedy})" for error in others]
    message = "\n  also: ".join([first.message, *lines])
    return type(first)(message, code=first.code, where=first.where, remedy=first.remedy)


def _unknown(detail: Any) -> SpecError:
    key = ".".join(str(part) for part in detail["loc"])
    names = closest(key, all_keys(full_schema()))
    remedy = f"did you mean {' or '.join(names)}?" if names else "leave it out"
    return UnknownKeyError(f"the spec has no key '{key}'", where=key, remedy=remedy)


def _wrong_value(detail: Any) -> SpecError:
    parts = _value_path(detail["loc"])
    key = ".".join(str(part) for part in parts)
    node = node_at(full_schema(), parts) or full_schema()
    value = _value_of(detail, parts)
    shown = MASK if any(is_secret_key(str(part)) for part in parts) else _short(value)
    return SpecError(f"{shown} is not {allowed(node)}", code="spec.value", where=key, remedy=_remedy(value, node))


def _value_path(location: tuple[str | int, ...]) -> tuple[str | int, ...]:
    """The path without the tags of unions that end it, and without the mark of a map's key."""
    parts = tuple(part for part in location if part != "[key]")
    while parts and node_at(full_schema(), parts) is None:
        parts = parts[:-1]
    return parts


def _value_of(detail: Any, parts: tuple[str | int, ...]) -> Any:
    return parts[-1] if "[key]" in detail["loc"] else detail["input"]


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _remedy(value: Any, node: Tree) -> str:
    near = closest(value, options(node)) if isinstance(value, str) else []
    if near:
        return f"did you mean {' or '.join(near)}?"
    default = node.get("default", _ABSENT)
    return "give such a value" if default is _ABSENT else f"give such a value; the default is {_short(default)}"
