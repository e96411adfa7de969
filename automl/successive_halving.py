# SPDX-License-Identifier: Apache-2.0
"""Many trials begin, and the best of them go on: Hyperband, BOHB and ASHA.

Hyperband: Li et al. 2018, JMLR 18(185). BOHB: Falkner et al. 2018, arXiv:1807.01774. ASHA: Li et al. 2020,
arXiv:1810.05934. A trial that goes on does so from the checkpoint at which its last rung ended; a failed one never
does.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from automl.draws import random_of
from automl.samplers import Suggester
from automl.schedule import Pause, TrialCounter, new_trial
from automl.types import Run

if TYPE_CHECKING:
    from collections.abc import Sequence

    from automl.settings import AutomlSettings
    from automl.space import Space
    from automl.types import Objective, Point, RunResult

# BOHB draws a third of its points evenly, so that a misleading short training can't starve the rest of the space.
_RANDOM_SHARE = 1 / 3
LEAST_RESULTS = 6


def rung_epochs(epochs: int, reduction: int) -> tuple[int, ...]:
    """Epochs at which trials are compared, shortest first: a whole training divided by `reduction` again and again."""
    found = [epochs]
    while found[0] // reduction >= 1:
        found.insert(0, found[0] // reduction)
    return tuple(found)


class RungModels:
    """One model of the results at each rung; the highest rung with enough results suggests."""

    def __init__(self, space: Space, objectives: Sequence[Objective], model: str, seed: int) -> None:
        self._space, self._objectives = space, objectives
        self._even = Suggester(space, objectives, "random", seed)
        self._seed, self._model = seed, model
        self._by_rung: dict[int, Suggester] = {}

    def suggest(self, number: int) -> tuple[Point, dict[str, Any]]:
        """The point of suggestion `number`."""
        ready = [m for _, m in sorted(self._by_rung.items(), reverse=True) if m.results >= LEAST_RESULTS]
        evenly = random_of(self._seed, "even", number).random() < _RANDOM_SHARE
        if self._model == "random" or not ready or evenly:
            return self._even.suggest(number)
        return ready[0].suggest(number)[0], {}

    def add(self, rung: int, point: Point, values: Sequence[float]) -> None:
        """A result at a rung."""
        if self._model != "random":
            if rung not in self._by_rung:
                self._by_rung[rung] = Suggester(self._space, self._objectives, self._model, self._seed, start=0)
            self._by_rung[rung].add(point, values)


@dataclass(slots=True)
class _Rung:
    """The runs at one rung, by trial, and those of them that have ended with a figure."""

    runs: dict[int, Run] = field(default_factory=dict)
    ended: dict[int, float | None] = field(default_factory=dict)
    promoted: set[int] = field(default_factory=set)

    @property
    def is_over(self) -> bool:
        return len(self.ended) == len(self.runs)

    def best(self, count: int, objective: Objective) -> list[int]:
        """The `count` best trials that have a figure, best first; of equals the earlier one."""
        complete = [(objective.key(v), trial) for trial, v in self.ended.items() if v is not None]
        return [trial for _, trial in sorted(complete)[:count]]


class _Promoting:
    """What Hyperband and ASHA share: rungs, and the run that takes a trial to the next one."""

    def __init__(
        self, space: Space, objective: Objective, models: RungModels, settings: AutomlSettings, epochs: int
    ) -> None:
        self._space, self._objective, self._models = space, objective, models
        self._reduction = settings.reduction
        self._levels = rung_epochs(epochs, settings.reduction)
        self._counter = TrialCounter(settings.trials)
        self._rungs: dict[tuple[int, int], _Rung] = {}

    def _rung(self, bracket: int, rung: int) -> _Rung:
        return self._rungs.setdefault((bracket, rung), _Rung())

    def begin(self, run: Run) -> None:
        """Note the run at its rung, and that its trial left the one below."""
        self._counter.begin(run)
        self._rung(run.bracket, run.rung).runs[run.trial] = run
        if run.after is not None:
            self._rung(run.bracket, run.rung - 1).promoted.add(run.trial)

    def end(self, run: Run, result: RunResult) -> None:
        """Note the figure, or that there is none."""
        self._counter.end(run, result)
        value = result.values[0] if result.is_complete else None
        self._rung(run.bracket, run.rung).ended[run.trial] = value
        if value is not None:
            self._models.add(run.rung, run.point, result.values)

    def parents(self) -> set[int]:
        """Every run below the top rung that was not promoted yet, and still may be."""
        open_rungs = [rung for (_, level), rung in self._rungs.items() if level < len(self._levels) - 1]
        return {run.number for rung in open_rungs for trial in self._hopeful(rung) for run in (rung.runs[trial],)}

    def _hopeful(self, rung: _Rung) -> set[int]:
        return {trial for trial, value in rung.ended.items() if value is not None} - rung.promoted

    def _new(self, number: int, bracket: int, rung: int) -> Run:
        trial, epochs = self._counter.made, self._levels[rung]
        return new_trial(self._space, self._models, number, trial, epochs, bracket=bracket, rung=rung)

    def _promote(self, number: int, run: Run) -> Run:
        return Run(
            number,
            run.trial,
            run.values,
            self._levels[run.rung + 1],
            start=run.epochs,
            after=run.number,
            point=run.point,
            rung=run.rung + 1,
            bracket=run.bracket,
            origin=f"promoted from {run.epochs} epochs",
        )

    def _running(self) -> bool:
        return any(not rung.is_over for rung in self._rungs.values())


class HyperbandSchedule(_Promoting):
    """Brackets from many short trials to few long ones; a rung is decided when all its runs have ended.

    While a bracket waits for its runs the next one begins, so that no place stays empty.
    """

    _settled = 0

    def decide(self, number: int) -> Run | Pause:
        """The next run of the first bracket that has one."""
        while self._is_settled(number, self._settled):
            self._settled += 1
        bracket = self._settled
        while bracket <= self._opened():
            if found := self._next(number, bracket):
                return found
            bracket += 1
        return Pause.WAIT if self._running() else Pause.DONE

    def _is_settled(self, number: int, bracket: int) -> bool:
        """Whether nothing of a bracket runs, waits or may still begin."""
        first, size = self._shape(bracket)
        rungs = [self._rungs[bracket, r] for r in range(first, len(self._levels)) if (bracket, r) in self._rungs]
        is_full = bool(rungs) and len(rungs[0].runs) == size
        return is_full and all(rung.is_over for rung in rungs) and self._next(number, bracket) is None

    def _opened(self) -> int:
        """The last bracket that may give a run: one more than there are, while trials are left."""
        last = max((bracket for bracket, _ in self._rungs), default=-1)
        return last + (self._counter.left > 0)

    def _hopeful(self, rung: _Rung) -> set[int]:
        """Nobody any more, once as many went on as a rung lets go on."""
        return set() if len(rung.promoted) >= max(1, len(rung.runs) // self._reduction) else super()._hopeful(rung)

    def _next(self, number: int, bracket: int) -> Run | None:
        first, size = self._shape(bracket)
        started = self._rung(bracket, first).runs if (bracket, first) in self._rungs else {}
        if len(started) < size and self._counter.left > 0:
            return self._new(number, bracket, first)
        for rung in range(first, len(self._levels) - 1):
            here = self._rungs.get((bracket, rung))
            if here is None or not here.is_over:
                return None
            keep = max(1, len(here.runs) // self._reduction)
            waiting = [trial for trial in here.best(keep, self._objective) if trial not in here.promoted]
            if waiting:
                return self._promote(number, here.runs[waiting[0]])
        return None

    def _shape(self, bracket: int) -> tuple[int, int]:
        """First rung and number of trials of a bracket (Li et al. 2018, algorithm 1)."""
        top = len(self._levels) - 1
        halvings = top - bracket % (top + 1)
        size = -(-(top + 1) * self._reduction**halvings // (halvings + 1))
        return top - halvings, size


class AshaSchedule(_Promoting):
    """A trial goes on as soon as it is among the best of its rung; nothing waits for the slowest."""

    def _hopeful(self, rung: _Rung) -> set[int]:
        """Those that are among the best third of the largest rung that there may be: others only push them down."""
        level = next(level for (_, level), found in self._rungs.items() if found is rung)
        most = (self._counter.made + self._counter.left) // self._reduction ** (level + 1)
        return set(rung.best(most, self._objective)) - rung.promoted

    def decide(self, number: int) -> Run | Pause:
        """A promotion where there is one, else a new trial."""
        for rung in range(len(self._levels) - 2, -1, -1):
            here = self._rungs.get((0, rung))
            if here is None:
                continue
            keep = len([v for v in here.ended.values() if v is not None]) // self._reduction
            waiting = [trial for trial in here.best(keep, self._objective) if trial not in here.promoted]
            if waiting:
                return self._promote(number, here.runs[waiting[0]])
        if self._counter.left > 0:
            return self._new(number, 0, 0)
        return Pause.WAIT if self._running() else Pause.DONE
