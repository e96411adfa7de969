# SPDX-License-Identifier: Apache-2.0
"""Files of jobs and searches that were edited or damaged: what can be told is told, the rest is an error."""

from __future__ import annotations

import json
import os
import shlex
import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from automl.ledger import Ledger
from interfaces.cli import main
from interfaces.command_line import parse
from runners.jobs.job import Artifact, Handle, Job, JobState, Transition
from runners.jobs.store import Ending, JobStore
from runners.names import STORE_FILE
from runners.platforms.processes import ProcessId

if TYPE_CHECKING:
    from collections.abc import Sequence

GONE = replace(ProcessId.own(), pid=2**22, started="1")
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
    b"", b"null", b"[]", b"{", b"\xff\xfe", b"[" * 50_000, b'{"spec": 3}',
    b'{"spec": {"model": {"backbone": 7}, "dataset": null}}', b'{"a": 1e999, "b": "\\ud800"}',
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


@pytest.mark.usefixtures("root")
def test_who_cancels_a_job_that_had_ended_is_told_so(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["cancel", JOB]) == 0
    assert f"{JOB}: COMPLETE (it had ended before; nothing was stopped)" in capsys.readouterr().out


def test_a_folder_without_jobs_is_named(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    other = root.parent / "another"
    assert main(["jobs", "--results", str(other)]) == 0
    assert f"no jobs in {other} yet" in capsys.readouterr().out


@pytest.mark.parametrize("boards", [[{"name": "a"}], [7], [{"reason": "none"}], None])
def test_boards_of_an_inspection_that_were_damaged_are_told(
    root: Path, capsys: pytest.CaptureFixture[str], boards: object
) -> None:
    name = JOB.replace("train", "segment_inspect")
    folder = root / name
    folder.mkdir()
    (folder / "inspection.json").write_text(json.dumps({"boards": boards}))
    first = Transition(JobState.PENDING, "2026-01-01T12:00:00.000+00:00", "the record is opened")
    names = (name, "segment_inspect", "segment", "local", JobState.PENDING)
    store = JobStore(root)
    store.open_record(Job(*names, str(folder), str(folder), "p", "c", (first,)), Handle("local"))
    found = Artifact("inspection.json", "table", 3, "0" * 64)
    store.close(name, Ending(JobState.COMPLETE, "done", 0, {}, (found,)))
    assert main(["status", name]) == 0
    assert "boards   unknown: inspection.json is missing or damaged" in capsys.readouterr().out


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


@pytest.mark.parametrize("kind", ["pipe", "device"])
@pytest.mark.parametrize("ended", [True, False])
def test_pipes_and_devices_in_place_of_a_jobs_files_keep_nobody_waiting(
    kind: str, ended: bool, root: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("runners.jobs.watch._ANSWER_SECONDS", 0.0)
    monkeypatch.setenv("CHANGENET_GRACE_SECONDS", "0")
    job_id = JOB
    if not ended:
        job_id = "train-20260101-120000-ffffff"
        job = JobStore(root).read(JOB)
        folder = str(root / job_id)
        going = replace(job, id=job_id, folder=folder, results_dir=folder, transitions=job.transitions[:1])
        JobStore(root).open_record(going, Handle("local", {"launcher": asdict(GONE)}))
        (root / job_id).mkdir()
    for name in ("plan.json", "spec.yaml", "before.json", "log.txt", "status.json", "supervisor.log", "model.pth"):
        path = root / job_id / name
        path.unlink(missing_ok=True)
        if kind == "pipe":
            os.mkfifo(path)
        else:
            path.symlink_to("/dev/zero")
    for words in VERBS:
        told([job_id if word == JOB else word for word in words], capsys)


def test_a_search_may_have_left_anything(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = root / SEARCH
    folder.mkdir()
    for name in ("best_rec.json", "experiment.sqlite3"):
        for content in ODD:
            (folder / name).write_bytes(content)
            for words in (*VERBS, ("run", "--resume", JOB)):
                told([SEARCH if word == JOB else word for word in words], capsys)
        (folder / name).unlink()


def test_a_name_that_is_not_utf_8_is_no_name_of_a_job(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert root.is_dir()
    for verb in ("status", "result", "logs", "cancel", "report"):
        told([verb, os.fsdecode(b"train\xff")], capsys)
        told([verb, os.fsdecode(b"\xff")], capsys)


IDENTITY = {
    "action": "train",
    "settings": {"trials": 3, "epochs": None, "wall_minutes": None},
    "request": {"results_root": "results"},
    "skill_dir": "nowhere",
    "engine": None,
    "parallel": 1,
    "objectives": [{"metric": "val_loss", "direction": "minimize"}],
}


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"settings": None},
        {"settings": {}},
        {"request": 3},
        {"objectives": [3]},
        {"objectives": {}},
        {"action": None},
    ],
)
def test_what_a_search_began_with_may_be_edited(
    change: dict[str, Any], root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with Ledger(root / SEARCH, create=True) as ledger:
        ledger.write_identity(IDENTITY | change)
    for words in (*VERBS, ("run", "--resume", JOB)):
        told([SEARCH if word == JOB else word for word in words], capsys)
    assert main(["jobs", "--json"]) == 0
    (search,) = json.loads(capsys.readouterr().out)["experiments"]
    assert search["state"] == ("unreadable" if change else "stopped")


ON_A_FULL_DISK = """
import resource, sys
from interfaces.cli import main
resource.setrlimit(resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))
sys.exit(main(sys.argv[1:]))
"""


@pytest.mark.parametrize("words", [("jobs",), ("status", JOB), ("status", SEARCH), ("result", JOB), ("logs", JOB)])
def test_jobs_and_searches_are_read_on_a_full_disk(words: tuple[str, ...], root: Path) -> None:
    with Ledger(root / SEARCH, create=True) as ledger:
        ledger.write_identity(IDENTITY)
    command = [sys.executable, "-c", ON_A_FULL_DISK, *words, "--json"]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer
    assert "error" not in json.loads(answer.stdout)
    assert "unreadable" not in answer.stdout


@pytest.mark.parametrize(
    "damage",
    [
        "DELETE FROM handles",
        "DELETE FROM transitions",
        "UPDATE handles SET document = '7'",
        'UPDATE handles SET document = \'{"platform": "local", "details": 7}\'',
        'UPDATE handles SET document = \'{"platform": "local", "details": {"supervisor": {"pid": 1}}}\'',
        "UPDATE jobs SET runner = 'nowhere', action = 'fly', task = ''",
        "UPDATE jobs SET folder = '', results_dir = ''",
        "UPDATE jobs SET results_dir = '/dev/null', parent_job_id = 'nobody'",
        "UPDATE jobs SET job_id = ''",
        "UPDATE transitions SET state = 'COMPLETE', at = 'yesterday'",
        "UPDATE transitions SET state = 'FLYING', reason = CAST(X'FFFE41' AS TEXT)",
        "UPDATE artifacts SET path = '../../..', epoch = 'two', roles = ''",
        "UPDATE artifacts SET path = CAST(X'FF' AS TEXT), size = 'much', sha256 = X'FF', kind = 7",
        "UPDATE outcomes SET metrics = '[1e999]', exit_code = 'none', failure_code = 'x', failure_message = 'y'",
    ],
)
@pytest.mark.parametrize("ended", [True, False])
def test_rows_of_a_store_may_hold_anything(
    damage: str, ended: bool, root: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("runners.jobs.watch._ANSWER_SECONDS", 0.0)
    monkeypatch.setenv("CHANGENET_GRACE_SECONDS", "0")
    with closing(sqlite3.connect(root / STORE_FILE)) as connection:
        kinds = ("trigger",)
        for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = ?", kinds).fetchall():
            connection.execute(f"DROP TRIGGER {name}")
        connection.execute("PRAGMA ignore_check_constraints = ON")
        if not ended:
            connection.execute("DELETE FROM transitions WHERE state = 'COMPLETE'")
            connection.execute("DELETE FROM outcomes")
        connection.execute(damage)
        connection.commit()
    for words in VERBS:
        told(words, capsys)


@pytest.mark.parametrize("name", ["#1", "what?", "a%20b", "a b", "a&b=c", "50%", "'quoted'", "ü"])
def test_a_results_root_may_be_called_anything(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    job_in(tmp_path / name)
    with Ledger(tmp_path / name / SEARCH, create=True) as ledger:
        ledger.write_identity(IDENTITY | {"request": {"results_root": str(tmp_path / name)}})
    assert main(["jobs", "--results", name, "--json"]) == 0
    listed = json.loads(capsys.readouterr().out)
    assert [job["id"] for job in listed["jobs"]] == [JOB]
    assert [search["state"] for search in listed["experiments"]] == ["stopped"]
    assert main(["status", JOB, "--results", name]) == 0
    assert main(["status", SEARCH, "--results", name]) == 0
    (line,) = [line for line in capsys.readouterr().out.splitlines() if "to go on: " in line]
    options = parse(shlex.split(line.partition(" changenet ")[2])).options
    assert Path(options.resume) == tmp_path / name / SEARCH
