# SPDX-License-Identifier: Apache-2.0
"""The files that a search leaves: best_rec.json and leaderboard.csv, each written whole or not at all."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from automl.files import BEST, LEADERBOARD
from automl.importance import LEAST_TRIALS
from automl.plan_text import short_names
from core import dotted
from core.files import write_json, write_text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from automl.importance import Importance
    from automl.outcome import Outcome
    from automl.plan import ExperimentPlan
    from automl.standings import Standing

_MOST_TOLD = 5


def winner_spec(plan: ExperimentPlan, winner: Standing) -> dict[str, Any]:
    """The winner's nested spec without the keys that say how long, where to and from where a run trains."""
    keys = plan.keys
    budget = {keys.epochs, keys.validation_interval, keys.checkpoint_interval, keys.resume, "results_dir"}
    budget |= {"train.results_dir", "train.checkpointer.dirpath"}
    flat = dotted.flatten(plan.base.spec) | winner.setting
    return dotted.nest({key: value for key, value in flat.items() if key not in budget})


def best_record(plan: ExperimentPlan, experiment_id: str, outcome: Outcome) -> dict[str, Any]:
    """The document of best_rec.json."""
    winner, objectives = outcome.winner, outcome.objectives
    head: dict[str, Any] = {"experiment": experiment_id, "action": plan.base.action}
    head |= {"metric": objectives[0].metric, "direction": objectives[0].direction}
    head["objectives"] = [{"metric": o.metric, "direction": o.direction} for o in objectives]
    if winner:
        head |= {"trial": winner.trial, "score": winner.values[0], "scores": list(winner.values)}
        head |= {"checkpoint": winner.checkpoint, "epoch": winner.epoch, "step": winner.step, "job_id": winner.job_id}
        head |= {"changed": winner.setting, "spec": winner_spec(plan, winner)}
    defaults = outcome.defaults
    head["defaults_score"] = defaults.values[0] if defaults else None
    head["pareto"] = outcome.front if len(objectives) > 1 else []
    head["evaluations"] = {name: dict(found) for name, found in outcome.evaluations.items()}
    head["trials"] = [_trial(standing) for standing in outcome.standings]
    return head


def _trial(standing: Standing) -> dict[str, Any]:
    names = ("trial", "state", "values", "setting", "job_id", "epoch", "step", "epochs_trained", "seconds", "message")
    return {name: getattr(standing, name) for name in names}


def write_outputs(folder: Path, plan: ExperimentPlan, outcome: Outcome, importance: Sequence[Importance] = ()) -> None:
    """Write best_rec.json, with the importance of the parameters, and leaderboard.csv into the experiment's folder."""
    told = {"importance": [asdict(entry) for entry in importance]}
    write_json(folder / BEST, best_record(plan, folder.name, outcome) | told)
    write_text(folder / LEADERBOARD, leaderboard(plan, outcome))


def importance_line(record: Mapping[str, Any]) -> str:
    """Which parameters mattered by a document of best_rec.json, the most important first, or why that can't be told."""
    figured = [trial["setting"] for trial in record.get("trials", ()) if trial["values"]]
    found = record.get("importance", ())
    if found:
        names = short_names(entry["key"] for entry in found)
        told = [
            f"{names[entry['key']]} {entry['share']:.0%} ({entry['low']:.0%} to {entry['high']:.0%})"
            for entry in found[:_MOST_TOLD]
        ]
        return f"mattered: {', '.join(told)} of the differences between {len(figured)} trials"
    if len(figured) < LEAST_TRIALS:
        said = f"{len(figured)} trial{'s' * (len(figured) != 1)}"
        return f"mattered: {said} can't tell which parameters matter; that takes {LEAST_TRIALS} with figures"
    return "mattered: the trials were alike, so that no parameter can be told to matter"


def leaderboard(plan: ExperimentPlan, outcome: Outcome) -> str:
    """Every trial as a row, best first, then those without figures; a column for each searched key."""
    names = [objective.metric for objective in outcome.objectives]
    head = ["rank", "trial", "state", *names, "epoch", "epochs_trained", "seconds", "job_id", "checkpoint"]
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow([*head, *plan.space.keys, "message"])
    rest = [standing for standing in outcome.standings if not standing.is_complete]
    for place, standing in enumerate([*outcome.ranking, *rest], start=1):
        table.writerow(_row(plan, outcome, standing, place))
    return text.getvalue()


def _row(plan: ExperimentPlan, outcome: Outcome, standing: Standing, place: int) -> list[Any]:
    figures = standing.values or ("",) * len(outcome.objectives)
    kept = standing.checkpoint if standing.checkpoint not in outcome.removed else "removed"
    rank = place if standing.is_complete else ""
    head = [rank, standing.trial, standing.state, *figures, standing.epoch, standing.epochs_trained]
    values = [_cell(standing.setting.get(key, dotted.get(plan.base.spec, key))) for key in plan.space.keys]
    return [*head, f"{standing.seconds:.1f}", standing.job_id, kept, *values, standing.message.partition("\n")[0]]


def _cell(value: Any) -> Any:
    return value if isinstance(value, str | int | float) and not isinstance(value, bool) else json.dumps(value)
