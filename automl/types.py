# SPDX-License-Identifier: Apache-2.0
"""What the modules of the search share: an objective, a run of a trial, and how the run ended."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields
from enum import StrEnum
from typing import Any, Literal

Direction = Literal["minimize", "maximize"]
Point = dict[str, Any]
"""A configuration as the samplers see it: parameter name to its value inside the sampler's distribution."""


@dataclass(frozen=True, slots=True)
class Objective:
    """A metric that the training logs, and whether the lowest or the highest value is best."""

    metric: str
    direction: Direction

    def __str__(self) -> str:
        """As the user writes it."""
        return f"{self.metric}:{self.direction}"

    def is_better(self, one: float, other: float) -> bool:
        """Whether `one` is strictly better than `other`."""
        return one < other if self.direction == "minimize" else one > other

    def key(self, value: float) -> float:
        """A number by which values sort best first."""
        return value if self.direction == "minimize" else -value

    @property
    def mode(self) -> str:
        """The direction as the checkpointer names it."""
        return "min" if self.direction == "minimize" else "max"


@dataclass(frozen=True, slots=True)
class Run:
    """One run of a trial: a training from `start` to `epochs` epochs; a trial that is promoted has several.

    `number` counts the decisions of the search, `trial` the configurations. `values` maps spec keys to what is set on
    top of the defaults, `point` and `attrs` are what the sampler needs to remember. `after` is the run whose last
    checkpoint this one goes on from, exactly, or with `weights_only` from its weights alone. `seen` is how many results
    the search knew when it decided.
    """

    number: int
    trial: int
    values: dict[str, Any]
    epochs: int
    start: int = 0
    after: int | None = None
    weights_only: bool = False
    point: Point = field(default_factory=dict)
    attrs: dict[str, Any] = field(default_factory=dict)
    rung: int = 0
    bracket: int = 0
    origin: str = ""
    seen: int = 0

    @property
    def cost(self) -> int:
        """The epochs that the run trains."""
        return self.epochs - self.start

    def to_json(self) -> dict[str, Any]:
        """As a JSON object."""
        return asdict(self)

    @classmethod
    def from_json(cls, document: dict[str, Any]) -> Run:
        """The inverse of `to_json`."""
        return cls(**document)


class RunState(StrEnum):
    """How a run ended. `refused` was never launched and costs no budget; `stopped` was ended by a limit of time."""

    COMPLETE = "complete"
    FAILED = "failed"
    STOPPED = "stopped"
    REFUSED = "refused"


Curve = tuple[tuple[int, tuple[float, ...]], ...]
"""Epochs done (from 1) and the values of the objectives then."""


@dataclass(frozen=True, slots=True)
class RunResult:
    """How a run ended: `values` is one figure per objective, and empty unless the run is complete.

    `epoch` and `step` are those of the checkpoint that reached them, `best` and `last` are files: the checkpoint of
    the figure, and the one that a promotion goes on from; `files` are all that the run wrote. `curve` is what was
    validated, epoch by epoch.
    """

    state: RunState
    values: tuple[float, ...] = ()
    message: str = ""
    job_id: str | None = None
    epoch: int | None = None
    step: int | None = None
    best: str | None = None
    last: str | None = None
    files: tuple[str, ...] = ()
    curve: Curve = ()
    seconds: float = 0.0

    @property
    def is_complete(self) -> bool:
        """Whether the run has figures that count."""
        return self.state is RunState.COMPLETE

    def to_json(self) -> dict[str, Any]:
        """As a JSON object."""
        return asdict(self)

    @classmethod
    def from_json(cls, document: dict[str, Any]) -> RunResult:
        """The inverse of `to_json`; older records hold more than is asked for."""
        names = {f.name for f in fields(cls)}
        parts = {name: value for name, value in document.items() if name in names}
        parts["state"] = RunState(parts["state"])
        parts["values"], parts["files"] = tuple(parts["values"]), tuple(parts["files"])
        parts["curve"] = tuple((epoch, tuple(values)) for epoch, values in parts["curve"])
        return cls(**parts)
