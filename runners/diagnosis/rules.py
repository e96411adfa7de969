# SPDX-License-Identifier: Apache-2.0
"""The rules of failures, read from data: an ordered file of the runners, before it one of the skill where it has one.

The order is that of cause and effect: a rule that stands further up tells the cause of what those below it tell.
"""

from __future__ import annotations

import re
from dataclasses import MISSING, dataclass, fields
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple, get_type_hints

from core.documents import read_yaml
from core.errors import DeclarationError, did_you_mean

RULES_FILE = Path(__file__).with_name("rules.yaml")
SKILL_RULES = Path("references", "failure_rules.yaml")
_FLAGS = re.MULTILINE


@dataclass(frozen=True, slots=True)
class Rule:
    """One kind of failure: by what it is known, its cause in a sentence, what helps, whether to try it again.

    Patterns are regular expressions on single lines: one of `any` and each of `all` has to be there, none of `none`.
    A group (`(?P<module>…)`) of a pattern fills the place of its name in `cause`, `advice` and `fix`; patterns of
    `fill` are there for that alone. `within`: one of these has to be in the source code that a traceback quotes.
    A rule may be bound to `exit_codes` and `actions`; without patterns, its exit codes are enough. `codes`: its
    platform gave the failure one of these, which is enough as well.

    How sure it is. `system`: a message that stands outside of tracebacks, as a kernel's or a scheduler's does.
    `verdict`: somebody outside says how the job ended, which counts wherever it stands where the end tells nothing.
    `launch`: it keeps the program from being started, and is past once that has spoken. `warnings`: a warning says it.
    `symptom`: it only follows from another failure, and is never told as the cause with certainty. `gives_way`: it is
    often what comes of a failure, as a file that is absent or a server that is asked afterwards: told for certain only
    where nothing failed before it. `past`: a line that fits one of these, further down, says that it was overcome.
    `unless`: a line that fits one of these is none of the rule's, as it speaks of something else. `leads_to`: a
    program's own exception that fits this only follows from what the rule's warning says.

    How much it tells. `between`: what happened and not why; one of the rules named may be the cause, and they are told
    as possible. `denied`: a line that fits says that it was not this, where the rule would be told as possible in this
    way. `covers`: rules that tell more of the same; what this one tells stays true of theirs.

    `retry` is one of `RETRIES`. `fix` are commands, their places filled from the job's plan; of several with a `|`
    between them the first is taken whose places can all be filled.
    """

    id: str
    cause: str
    advice: str
    any: tuple[str, ...] = ()
    all: tuple[str, ...] = ()
    fill: tuple[str, ...] = ()
    within: tuple[str, ...] = ()
    none: tuple[str, ...] = ()
    unless: tuple[str, ...] = ()
    past: tuple[str, ...] = ()
    leads_to: tuple[str, ...] = ()
    denied: tuple[str, ...] = ()
    between: tuple[str, ...] = ()
    covers: tuple[str, ...] = ()
    exit_codes: tuple[int, ...] = ()
    codes: tuple[str, ...] = ()
    actions: tuple[str, ...] = ()
    fix: tuple[str, ...] = ()
    retry: str = "never"
    system: bool = False
    verdict: bool = False
    launch: bool = False
    warnings: bool = False
    symptom: bool = False
    gives_way: bool = False

    @property
    def patterns(self) -> tuple[str, ...]:
        """The patterns by which it is known."""
        return (*self.any, *self.all)


class Hit(NamedTuple):
    """A rule that fits: the lines by their indexes, what their groups told, whether that is certain.

    `doubts` are the lines for which it is not: failures that stand before it and that nothing explains.
    """

    rule: Rule
    lines: tuple[int, ...]
    told: dict[str, str]
    certain: bool
    doubts: tuple[int, ...] = ()


FIRST_PAUSE_SECONDS, PAUSE_FACTOR, MOST_RETRIES = 60, 4, 3
_PAUSES = ", ".join(f"{FIRST_PAUSE_SECONDS * PAUSE_FACTOR**n // 60} min" for n in range(MOST_RETRIES))
RETRIES = {
    "never": "no: the same run would fail in the same way",
    "by_hand": "by hand, once: nothing says that it would fail again, and nothing says that it would not",
    "infrastructure": f"yes: the infrastructure failed, not the job; after {_PAUSES}, {MOST_RETRIES} times at most",
}
"""What each kind of `retry` means, in words."""


def compiled(pattern: str) -> re.Pattern[str]:
    """The pattern, compiled once; `^` and `$` mean the ends of a line."""
    return _compiled(pattern)


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, _FLAGS)


def rules_for(skill_root: Path | None = None) -> tuple[Rule, ...]:
    """The skill's own rules, which are the more special ones, then those of the runners.

    Raises:
        DeclarationError: a file is broken, with the rule and the key.
    """
    own = skill_root / SKILL_RULES if skill_root else None
    return (*(read_rules(own) if own and own.is_file() else ()), *read_rules(RULES_FILE))


@cache
def read_rules(path: Path) -> tuple[Rule, ...]:
    """The rules of one file, in its order.

    Raises:
        DeclarationError: no list of rules, a key that is not there or of a wrong type, or a pattern that is none.
    """
    document = read_yaml(path, DeclarationError)
    if not isinstance(document, list):
        raise DeclarationError("there is no list of rules", where=str(path), remedy=_MEND)
    rules = tuple(_rule(entry, f"{path}: rule {n}") for n, entry in enumerate(document, 1))
    names = [rule.id for rule in rules]
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise DeclarationError(f"the rule '{twice}' stands there twice", where=str(path), remedy=_MEND)
    return rules


_MEND = "mend the file named"
_HINTS = get_type_hints(Rule)
_NEEDED = {entry.name for entry in fields(Rule) if entry.default is MISSING}


def _rule(entry: Any, where: str) -> Rule:
    if not isinstance(entry, dict):
        raise DeclarationError("this is no rule", where=where, remedy=_MEND)
    where += f" ({entry.get('id')})"
    for name in entry:
        if name not in _HINTS:
            raise DeclarationError(f"no rule has the key '{name}'. {did_you_mean(name, _HINTS)}", where=where)
    if missing := _NEEDED - entry.keys():
        raise DeclarationError(f"it lacks {', '.join(sorted(missing))}", where=where, remedy=_MEND)
    rule = Rule(**{name: _value(name, value, where) for name, value in entry.items()})
    if rule.retry not in RETRIES:
        raise DeclarationError(f"retry is {' or '.join(RETRIES)}", where=where, remedy=_MEND)
    for pattern in (
        *rule.patterns,
        *rule.fill,
        *rule.within,
        *rule.none,
        *rule.unless,
        *rule.past,
        *rule.leads_to,
        *rule.denied,
    ):
        _require_pattern(pattern, where)
    return rule


def _value(name: str, value: Any, where: str) -> Any:
    hint = _HINTS[name]
    if hint in {str, bool}:
        if not isinstance(value, hint):
            raise DeclarationError(f"{name} is no {hint.__name__}", where=where, remedy=_MEND)
        return " ".join(value.split()) if isinstance(value, str) else value
    inner = int if hint == tuple[int, ...] else str
    if not isinstance(value, list) or not all(type(one) is inner for one in value):
        raise DeclarationError(f"{name} is no list of {inner.__name__}", where=where, remedy=_MEND)
    return tuple(value)


def _require_pattern(pattern: str, where: str) -> None:
    try:
        compiled(pattern)
    except re.error as problem:
        message = f"'{pattern}' is no regular expression: {problem}"
        raise DeclarationError(message, where=where, remedy=_MEND) from None
