# SPDX-License-Identifier: Apache-2.0
"""What a language model typed and answered, with SKILL.md and a shell, graded by the same checks as the script.

`transcripts.json` lists for each task the prompt, the commands with their exit codes and what they said, and the answer
to the user; the folder it worked in is written as `.`, the training that was there before as `{trained}`. The last
`plan` or `run` that it typed is what it made of the request: the same words are planned again, and graded with the exit
code and the words that were recorded. A near miss is right when nothing was planned.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    Call = Mapping[str, Any]
    Replay = Callable[..., tuple[int, str, dict[str, Any]]]
    Faults = Callable[[Mapping[str, Any], int, str, dict[str, Any]], list[tuple[str, str]]]

_REQUESTS = {"plan", "run"}
_NEAR_MISS = "near "
_PLACEHOLDER = re.compile(r"\s[A-Z]+\b")  # what the agent puts its own name in place of


def recorded(path: Path) -> list[dict[str, Any]]:
    """The transcripts of a file."""
    found: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))
    return found


def is_near_miss(transcript: Mapping[str, Any]) -> bool:
    """Whether it is of a request that is for somebody else."""
    return str(transcript["id"]).startswith(_NEAR_MISS)


def near_miss_faults(transcript: Mapping[str, Any]) -> list[str]:
    """The commands that planned or did something for a request that is for somebody else."""
    return [f"{_typed(call)}: exit 0" for call in transcript["calls"] if call["exit"] == 0]


def task_faults(check: Mapping[str, Any], transcript: Mapping[str, Any], replay: Replay, faults: Faults) -> list[str]:
    """What of a task's check a transcript does not meet; `replay` runs a command where the same data lies."""
    calls = transcript["calls"]
    if "line" in check:
        return list(_line_faults(check, calls))
    asked = [call for call in calls if call["words"][0] in _REQUESTS]
    if not asked:
        return ["put no request to the skill"]
    last = asked[-1]
    whole = replay("plan", *last["words"][1:], "--json", "--full")[2]
    said = "".join(call["said"] for call in calls) + json.dumps(whole)
    return [text for name, text in faults(check, last["exit"], said, whole) if name in check]


def _line_faults(check: Mapping[str, Any], calls: list[Call]) -> Iterator[str]:
    """The command that the task is for was typed, by itself or through words, and ended as it should."""
    wanted = _plain(_PLACEHOLDER.split(check["line"])[0])
    typed = [call for call in calls if wanted in _plain(_typed(call)) or wanted in _plain(call["said"])]
    if not typed:
        yield f"{check['line']} was not typed"
    elif typed[-1]["exit"] != check.get("follow", check["exit"]):
        yield f"{_typed(typed[-1])}: exit {typed[-1]['exit']}"


def _typed(call: Call) -> str:
    return f"changenet {' '.join(call['words'])}"


def _plain(text: str) -> str:
    return re.sub(r"(?<!\S)\./", "", text)
