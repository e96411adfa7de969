# SPDX-License-Identifier: Apache-2.0
"""Why a job failed, as text for people."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

    from runners.diagnosis.diagnose import Cause, Diagnosis
    from runners.diagnosis.evidence import Line

_LONGEST = 160
_MOST_DIFFERENCES = 8


def diagnosis_lines(found: Diagnosis) -> list[str]:
    """What was found, a line each: cause, evidence, what helps, whether to try it again, what was otherwise."""
    if found.state == "CANCELED":
        return ["  it was stopped on request: nothing failed"]
    if found.state != "ERROR":
        return ["  it did not fail"]
    lines = [*_cause_lines("cause", found.cause), *_behind(found)] if found.cause else _unknown(found)
    if found.followed:
        lines.append(f"  then     {', '.join(found.followed)}")
    if found.retried_as:
        lines.append(f"  goes on  {found.retried_as} goes on with it")
    for one in found.differs[:_MOST_DIFFERENCES]:
        lines.append(f"  differs  {one.what}: {_short(one.then)} in {found.good}, {_short(one.now)} here")
    if more := len(found.differs) - _MOST_DIFFERENCES:
        lines += [f"  differs  and {more} more (--json)"] * (more > 0)
    if found.good and not found.differs:
        lines.append(f"  differs  nothing that is recorded, from {found.good}, which completed")
    return lines


def _unknown(found: Diagnosis) -> list[str]:
    said = "not certain: before the words that tell of one, this failed, and no rule knows why"
    head = said if found.confidence == "likely" else "no rule knows it for certain; it ended with"
    lines = [f"  cause    {head}", *_quoted(found.words)]
    for cause in found.possible:
        lines += _cause_lines("likely" if cause.likely else "possibly", cause)
    return lines


def _behind(found: Diagnosis) -> list[str]:
    """What may be behind a cause that tells what happened and not why, a line each."""
    return [f"  perhaps  {cause.sentence} [{cause.rule}]" for cause in found.possible]


def _cause_lines(title: str, cause: Cause) -> list[str]:
    return [
        f"  {title:<8} {cause.sentence} [{cause.rule}]",
        *_quoted(cause.evidence),
        f"  fix      {cause.advice}",
        *(f"  run      {command}" for command in cause.fix),
        f"  retry    {cause.retry}",
    ]


def _quoted(lines: Iterable[Line]) -> list[str]:
    return [f"  | {line.place}: {_cut(line.text)}" for line in lines]


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def _short(value: Any) -> str:
    return "nothing" if value is None else _cut(value if isinstance(value, str) else json.dumps(value))
