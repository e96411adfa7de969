# SPDX-License-Identifier: Apache-2.0
"""What helps after each kind of failure; said when a record is read, from where the job lies then."""

from __future__ import annotations

import shlex
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from core.problem import Problem

_VERBS = ("result", "diagnose")
_WHY = "`{diagnose}` tells why, and what helps"
_REMEDIES = {
    "process.lost": "`{result}` lists what it left: run it again",
    "launch.failed": "mend what the message names, and run it again",
    "launch.lost": "nothing was started: run it again",
    "machine.unreachable": "end it on the machine that it was started on",
    "node.lost": "`{result}` lists what it left: run it again, or go on from its last checkpoint (--parent)",
    "job.preempted": "`{result}` lists what it left: run it again, or go on from its last checkpoint (--parent)",
    "job.time_limit": "ask for more time (--time-limit), or go on from its last checkpoint (--parent)",
    "action.out_of_memory": "ask for more memory (--memory), or train with smaller batches",
    "results.unreadable": "mend the disk, or the rights of the job's folder, and run it again",
}


def with_remedy(failure: Problem, folder: str) -> Problem:
    """The failure of the job in `folder` with what helps, where its platform said nothing better."""
    if failure.remedy:
        return failure
    place = Path(folder)
    asked = {verb: shlex.join(("changenet", verb, place.name, "--results", str(place.parent))) for verb in _VERBS}
    return replace(failure, remedy=_REMEDIES.get(failure.code, _WHY).format(**asked))
