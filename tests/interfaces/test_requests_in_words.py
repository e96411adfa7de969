# SPDX-License-Identifier: Apache-2.0
"""Requests in words from end to end: commands are answered or named, steps and limits are planned."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from runners.jobs.job import Handle, Job, JobState, Transition
from runners.jobs.store import JobStore

JOB = "train-20260101-120000-0a1b2c"


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("place")
    argv = [
        "data", "synthesize", "boards", "--boards", "6", "--size", "64", "--components", "4", "--defect-rate", "0.5",
    ]  # fmt: skip
    run_in(folder, *argv)
    return folder


def run_in(folder: Path, *words: str) -> tuple[int, dict[str, Any]]:
    argv = [str(Path(sys.executable).with_name("changenet")), *words, "--json"]
    done = subprocess.run(argv, cwd=folder, capture_output=True, text=True, check=False)
    assert done.stdout, done.stderr
    return done.returncode, json.loads(done.stdout)


def test_a_question_that_a_command_reads_is_answered(tmp_path: Path) -> None:
    code, document = run_in(tmp_path, "plan", "what is running?")
    assert (code, document["command"], document["jobs"]) == (0, "changenet jobs --running", [])


def test_a_command_that_changes_something_is_named_and_not_run(tmp_path: Path) -> None:
    folder = tmp_path / "jobs" / JOB
    folder.mkdir(parents=True)
    first = Transition(JobState.RUNNING, "2026-01-01T12:00:00.000+00:00", "started")
    job = Job(JOB, "train", "classify", "local", JobState.RUNNING, str(folder), str(folder), "p", "c", (first,))
    JobStore(tmp_path / "jobs").open_record(job, Handle("local"))
    code, document = run_in(tmp_path, "run", f"stop {JOB}", "--results", "jobs")
    assert (code, document["command"]) == (0, f"changenet cancel {JOB} --results jobs")
    assert run_in(tmp_path, "run", "stop the training")[0] == 3


@pytest.mark.parametrize("words", ["stop", "remove", "resume", "watch"])
@pytest.mark.parametrize("verb", ["plan", "run"])
def test_a_job_that_is_not_there_is_told_before_its_command(tmp_path: Path, verb: str, words: str) -> None:
    code, document = run_in(tmp_path, verb, f"{words} {JOB}")
    assert (code, document["error"]["code"]) == (2, "job.unknown")


def test_a_request_for_something_else_starts_nothing(tmp_path: Path) -> None:
    code, document = run_in(tmp_path, "run", "train the new colleagues")
    assert (code, document["error"]["code"]) == (2, "request.not_for_this_skill")
    assert not (tmp_path / "results").exists()


def test_a_parent_that_is_not_there_is_told(tmp_path: Path) -> None:
    code, document = run_in(tmp_path, "plan", "evaluate the last training of the AOI classifier")
    assert (code, document["error"]["code"]) == (3, "parent.unknown")
    assert "the last training" in document["error"]["message"]


def test_a_plan_shows_every_step(place: Path) -> None:
    code, planned = run_in(place, "plan", "train ChangeNet on ./boards, no HPO, 1 epoch, then evaluate it")
    assert code == 0
    assert [step["decision"]["action"] for step in planned["steps"]] == ["train", "evaluate"]
    assert planned["steps"][0]["plan"]["values"]["train.num_epochs"] == 1
    assert planned["steps"][1]["plan"] is None


def test_limits_of_a_search_in_words_are_its_settings(place: Path) -> None:
    code, document = run_in(place, "plan", "tune ChangeNet on ./boards: 2 trials at most, 1 epoch each, 30 minutes")
    assert code == 0
    settings = document["automl"]
    assert (settings["trials"], settings["wall_minutes"]) == (2, 30)


@pytest.mark.parametrize(
    "words",
    [
        ["train", "--data", "boards"],
        ["train", "--data", "boards", "--automl", "off"],
        ["train ChangeNet on ./boards, no HPO, 1 epoch, then evaluate it and run inference on ./boards/test"],
        ["train ChangeNet on ./boards in docker, no AutoML"],
    ],
)
def test_a_plan_is_a_dozen_lines_and_full_gives_every_key(place: Path, words: list[str]) -> None:
    command = [str(Path(sys.executable).with_name("changenet")), "plan", *words]
    short = subprocess.run(command, cwd=place, capture_output=True, text=True, check=False)
    assert len(short.stdout.splitlines()) <= 12
    assert len(short.stdout) <= 1200
    said = subprocess.run([*command, "--json"], cwd=place, capture_output=True, text=True, check=False).stdout
    assert len(said) - said.count(str(place)) * len(str(place)) <= 3_000
    assert len(json.loads(said)["plan_id"]) == 12
    assert "16 pairs" in short.stdout or "pairs, " in short.stdout
    full = subprocess.run([*command, "--full"], cwd=place, capture_output=True, text=True, check=False)
    assert "visual_changenet train -e" in full.stdout
    assert "visual_changenet train -e" not in short.stdout
