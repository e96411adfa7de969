# SPDX-License-Identifier: Apache-2.0
"""A conversation as a scripted agent leads it: it reads what the last answer says, and does what its last line names.

A turn is what the user says (`say`, put to `changenet plan` or `run` by `with`), or `follow`: the command that the
answer before named behind `next`, `remedy` or in backquotes, with nothing added but `add`. The agent knows no id and no
path of its own: what an answer does not name, it can't type.
"""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    Run = Callable[..., tuple[int, str, dict[str, Any]]]

_NAMED = re.compile(
    r"(?:next:?|remedy:|to go on:|run|this is for)\s+(?:[^`\n]*`)?(changenet [^`\n]+)|`(changenet [^`\n]+)`"
)


def named_command(said: str) -> str:
    """The last command that an answer names; empty where it names none."""
    found = [one or other for one, other in _NAMED.findall(said)]
    return re.split(r"\s{2,}\(", found[-1])[0].strip() if found else ""


def lead(
    turns: Sequence[Mapping[str, Any]], run: Run, folder: Path, named: Callable[[str], str] = named_command
) -> list[str]:
    """Take the turns one after the other; returns what was not as it should be, and stops there.

    `named` finds what an answer names next.
    """
    said = ""
    for number, turn in enumerate(turns, 1):
        commands = _commands(turn, said, named)
        if not commands:
            return [f"turn {number}: no command is named by {said.strip()[-150:]!r}"]
        code, said = 0, ""
        for words in commands:
            code, told, _ = run(*words)
            said += told
        wrong = [f"exit {code}"] * (code != turn.get("exit", 0))
        wrong += [f"says {said.strip()[-200:]!r}"] * (not re.search(turn.get("says", ""), said))
        if "leaves" in turn and not (folder / turn["leaves"]).exists():
            wrong.append(f"{turn['leaves']} is not there")
        if wrong:
            typed = " && ".join(shlex.join(words) for words in commands)
            return [f"turn {number}, changenet {typed[:120]}: {'; '.join(wrong)}"]
    return []


def _commands(turn: Mapping[str, Any], said: str, named: Callable[[str], str]) -> list[list[str]]:
    if "say" in turn:
        return [[turn.get("with", "plan"), turn["say"]]]
    line = named(said)
    return [[*shlex.split(one)[1:], *turn.get("add", ())] for one in line.split(" && ")] if line else []
