# SPDX-License-Identifier: Apache-2.0
"""The search as an Optuna study, for optuna-dashboard.

The experiment's own record is the truth; this file is made from it when a search ends or is interrupted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import optuna
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend
from optuna.trial import TrialState, create_trial

from automl.files import STORAGE

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from optuna.distributions import BaseDistribution
    from optuna.study import Study

    from automl.dimensions import Dimension
    from automl.outcome import Outcome
    from automl.space import Space
    from automl.standings import Standing

_STATES = {"complete": TrialState.COMPLETE, "running": TrialState.RUNNING}


def write_storage(folder: Path, space: Space, outcome: Outcome) -> None:
    """Write the study as a journal file: `optuna-dashboard FOLDER/optuna_journal.log` opens it."""
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    draft = folder / f".{STORAGE}.tmp"
    draft.unlink(missing_ok=True)
    study = _study(space, outcome, JournalStorage(JournalFileBackend(str(draft))), folder.name)
    del study
    draft.replace(folder / STORAGE)


def _study(space: Space, outcome: Outcome, storage: Any, name: str) -> Study:
    directions = [objective.direction for objective in outcome.objectives]
    study = optuna.create_study(storage=storage, study_name=name, directions=directions)
    study.set_user_attr("metrics", [objective.metric for objective in outcome.objectives])
    distributions = {dimension.key: _distribution(dimension) for dimension in space.dimensions}
    for standing in outcome.standings:
        if standing.state == "refused":
            continue
        study.add_trial(_trial(space.dimensions, distributions, standing, several=len(directions) > 1))
    return study


def _trial(
    dimensions: Sequence[Dimension], distributions: dict[str, BaseDistribution], standing: Standing, *, several: bool
) -> optuna.trial.FrozenTrial:
    state = _STATES.get("complete" if standing.is_complete else standing.state, TrialState.FAIL)
    return create_trial(
        state=state,
        values=list(standing.values) if state is TrialState.COMPLETE else None,
        params={d.key: _shown(d.decode(standing.point[d.key])) for d in dimensions},
        distributions=distributions,
        user_attrs={"trial": standing.trial, "job_id": standing.job_id, "origin": standing.origin},
        intermediate_values={} if several else {epoch: values[0] for epoch, values in standing.curve},
    )


def _distribution(dimension: Dimension) -> BaseDistribution:
    entry = dimension.describe()
    if "options" in entry:
        return CategoricalDistribution([_shown(option) for option in entry["options"]])
    kind = IntDistribution if entry["type"] == "integer" else FloatDistribution
    return kind(entry["low"], entry["high"], log=entry["scale"] == "log")


def _shown(value: Any) -> Any:
    return value if value is None or isinstance(value, bool | int | float | str) else str(value)
