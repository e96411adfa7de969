# SPDX-License-Identifier: Apache-2.0
"""Several steps of one kind from end to end: each has its own parent, its own data and its own values."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from interfaces.cli import main
from runners.api import open_store
from tests.interfaces.test_api import boards
from tests.interfaces.test_chains import SMALL, call

if TYPE_CHECKING:
    from runners.jobs.job import Job

__all__ = ["boards", "call"]


def _jobs(action: str) -> list[Job]:
    """Those of an action, the oldest first."""
    return [job for job in reversed(open_store(None).newest()) if job.action == action]


@pytest.mark.long
def test_a_second_training_takes_nothing_over_from_the_first(call: Any) -> None:
    words = "Train the AOI classifier on ./boards without HPO for 1 epoch first, then once more for 2 epochs"
    code, shown = call("plan", words, "-s", SMALL, "--full")
    assert code == 0, shown
    asked = [step["decision"]["request"]["overrides"] for step in shown["steps"]]
    assert [one["num_epochs"] for one in asked] == [1, 2]
    assert [one["backbone"] for one in asked] == ["fan_tiny_8_p4_hybrid"] * 2
    assert call("run", words, "-s", SMALL, "--plan", shown["plan_id"])[0] == 0
    first, second = _jobs("train")
    assert [job.parent_job_id for job in (first, second)] == [None, None]
    code, done = call("run", f"Evaluate {second.id} on ./boards, then {first.id} on ./boards/test")
    assert code == 0, done
    assert [job.parent_job_id for job in _jobs("evaluate")] == [second.id, first.id]


@pytest.mark.long
def test_evaluations_behind_a_training_are_all_of_its_model(call: Any, capfd: pytest.CaptureFixture[str]) -> None:
    words = "train the AOI classifier on ./boards for 1 epoch without HPO, then evaluate it on ./boards and on "
    words += "./boards/test"
    assert main(["plan", words, "-s", SMALL]) == 0
    assert capfd.readouterr().out.count("works on what step 1 makes") == 2
    code, done = call("run", words, "-s", SMALL)
    assert code == 0, done
    trained = _jobs("train")[0].id
    assert [job.parent_job_id for job in _jobs("evaluate")] == [trained, trained]


def test_what_is_made_of_one_of_two_trainings_is_asked_about(call: Any, boards: str) -> None:
    words = "Train the AOI classifier on ./boards without HPO with seed 1, then once more with seed 2, then export it"
    code, asked = call("plan", words, "-s", SMALL)
    assert (code, [one["slot"] for one in asked["missing"]]) == (3, ["parent_job_id"])
    assert not Path(boards).parent.joinpath("results").exists()
