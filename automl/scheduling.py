# SPDX-License-Identifier: Apache-2.0
"""Which schedule and which model an algorithm is made of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from automl.algorithms import model_of
from automl.draws import start_trials
from automl.pbt import PbtSchedule
from automl.schedule import FlatSchedule
from automl.successive_halving import AshaSchedule, HyperbandSchedule, RungModels

if TYPE_CHECKING:
    from collections.abc import Sequence

    from automl.schedule import Model, Schedule
    from automl.settings import AutomlSettings
    from automl.space import Space
    from automl.types import Objective

_BY_RUNGS: dict[str, type[HyperbandSchedule | AshaSchedule]] = {
    "hyperband": HyperbandSchedule,
    "bohb": HyperbandSchedule,
    "asha": AshaSchedule,
}


def make_schedule(settings: AutomlSettings, space: Space, objectives: Sequence[Objective], epochs: int) -> Schedule:
    """The schedule of the algorithm; `epochs` is the length of a whole trial."""
    if settings.algorithm == "pbt":
        return PbtSchedule(space, objectives[0], settings, epochs)
    model = model_of(settings.algorithm)
    if kind := _BY_RUNGS.get(settings.algorithm):
        return kind(space, objectives[0], RungModels(space, objectives, model, settings.seed), settings, epochs)
    return FlatSchedule(space, _model(settings, space, objectives), trials=settings.trials, epochs=epochs)


def _model(settings: AutomlSettings, space: Space, objectives: Sequence[Objective]) -> Model:
    from automl.cma import CmaSuggester
    from automl.samplers import Suggester

    model = model_of(settings.algorithm)
    if model == "cmaes":
        return CmaSuggester(space, objectives, settings.seed)
    return Suggester(space, objectives, model, settings.seed, start_trials(settings.trials, model))
