# SPDX-License-Identifier: Apache-2.0
"""The outcome of a search as text for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from automl.files import REPORT
from automl.lookup import best_record_of, command_name, results_option
from automl.outputs import importance_line
from automl.plan_text import spelt
from automl.report import changed, comparison
from runners.figures import figure

if TYPE_CHECKING:
    from collections.abc import Iterator

    from automl.experiment import ExperimentResult
    from automl.outcome import Outcome

_SHOWN = 10


def result_text(result: ExperimentResult) -> str:
    """State, the best trials, the comparison, and what to do next."""
    return "\n".join(_lines(result))


def _lines(result: ExperimentResult) -> Iterator[str]:
    outcome, request = result.outcome, result.plan.decision.request
    yield f"{result.id}: {result.state} ({result.reason})"
    yield from ranking_lines(outcome, result.plan.base.task)
    yield from _compared(result)
    if outcome.winner and outcome.winner.trial == 0 and len(outcome.standings) > 1:
        yield "  no trial was better than the defaults"
    if outcome.winner:
        for key, default, value in changed(result.plan, outcome.winner):
            yield f"  {key}: {spelt(default)} -> {spelt(value)}"
        data = f"--data {request.data} " if request.data else ""
        yield f"  next: changenet run evaluate {data}--parent {outcome.winner.job_id}{results_option(result.folder)}"
    if record := best_record_of(result.folder):
        yield f"  {importance_line(record)}"
    if result.state == "interrupted":
        yield f"  to go on: changenet run --resume {command_name(result.folder)}"
    yield f"  report: {result.folder / REPORT}"


def ranking_lines(outcome: Outcome, task: str) -> Iterator[str]:
    """The best trials, and those without figures that have ended."""
    names = [objective.metric for objective in outcome.objectives]
    if outcome.ranking:
        yield "  rank trial  " + "  ".join(f"{name:>12}" for name in names) + "  epochs  job"
    for place, standing in enumerate(outcome.ranking[:_SHOWN], start=1):
        values = zip(names, standing.values, strict=True)
        figures = "  ".join(f"{figure(name, value, task).short_text:>12}" for name, value in values)
        yield f"  {place:>4} {standing.trial:>5}  {figures}  {standing.epochs_trained:>6}  {standing.job_id}"
    without = [standing for standing in outcome.standings if not standing.is_complete and standing.message]
    for standing in without[:_SHOWN]:
        yield f"       {standing.trial:>5}  {standing.state}: {standing.message.partition(chr(10))[0][:100]}"


def _compared(result: ExperimentResult) -> Iterator[str]:
    table = comparison(result.outcome, result.plan.base.task)
    rows = table["rows"]
    if len(table["columns"]) < 2 or not rows:
        return
    width = max(len(name) for name, _ in rows)
    yield "  " + " " * width + "".join(f"{column:>12}" for column in table["columns"])
    for name, cells in rows:
        yield f"  {name:<{width}}" + "".join(f"{cell:>12}" for cell in cells)
