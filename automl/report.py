# SPDX-License-Identifier: Apache-2.0
"""The page of a search: one HTML file that needs nothing beside it."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from automl.charts import Line, bars, chart, parallel
from automl.importance import LEAST_TRIALS
from automl.outputs import winner_spec
from automl.plan_text import short_names
from core import dotted
from core.documents import dump_yaml
from core.files import write_text
from core.redaction import redact
from runners.figures import figure, figures_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from automl.importance import Importance
    from automl.outcome import Outcome
    from automl.plan import ExperimentPlan
    from automl.standings import Standing
    from automl.types import Objective

_TEMPLATES = Path(__file__).resolve().parent / "templates"
_MOST_LINES = 200
_MOST_ROWS = 500
_SECTIONS = ("epochs trained", "validation", "test")
_IMPORTANCE = (
    "Shares of the differences between the trials, for the parameters that had more than one value; in brackets where "
    "eight of ten resamples of the trials lie."
)
_COORDINATES = "A line for each trial, from parameter to parameter; the better the trial, the darker."


def write_report(path: Path, plan: ExperimentPlan, outcome: Outcome, importance: Sequence[Importance]) -> None:
    """Write the page; an existing one is replaced whole."""
    write_text(path, render(plan, outcome, importance, path.parent.name))


def render(plan: ExperimentPlan, outcome: Outcome, importance: Sequence[Importance], name: str) -> str:
    """The page's text."""
    from reports.page import Kind
    from reports.page import render as render_page

    winner = outcome.winner
    compared, spec = comparison(outcome, plan.base.task), dump_yaml(redact(winner_spec(plan, winner))) if winner else ""
    plots = _plots(outcome)
    there = {
        ("comparison", "Comparison"): compared["columns"],
        ("curves", "Curves"): plots,
        ("parameters", "Parameters"): True,
        ("trials", "Trials"): True,
        ("run", "Spec"): spec,
    }
    context = {
        "title": f"AutoML report: {plan.base.action}",
        "headline": _headline(winner),
        "sentence": _sentence(outcome, plan.base.task),
        "said": partial(_said, plan.base.task),
        "headings": dict(heading for heading, found in there.items() if found),
        "about": _about(plan, outcome, name),
        "plan": plan,
        "outcome": outcome,
        "winner": winner,
        "comparison": compared,
        "skipped": {n: found["skipped"] for n, found in outcome.evaluations.items() if "skipped" in found},
        "plots": plots,
        "drawings": _drawings(plan, outcome, importance),
        "rows": [*outcome.ranking, *(s for s in outcome.standings if not s.is_complete)][:_MOST_ROWS],
        "changed": changed(plan, winner) if winner else [],
        "spec": spec,
        "untold": _untold(outcome, importance),
    }
    return render_page(Kind("search.html.j2", ("search.css",), folder=_TEMPLATES), context)


def _headline(winner: Standing | None) -> str:
    if winner is None:
        return "No trial has figures"
    return f"Trial {winner.trial} is the winner" if winner.trial else "The defaults are the winner"


def _said(task: str, metric: str, value: float) -> str:
    return figure(metric, value, task).text


def _sentence(outcome: Outcome, task: str) -> str:
    winner, defaults = outcome.winner, outcome.defaults
    trials = f"{len(outcome.ranking)} of {len(outcome.standings)} trials have figures"
    if winner is None:
        return f"{trials}."
    metric = outcome.objectives[0].metric
    said = f"{metric} {_said(task, metric, winner.values[0])} in epoch {winner.epoch}"
    if defaults and defaults is not winner:
        said += f", {_said(task, metric, defaults.values[0])} with the defaults"
    return f"{said}; {trials}."


def _about(plan: ExperimentPlan, outcome: Outcome, name: str) -> list[tuple[str, str]]:
    winner, settings = outcome.winner, plan.settings
    facts = [
        ("Search", name),
        ("Algorithm", settings.algorithm),
        ("Seed", str(settings.seed)),
        ("Objective", ", ".join(f"{o.direction} {o.metric}" for o in outcome.objectives)),
    ]
    if winner:
        facts += [("Job", str(winner.job_id)), ("Checkpoint", winner.checkpoint or "not kept")]
    return facts


def changed(plan: ExperimentPlan, winner: Standing) -> list[tuple[str, Any, Any]]:
    """Key, default and winner's value of what the winner changes."""
    values = ((key, dotted.get(plan.base.spec, key), value) for key, value in sorted(winner.setting.items()))
    return [(key, default, value) for key, default, value in values if default != value]


def comparison(outcome: Outcome, task: str) -> dict[str, Any]:
    """Figures of baseline, defaults and winner, side by side, as texts: validation first, then held-out data."""
    columns: dict[str, dict[str, str]] = {"baseline": {}, "defaults": {}, "winner": {}}
    for name, standing in (("defaults", outcome.defaults), ("winner", outcome.winner)):
        if standing:
            columns[name]["epochs trained"] = str(standing.epochs_trained)
            stated = {o.metric: value for o, value in zip(outcome.objectives, standing.values, strict=True)}
            columns[name] |= _cells("validation", stated, task)
    for evaluation, found in outcome.evaluations.items():
        name, _, split = evaluation.partition(".")
        columns[name] |= _cells(split, found.get("metrics", {}), task)
    if outcome.winner and outcome.winner == outcome.defaults:
        columns["defaults"] = columns["winner"]
    used = {name: column for name, column in columns.items() if column}
    names = dict.fromkeys(key for column in used.values() for key in column)
    rows = sorted(names, key=lambda name: _SECTIONS.index(name.partition(":")[0]))
    return {"columns": list(used), "rows": [(row, [column.get(row, "") for column in used.values()]) for row in rows]}


def _cells(split: str, metrics: Mapping[str, Any], task: str) -> dict[str, str]:
    """Row title, which says of what a rate is a share and where it was taken, to the figure's text."""
    return {f"{split}: {found.title}": found.short_text for found in figures_of(metrics, task)}


def _plots(outcome: Outcome) -> list[tuple[str, str]]:
    first, several = outcome.objectives[0], len(outcome.objectives) > 1
    found = [
        ("Each trial, and the best so far", _history(outcome.standings, first)),
        ("Pareto front, filled", _pareto(outcome) if several else ""),
        ("Learning curves; the winner stands out", "" if several else _curves(outcome, first)),
    ]
    return [(name, drawn) for name, drawn in found if drawn]


def _drawings(plan: ExperimentPlan, outcome: Outcome, importance: Sequence[Importance]) -> list[tuple[str, str, str]]:
    found = [
        ("Importance", bars(_short(importance), "importance of the parameters"), _IMPORTANCE),
        ("Parallel coordinates", _coordinates(plan, outcome, outcome.objectives[0]), _COORDINATES),
    ]
    return [(name, drawn, note) for name, drawn, note in found if drawn]


def _history(standings: Sequence[Standing], objective: Objective) -> str:
    points = [(float(s.trial), s.values[0]) for s in standings if s.is_complete]
    best: list[tuple[float, float]] = []
    for trial, value in points:
        best.append((trial, value if not best or objective.is_better(value, best[-1][1]) else best[-1][1]))
    lines = [Line(best, "line"), *(Line([p], "dot", f"trial {p[0]:.0f}: {p[1]:.6g}", marks=True) for p in points)]
    return chart(lines, "trial", objective.metric, "value of each trial, and the best so far", whole=True)


def _curves(outcome: Outcome, objective: Objective) -> str:
    winner = outcome.winner
    lines = [
        Line(
            [(float(epoch), values[0]) for epoch, values in standing.curve],
            "line" if standing is winner else "faint",
            f"trial {standing.trial}",
        )
        for standing in reversed(outcome.ranking[:_MOST_LINES])
    ]
    drawn = [line for line in lines if line.points]
    return chart(drawn, "epochs", objective.metric, "validation of each trial", whole=True)


def _pareto(outcome: Outcome) -> str:
    one, other = outcome.objectives[:2]
    front = set(outcome.front)
    lines = [
        Line(
            [(s.values[0], s.values[1])],
            "dot" if s.trial in front else "faint-dot",
            f"trial {s.trial}: {s.values[0]:.6g}, {s.values[1]:.6g}",
            marks=True,
        )
        for s in outcome.ranking
    ]
    return chart(lines, one.metric, other.metric, "trials by two objectives; the front is filled")


def _coordinates(plan: ExperimentPlan, outcome: Outcome, objective: Objective) -> str:
    dimensions, shown = plan.space.dimensions, outcome.ranking[:_MOST_LINES]
    rows = []
    for place, standing in enumerate(shown):
        shade = 1 - place / max(1, len(shown) - 1)
        values = [_share(d, standing.point[d.key]) for d in dimensions]
        title = f"trial {standing.trial}: {objective.metric} {standing.values[0]:.6g}"
        rows.append((values, shade, title))
    names = short_names(plan.space.keys)
    axes = [(names[dimension.key], *_ends(dimension.describe())) for dimension in dimensions]
    return parallel(axes, rows, "parameters of each trial; the better, the darker")


def _ends(entry: Mapping[str, Any]) -> tuple[str, str]:
    if "options" in entry:
        first, last = (o if isinstance(o, str) else json.dumps(o) for o in (entry["options"][0], entry["options"][-1]))
        return first, last
    return f"{entry['low']:g}", f"{entry['high']:g}"


def _share(dimension: Any, coordinate: Any) -> float:
    entry = dimension.describe()
    if "options" in entry:
        return float(entry["options"].index(dimension.decode(coordinate)) / max(1, len(entry["options"]) - 1))
    return float(min(1.0, max(0.0, coordinate)))


def _short(found: Sequence[Importance]) -> list[tuple[str, float, float, float]]:
    names = short_names(entry.key for entry in found)
    return [(names[entry.key], entry.share, entry.low, entry.high) for entry in found]


def _untold(outcome: Outcome, found: Sequence[Importance]) -> str:
    """Why there is no word on the importance of the parameters."""
    if found:
        return ""
    few = len(outcome.ranking) < LEAST_TRIALS
    reason = f"from fewer than {LEAST_TRIALS} trials with figures" if few else "as all of them were alike"
    return f"Which parameters matter can't be told {reason}."
