# SPDX-License-Identifier: Apache-2.0
"""Searches that go on: those of an older version, with more trials, in another place."""

from __future__ import annotations

import json
import shutil
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from automl import experiment
from automl.ledger import Ledger
from automl.lookup import overview
from automl.result_text import result_text
from core.errors import PlatformError, RequestError
from runners.jobs.store import JobStore

if TYPE_CHECKING:
    from collections.abc import Callable

    from automl.experiment import ExperimentResult
    from automl.plan import ExperimentPlan

OLD = Path(__file__).with_name("old_search")
NAME = "automl-train-20261126-183317-07b046"


@pytest.fixture
def old_search(tmp_path: Path, engine: Path, boards: Path, project_root: Path) -> Path:
    """A search of three trials, interrupted in the second one, as the first version of the record has it."""
    (tmp_path / "boards").symlink_to(boards)
    folder = tmp_path / "results" / NAME
    folder.mkdir(parents=True)
    for name, path in (("jobs", folder.parent / "jobs.sqlite3"), ("experiment", folder / "experiment.sqlite3")):
        script = (OLD / f"{name}.sql").read_text()
        for mark, place in (("@ROOT@", tmp_path), ("@SKILL@", project_root)):
            script = script.replace(mark, str(place))
        with closing(sqlite3.connect(path)) as connection:
            connection.executescript(script)
    assert engine == tmp_path / "bin" / "visual_changenet"
    return folder


def test_a_search_of_an_older_version_is_listed_shown_and_resumed_to_its_end(old_search: Path) -> None:
    root = str(old_search.parent)
    assert experiment.list_experiments(root) == [NAME]
    shown = overview(old_search)
    assert (shown.state, shown.open_jobs) == ("interrupted", {1: "train-20261126-183318-e16a00"})
    winner = shown.outcome.winner
    assert winner is not None
    assert (winner.trial, winner.values, winner.job_id) == (0, (1.5,), "train-20261126-183317-8037e6")

    result = experiment.resume(NAME, results_root=root)

    assert (result.state, result.reason) == ("finished", "every trial has ended")
    assert [s.state for s in result.outcome.standings] == ["complete"] * 3
    assert result.outcome.standings[0].job_id == "train-20261126-183317-8037e6"
    assert NAME in result_text(result)
    with Ledger(old_search, read_only=True) as ledger:
        assert [len(jobs) for jobs in ledger.jobs().values()] == [1, 2, 1]


def test_looking_at_an_older_record_leaves_it_as_it_is(old_search: Path) -> None:
    before = (old_search / "experiment.sqlite3").read_bytes()
    overview(old_search)
    assert (old_search / "experiment.sqlite3").read_bytes() == before


def test_evaluations_of_an_older_record_are_kept(old_search: Path) -> None:
    path = old_search / "experiment.sqlite3"
    with closing(sqlite3.connect(path)) as connection, connection:
        for name in ("defaults.test", "winner.test"):
            connection.execute("INSERT INTO evaluations VALUES (?, ?, ?)", (name, json.dumps({"by": name}), "2026"))
    with Ledger(old_search) as ledger:
        assert ledger.evaluations() == {name: {"by": name} for name in ("defaults.test", "winner.test")}
        ledger.add_evaluation("winner.test", {"by": "another"})
        assert ledger.evaluations()["winner.test"] == {"by": "another"}
        with pytest.raises(sqlite3.IntegrityError, match="never changed"):
            ledger._connection.execute("DELETE FROM evaluations")  # noqa: SLF001 - what a stranger might try


@pytest.mark.parametrize("read_only", [True, False])
def test_a_record_of_a_newer_version_is_refused(old_search: Path, read_only: bool) -> None:
    with closing(sqlite3.connect(old_search / "experiment.sqlite3")) as connection:
        connection.execute("PRAGMA user_version = 99")
    with pytest.raises(PlatformError, match="newer version") as refused:
        Ledger(old_search, read_only=read_only)
    assert refused.value.code == "automl.newer"


def test_a_search_is_given_more_trials_and_time_and_nothing_else(
    planned: Callable[..., ExperimentPlan],
) -> None:
    first = experiment.run(planned(trials=2, epochs=1))
    settings = replace(first.plan.settings, trials=4, wall_minutes=60.0)

    more = experiment.resume(str(first.folder), settings=settings)

    assert [s.state for s in more.outcome.standings] == ["complete"] * 4
    assert more.outcome.standings[:2] == first.outcome.standings
    assert experiment.resume(str(first.folder)).plan.settings == settings
    # The winner that was tested before need not be the winner any more.
    winner = more.outcome.winner
    assert winner is not None
    assert more.outcome.evaluations["winner.test"]["checkpoint"] == winner.checkpoint
    with pytest.raises(RequestError, match="4 trials have begun"):
        experiment.resume(str(first.folder), settings=replace(settings, trials=3))
    with pytest.raises(RequestError, match=r"settings.seed: was 7, is 8"):
        experiment.resume(str(first.folder), settings=replace(settings, seed=8))


@pytest.mark.parametrize("algorithm", ["pbt", "asha"])
def test_what_can_not_be_given_more_says_why(algorithm: str, planned: Callable[..., ExperimentPlan]) -> None:
    chosen = {"algorithm": algorithm, "population": 2, "generation_epochs": 1}
    first = experiment.run(planned(trials=2, epochs=1, test=False, **chosen))
    for change, words in (({"trials": 9}, "compares so many trials"), ({"wall_minutes": 60.0}, "has finished")):
        with pytest.raises(RequestError, match=words):
            experiment.resume(str(first.folder), settings=replace(first.plan.settings, **change))


@pytest.mark.long
def test_a_search_goes_on_after_its_results_root_moved(planned: Callable[..., ExperimentPlan], tmp_path: Path) -> None:
    first = experiment.run(planned(trials=2, epochs=1, test=False))
    for number in (1, 2):
        place = tmp_path / f"moved {number}" / "results"
        place.parent.mkdir()
        shutil.move(first.folder.parent, place) if number == 1 else shutil.move(tmp_path / "moved 1/results", place)
        folder = place / first.id
        settings = replace(first.plan.settings, trials=2 + number)
        more = experiment.resume(str(folder), settings=settings)
        assert _places(more) == {str(place)}
        assert [s.values for s in more.outcome.standings][:2] == [s.values for s in first.outcome.standings]
        assert len(more.outcome.standings) == 2 + number
    assert not (tmp_path / "results").exists()


def _places(result: ExperimentResult) -> set[str]:
    """The results roots of all that a search refers to; every winner's checkpoint is there."""
    winner = result.outcome.winner
    assert winner is not None
    assert Path(str(winner.checkpoint)).is_file()
    best = json.loads((result.folder / "best_rec.json").read_text())
    store = JobStore(result.folder.parent)
    jobs = {str(Path(store.read(job_id).folder).parent) for job_id in store.ids()}
    paths = {str(Path(s.checkpoint).parents[3]) for s in result.outcome.standings if s.checkpoint}
    return jobs | paths | {str(Path(best["checkpoint"]).parents[3])}


def test_a_search_without_its_jobs_says_what_to_move(planned: Callable[..., ExperimentPlan], tmp_path: Path) -> None:
    first = experiment.run(planned(trials=1, epochs=1, test=False))
    (tmp_path / "alone").mkdir()
    shutil.move(first.folder, tmp_path / "alone" / first.id)
    with pytest.raises(RequestError, match="the jobs of its trials are not in") as refused:
        experiment.resume(str(tmp_path / "alone" / first.id))
    assert "whole results root" in refused.value.remedy
