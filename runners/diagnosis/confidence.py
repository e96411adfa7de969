# SPDX-License-Identifier: Apache-2.0
"""What speaks against a cause: failures that were told before it and that neither it nor anything known explains.

A pattern that fits says that something happened, not that it happened first. So a cause is certain only where nothing
else had failed by then: each line in which a program or the platform says that it failed, and which stands before the
words that a rule goes by, has to be those of the same failure (the same speaker, or an exception that led to it), of a
symptom, or of a rule that tells the same in less detail.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from runners.diagnosis import evidence
from runners.diagnosis.evidence import Weight
from runners.diagnosis.exceptions import is_header, own_failures
from runners.diagnosis.rules import compiled

if TYPE_CHECKING:
    from collections.abc import Sequence

    from runners.diagnosis.evidence import Line
    from runners.diagnosis.rules import Hit

# A tool's or service's own name before what it says: `srun: error: …`, `[init] cp: cannot stat …`, `ERROR: …`.
_SPEAKER = re.compile(r"^\s*(?:\[[\w -]+\] |[\w.-]+ +\| )?(?P<name>[A-Za-z./][\w./-]*)(?:\[\d+\])?: ")
_FAILS = re.compile(
    r"(?:^|: |\] )(?:fatal|error|panic)\b|\b(?:cannot|can.t|could ?n.t|could not|unable to|failed|denied|refused)\b"
    r"|\b(?:no such|not found)\b|^(?:ERROR|FATAL)\b|\bnon-?zero code\b|did not complete successfully",
    re.IGNORECASE,
)
# What says no more than that something failed, which is told above or below it.
_WRAPPER = re.compile(
    r"Error executing job|ERROR \[internal\]|Caught \w+ in \w+|Execution status|\bframe #\d|:\s*$"
    r"|Unable to find image .* locally|OCI runtime create failed|error running hook|with error code:? \d"
    r"|(?i:exit(?:ed)?(?: with)? (?:code|status))|error: task \d+$|timed out waiting for the condition"
    r"|^\s*(?:Status|Reason|State|Last State|Phase|Message):|optional|will not be available"
    r"|\b(?:main|job|task|run|step|training|train) failed\W*$|dependency resolver does not currently"
    r"|cannot find name for group|image pull secrets"
)
# What begins something else than a further line of an exception's message: a time, a level, a command, an exception.
_OF_OTHERS = re.compile(
    r"^\W?\d+[:\d-]|^\$ |\b(?:INFO|WARN\w*|ERROR?|DEBUG|FATAL)\b|\w(?:Error|Exception)\b(?!\S* error:)"
)

# What was told of a launch before this was overcome.
_LAUNCHED = re.compile(
    r"Successfully pulled|Started container|Downloaded newer image|Normal +(?:Pulled|Created|Started)\b"
)


def failures(lines: Sequence[Line]) -> list[int]:
    """Indexes of the lines in the end that say that something failed.

    Exceptions but for those that led to another, complaints but for those that are passed over or announce a line.
    """
    told = set(own_failures(lines))
    launched = max((n for n, line in enumerate(lines) if _LAUNCHED.search(line.text)), default=-1)
    for n, line in enumerate(lines):
        fails = n > launched and line.weight >= Weight.NEAR and _FAILS.search(line.bare)
        if fails and not is_header(line) and not _passed_over(lines, n):
            told.add(n)
    return sorted(n for n in told if not _WRAPPER.search(lines[n].bare))


def doubts(hit: Hit, hits: Sequence[Hit], lines: Sequence[Line], failed: Sequence[int]) -> tuple[int, ...]:
    """Indexes of the failures of `failed` that stand before what the hit goes by, and that nothing explains."""
    if hit.rule.verdict or (not hit.lines and not hit.rule.between):
        return ()
    explained = {n for other in hits if _follows(other, hit) for n in other.lines}
    explained |= {n for n in failed if any(compiled(one).search(lines[n].bare) for one in hit.rule.patterns)}
    begin = hit.lines[0] if hit.lines else len(lines)
    voice = _voice(lines[begin]) if hit.lines else None
    # What is absent is missed by whoever comes after a failure: there, a line counts whoever speaks.
    heard = [n for n in failed if hit.rule.gives_way or is_header(lines[n]) or _voice(lines[n])]
    before = [n for n in heard if n < begin and n not in explained and (not voice or _voice(lines[n]) != voice)]
    if before and hit.lines and is_header(lines[before[-1]]) and _goes_on(lines, before[-1], begin):
        before.pop()
    return tuple(before)


def _goes_on(lines: Sequence[Line], header: int, n: int) -> bool:
    """Whether the line belongs to the message of the exception in the line `header`, which has several lines."""
    between = lines[header + 1 : n + 1]
    return all(
        line.weight is Weight.FINAL and not _voice(line) and not _OF_OTHERS.search(line.bare) for line in between
    )


def _follows(other: Hit, hit: Hit) -> bool:
    """Whether the other rule tells a symptom, or what the rule of the hit tells in less detail."""
    rule = other.rule
    return rule.symptom or hit.rule.id in (*rule.between, *rule.covers)


def _voice(line: Line) -> str | None:
    found = _SPEAKER.match(line.bare)
    return found["name"] if found else None


def _passed_over(lines: Sequence[Line], n: int) -> bool:
    return lines[n].warns or lines[n].typed or evidence.answers_a_look(lines, n)
