# SPDX-License-Identifier: Apache-2.0
"""Lists of many jobs and searches: the newest are shown, and how many more there are."""

from __future__ import annotations

import json
import os
import sqlite3
from typing import TYPE_CHECKING, Any

import pytest

from automl.ledger import Ledger
from automl.writer_lock import take_lock
from interfaces.cli import main
from runners.jobs import database, rows
from runners.jobs.job import Handle, Job, JobState, Transition
from runners.jobs.store import JobStore
from runners.platforms.handles import SUPERVISOR, with_process
from runners.platforms.processes import ProcessId

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

COUNT, OPEN = 60, (0, 1, 30)


def job(root: Path, job_id: str, *life: JobState) -> Job:
    steps = tuple(Transition(state, "2026-01-01T00:00:00.000+00:00", "") for state in life)
    folder = str(root / job_id)
    return Job(job_id, "train", "classify", "local", life[-1], folder, folder, "p", "c", steps)


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A results root in the current folder: job 0 is the oldest, and this process looks after those of `OPEN`."""
    monkeypatch.chdir(tmp_path)
    store = JobStore(tmp_path / "results")
    alive = with_process(Handle("local"), SUPERVISOR, ProcessId.own())
    with database.transaction(store.root, write=True, create=True) as connection:
        for number in range(COUNT):
            life = (JobState.RUNNING,) if number in OPEN else (JobState.RUNNING, JobState.COMPLETE)
            rows.insert_job(connection, job(store.root, f"train-{number:03}", *life))
    for number in OPEN:
        store.add_handle(f"train-{number:03}", alive)
    return store.root


def answer(capsys: pytest.CaptureFixture[str], *words: str, code: int = 0) -> Any:
    assert main(["jobs", *words]) == code
    return capsys.readouterr().out


def listed(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[list[str], int]:
    document = json.loads(answer(capsys, *words, "--json"))
    return [job["id"] for job in document["jobs"]], document["more"]["jobs"]


@pytest.mark.usefixtures("root")
def test_the_newest_jobs_are_listed_and_the_others_counted(capsys: pytest.CaptureFixture[str]) -> None:
    newest = [f"train-{number:03}" for number in reversed(range(COUNT))]

    assert listed(capsys) == (newest[:50], 10)
    assert listed(capsys, "--limit", "3") == (newest[:3], 57)
    assert listed(capsys, "--full") == (newest, 0)
    assert listed(capsys, "--limit", "1000") == (newest, 0)
    lines = answer(capsys).splitlines()
    assert (len(lines), lines[-1]) == (15, "46 more: --limit N, or --full")
    assert [line.split()[0] for line in answer(capsys, "--full").splitlines()] == newest
    assert len(answer(capsys, "--limit", "20").splitlines()) == 21


@pytest.mark.usefixtures("root")
def test_open_jobs_are_found_however_old_they_are(capsys: pytest.CaptureFixture[str]) -> None:
    assert listed(capsys, "--running") == (["train-030", "train-001", "train-000"], 0)
    assert listed(capsys, "--running", "--limit", "1") == (["train-030"], 2)


@pytest.mark.usefixtures("root")
@pytest.mark.parametrize("number", ["0", "-3"])
def test_a_limit_below_one_is_told(number: str, capsys: pytest.CaptureFixture[str]) -> None:
    error = json.loads(answer(capsys, f"--limit={number}", "--json", code=2))["error"]

    assert (error["code"], error["where"], error["remedy"]) == (
        "usage.value",
        "--limit",
        "give 1 or more, or --full for all",
    )


def test_the_open_jobs_of_a_list_cost_no_question_each(
    root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    connect: Callable[..., sqlite3.Connection] = sqlite3.connect
    opened: list[Any] = []

    def counted(*arguments: Any, **options: Any) -> sqlite3.Connection:
        opened.append(arguments)
        return connect(*arguments, **options)

    monkeypatch.setattr(sqlite3, "connect", counted)
    listed(capsys, "--running")
    few = len(opened)
    opened.clear()
    store = JobStore(root)
    with database.transaction(root, write=True) as connection:
        for number in range(40):
            rows.insert_job(connection, job(root, f"more-{number}", JobState.RUNNING))
    for number in range(40):
        store.add_handle(f"more-{number}", with_process(Handle("local"), SUPERVISOR, ProcessId.own()))
    opened.clear()

    assert len(listed(capsys, "--running")[0]) == 43
    assert len(opened) == few


def test_searches_that_run_are_found_without_reading_the_others(
    root: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    names = [f"automl-train-20260101-00000{number}-aaaaaa" for number in range(4)]
    for name in names:
        with Ledger(root / name, create=True):
            pass
    read: list[Path] = []
    monkeypatch.setattr("automl.lookup.overview", _noting(read))
    handle = take_lock(root / names[1])
    try:
        document = json.loads(answer(capsys, "--running", "--json"))
    finally:
        os.close(handle)

    assert [one["experiment"] for one in document["experiments"]] == [names[1]]
    assert read == [root / names[1]]
    read.clear()
    document = json.loads(answer(capsys, "--limit", "2", "--json"))
    assert (len(document["experiments"]), document["more"]) == (2, {"jobs": 58, "experiments": 2, "chains": 0})
    assert len(read) == 2


def _noting(read: list[Path]) -> Callable[[Path], Any]:
    from automl.lookup import overview

    def noted(folder: Path) -> Any:
        read.append(folder)
        return overview(folder)

    return noted
