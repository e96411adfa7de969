# SPDX-License-Identifier: Apache-2.0
"""Population based training (Jaderberg et al. 2017, arXiv:1711.09846): the worst go on from the best, slightly changed.

A member that keeps its configuration goes on from its exact checkpoint. One that copies another takes its weights
alone, as the optimiser's state would bring the other's learning rate back.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from automl.draws import random_of
from automl.schedule import Pause
from automl.types import Run

if TYPE_CHECKING:
    from random import Random

    from automl.settings import AutomlSettings
    from automl.space import Space
    from automl.types import Objective, RunResult

_GENERATIONS = 5
_QUARTER = 4


class PbtSchedule:
    """Generations of a population; a generation begins when the one before it has ended."""

    def __init__(self, space: Space, objective: Objective, settings: AutomlSettings, epochs: int) -> None:
        self._space, self._objective, self._seed = space, objective, settings.seed
        self._size = min(settings.population, settings.trials)
        self._length = min(epochs, settings.generation_epochs or max(1, epochs // _GENERATIONS))
        self._generations = -(-epochs // self._length)
        self._last = epochs - self._length * (self._generations - 1)
        self._runs: list[Run] = []
        self._values: dict[int, float | None] = {}

    def decide(self, number: int) -> Run | Pause:
        """The next member's run of this generation."""
        generation, member = divmod(number, self._size)
        if generation >= self._generations:
            return Pause.DONE
        if generation == 0:
            return self._first(number, member)
        before = self._runs[(generation - 1) * self._size : generation * self._size]
        if len(before) < self._size or any(run.number not in self._values for run in before):
            return Pause.WAIT
        return self._next(number, member, before, self._length if generation < self._generations - 1 else self._last)

    def begin(self, run: Run) -> None:
        """Note the run."""
        self._runs.append(run)

    def end(self, run: Run, result: RunResult) -> None:
        """Note the figure, or that there is none."""
        self._values[run.number] = result.values[0] if result.is_complete else None

    def parents(self) -> set[int]:
        """The latest two generations: the next one goes on from them."""
        return {run.number for run in self._runs[-2 * self._size :]}

    def _first(self, number: int, member: int) -> Run:
        if member == 0:
            point = self._space.canonical(self._space.defaults())
            return Run(number, 0, {}, self._length, point=point, origin="defaults")
        point = self._space.canonical(self._space.draw(self._random(number)))
        return Run(number, member, self._space.values(point), self._length, point=point, origin="drawn")

    def _next(self, number: int, member: int, before: list[Run], length: int) -> Run | Pause:
        ranked = sorted(before, key=lambda run: (self._rank(run), run.number))
        alive = [run for run in ranked if self._values[run.number] is not None]
        if not alive:
            return Pause.DONE
        own, few = before[member], max(1, self._size // _QUARTER)
        if own in alive and own not in ranked[-few:]:
            return self._go_on(number, own, length)
        donor = self._random(number).choice(alive[:few])
        return self._go_on(number, own, length) if donor is own else self._copy(number, own, donor, length)

    def _go_on(self, number: int, own: Run, length: int) -> Run:
        return Run(
            number,
            own.trial,
            own.values,
            own.epochs + length,
            start=own.epochs,
            after=own.number,
            point=own.point,
            rung=own.rung + 1,
            origin="goes on",
        )

    def _copy(self, number: int, own: Run, donor: Run, length: int) -> Run:
        point = self._space.canonical(self._space.nudge(donor.point, self._random(number)))
        return Run(
            number,
            own.trial,
            self._space.values(point),
            length,
            after=donor.number,
            weights_only=True,
            point=point,
            rung=own.rung + 1,
            origin=f"copied from trial {donor.trial}",
        )

    def _rank(self, run: Run) -> float:
        value = self._values[run.number]
        return float("inf") if value is None else self._objective.key(value)

    def _random(self, number: int) -> Random:
        return random_of(self._seed, "pbt", number)
