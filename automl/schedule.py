# SPDX-License-Identifier: Apache-2.0
"""How an algorithm decides what runs next, and the plain one: every trial runs once, to its end.

A schedule is told of every run that begins and of every end, always in the order of the runs' numbers, however long
each takes. What it decides follows from that alone, so a search that is taken up again decides the same.
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Any, Protocol

from automl.types import Run

if TYPE_CHECKING:
    from collections.abc import Sequence

    from automl.space import Space
    from automl.types import Point, RunResult


class Pause(Enum):
    """What a schedule answers when it has no run to give."""

    WAIT = "the results of runs that are on their way are needed first"
    DONE = "every trial has ended"


class Schedule(Protocol):
    """What the controller asks."""

    def decide(self, number: int) -> Run | Pause:
        """The run with this number; asking changes nothing."""

    def begin(self, run: Run) -> None:
        """The run is on its way, or was when the search stood here before."""

    def end(self, run: Run, result: RunResult) -> None:
        """The run has ended."""

    def parents(self) -> set[int]:
        """The runs whose last checkpoint a run that is yet to be decided may go on from."""


class Suggestions(Protocol):
    """Where the points of new trials come from."""

    def suggest(self, number: int) -> tuple[Point, dict[str, Any]]:
        """The point of suggestion `number` (from 1), and what is to be remembered with it."""


class Model(Suggestions, Protocol):
    """Suggestions that depend on every run that begins, and on how it ends."""

    def begin(self, run: int, point: Point, attrs: dict[str, Any]) -> None:
        """A run with this point is on its way."""

    def end(self, run: int, values: Sequence[float] | None) -> None:
        """The run has these values, or none."""


class TrialCounter:
    """How many trials there are; a refused one has a number, but takes nothing of the budget."""

    def __init__(self, most: int) -> None:
        self._most = most
        self.made = 0
        self._refused = 0

    @property
    def left(self) -> int:
        """How many more may be made."""
        return self._most - self.made + self._refused

    def begin(self, run: Run) -> None:
        """Count the trial of a run, where it is new."""
        self.made = max(self.made, run.trial + 1)

    def end(self, run: Run, result: RunResult) -> None:
        """Give back the trial of a run that was never launched."""
        self._refused += result.state == "refused" and run.after is None


class FlatSchedule:
    """Every trial runs once, for all epochs: random, bayesian and cmaes."""

    def __init__(self, space: Space, model: Model, *, trials: int, epochs: int) -> None:
        self._space, self._model, self._epochs = space, model, epochs
        self._counter = TrialCounter(trials)

    def decide(self, number: int) -> Run | Pause:
        """The next trial; the first one has the defaults."""
        if self._counter.left <= 0:
            return Pause.DONE
        trial = self._counter.made
        return new_trial(self._space, self._model, number, trial, self._epochs)

    def begin(self, run: Run) -> None:
        """Count the trial and tell the model."""
        self._counter.begin(run)
        self._model.begin(run.number, run.point, run.attrs)

    def end(self, run: Run, result: RunResult) -> None:
        """Tell the model of figures, or that there are none."""
        self._counter.end(run, result)
        self._model.end(run.number, result.values if result.is_complete else None)

    def parents(self) -> set[int]:
        """None: trials run once."""
        return set()


def new_trial(space: Space, model: Suggestions, number: int, trial: int, epochs: int, **parts: Any) -> Run:
    """The first run of a new trial; trial 0 has the defaults of template, profile and user."""
    if trial == 0:
        return Run(number, trial, {}, epochs, point=space.canonical(space.defaults()), origin="defaults", **parts)
    point, attrs = model.suggest(trial)
    return Run(number, trial, space.values(point), epochs, point=point, attrs=attrs, origin="suggested", **parts)
