# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from interfaces.present import artifact_lines, job_text, metric_lines
from interfaces.verbs.jobs import job_outcome, run_outcome
from runners.api import result
from runners.jobs.job import Artifact, Job, JobState, Transition
from scoring.sheet import figure_sheet
from scoring.targets import parse

if TYPE_CHECKING:
    from pathlib import Path


def job_in(folder: Path) -> Job:
    (folder / "results").mkdir()
    return Job(
        id="evaluate-1",
        action="evaluate",
        task="classify",
        runner="local",
        state=JobState.COMPLETE,
        folder=str(folder),
        results_dir=str(folder / "results"),
        plan_id="p",
        config_sha256="c",
        transitions=(Transition(JobState.COMPLETE, "2026-01-01T00:00:00", "done"),),
    )


def test_the_summary_says_in_one_line_whether_the_target_was_met_and_how_sure_that_is(tmp_path: Path) -> None:
    job = job_in(tmp_path)
    assert "verdict" not in job_outcome(job).document
    kinds, scores = ["open"] * 10 + ["PASS"] * 90, [0.9] * 10 + [0.1] * 90
    for target, said in (
        (parse("far<=1% at recall=99%"), "target far<=1% at recall=99%: met (0 of 10 defects escaped"),
        (parse("recall>=99%"), "at 95% confidence recall is at least 74.11%"),
        (None, "0 of 10 defects escaped, 0 of 90 good pairs flagged; no target is set"),
    ):
        sheet = figure_sheet(kinds, scores, 0.5, target=target)
        (tmp_path / "results" / "figures.json").write_text(json.dumps(sheet), encoding="utf-8")
        (line,) = [line for line in job_text(job).splitlines() if line.startswith("  verdict")]
        assert said in line
        assert job_outcome(job).document["verdict"] == line.removeprefix("  verdict  ") == result(job)["verdict"]


def test_a_file_that_is_no_sheet_of_figures_says_nothing(tmp_path: Path) -> None:
    job = job_in(tmp_path)
    for text in ("[]", "{}", "nonsense", '{"target": 3}'):
        (tmp_path / "results" / "figures.json").write_text(text, encoding="utf-8")
        assert "verdict" not in job_text(job)


def test_a_picture_per_pair_is_no_line_per_pair() -> None:
    pictures = [Artifact(f"evidence/{i}.png", "image", 10, "h") for i in range(3000)]
    few = [Artifact(f"visual/{i}.png", "image", 10, "h") for i in range(2)]
    lines = artifact_lines([*pictures, *few, Artifact("predictions.csv", "table", 20, "h")])
    assert lines == [
        "  images     evidence/ (3,000 files)",
        "  image      visual/0.png (10 bytes)",
        "  image      visual/1.png (10 bytes)",
        "  table      predictions.csv (20 bytes)",
    ]


@pytest.mark.parametrize(
    ("value", "text"), [(0.999994, "0.99999"), (1.0, "1"), (99.9993, "99.999"), (0.99991, "0.9999"), (1e-9, "1e-09")]
)
def test_a_figure_that_is_nearly_perfect_never_reads_as_perfect(value: float, text: str) -> None:
    assert metric_lines({"auc": value}) == [f"  auc  {text}"]


def test_a_value_is_spelt_as_a_spec_spells_it() -> None:
    assert metric_lines({"best": True, "none": None}) == ["  best  true", "  none  null"]


def test_a_job_that_was_interrupted_ends_as_interrupted_for_who_ran_it(tmp_path: Path) -> None:
    job = replace(job_in(tmp_path), state=JobState.CANCELED)
    for reason, exit_code in (("interrupted from the keyboard", 130), ("canceled by the user", 4)):
        ended = replace(job, transitions=(Transition(JobState.CANCELED, "2026-01-01T00:00:00", reason),))
        assert run_outcome(ended).exit_code == exit_code
        assert job_outcome(ended).exit_code == 4
