# SPDX-License-Identifier: Apache-2.0
"""The verbs as tools of the Model Context Protocol, derived from the table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from interfaces.options import declared
from interfaces.table import VERBS

if TYPE_CHECKING:
    from interfaces.options import Declared
    from interfaces.table import Verb

_TYPES = {str: "string", int: "integer", float: "number", bool: "boolean"}


def tool_definitions() -> list[dict[str, Any]]:
    """Name, description, JSON Schema (2020-12) of the input, and hints about the effect, of every verb."""
    return [_definition(verb) for verb in VERBS.values()]


def _definition(verb: Verb) -> dict[str, Any]:
    options = declared(verb.options())
    return {
        "name": verb.name.replace(" ", "_"),
        "description": f"{verb.sentence} It may take minutes, or hours." if verb.slow else verb.sentence,
        "inputSchema": {
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "type": "object",
            "properties": {entry.name: _property(entry) for entry in options},
            "required": [entry.name for entry in options if entry.required],
            "additionalProperties": False,
        },
        "annotations": {"readOnlyHint": verb.read_only, "destructiveHint": verb.destructive},
    }


def _property(entry: Declared) -> dict[str, Any]:
    value: dict[str, Any] = {"type": _TYPES[entry.kind]}
    if entry.choices:
        value["enum"] = list(entry.choices)
    if entry.many:
        value = {"type": "array", "items": value}
    form = f" ({entry.metavar})" if "=" in entry.metavar or ":" in entry.metavar else ""
    if not entry.required and entry.default is not None:
        value["default"] = list(entry.default) if entry.many else entry.default
    kind = f"{entry.group.title}: " if entry.group else ""
    return value | {"description": f"{kind}{entry.described}{form}"}
