# SPDX-License-Identifier: Apache-2.0
"""Jobs that words name by what they are, where the router is pure and only the record can tell."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from interfaces.cli import main
from interfaces.skill import the_skill
from interfaces.verbs import spoken
from router.decision import decide
from router.types import LAST_TRAINING, Request
from runners.api import open_store
from tests.interfaces.test_short_answers import record

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def trained(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> str:
    """The record of a training on this machine, with the plan that it was launched with."""
    job = record(tmp_path, "train")
    words = ["plan", "train", "--data", "s3://lot/boards", "--automl", "off", "--profile", "laptop"]
    assert main([*words, "-s", "num_epochs=7", "--results", str(tmp_path), "--full", "--json"]) == 0
    plan = json.loads(capsys.readouterr().out)["plan"]
    (tmp_path / job.id / "plan.json").write_text(json.dumps(plan))
    return job.id


def test_the_same_training_in_the_container_is_a_new_one_with_the_settings_of_the_last(
    tmp_path: Path, trained: str
) -> None:
    asked = Request(action="train", parent_job_id=LAST_TRAINING, runner="docker", gpus=2, automl_policy="off",
                    results_root=str(tmp_path))  # fmt: skip
    found = spoken.decided(asked, the_skill())
    assert found.request.parent_job_id is None
    assert (found.request.overrides, found.request.data) == ({"num_epochs": 7}, "s3://lot/boards")
    assert any(f"the container can't load {trained}" in warning for warning in found.warnings)
    here = spoken.decided(Request(action="train", parent_job_id=LAST_TRAINING, results_root=str(tmp_path)), the_skill())
    assert here.request.parent_job_id == trained


def test_data_that_is_named_is_not_the_data_of_the_last_training(tmp_path: Path, trained: str) -> None:
    asked = Request(
        action="train", parent_job_id=LAST_TRAINING, runner="docker", data="s3://other", results_root=str(tmp_path)
    )
    assert spoken.decided(asked, the_skill()).request.data == "s3://other"
    assert spoken.data_of(open_store(str(tmp_path)).read(trained)) == "s3://lot/boards"


def test_a_comparison_without_two_models_still_asks(tmp_path: Path) -> None:
    record(tmp_path, "train")
    request = Request(text="compare the two models", results_root=str(tmp_path))
    assert spoken.decided(request, the_skill()) == decide(request, the_skill())
