# SPDX-License-Identifier: Apache-2.0
"""How a search stands, as text for people."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from automl.outputs import importance_line
from automl.plan_text import short_names, spelt
from automl.result_text import ranking_lines
from runners.figures import figure, in_words

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from automl.lookup import Overview

_MOST_TOLD = 10


def overview_text(found: Overview) -> str:
    """State, trials so far, what runs, files, and how to go on."""
    return "\n".join(_lines(found))


def headline(found: Overview) -> str:
    """One line of a list of jobs."""
    winner, settings = found.outcome.winner, found.identity["settings"]
    best = (
        [
            f"{o.metric} {figure(o.metric, value, found.task).text}"
            for o, value in zip(found.outcome.objectives, winner.values, strict=True)
        ]
        if winner
        else []
    )
    trials = f"{found.to_json()['trials_ended']} of {settings['trials']} trials"
    return "  ".join([f"{found.id:<40} {found.state:<11}", trials, *best])


def _lines(found: Overview) -> Iterator[str]:
    document, settings = found.to_json(), found.identity["settings"]
    yield f"{found.id}: {found.state} ({found.reason})"
    objectives = ", ".join(f"{entry['metric']} ({entry['direction']})" for entry in document["objectives"])
    ended, epochs = document["trials_ended"], document["epochs_trained"]
    yield f"  {objectives}, {ended} of {settings['trials']} trials ended, {epochs} epochs trained"
    yield from ranking_lines(found.outcome, found.task)
    for entry in document["running"]:
        yield f"  trial {entry['trial']} is open, job {entry['job_id'] or 'not started yet'}"
    if found.outcome.winner:
        yield f"  best so far: trial {found.outcome.winner.trial}, job {found.outcome.winner.job_id}"
    if found.state in {"interrupted", "stopped"}:
        yield f"  to go on: changenet run --resume {found.name}"
    for name, path in found.files.items():
        yield f"  {name:<11} {path}"


def record_text(record: Mapping[str, Any], task: str) -> list[str]:
    """What best_rec.json adds: the winner's changes, the evaluations, and which parameters mattered."""
    changed = record.get("changed", {})
    names = short_names(changed)
    told = [f"{names[key]} {spelt(value)}" for key, value in changed.items()]
    lines = [f"  winner sets {', '.join(told[:_MOST_TOLD])}{', and more: --json' * (len(told) > _MOST_TOLD)}"] * bool(
        told
    )
    said: dict[str, list[str]] = {}
    for name, found in record.get("evaluations", {}).items():
        text = found.get("skipped") or in_words(found.get("metrics", {}), task)
        said.setdefault(text.partition("\n")[0], []).append(name)
    lines += [f"  {', '.join(those)}: {text}" for text, those in said.items()]
    return [*lines, *([f"  {importance_line(record)}"] if record else [])]
