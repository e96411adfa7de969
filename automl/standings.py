# SPDX-License-Identifier: Apache-2.0
"""Where every trial of a search stands, from its runs and their results."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from automl.objective import pareto_front

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from automl.types import Curve, Objective, Run, RunResult


@dataclass(frozen=True, slots=True)
class Standing:
    """One trial. `values` are the figures of its best run, and empty for a trial that has none.

    `curve` joins the validations of its runs, by epochs trained in all. `checkpoint` is the file that reached `values`.
    """

    trial: int
    state: str
    values: tuple[float, ...] = ()
    run: int = 0
    setting: dict[str, Any] = field(default_factory=dict)
    point: dict[str, Any] = field(default_factory=dict)
    job_id: str | None = None
    checkpoint: str | None = None
    epoch: int | None = None
    step: int | None = None
    epochs_trained: int = 0
    seconds: float = 0.0
    curve: Curve = ()
    origin: str = ""
    message: str = ""

    @property
    def is_complete(self) -> bool:
        """Whether the trial has figures."""
        return bool(self.values)


def standings_of(
    runs: Mapping[int, Run], results: Mapping[int, RunResult], objectives: Sequence[Objective]
) -> list[Standing]:
    """All trials, in their order."""
    by_trial: dict[int, list[Run]] = {}
    for number in sorted(runs):
        by_trial.setdefault(runs[number].trial, []).append(runs[number])
    return [_standing(trial, own, results, objectives) for trial, own in sorted(by_trial.items())]


def ranked(standings: Sequence[Standing], objectives: Sequence[Objective]) -> list[Standing]:
    """Trials with figures, best first; of several objectives, those that nobody beats come first."""
    complete = [standing for standing in standings if standing.is_complete]
    front = set(front_of(complete, objectives))
    return sorted(complete, key=lambda s: (s.trial not in front, objectives[0].key(s.values[0]), s.trial))


def front_of(standings: Sequence[Standing], objectives: Sequence[Objective]) -> list[int]:
    """The trials of the Pareto front; of a single objective, its best ones."""
    return pareto_front({s.trial: s.values for s in standings if s.is_complete}, objectives)


def _standing(
    trial: int, runs: list[Run], results: Mapping[int, RunResult], objectives: Sequence[Objective]
) -> Standing:
    ended = [(run, results[run.number]) for run in runs if run.number in results]
    complete = [(run, result) for run, result in ended if result.is_complete]
    state = str(ended[-1][1].state) if len(ended) == len(runs) else "running"
    common = {
        "epochs_trained": sum(run.cost for run, result in ended if result.job_id),
        "seconds": sum(result.seconds for _, result in ended),
        "curve": _joined(ended),
        "origin": runs[-1].origin if len(runs) > 1 else runs[0].origin,
        "message": next((result.message for _, result in reversed(ended) if result.message), ""),
    }
    if not complete:
        return Standing(trial, state, setting=runs[-1].values, point=runs[-1].point, **common)  # type: ignore[arg-type]
    run, result = min(complete, key=lambda pair: (objectives[0].key(pair[1].values[0]), pair[0].number))
    return Standing(
        trial,
        "complete" if state != "running" else state,
        result.values,
        run.number,
        run.values,
        run.point,
        result.job_id,
        result.best,
        result.epoch,
        result.step,
        **common,  # type: ignore[arg-type]
    )


def _joined(ended: list[tuple[Run, RunResult]]) -> Curve:
    """The validations of all runs; one that starts from weights alone counts on from what was trained before."""
    points: list[tuple[int, tuple[float, ...]]] = []
    trained = 0
    for run, result in ended:
        points += [(trained + epoch - run.start, values) for epoch, values in result.curve]
        trained += run.cost
    return tuple(points)
