# SPDX-License-Identifier: Apache-2.0
"""What a verb takes, declared once: on the fields of its frozen options dataclass.

The command line, the tool definitions and the words that repeat a call are all derived from here. The type is that of
the annotation; a tuple may be given several times, a Literal is a choice.
"""

from __future__ import annotations

import shlex
from dataclasses import field, fields
from typing import Any, Literal, NamedTuple, get_args, get_origin, get_type_hints

from core.errors import RequestError


class Group(NamedTuple):
    """Options that belong together, as help shows them."""

    title: str
    description: str


class Declared(NamedTuple):
    """One option of a verb. `short` and `flag` are as typed, `env` is the variable that stands in for it.

    `kind` is the type of one value, `many` whether there may be several, `choices` what is allowed, if not everything
    is. `otherwise` says what holds where neither option nor variable is given.
    """

    name: str
    help: str
    kind: type
    default: Any
    many: bool = False
    required: bool = False
    choices: tuple[str, ...] = ()
    positional: bool = False
    flag: str = ""
    short: str = ""
    metavar: str = ""
    group: Group | None = None
    env: str = ""
    otherwise: str = ""

    @property
    def described(self) -> str:
        """The help, with what holds where the option is not given."""
        plain = self.required or self.default in {None, (), False}
        otherwise = self.otherwise or ("" if plain else str(self.default))
        if self.env:
            otherwise = f"${self.env} or {otherwise}"
        return f"{self.help}; default: {otherwise}" if otherwise else self.help


def option(help: str, *, default: Any = None, **declared: Any) -> Any:  # noqa: A002 - as argparse calls it
    """A field that is typed behind its flag; `declared` holds the texts of `Declared`."""
    return field(default=default, metadata={"help": help, **declared})


def argument(help: str, *, metavar: str = "", **default: Any) -> Any:  # noqa: A002
    """A field that is typed without a flag; it has to be given unless it has a default."""
    return field(**default, metadata={"help": help, "metavar": metavar, "positional": True})


_READ: dict[type[Any], tuple[Declared, ...]] = {}


def declared(options: type[Any]) -> tuple[Declared, ...]:
    """The options of a verb, in the order of its dataclass; read once, as a command asks for them several times."""
    if options not in _READ:
        hints = get_type_hints(options)
        _READ[options] = tuple(_declared(entry, hints[entry.name]) for entry in fields(options))
    return _READ[options]


def _declared(entry: Any, hint: Any) -> Declared:
    said = dict(entry.metadata)
    kind = next((part for part in get_args(hint) if type(None) in get_args(hint)), hint)
    many = get_origin(kind) is tuple
    if many:
        kind = get_args(kind)[0]
    said["choices"] = tuple(get_args(kind)) if get_origin(kind) is Literal else ()
    said["required"] = not isinstance(entry.default, str | int | float | tuple | None)
    if not said.get("positional"):
        said["flag"] = said.get("flag") or f"--{entry.name.replace('_', '-')}"
    return Declared(entry.name, kind=str if said["choices"] else kind, many=many, default=entry.default, **said)


def require_values(options: Any) -> None:
    """Refuse texts that are empty, or that no path and no document can hold: they would be taken for not given.

    Raises:
        RequestError: with the option.
    """
    for entry in declared(type(options)):
        value = getattr(options, entry.name)
        for text in value if entry.many else [value]:
            if isinstance(text, str) and (not text.strip() or "\0" in text) and not (entry.many and entry.positional):
                what = "it is empty" if not text.strip() else "it holds a NUL character"
                remedy = "give a value" if entry.required else "give a value, or leave it out"
                raise RequestError(
                    what, code="usage.value", where=entry.flag or entry.metavar or entry.name, remedy=remedy
                )


def given(options: Any) -> list[Declared]:
    """The options that are not as they are without being named."""
    return [entry for entry in declared(type(options)) if getattr(options, entry.name) != entry.default]


def words_of(options: Any) -> str:
    """What has to be typed behind the verb to give these options."""
    words: list[str] = []
    for entry in given(options):
        value = getattr(options, entry.name)
        name = entry.short or entry.flag
        for one in value if entry.many else [value]:
            words += [name] * (not entry.positional) + [str(one)] * (entry.kind is not bool)
    return shlex.join(words)
