# SPDX-License-Identifier: Apache-2.0
"""Which parameters made the difference between the trials of a search, and how sure that is."""

from __future__ import annotations

import importlib.util
import warnings
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from automl.draws import random_of
from core import dotted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from automl.dimensions import Dimension
    from automl.outcome import Outcome
    from automl.space import Space
    from automl.standings import Standing

LEAST_TRIALS = 10
_MOST_FOR_TREES = 200
# Resamples tell a range, and need no more trees than that: fANOVA is slow.
_TREES, _RESAMPLES, _TREES_OF_RESAMPLES, _OUTSIDE = 64, 10, 12, 0.1
Shares = dict[str, float]


@dataclass(frozen=True, slots=True)
class Importance:
    """The share of one parameter in the differences; `low` and `high` hold eight of ten resamples of the trials."""

    key: str
    share: float
    low: float
    high: float


def importance(space: Space, outcome: Outcome) -> tuple[Importance, ...]:
    """The parameters that had more than one value in the trials with figures, by the first objective, largest first.

    By fANOVA (Hutter et al. 2014); its cost grows faster than the number of trials, so for many of them by PED-ANOVA
    (Watanabe et al. 2023), which is quick, and misled by a search that soon keeps to one place. Empty where there are
    too few trials to tell, or where all of them are alike.
    """
    trials = outcome.ranking
    varied = [d for d in space.dimensions if len({repr(_value(space, d, s)) for s in trials}) > 1]
    if len(trials) < LEAST_TRIALS or not varied:
        return ()
    shares = _shares(space, varied, outcome, trials, _TREES)
    resamples = [_resampled(trials, number) for number in range(_RESAMPLES)]
    again = [_shares(space, varied, outcome, resample, _TREES_OF_RESAMPLES) for resample in resamples]
    found = [_with_range(key, share, [a[key] for a in again if key in a]) for key, share in shares.items()]
    return tuple(sorted(found, key=lambda entry: -entry.share))


def _value(space: Space, dimension: Dimension, standing: Standing) -> Any:
    """What a trial really had: where a parameter has no effect it is not set, whatever was drawn for it."""
    return standing.setting.get(dimension.key, dotted.get(space.base, dimension.key))


def _resampled(trials: Sequence[Standing], number: int) -> list[Standing]:
    return random_of("resample", number).choices(trials, k=len(trials))


def _with_range(key: str, share: float, resampled: list[float]) -> Importance:
    ordered = sorted([*resampled, share])
    cut = int(_OUTSIDE * len(ordered))
    return Importance(key, share, min(share, ordered[cut]), max(share, ordered[-1 - cut]))


def _shares(
    space: Space, varied: Sequence[Dimension], outcome: Outcome, trials: Sequence[Standing], trees: int
) -> Shares:
    import optuna
    from optuna.trial import create_trial

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    study = optuna.create_study(direction=outcome.objectives[0].direction)
    distributions = {d.key: d.distribution() for d in varied}
    for standing in trials:
        params = {d.key: d.encode(_value(space, d, standing)) for d in varied}
        study.add_trial(create_trial(params=params, distributions=distributions, value=standing.values[0]))
    with suppress(ValueError, RuntimeError):
        found = optuna.importance.get_param_importances(study, evaluator=_evaluator(len(trials), trees))
        return {key: float(share) for key, share in found.items()}
    return {}


def _evaluator(trials: int, trees: int) -> Any:
    import optuna

    if trials <= _MOST_FOR_TREES and importlib.util.find_spec("sklearn"):
        return optuna.importance.FanovaImportanceEvaluator(n_trees=trees, seed=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        return optuna.importance.PedAnovaImportanceEvaluator()
