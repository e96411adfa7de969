# SPDX-License-Identifier: Apache-2.0
"""What winner and defaults are tested on, and how often."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from automl import experiment
from runners.jobs.store import JobStore

if TYPE_CHECKING:
    from collections.abc import Callable

    from automl.experiment import ExperimentResult
    from automl.plan import ExperimentPlan
    from runners.jobs.job import Job


def evaluations(result: ExperimentResult) -> list[Job]:
    """The jobs that tested something, oldest first."""
    store = JobStore(result.folder.parent)
    return [job for job in map(store.read, reversed(store.ids())) if job.action == "evaluate"]


def data_of(job: Job) -> tuple[str, str]:
    """CSV and pictures that a job was to evaluate."""
    spec = json.loads((Path(job.folder) / "plan.json").read_text())["spec"]
    source: dict[str, Any] = spec["dataset"]["classify"]["test_dataset"]
    return source["csv_path"], source["images_dir"]


def test_the_given_test_set_is_what_winner_and_defaults_are_data_of(
    planned: Callable[..., ExperimentPlan], boards: Path, tmp_path: Path
) -> None:
    own = tmp_path / "own"
    shutil.copytree(boards / "test", own)
    result = experiment.run(planned(trials=3, epochs=1, test_dataset=str(own)))

    winner = result.outcome.winner
    assert winner is not None
    assert winner.trial > 0
    jobs = evaluations(result)
    assert [data_of(job) for job in jobs] == [(str(own / "dataset.csv"), str(own / "images"))] * 2
    assert {found["checkpoint"] for found in result.outcome.evaluations.values()} == {
        winner.checkpoint,
        result.outcome.standings[0].checkpoint,
    }


@pytest.mark.parametrize("spelling", ["val", "train", "test/../val", "link", "table"])
def test_data_that_a_trial_has_seen_is_never_called_held_out(
    spelling: str, planned: Callable[..., ExperimentPlan], boards: Path, tmp_path: Path
) -> None:
    place = boards / spelling
    if spelling == "link":
        place = tmp_path / "link"
        place.symlink_to(boards / "val")
    if spelling == "table":  # the table of the validation data, beside pictures of its own
        place = tmp_path / "table"
        shutil.copytree(boards / "val", place)
        (place / "dataset.csv").unlink()
        (place / "dataset.csv").symlink_to(boards / "val" / "dataset.csv")
    result = experiment.run(planned(trials=1, epochs=1, test_dataset=str(place)))

    assert evaluations(result) == []
    assert result.outcome.evaluations["winner.test"]["skipped"] == (
        "no test data is given: the evaluation would see validation data"
    )


def test_what_is_recorded_is_not_evaluated_again(planned: Callable[..., ExperimentPlan]) -> None:
    first = experiment.run(planned(trials=2, epochs=1))
    before = [job.id for job in evaluations(first)]
    assert before
    again = experiment.resume(str(first.folder))
    assert [job.id for job in evaluations(again)] == before
    assert again.outcome.evaluations == first.outcome.evaluations


def test_without_a_test_split_there_is_no_figure_and_the_reason_is_told(
    planned: Callable[..., ExperimentPlan], boards: Path, tmp_path: Path
) -> None:
    data = tmp_path / "data"
    shutil.copytree(boards, data)
    shutil.rmtree(data / "test")
    result = experiment.run(planned(trials=1, epochs=1, request={"data": str(data)}))
    assert "no test data is given" in result.outcome.evaluations["winner.test"]["skipped"]
