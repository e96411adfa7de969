# SPDX-License-Identifier: Apache-2.0
"""Suggestions of a model, each a function of the seed, the number of the suggestion and the results so far.

A model of its own is made for every suggestion, seeded by the search's seed and the suggestion's number. So a search
that is taken up again, with its results read back, goes on exactly as it would have.
"""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Any

import optuna
from optuna.samplers import BaseSampler, GPSampler, RandomSampler, TPESampler
from optuna.trial import TrialState, create_trial

from automl.draws import START, even_point, first_points, seed_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from optuna.distributions import BaseDistribution
    from optuna.study import Study
    from optuna.trial import FrozenTrial

    from automl.space import Space
    from automl.types import Objective, Point

# A Gaussian process is the better model of few results, and its cost grows with their cube; measured by
# benchmarks/automl_surfaces.py and benchmarks/automl_overhead.py.
_GP_MOST_RESULTS = 48
# The model is made from the best and the latest results: 10,000 of them would say no more and cost a second each.
_TWIN_DRAWS = 20  # then the space is small, and the twin is taken
_KEPT_BEST, _KEPT_LATEST, _REBUILT_AT = 40, 80, 240


class _Canonical(BaseSampler):
    """Lets a sampler see one fixed space, and values rounded as they are in the spec."""

    space: Space
    known: dict[str, BaseDistribution]

    def infer_relative_search_space(self, study: Study, trial: FrozenTrial) -> dict[str, BaseDistribution]:
        del study, trial
        return self.known

    def sample_relative(
        self, study: Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        found = super().sample_relative(study, trial, search_space)  # type: ignore[safe-super]
        missing = {k: d for k, d in search_space.items() if k not in found}
        found = found | {k: self.sample_independent(study, trial, k, d) for k, d in missing.items()}
        return self.space.canonical(found)


class _Tpe(_Canonical, TPESampler):
    """Tree-structured Parzen estimators (Bergstra et al. 2011)."""


class _Gp(_Canonical, GPSampler):
    """A Gaussian process for each of several objectives, and their expected hypervolume."""


class Suggester:
    """One model of the results so far; told of every run that begins and of how it ends, in their order."""

    def __init__(
        self, space: Space, objectives: Sequence[Objective], model: str, seed: int, start: int = START
    ) -> None:
        optuna.logging.set_verbosity(optuna.logging.ERROR)
        self._space, self._model, self._seed = space, model, seed
        self._known = space.distributions()
        self._directions = [objective.direction for objective in objectives]
        self._objective = objectives[0]
        self._by_process = model == "gp" and len(objectives) == 1
        self._first = first_points(space, seed, start)
        self._running: dict[int, int] = {}
        self._seen: set[str] = set()
        self._complete = 0
        self._study = self._new_study()

    @property
    def results(self) -> int:
        """How many complete results the model has been told."""
        return self._complete

    def suggest(self, number: int) -> tuple[Point, dict[str, Any]]:
        """The point of suggestion `number`, and what the sampler wants to be remembered with it."""
        if self._model == "random":
            return even_point(self._space, self._seed, number), {}
        if number <= len(self._first):
            return self._first[number - 1], {}
        seed = seed_of(self._seed, self._model, number)
        if self._by_process and 0 < self._complete <= _GP_MOST_RESULTS:
            return self._proposed(number, seed), {}
        self._study.sampler = self._sampler(seed)
        trial = self._study.ask(self._known)
        attrs = dict(self._study.get_trials(deepcopy=False)[-1].system_attrs)
        # The run may still be refused, and a search that is taken up again does not ask: nothing of this ask stays.
        self._study.tell(trial, state=TrialState.FAIL)
        point = dict(trial.params)
        return (point, attrs) if self._what(point) not in self._seen else (self._another(number, point), {})

    def _proposed(self, number: int, seed: int) -> Point:
        """The most promising point that sets something new."""
        from automl.proposals import propose

        trials = self._study.get_trials(deepcopy=False)
        complete = [trial for trial in trials if trial.state is TrialState.COMPLETE]
        running = [trial.params for trial in trials if trial.state is TrialState.RUNNING]
        values = [self._objective.key(trial.values[0]) for trial in complete]
        points = propose(self._space, [trial.params for trial in complete], values, running, seed)
        first = next(points)
        several = (one for one in chain([first], points) if self._what(one) not in self._seen)
        return next(several, None) or self._another(number, first)

    def _another(self, number: int, point: Point) -> Point:
        """An even draw that sets something new: training is seeded, so that a twin would only say the same again."""
        draws = (even_point(self._space, seed_of(self._seed, "twin", number), n) for n in range(_TWIN_DRAWS))
        return next((one for one in draws if self._what(one) not in self._seen), point)

    def _what(self, point: Point) -> str:
        """What a point sets, whatever its parameters without effect there."""
        return repr(sorted(self._space.values(point).items()))

    def begin(self, run: int, point: Point, attrs: dict[str, Any]) -> None:
        """A run with this point is on its way."""
        self._seen.add(self._what(point))
        self._running[run] = self._add(TrialState.RUNNING, point, attrs, None)

    def end(self, run: int, values: Sequence[float] | None) -> None:
        """The run has these values; None when it has none: it failed, and says nothing about its point."""
        number = self._running.pop(run)
        if values is None:
            self._study.tell(number, state=TrialState.FAIL)
            return
        self._study.tell(number, list(values))
        self._count()

    def add(self, point: Point, values: Sequence[float]) -> None:
        """A result of a run that the model was not told of before."""
        self._add(TrialState.COMPLETE, point, {}, values)
        self._count()

    def _count(self) -> None:
        self._complete += 1
        if len(self._study.get_trials(deepcopy=False)) >= _REBUILT_AT:
            self._rebuild()

    def _sampler(self, seed: int) -> BaseSampler:
        sampler: Any
        if self._model == "gp" and self._complete <= _GP_MOST_RESULTS:
            sampler = _Gp(seed=seed, n_startup_trials=1)
        else:
            sampler = _Tpe(seed=seed, n_startup_trials=1)
        sampler.space, sampler.known = self._space, self._known
        return sampler  # type: ignore[no-any-return]

    def _new_study(self) -> Study:
        return optuna.create_study(directions=self._directions, sampler=RandomSampler(seed=0))

    def _add(self, state: TrialState, point: Point, attrs: dict[str, Any], values: Sequence[float] | None) -> int:
        trial = create_trial(
            state=state,
            params=point,
            distributions=self._known,
            system_attrs=attrs,
            values=list(values) if values is not None else None,
        )
        self._study.add_trial(trial)
        return len(self._study.get_trials(deepcopy=False)) - 1

    def _rebuild(self) -> None:
        """Go on with the best and the latest results, and with what is running."""
        trials = self._study.get_trials(deepcopy=False)
        complete = [t for t in trials if t.state is TrialState.COMPLETE]
        best = sorted(complete, key=lambda t: (self._objective.key(t.values[0]), t.number))[:_KEPT_BEST]
        kept = {t.number: t for t in (*best, *complete[-_KEPT_LATEST:])}
        self._study = self._new_study()
        for number in sorted(kept):
            self._study.add_trial(kept[number])
        for run, number in self._running.items():
            self._running[run] = self._add(TrialState.RUNNING, trials[number].params, trials[number].system_attrs, None)
