# SPDX-License-Identifier: Apache-2.0
"""A log as an agent reads it: its end first, for that is where failures stand, or a page from a line on."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from interfaces.outcome import Outcome

MOST_CHARACTERS = 2_500  # of a page, which the text and the document both hold
_LONGEST_LINE = 300


def page_of(outcome: Outcome, after: int | None) -> Outcome:
    """The outcome of `logs` with the last lines that fit, or with those that follow line `after`.

    The document says how many lines the log has, the number of the first line shown, and `next_after`, from which the
    next call goes on.
    """
    lines: Sequence[str] = outcome.document["lines"]
    start, total = min(after or 0, outcome.document["total"]), outcome.document["total"]
    if after is None:
        shown = _fitting(reversed(lines))[::-1]
        start = total - len(shown)
    else:
        shown = _fitting(lines)
    end = start + len(shown)
    told = {"lines": shown, "first": start + 1, "next_after": end, "total": total}
    head = f"lines {start + 1} to {end} of {total}" if shown else f"no line after line {start} yet"
    if start and after is None:
        head += "; after: 0 begins at the first"
    elif end < total:
        head += f"; after: {end} goes on"
    return replace(outcome, document={**outcome.document, **told}, text="\n".join([head, *shown]))


def _fitting(lines: Iterable[str]) -> list[str]:
    """The first of some lines that fit on a page, long ones cut."""
    shown: list[str] = []
    left = MOST_CHARACTERS
    for line in lines:
        cut = line if len(line) <= _LONGEST_LINE else f"{line[:_LONGEST_LINE]}… ({len(line):,} characters)"
        left -= len(cut) + 1
        if left < 0:
            break
        shown.append(cut)
    return shown
