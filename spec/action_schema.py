# SPDX-License-Identifier: Apache-2.0
"""The JSON Schema of one action: its keys, its defaults, and what AutoML may search."""

from __future__ import annotations

from typing import Any

from core.dotted import get, nest
from core.errors import SpecError
from spec.actions import ACTIONS, ActionSpec
from spec.load import default_tree
from spec.schema_tree import Schema, all_keys, full_schema, leaf_keys, node_at

DIALECT = "https://json-schema.org/draft/2020-12/schema"
_SEARCH_WORDS = frozenset({"search", "option_weights", "math_cond", "depends_on", "active_when", "parent_param"})


def action_schema(name: str) -> Schema:
    """The schema of an action of the skill (JSON Schema 2020-12); it accepts its own `default`.

    Raises:
        SpecError: the action is declared with a key that no section has.
    """
    action = ACTIONS[name]
    _require_known(action)
    default = default_tree(name)
    body = _kept_section(full_schema(), action, default, "")
    leaves = leaf_keys(body)
    searched = [key for key in leaves if _keyword(body, key, "automl_enabled")]
    lists = {
        "automl_enabled": action.command == "train",
        "automl_default_parameters": searched,
        "automl_disabled_parameters": [key for key in leaves if key not in searched],
        "popular": nest({key: _keyword(body, key, "default") for key in leaves if _keyword(body, key, "popular")}),
        "embedded_only_parameters": [key for key in leaves if _keyword(body, key, "engines") == ["embedded"]],
    }
    head = {"$schema": DIALECT, "title": f"Experiment spec of {name}", "description": _about(action)}
    return head | lists | {name: value for name, value in body.items() if name not in head} | {"default": default}


def _require_known(action: ActionSpec) -> None:
    known = all_keys(full_schema())
    unknown = [key for key in (*action.keep, *action.drop) if key not in known]
    if unknown:
        remedy = "mend its row in spec/actions.py; a new section goes to spec/*_sections.py and spec/experiment.py"
        message = f"{action.name} is declared with '{unknown[0]}', which is no key of the spec"
        raise SpecError(message, code="spec.action", where=action.name, remedy=remedy)


def _about(action: ActionSpec) -> str:
    return f"What `visual_changenet {action.command}` takes for the {action.task} task."


def _keyword(body: Schema, key: str, name: str) -> Any:
    return (node_at(body, tuple(key.split("."))) or {}).get(name)


def _kept_section(node: Schema, action: ActionSpec, default: Any, prefix: str) -> Schema:
    """The section with the keys that the action uses; `default` is the action's whole default spec."""
    properties: Schema = {}
    for name, child in node["properties"].items():
        key = f"{prefix}{name}"
        if "properties" in child:
            part = _kept_section(child, action, default, f"{key}.")
            properties |= {name: part} if part["properties"] else {}
        elif action.uses(key):
            properties[name] = _leaf(child, action, default, key)
    words = {name: value for name, value in node.items() if name not in {"properties", "required"}}
    return words | {"properties": properties}


def _leaf(node: Schema, action: ActionSpec, default: Any, key: str) -> Schema:
    words = {name: value for name, value in node.items() if name not in _SEARCH_WORDS}
    words["default"] = get(default, key, node["default"])
    if key == "task":
        words["enum"] = [action.task]
    if action.command == "train":
        return words | _search_words(node, action, key)
    return words | {"automl_enabled": False}


def _search_words(node: Schema, action: ActionSpec, key: str) -> Schema:
    words = {name: value for name, value in node.items() if name in _SEARCH_WORDS}
    absolute = {_absolute(other, key): values for other, values in node.get("active_when", {}).items()}
    there = {other for other in absolute if action.uses(other) and node_at(full_schema(), tuple(other.split(".")))}
    known = {other: values for other, values in absolute.items() if other in there}
    words.pop("active_when", None)
    if known:
        words |= {"active_when": known, "depends_on": words.get("depends_on", next(iter(known)))}
    return words


def _absolute(other: str, key: str) -> str:
    """A dotted key; one dot in front starts in the section of `key`, two dots one section above."""
    name = other.lstrip(".")
    levels = len(other) - len(name)
    return ".".join([*key.split(".")[:-levels], name]) if levels else name
