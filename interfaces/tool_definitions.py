# SPDX-License-Identifier: Apache-2.0
"""The verbs as tools that an agent calls, derived from the table, small enough to be read whole in every context.

Options that belong to a group (the settings of a search, say) are the members of one object, which is named by the
group: an agent that needs none of them reads one line.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from interfaces.options import declared
from interfaces.table import VERBS

if TYPE_CHECKING:
    from interfaces.options import Declared, Group
    from interfaces.verb import Verb

_TYPES = {str: "string", int: "integer", float: "number", bool: "boolean"}
# What the server is started with, and no call may change.
OF_THE_SERVER = frozenset({"results_root", "engine"})
# How much people are shown; a call answers with what fits an agent's context.
_OF_THE_TEXT = frozenset({"full", "limit"})
RESULT_SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {"exit_code": {"type": "integer"}, "has_more": {"type": "boolean"}},
    "required": ["exit_code"],
}


class Extra(NamedTuple):
    """A tool that is no verb of the command line: its properties are name, type and description."""

    name: str
    description: str
    properties: tuple[tuple[str, str, str], ...] = ()
    read_only: bool = True


LAUNCH, WAIT, ACTIONS = "launch", "wait", "actions"
EXTRAS = (
    Extra(ACTIONS, "The actions, with what each reads and writes."),
    Extra(
        LAUNCH,
        "Start what `plan` showed; returns at once. Follow it by `status`.",
        (("plan_id", "string", "as `plan` said"),),
        read_only=False,
    ),
    Extra(
        WAIT,
        "The result of a call that answered `working`, or how far it is.",
        (("call_id", "string", "as that call said"),),
    ),
)


def tool_verbs() -> dict[str, Verb]:
    """The verbs that are tools, by the tool's name."""
    return {verb.name.replace(" ", "_"): verb for verb in VERBS.values() if verb.is_tool}


def tool_definitions() -> list[dict[str, Any]]:
    """Name, description, JSON Schema (2020-12) of the input, and hints about the effect, of every tool."""
    return [_of_verb(name, verb) for name, verb in tool_verbs().items()] + [_of_extra(extra) for extra in EXTRAS]


def tool_options(verb: Verb) -> tuple[Declared, ...]:
    """The options of a verb that a call may set."""
    return tuple(entry for entry in declared(verb.options()) if entry.name not in OF_THE_SERVER | _OF_THE_TEXT)


def member_name(group: Group) -> str:
    """The name of the object that holds the options of a group."""
    return group.title.lower().replace(" ", "_")


def _of_verb(name: str, verb: Verb) -> dict[str, Any]:
    options = tool_options(verb)
    properties = {entry.name: _property(entry) for entry in options if entry.group is None}
    groups = dict.fromkeys(entry.group for entry in options if entry.group is not None)
    properties |= {member_name(group): _group(group, options) for group in groups}
    required = [entry.name for entry in options if entry.required]
    schema = {"type": "object", "properties": properties} | ({"required": required} if required else {})
    return _definition(name, verb.sentence, schema, read_only=verb.read_only, destructive=verb.destructive)


def _of_extra(extra: Extra) -> dict[str, Any]:
    properties = {name: {"type": kind, "description": text} for name, kind, text in extra.properties}
    schema: dict[str, Any] = {"type": "object", "properties": properties}
    if properties:
        schema["required"] = list(properties)
    return _definition(extra.name, extra.description, schema, read_only=extra.read_only, destructive=False)


def _definition(
    name: str, description: str, schema: dict[str, Any], *, read_only: bool, destructive: bool
) -> dict[str, Any]:
    hints = {"readOnlyHint": True} if read_only else {"destructiveHint": destructive}
    return {"name": name, "description": description, "inputSchema": schema, "annotations": hints}


def _property(entry: Declared) -> dict[str, Any]:
    value: dict[str, Any] = {"type": _TYPES[entry.kind]}
    if entry.choices:
        value["enum"] = list(entry.choices)
    if entry.many:
        value = {"type": "array", "items": value}
    form = f" ({entry.metavar})" if "=" in entry.metavar or ":" in entry.metavar else ""
    return value | {"description": f"{entry.help}{form}"}


def _group(group: Group, options: tuple[Declared, ...]) -> dict[str, Any]:
    members = ", ".join(f"{o.name}{'[]' if o.many else ''}" for o in options if o.group is group)
    return {"type": "object", "description": f"{group.description.partition(';')[0]}: {members}"}
