# SPDX-License-Identifier: Apache-2.0
"""The packaged schema of one action: its default spec, its keys, and what each key takes."""

from __future__ import annotations

import json
import re
from functools import cached_property
from typing import TYPE_CHECKING, Any

from core import dotted
from core.documents import read_json, read_yaml
from core.errors import DeclarationError, did_you_mean
from core.problem import UNKNOWN_KEY, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from core.memory import Memory
    from router.declarations import Skill

Node = dict[str, Any]
_SECTION_KEY = re.compile(r"[a-z][a-z0-9_]*")
_REMEDY = "`changenet schemas` writes both again"
_BOUNDS = {"minimum": "at least", "exclusiveMinimum": "more than", "maximum": "at most", "exclusiveMaximum": "below"}
_KINDS = {"boolean": "true or false", "null": "null", "string": "a text", "object": "a map from name to value"}


class ActionSchema:
    """What `schemas/<action>.schema.json` says of the action's spec."""

    def __init__(self, action: str, document: Node) -> None:
        self.action = action
        self.document = document

    notice = ""  # what a plan has to say about where its defaults come from

    @classmethod
    def read(cls, action: str, path: Path, template: Path) -> ActionSchema:
        """Read the schema; its root `default` is what the template holds, and is quicker to read.

        Where one of the two can't be used, the other one does, with a notice.

        Raises:
            DeclarationError: neither can be used.
        """
        try:
            document = _read_schema(path)
        except DeclarationError as problem:
            return TemplateSchema.of(action, template, problem)
        schema = cls(action, document)
        if not template.is_file():
            schema.notice = f"{template} is missing: the defaults are those of the schema; {_REMEDY}"
        return schema

    def default(self) -> Node:
        """The spec template as a nested dictionary of its own."""
        copy: Node = json.loads(json.dumps(self.document["default"]))
        return copy

    def filled(self, spec: Node, engine: str) -> Node:
        """A copy of `spec` with the defaults of the keys that no template holds and this engine knows."""
        whole: Node = json.loads(json.dumps(spec))
        for key in self.value_keys():
            node = self._nodes[key]
            if engine in node.get("engines", ()) and dotted.get(whole, key, node) is node:
                dotted.put(whole, key, node["default"])
        return whole

    def node(self, key: str) -> Node | None:
        """What a dotted key takes; None when the action's spec has no such key. An entry of a map has a key too."""
        if key in self._nodes:
            return self._nodes[key]
        found: Node | None = self.document
        for part in key.split("."):
            found = _child(found, part) if found else None
        return found

    def is_section(self, key: str) -> bool:
        """Whether the key names a part of the spec that has keys of its own."""
        return "properties" in (self.node(key) or {})

    def all_keys(self) -> list[str]:
        """All dotted keys, of sections and of values."""
        return list(self._nodes)

    def value_keys(self) -> list[str]:
        """The dotted keys of all values; maps and lists are values."""
        return [key for key, node in self._nodes.items() if "properties" not in node]

    @cached_property
    def _nodes(self) -> dict[str, Node]:
        return dict(_nodes_below(self.document, ""))

    def spread(self, key: str, value: Any) -> Iterator[tuple[str, Any]]:
        """The values below a section as dotted keys; any other value as it is. Maps and lists are whole values."""
        if self.is_section(key) and isinstance(value, dict):
            for name, inner in value.items():
                yield from self.spread(f"{key}.{name}", inner)
        else:
            yield key, _whole_number(self.node(key), value)

    def unknown(self, key: str, names: Sequence[str] = ()) -> Problem:
        """The problem of a key that is not there; `names` are further names that would have been understood."""
        hint = did_you_mean(key, [*names, *self.all_keys()])
        message = f"the spec of {self.action} has no key '{key}'. {hint}".strip()
        return Problem(UNKNOWN_KEY, key, message, f"see references/spec_template_{self.action}.yaml for its keys")

    def problems(self, spec: Node) -> list[Problem]:
        """Every value that the schema refuses, with what it takes."""
        errors = self._validator.iter_errors(spec)
        return [self._problem(spec, [str(part) for part in error.instance_path], error.message) for error in errors]

    @cached_property
    def _validator(self) -> Any:
        from jsonschema_rs import Draft202012Validator

        return Draft202012Validator(self.document)

    def _problem(self, spec: Node, path: list[str], message: str) -> Problem:
        key = ".".join(path)
        node, value = self.node(key), _value(spec, path)
        if node is None or not path:
            return Problem("spec.invalid", key, message, f"see schemas/{self.action}.schema.json")
        hint = did_you_mean(value, options(node)) if isinstance(value, str) else ""
        said = f"{json.dumps(value)} can't be used here: {key} takes {allowed(node)}. {hint}".strip()
        return Problem("spec.value", key, said, f"give {allowed(node)}")


class TemplateSchema(ActionSchema):
    """What a template tells without its schema: names and defaults. Values and further names are not checked."""

    @classmethod
    def of(cls, action: str, template: Path, problem: DeclarationError) -> TemplateSchema:
        """The template, in the place of a schema that has this problem.

        Raises:
            DeclarationError: the template can't be used either.
        """
        try:
            tree = read_yaml(template, DeclarationError)
        except DeclarationError:
            tree = None
        if not isinstance(tree, dict):
            message = f"{problem.message}, and its template {template} can't be used either"
            raise DeclarationError(message, code=problem.code, where=problem.where, remedy=_REMEDY) from None
        schema = cls(action, _node_of(tree) | {"default": tree})
        reason = str(problem).partition("\n")[0]
        schema.notice = f"the spec is made from its template, and no value is checked: {reason}; {_REMEDY}"
        return schema

    def node(self, key: str) -> Node | None:
        """Names and sections of the template; in these sections any other key as well, as the embedded engine has."""
        known = self._nodes.get(key)
        return {} if known is None and key.partition(".")[0] in self.document["properties"] else known

    def problems(self, spec: Node) -> list[Problem]:
        """None: what a value may be is not known."""
        del spec
        return []


def _node_of(value: Any) -> Node:
    """A dictionary is a section, whose keys are names in lower case, or else a map, which is a value."""
    is_section = isinstance(value, dict) and value and all(_SECTION_KEY.fullmatch(str(name)) for name in value)
    return {"properties": {name: _node_of(inner) for name, inner in value.items()}} if is_section else {}


def _read_schema(path: Path) -> Node:
    document = read_json(path, DeclarationError)
    if not isinstance(document, dict) or not isinstance(document.get("default"), dict):
        raise DeclarationError("this is no schema with a default spec", where=str(path))
    return document


def action_schema(skill: Skill, action: str, memory: Memory) -> ActionSchema:
    """The packaged schema of an action, read once; errors as in `ActionSchema.read`."""
    places = (skill.schema_path(action), skill.template_path(action))
    return memory.once(("schema", *places), lambda: ActionSchema.read(action, *places))


def options(node: Node) -> list[str]:
    """The texts that a key may be, where it takes only some."""
    branches = node.get("anyOf", [node])
    return [text for branch in branches for text in branch.get("enum", ()) if isinstance(text, str)]


def allowed(node: Node) -> str:
    """What a key takes, in words."""
    if "anyOf" in node:
        return " or ".join(allowed(branch) for branch in node["anyOf"])
    if "enum" in node or "const" in node:
        choices = node.get("enum", [node.get("const")])
        return "one of " + ", ".join("null" if choice is None else str(choice) for choice in choices)
    kinds = node["type"] if isinstance(node["type"], list) else [node["type"]]
    return " or ".join(_kind(kind, node) for kind in kinds)


def _kind(kind: str, node: Node) -> str:
    if kind in {"integer", "number"}:
        limits = [f"{word} {node[name]:g}" for name, word in _BOUNDS.items() if name in node]
        limits += [f"not {node['not']['const']}"] if "not" in node else []
        return ("a whole number" if kind == "integer" else "a number") + (f", {', '.join(limits)}" if limits else "")
    if kind == "array":
        low, high = node.get("minItems"), node.get("maxItems")
        count = f" of {low}" if low and low == high else f" of {low} or more" if low else ""
        return f"a list{count}, each {allowed(node['items'])}"
    if kind == "string" and "pattern" in node:
        return f"a text that fits {node['pattern']}"
    if kind == "object" and "properties" in node:
        return f"a section with {', '.join(node['properties'])}"
    return _KINDS[kind]


def _child(node: Node, part: str) -> Node | None:
    patterned = list(node.get("patternProperties", {}).values())
    rest = patterned[0] if patterned else node.get("additionalProperties")
    inner = node["items"] if part.isdigit() and "items" in node else node.get("properties", {}).get(part, rest)
    return inner if isinstance(inner, dict) else None


def _nodes_below(node: Node, prefix: str) -> Iterator[tuple[str, Node]]:
    for name, inner in node.get("properties", {}).items():
        yield f"{prefix}{name}", inner
        yield from _nodes_below(inner, f"{prefix}{name}.")


def _value(spec: Any, path: Sequence[str]) -> Any:
    for part in path:
        spec = spec[int(part)] if isinstance(spec, list) else spec[part]
    return spec


def _whole_number(node: Node | None, value: Any) -> Any:
    """1e3 reads as a float, and JSON Schema takes it for an integer; the engine's types do not."""
    whole = node is not None and node.get("type") in ("integer", ["integer", "null"])
    return int(value) if whole and isinstance(value, float) and value.is_integer() else value
