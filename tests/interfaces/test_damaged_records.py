# SPDX-License-Identifier: Apache-2.0
"""Files of jobs and searches that were edited or damaged: what can be told is told, the rest is an error."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from interfaces.cli import main
from runners.jobs.job import Artifact, Handle, Job, JobState, Transition
from runners.jobs.store import Ending, JobStore

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

JOB = "train-20260101-120000-0a1b2c"
SEARCH = "automl-train-20260101-120000-0a1b2c"
VERBS = (
    ("jobs",),
    ("status", JOB),
    ("result", JOB),
    ("logs", JOB),
    ("cancel", JOB),
    ("report", JOB),
    ("plan", "evaluate", "--parent", JOB),
    ("plan", "train", "--parent", JOB, "--automl", "off"),
)
ODD = (
    b"", b"null", b"[]", b"3", b'"x"', b"{", b"\xff\xfe", b"[" * 50_000, b'{"spec": 3}', b'{"spec": {"model": []}}',
    b'{"spec": {"model": {"backbone": 7}, "dataset": null}}', b'{"a": 1e999}', b'{"a": NaN}', b'{"a": "\\ud800"}',
)  # fmt: skip


def job_in(root: Path) -> Job:
    """A finished training with the files that it leaves, as a store has it."""
    folder = root / JOB
    (folder / "results").mkdir(parents=True)
    checkpoint = Artifact("model_epoch_001.pth", "checkpoint", 3, "0" * 64, ("latest",), 1, 10)
    (folder / "results" / checkpoint.path).write_bytes(b"abc")
    for name in ("plan.json", "artifacts.json", "results/figures.json", "results/status.json"):
        (folder / name).write_text("{}")
    (folder / "spec.yaml").write_text("task: classify\n")
    (folder / "log.txt").write_text("said\n")
    first = Transition(JobState.PENDING, "2026-01-01T12:00:00.000+00:00", "the record is opened")
    names = (JOB, "train", "classify", "local", JobState.PENDING)
    job = Job(*names, str(folder), str(folder / "results"), "p", "c", (first,))
    store = JobStore(root)
    store.open_record(job, Handle("local"))
    store.close(JOB, Ending(JobState.COMPLETE, "done", 0, {"val_loss": 0.5}, (checkpoint,)))
    return store.read(JOB)


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A results root with one job, in the current folder."""
    monkeypatch.chdir(tmp_path)
    job_in(tmp_path / "results")
    return tmp_path / "results"


def told(words: Sequence[str], capsys: pytest.CaptureFixture[str]) -> None:
    """Run a command for people and for programs: an error has a code of its own, and a place or a remedy."""
    assert main(list(words)) != 1, capsys.readouterr().err
    capsys.readouterr()
    exit_code = main([*words, "--json"])
    error = json.loads(capsys.readouterr().out).get("error")
    assert exit_code in {0, 2, 3, 4, 5}, error
    assert error is None or (error["code"] != "defect" and error["where"] + error["remedy"])


@pytest.mark.parametrize(
    "name", ["plan.json", "artifacts.json", "results/figures.json", "results/status.json", "spec.yaml"]
)
def test_a_file_of_a_job_may_hold_anything(name: str, root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = root / JOB / name
    for content in ODD:
        path.write_bytes(content)
        for words in VERBS:
            told(words, capsys)
    path.unlink()
    path.mkdir()
    for words in VERBS:
        told(words, capsys)


def test_a_search_may_have_left_anything(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = root / SEARCH
    folder.mkdir()
    for name in ("best_rec.json", "experiment.sqlite3"):
        for content in ODD:
            (folder / name).write_bytes(content)
            for words in (*VERBS, ("run", "--resume", JOB)):
                told([SEARCH if word == JOB else word for word in words], capsys)
        (folder / name).unlink()
