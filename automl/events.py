# SPDX-License-Identifier: Apache-2.0
"""What a search tells of itself while it works, and why it stops."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Callable

    from automl.types import Curve, Run, RunResult

Kind = Literal["kept", "decided", "refused", "started", "progress", "unreachable", "lost", "ended"]


@dataclass(frozen=True, slots=True)
class Update:
    """One thing that is new about a search."""

    kind: Kind
    run: Run
    job_id: str | None = None
    curve: Curve = ()
    result: RunResult | None = None
    message: str = ""


@dataclass(frozen=True, slots=True)
class Ending:
    """Why the search stopped: `finished` for good, or `interrupted` and open to be resumed."""

    state: Literal["finished", "interrupted"]
    reason: str


INTERRUPTED = Ending("interrupted", "stopped by a signal; resume to go on")


def ignore(*_: object) -> None:
    """Nobody listens."""


@dataclass(frozen=True, slots=True)
class Hooks:
    """Who is told: `update` of everything, `result` of the number of a run whose result is written down.

    `interrupted` says whether to stop.
    """

    update: Callable[[Update], None] = ignore
    result: Callable[[int], None] = ignore
    interrupted: Callable[[], bool] = bool
