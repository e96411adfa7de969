# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from core.figure import plain
from interfaces.present import artifact_lines, figure_lines, job_text, jobs_text
from interfaces.verbs.job_outcome import job_outcome, run_outcome
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
    assert figure_lines(list(plain({"auc": value}))) == [f"  auc  {text}"]


def test_a_value_is_spelt_as_a_spec_spells_it() -> None:
    assert figure_lines(list(plain({"best": True, "none": None}))) == ["  best  true", "  none  undefined"]


def test_a_job_that_was_interrupted_ends_as_interrupted_for_who_ran_it(tmp_path: Path) -> None:
    job = replace(job_in(tmp_path), state=JobState.CANCELED)
    for reason, exit_code in (("interrupted from the keyboard", 130), ("canceled by the user", 4)):
        ended = replace(job, transitions=(Transition(JobState.CANCELED, "2026-01-01T00:00:00", reason),))
        assert run_outcome(ended).exit_code == exit_code
        assert job_outcome(ended).exit_code == 4


def test_a_job_whose_end_nobody_could_see_is_not_done_for_who_ran_it(tmp_path: Path) -> None:
    assert run_outcome(replace(job_in(tmp_path), state=JobState.UNKNOWN)).exit_code == 5


EVALUATED = {
    "test_acc": 97.0,
    "test_fpr": 3.125,
    "test_fnr": 2.5,
    "recall": 0.975,
    "f1": 0.8,
    "auc": 0.9993,
    "escapes": 1,
    "threshold": 0.42,
    "recall_at_threshold": 1.0,
    "false_alarm_rate_at_threshold": 0.0125,
    "f1_at_threshold": 0.99,
    "escapes_at_threshold": 0,
}


def test_figures_have_one_unit_and_say_of_what_those_at_the_threshold_first(tmp_path: Path) -> None:
    job = replace(job_in(tmp_path), metrics=EVALUATED)
    text = job_text(job)
    lines = [" ".join(line.split()) for line in text.splitlines() if line.split()[0] in EVALUATED]
    assert lines == [
        "recall_at_threshold 100% of the defects",
        "false_alarm_rate_at_threshold 1.25% of the PASS pairs",
        "f1_at_threshold 99%",
        "escapes_at_threshold 0",
        "threshold 0.42",
        "test_acc 97% of all pairs, at eval_margin",
        "test_fpr 3.125% of the PASS pairs, at eval_margin",
        "test_fnr 2.5% of the defects, at eval_margin",
        "recall 97.5% of the defects, at eval_margin",
        "f1 80% at eval_margin",
        "auc 99.93%",
        "escapes 1 at eval_margin",
    ]
    (line,) = jobs_text([job], tmp_path).splitlines()
    assert line.endswith("recall 100%  false alarm rate 1.25%  F1 99%  escapes 0")
    told = {figure["name"]: figure for figure in result(job)["figures"]}
    assert told["false_alarm_rate_at_threshold"] == {
        "name": "false_alarm_rate_at_threshold",
        "value": 1.25,
        "unit": "%",
        "of": "the PASS pairs",
    }
    assert result(job)["metrics"] == EVALUATED


def test_a_rate_at_a_recall_says_at_which_in_the_list_of_jobs(tmp_path: Path) -> None:
    job = replace(job_in(tmp_path), action="train", metrics={"val_acc": 64.0, "val_far": 88.24, "val_auc": 0.5})
    assert jobs_text([job], tmp_path).endswith("val_far 88.24% at 100% recall  val_auc 50%")


def test_without_a_threshold_of_the_model_the_list_shows_the_figures_at_the_margin(tmp_path: Path) -> None:
    job = replace(job_in(tmp_path), metrics={"test_acc": 64.0, "test_fpr": 1.5, "recall": 0.5, "escapes": 2, "f1": 0.6})
    assert jobs_text([job], tmp_path).endswith("recall 50%  false alarm rate 1.5%  F1 60%  escapes 2")


def test_rates_of_segment_are_shares_in_status_json(tmp_path: Path) -> None:
    job = replace(job_in(tmp_path), task="segment", metrics={"val_loss": 0.5, "val_acc": 0.9, "val_miou": 0.75})
    assert jobs_text([job], tmp_path).endswith("val_loss 0.5  val_miou 75%")
    assert "val_acc   90%" in job_text(job)
