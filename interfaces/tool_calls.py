# SPDX-License-Identifier: Apache-2.0
"""The arguments of a tool call as a verb's options: every name known, every value of its type, nothing passed over."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from core.errors import RequestError, did_you_mean
from interfaces.tool_definitions import OF_THE_SERVER, member_name, tool_options, tool_verbs

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from interfaces.options import Declared
    from interfaces.verb import Verb

_NAMES = {str: "a text", int: "a whole number", float: "a number", bool: "true or false"}
_MOST_SHOWN = 80  # characters of a wrong value


def options_of(verb: Verb, arguments: Mapping[str, Any], server: Mapping[str, Any]) -> Any:
    """The options dataclass of the verb; `server` holds what the server was started with.

    Raises:
        RequestError: a name that is not known, a value of another type, or one that is missing.
    """
    entries = tool_options(verb)
    known = {entry.name: entry for entry in entries if entry.group is None}
    groups = {member_name(entry.group): entry.group for entry in entries if entry.group is not None}
    given: dict[str, Any] = {}
    for name, value in arguments.items():
        if value is None:
            continue
        if name in groups:
            members = {entry.name: entry for entry in entries if entry.group is groups[name]}
            given |= _members(name, value, members)
        else:
            given[name] = _value(_known(name, known, [*known, *groups]), value, name)
    options = verb.options()
    own = {name: value for name, value in server.items() if name in OF_THE_SERVER & set(options.__dataclass_fields__)}
    if missing := [entry.name for entry in entries if entry.required and entry.name not in given]:
        raise RequestError(f"{missing[0]} is missing", code="usage.missing", where=missing[0], remedy="give it")
    return options(**given, **own)


def _members(name: str, value: Any, members: Mapping[str, Declared]) -> dict[str, Any]:
    if not isinstance(value, dict):
        remedy = f"give an object of {', '.join(members)}"
        raise RequestError(f"{name} is not an object", code="usage.type", where=name, remedy=remedy)
    return {
        member: _value(_known(member, members, list(members)), one, f"{name}.{member}")
        for member, one in value.items()
        if one is not None
    }


def _known(name: str, entries: Mapping[str, Declared], names: list[str]) -> Declared:
    if name in entries:
        return entries[name]
    remedy = did_you_mean(name, names) or f"it may have: {', '.join(names)}"
    raise RequestError(f"there is no argument '{name}'", code="usage", where=name, remedy=remedy)


def _value(entry: Declared, value: Any, where: str) -> Any:
    if not entry.many:
        return _one(entry, value, where)
    many = value if isinstance(value, list) else [value]
    return tuple(_one(entry, one, where) for one in many)


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= _MOST_SHOWN else f"{text[:_MOST_SHOWN]}…"


def _one(entry: Declared, value: Any, where: str) -> Any:
    fits = isinstance(value, entry.kind) and not (entry.kind is int and isinstance(value, bool))
    if entry.kind is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if not fits:
        message, remedy = f"{_short(value)} is not {_NAMES[entry.kind]}", f"give {_NAMES[entry.kind]}"
        raise RequestError(message, code="usage.type", where=where, remedy=remedy)
    if entry.choices and value not in entry.choices:
        remedy = f"choose one of: {', '.join(entry.choices)}"
        raise RequestError(f"'{value}' is no choice for {where}", code="usage.choice", where=where, remedy=remedy)
    return value


def call_of(words: Sequence[str]) -> tuple[str, dict[str, Any] | None]:
    """The tool that a typed command stands for, and its arguments; None where no tool is of its name.

    What is typed as `run` is put to `plan`, whose `plan_id` the tool `launch` takes: its arguments are those of `plan`.

    Raises:
        RequestError: the words are no command.
    """
    from interfaces.command_line import parse
    from interfaces.options import given

    command, tools = parse(words), tool_verbs()
    name = command.verb.name.replace(" ", "_")
    verb = tools["plan"] if name == "run" else tools.get(name)
    if verb is None:
        return name, None
    known = {entry.name for entry in tool_options(verb)}
    found: dict[str, Any] = {}
    for entry in given(command.options):
        if entry.name in known:
            value = getattr(command.options, entry.name)
            place = found if entry.group is None else found.setdefault(member_name(entry.group), {})
            place[entry.name] = list(value) if isinstance(value, tuple) else value
    return name, found
