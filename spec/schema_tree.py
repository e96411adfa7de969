# SPDX-License-Identifier: Apache-2.0
"""The models as one nested JSON Schema without references, and questions about it."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

from spec.experiment import Experiment

if TYPE_CHECKING:
    from collections.abc import Sequence

Schema = dict[str, Any]
_ORDER = ("description", "type", "enum", "const", "anyOf", "pattern", "default")


@cache
def full_schema() -> Schema:
    """The schema of the whole experiment spec, every section in place. Callers don't change it."""
    document = Experiment.model_json_schema()
    schema: Schema = _inlined(document, document["$defs"])
    return schema


def _inlined(node: Any, definitions: Schema) -> Any:
    if isinstance(node, list):
        return [_inlined(item, definitions) for item in node]
    if not isinstance(node, dict):
        return node
    if "$ref" in node:
        target = definitions[node["$ref"].rpartition("/")[2]]
        return _inlined(target | {name: value for name, value in node.items() if name != "$ref"}, definitions)
    inner = {name: _inlined(value, definitions) for name, value in node.items() if name not in {"$defs", "title"}}
    return _tidied(_without_union(inner))


def _tidied(node: Schema) -> Schema:
    """Close pattern maps, as the models do, and put the keywords that people read first."""
    if "patternProperties" in node:
        node["additionalProperties"] = False
    first = {name: node[name] for name in _ORDER if name in node}
    return first | {name: value for name, value in node.items() if name not in first}


def _without_union(node: Schema) -> Schema:
    """`anyOf` with null, or of bare types, as a list of types."""
    branches = node.get("anyOf", [])
    filled = [branch for branch in branches if branch != {"type": "null"}]
    rest = {name: value for name, value in node.items() if name != "anyOf"}
    if branches and all(branch.keys() == {"type"} for branch in branches):
        return rest | {"type": [branch["type"] for branch in branches]}
    if len(branches) != len(filled) == 1:
        branch: Schema = filled[0]
        return branch | rest | _or_null(branch)
    return node


def _or_null(branch: Schema) -> Schema:
    options = {"enum": [*branch["enum"], None]} if "enum" in branch else {}
    return {"type": [branch["type"], "null"], **options}


def node_at(schema: Schema, parts: tuple[str | int, ...]) -> Schema | None:
    """The schema of the value that `parts` lead to, or None where the spec has none."""
    node: Schema | None = schema
    for part in parts:
        node = _child(node, part) if node else None
    return node


def _child(node: Schema, part: str | int) -> Schema | None:
    if isinstance(part, int):
        return node.get("items")
    if part in node.get("properties", {}):
        found: Schema = node["properties"][part]
        return found
    patterns = list(node.get("patternProperties", {}).values())
    rest = node.get("additionalProperties")
    return patterns[0] if patterns else rest if isinstance(rest, dict) else None


def is_section(parts: Sequence[str]) -> bool:
    """Whether `parts` lead to a section, by the models alone: the schema takes a tenth of a second to be made."""
    model: type[BaseModel] = Experiment
    for part in parts:
        field = model.model_fields.get(part)
        kind = field.annotation if field else None
        if not (isinstance(kind, type) and issubclass(kind, BaseModel)):
            return False
        model = kind
    return True


def leaf_keys(schema: Schema, prefix: str = "") -> list[str]:
    """The dotted keys of all values; maps and lists are values."""
    keys: list[str] = []
    for name, node in schema["properties"].items():
        key = f"{prefix}{name}"
        keys += leaf_keys(node, f"{key}.") if "properties" in node else [key]
    return keys


def all_keys(schema: Schema, prefix: str = "") -> list[str]:
    """The dotted keys of all sections and values."""
    keys: list[str] = []
    for name, node in schema.get("properties", {}).items():
        keys += [f"{prefix}{name}", *all_keys(node, f"{prefix}{name}.")]
    return keys


def allowed(node: Schema) -> str:
    """What a value may be, in words."""
    if "anyOf" in node:
        return " or ".join(allowed(branch) for branch in node["anyOf"])
    if "enum" in node or "const" in node:
        options = node.get("enum", [node.get("const")])
        return "one of " + ", ".join(_option(option) for option in options)
    kinds = node["type"] if isinstance(node["type"], list) else [node["type"]]
    return " or ".join(_kind(kind, node) for kind in kinds)


def options(node: Schema) -> list[str]:
    """The texts that a value may be, where they are listed."""
    listed = [*node.get("enum", []), *(name for branch in node.get("anyOf", []) for name in options(branch))]
    return [name for name in listed if isinstance(name, str)]


def _option(value: Any) -> str:
    return "null" if value is None else str(value)


def _kind(kind: str, node: Schema) -> str:
    if kind in {"integer", "number"}:
        return f"{'an integer' if kind == 'integer' else 'a number'}{_bounds(node)}"
    if kind == "array":
        return f"a list{_length(node)}, each {allowed(node['items'])}"
    if kind == "object":
        names = list(node.get("properties", {}))
        return f"a section with the keys {', '.join(names)}" if names else "a map from name to value"
    if kind == "string":
        return f"a text that matches {node['pattern']}" if "pattern" in node else "a text"
    return {"boolean": "true or false", "null": "null"}[kind]


def _bounds(node: Schema) -> str:
    words = {
        "minimum": "at least",
        "exclusiveMinimum": "more than",
        "maximum": "at most",
        "exclusiveMaximum": "less than",
    }
    parts = [f"{word} {node[name]}" for name, word in words.items() if name in node]
    parts += [f"not {node['not']['const']}"] if "not" in node else []
    return " of " + " and ".join(parts) if parts else ""


def _length(node: Schema) -> str:
    low, high = node.get("minItems"), node.get("maxItems")
    return f" of {low}" if low == high and low else f" of {low} or more" if low else ""
