# SPDX-License-Identifier: Apache-2.0
"""The command line, built from the table of verbs: only the parser that the words typed need."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any, NamedTuple

from interfaces.options import declared
from interfaces.parser import Parser, number, whole_number
from interfaces.table import GROUPS, VERBS
from interfaces.variables import VARIABLES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from interfaces.options import Declared, Group
    from interfaces.verb import Verb

PROGRAM = "changenet"
EXAMPLES = """\
examples:
  changenet data synthesize boards               draw synthetic boards to try things on
  changenet plan "train Visual ChangeNet on ./boards for 5 epochs"
  changenet run train --data boards -s num_epochs=5
  changenet run evaluate --data boards --parent train-20260101-120000-0a1b2c
  changenet jobs
  changenet demo                                 all of it at once, in a few minutes
"""
_EXIT_CODES = """\
changenet --version tells the version
exit codes: 0 done, 2 the input is wrong, 3 something is missing, 4 the job failed or no trial of a search has figures,
            5 the platform is not available, 130 interrupted
"""
_TYPES = {int: whole_number, float: number, str: None}


class Command(NamedTuple):
    """The words typed, as a call of a verb."""

    verb: Verb
    options: Any
    as_json: bool


def parse(words: Sequence[str]) -> Command:
    """The call that the words make. `--help` is printed, and ends the program.

    Raises:
        RequestError: no verb, an unknown option, or a value that is none of the option's type.
    """
    for length in (1, 2):
        if verb := VERBS.get(" ".join(words[:length])):
            return _command(verb, list(words[length:]))
    known, rest = (group_menu(words[0]), words[1:]) if words[:1] and words[0] in GROUPS else (top_menu(), words)
    known.parse_args(list(rest))
    return known.error("the command comes first")


def _command(verb: Verb, words: list[str]) -> Command:
    options = verb.options()
    given = vars(verb_parser(verb).parse_args(words))
    as_json = given.pop("json")
    return Command(verb, options(**{n: tuple(v) if isinstance(v, list) else v for n, v in given.items()}), as_json)


def top_menu() -> Parser:
    """What `changenet --help` shows."""
    first = {name.partition(" ")[0]: verb.summary for name, verb in VERBS.items()}
    width = max(map(len, VARIABLES))
    variables = "\n".join(f"  {name:<{width}}  {text}" for name, text in VARIABLES.items())
    return menu(
        PROGRAM,
        first | GROUPS,
        description="Train, evaluate and inspect with Visual ChangeNet: a test image against a golden one.",
        epilog=f"{EXAMPLES}\n{_EXIT_CODES}\nenvironment variables:\n{variables}\n",
    )


def group_menu(group: str) -> Parser:
    """What `changenet GROUP --help` shows."""
    kinds = {name.removeprefix(f"{group} "): verb.summary for name, verb in VERBS.items()}
    return menu(f"{PROGRAM} {group}", {name: text for name, text in kinds.items() if name not in VERBS})


def menu(program: str, entries: Mapping[str, str], description: str = "", epilog: str = "") -> Parser:
    """A parser that knows the next word alone."""
    parser = _parser(program, description, epilog)
    verbs = parser.add_subparsers(metavar="COMMAND", required=True, parser_class=Parser)
    for name, summary in entries.items():
        verbs.add_parser(name, help=summary)
    return parser


def verb_parser(verb: Verb) -> Parser:
    """The parser of what is typed behind a verb."""
    parser = _parser(f"{PROGRAM} {verb.name}", verb.sentence, verb.examples)
    parser.add_argument("--json", action="store_true", help="one JSON document on standard output, all else on error")
    groups: dict[Group | None, Any] = {None: parser}
    for entry in declared(verb.options()):
        if entry.group and entry.group not in groups:
            groups[entry.group] = parser.add_argument_group(entry.group.title, entry.group.description)
        _add(groups[entry.group], entry)
    return parser


def _parser(program: str, description: str, epilog: str) -> Parser:
    return Parser(
        prog=program,
        description=description,
        epilog=epilog,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )


def _add(place: Any, entry: Declared) -> None:
    names = [entry.name] if entry.positional else [name for name in (entry.short, entry.flag) if name]
    settings: dict[str, Any] = {"help": entry.described.replace("%", "%%")}
    if not entry.positional:
        settings |= {"dest": entry.name, "default": [] if entry.many else entry.default}
    if entry.kind is bool:
        settings["action"] = "store_true"
        place.add_argument(*names, **settings)
        return
    settings |= {"type": _TYPES[entry.kind], "metavar": entry.metavar or None, "choices": entry.choices or None}
    if entry.many:
        settings |= {"nargs": "*"} if entry.positional else {"action": "append"}
    place.add_argument(*names, **settings)
