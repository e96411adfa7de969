# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import os
import re
import shlex
import shutil
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from core.errors import InputError, PlatformError
from core.problem import Problem
from interfaces.command_line import parse
from runners.jobs.job import Artifact, Handle, Job, JobState, Transition
from runners.jobs.store import Ending, JobStore
from runners.names import STORE_FILE

if TYPE_CHECKING:
    from collections.abc import Callable

FIRST = Transition(JobState.PENDING, "2026-01-01T00:00:00.000+00:00", "the record is opened")


def record(store: JobStore, job_id: str = "train-20260101-000000-aaaaaa") -> Job:
    folder = str(store.root / job_id)
    job = Job(job_id, "train", "classify", "local", JobState.PENDING, folder, folder, "plan", "config", (FIRST,))
    store.open_record(job, Handle("local"))
    return job


def test_what_is_recorded_is_read_back(store: JobStore) -> None:
    job = record(store)
    assert store.read(job.id) == job

    artifact = Artifact("model.pth", "checkpoint", 7, "ab" * 32, ("best", "latest"), 3, 40)
    failure = Problem("disk.full", str(store.root), "no room", "make room")
    store.move(job.id, JobState.RUNNING, "started")
    store.close(job.id, Ending(JobState.ERROR, "no room", 1, {"val_loss": 0.5}, (artifact,), failure))

    ended = store.read(job.id)
    assert [step.state for step in ended.transitions] == [JobState.PENDING, JobState.RUNNING, JobState.ERROR]
    assert (ended.exit_code, ended.metrics, ended.artifacts, ended.failure) == (
        1,
        {"val_loss": 0.5},
        (artifact,),
        failure,
    )
    assert Job.from_json(ended.to_json()) == ended


def test_a_claim_and_a_retry_belong_to_one_job(store: JobStore) -> None:
    assert store.claimed_by("launch-1") is None
    assert store.retry_of("train-20260101-000000-aaaaaa") is None
    first = record(store)
    again = replace(first, id="train-20260101-000000-bbbbbb", retry_of=first.id)
    store.open_record(again, Handle("local"), claim="launch-1")

    assert (store.claimed_by("launch-1"), store.claimed_by("launch-2")) == (again.id, None)
    assert store.retry_of(first.id) == store.read(again.id)
    other = replace(first, id="train-20260101-000000-cccccc")
    for job, claim in ((other, "launch-1"), (replace(other, retry_of=first.id), None)):
        with pytest.raises(sqlite3.IntegrityError):
            store.open_record(job, Handle("local"), claim)
    assert store.ids() == [again.id, first.id]


def test_a_results_root_that_was_moved_or_copied_finds_its_jobs_where_they_are_now(store: JobStore) -> None:
    job = record(store)
    Path(job.folder).mkdir(parents=True)
    moved = store.root.with_name("elsewhere")
    shutil.copytree(store.root, moved)

    assert JobStore(moved).read(job.id).folder == JobStore(moved).newest()[0].results_dir == str(moved / job.id)
    assert store.read(job.id) == job


def test_a_terminal_state_never_changes(store: JobStore) -> None:
    job = record(store)
    assert store.close(job.id, Ending(JobState.COMPLETE, "done", 0))

    assert not store.close(job.id, Ending(JobState.ERROR, "late", 1))
    assert not store.move(job.id, JobState.RUNNING, "late")

    assert store.read(job.id).state is JobState.COMPLETE


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE transitions SET state = 'RUNNING'",
        "DELETE FROM transitions",
        "INSERT INTO transitions (job_id, state, at, reason) SELECT job_id, 'RUNNING', 'now', '' FROM jobs",
        "UPDATE outcomes SET exit_code = 1",
        "DELETE FROM jobs",
        "UPDATE jobs SET plan_id = 'other'",
        "DELETE FROM artifacts",
        "UPDATE handles SET document = '{}'",
        "DELETE FROM handles",
        "INSERT INTO jobs SELECT * FROM jobs",
    ],
)
def test_the_database_itself_refuses_to_rewrite_history(store: JobStore, statement: str) -> None:
    job = record(store)
    store.close(job.id, Ending(JobState.COMPLETE, "done", 0, artifacts=(Artifact("a", "file", 1, "00"),)))
    before = store.read(job.id)

    with closing(sqlite3.connect(store.root / STORE_FILE)) as connection, pytest.raises(sqlite3.IntegrityError):
        connection.execute(statement)

    assert store.read(job.id) == before


def test_ids_are_found_by_their_beginning_and_unknown_ones_get_the_closest(store: JobStore) -> None:
    first, second = record(store), record(store, "train-20260102-000000-bbbbbb")

    assert store.read("train-20260101") == first
    assert store.ids() == [second.id, first.id]
    with pytest.raises(InputError, match="fits 2 jobs") as ambiguous:
        store.read("train")
    with pytest.raises(InputError, match=f"Did you mean '{first.id}'") as unknown:
        store.read("train-20260101-000000-aaaaab")
    assert ambiguous.value.remedy == "write more of the id"
    assert "`changenet jobs`" in unknown.value.remedy


def test_looking_where_no_job_was_recorded_makes_no_files(store: JobStore) -> None:
    assert store.ids() == []
    with pytest.raises(InputError, match="No job was recorded"):
        store.read("train")
    assert not store.root.exists()


WRITER = """
import sys
from pathlib import Path
from runners.jobs.store import JobStore
from runners.jobs.job import JobState
store = JobStore(Path(sys.argv[1]))
print("ready", flush=True)
while True:
    store.move(sys.argv[2], JobState.RUNNING, "x" * 4000)
    store.move(sys.argv[2], JobState.PENDING, "x" * 4000)
"""


def test_writers_that_are_killed_leave_a_store_that_works(store: JobStore) -> None:
    job = record(store)
    for _ in range(3):
        command = [sys.executable, "-c", WRITER, str(store.root), job.id]
        with subprocess.Popen(command, stdout=subprocess.PIPE) as writer:
            assert writer.stdout
            writer.stdout.readline()
            while len(store.read(job.id).transitions) < 5:
                pass
            os.kill(writer.pid, signal.SIGKILL)
        steps = store.read(job.id).transitions
        assert all(a.state is not b.state for a, b in pairwise(steps))

    with closing(sqlite3.connect(store.root / STORE_FILE)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert store.close(job.id, Ending(JobState.COMPLETE, "done", 0))


CREATOR = """
import sys
from pathlib import Path
from runners.jobs.store import JobStore
from runners.jobs.job import Handle
from runners.jobs.job import Job, JobState, Transition
store = JobStore(Path(sys.argv[1]))
step = Transition(JobState.PENDING, "now", "")
for number in range(10):
    name = f"train-{sys.argv[2]}-{number}"
    job = Job(name, "train", "classify", "local", JobState.PENDING, "", "", "", "", (step,))
    store.open_record(job, Handle("local"))
"""


def test_eight_processes_make_the_store_and_write_to_it_at_once(store: JobStore) -> None:
    writers = [subprocess.Popen([sys.executable, "-c", CREATOR, str(store.root), str(n)]) for n in range(8)]

    assert [writer.wait() for writer in writers] == [0] * 8
    assert sorted(store.ids()) == sorted(f"train-{writer}-{number}" for writer in range(8) for number in range(10))


def test_a_file_that_is_no_store_is_told_and_left_alone(store: JobStore) -> None:
    store.root.mkdir()
    (store.root / STORE_FILE).write_text("these are my notes, not a database" * 40)

    with pytest.raises(PlatformError) as error:
        store.ids()

    assert (error.value.code, error.value.exit_code) == ("store.broken", 5)
    assert (store.root / STORE_FILE).read_text().startswith("these are my notes")
    (store.root / STORE_FILE).unlink()


@pytest.mark.parametrize("content", ["", "another program's database"])
def test_a_database_of_another_program_is_left_alone(store: JobStore, content: str) -> None:
    store.root.mkdir()
    with closing(sqlite3.connect(store.root / STORE_FILE)) as connection:
        connection.executescript("CREATE TABLE notes (text TEXT)" if content else "")

    with pytest.raises(PlatformError) as error:
        record(store)

    assert error.value.code == "store.broken"
    (store.root / STORE_FILE).unlink(missing_ok=True)


def test_a_store_of_a_newer_version_is_not_written_to(store: JobStore) -> None:
    record(store)
    with closing(sqlite3.connect(store.root / STORE_FILE)) as connection:
        connection.execute("PRAGMA user_version = 99")

    with pytest.raises(PlatformError) as error:
        record(store, "train-20260102-000000-bbbbbb")

    assert error.value.code == "store.newer"
    (store.root / STORE_FILE).unlink()


def test_a_results_root_that_is_a_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "results").write_text("")

    with pytest.raises(PlatformError) as error:
        record(JobStore(tmp_path / "results"))

    assert error.value.code == "store.unusable"


def test_the_handle_of_a_job_is_the_one_that_was_recorded_last(store: JobStore) -> None:
    first, second = record(store), record(store, "train-20260102-000000-bbbbbb")
    later = Handle("local", {"pid": 7, "address": None})
    store.add_handle(first.id, later)

    assert (store.handle(first.id), store.handle(second.id)) == (later, Handle("local"))


def test_jobs_of_a_plan_and_the_newest_ones_are_found(store: JobStore) -> None:
    first, second = record(store), record(store, "train-20260102-000000-bbbbbb")
    store.close(first.id, Ending(JobState.COMPLETE, "done", 0, artifacts=(Artifact("a", "file", 1, "00"),)))

    assert store.newest() == [second, store.read(first.id)]
    assert store.newest(1) == [second]
    assert store.with_plan("plan") == [store.read(first.id), second]
    assert store.with_plan("another") == []


def test_open_jobs_parts_of_a_search_and_children_are_found(store: JobStore) -> None:
    parent, ended, other = (record(store, f"train-{n}") for n in range(3))
    store.close(ended.id, Ending(JobState.CANCELED, "asked to"))
    trials = [replace(parent, id=f"trial-{n}", part_of="automl-a", parent_job_id=parent.id) for n in range(3)]
    for trial in trials:
        store.open_record(trial, Handle("local", {"number": trial.id}))
    store.close("trial-1", Ending(JobState.COMPLETE, "done", 0))

    assert [job.id for job in store.not_ended()] == ["trial-2", "trial-0", other.id, parent.id]
    assert [job.id for job in store.open_parts("automl-a")] == ["trial-0", "trial-2"]
    assert [job.id for job in store.parts("automl-a")] == ["trial-2", "trial-1", "trial-0"]
    assert [job.id for job in store.children(parent.id)] == ["trial-2", "trial-1", "trial-0"]
    assert store.count() == len(store.ids()) == 6
    store.add_handle("trial-2", Handle("local", {"number": "the last"}))
    numbers = {job_id: found.details.get("number") for job_id, found in store.handles(store.ids()).items()}
    assert numbers["trial-0"] == "trial-0"
    assert (numbers["trial-2"], numbers[parent.id]) == ("the last", None)


def test_a_beginning_that_fits_many_jobs_names_a_few_of_them_and_how_many_there_are(store: JobStore) -> None:
    for number in range(12):
        record(store, f"train-{number:02}")

    with pytest.raises(InputError, match=r"'train' fits 12 jobs: train-11, train-10, .*train-04\n"):
        store.read("train")


def test_a_summary_counts_what_a_job_left(store: JobStore) -> None:
    job = record(store)
    kinds = ("checkpoint", "checkpoint", "table")
    artifacts = tuple(Artifact(str(number), kind, 1, "00") for number, kind in enumerate(kinds))
    store.close(job.id, Ending(JobState.COMPLETE, "done", 0, artifacts=artifacts))

    whole, summary = store.read(job.id).to_json(), store.read(job.id).summary()

    assert summary.pop("artifact_counts") == {"checkpoint": 2, "table": 1}
    assert len(whole.pop("artifacts")) == 3
    assert summary == whole


def test_no_question_about_one_job_reads_the_records_of_all(store: JobStore, monkeypatch: pytest.MonkeyPatch) -> None:
    job = record(store)
    asked: list[str] = []
    monkeypatch.setattr(sqlite3, "connect", traced(sqlite3.connect, asked))
    store.with_plan("plan")
    store.read(job.id)
    store.read(job.id[:-3])
    store.handle(job.id)
    store.request_cancel(job.id, "")
    store.cancel_reason(job.id)
    store.handles([job.id])
    store.parts("automl-a")
    store.open_parts("automl-a")
    store.children(job.id)
    store.move(job.id, JobState.RUNNING, "")
    store.close(job.id, Ending(JobState.COMPLETE, "done", 0))
    monkeypatch.undo()

    with closing(sqlite3.connect(store.root / STORE_FILE)) as connection:
        questions = [text for text in asked if text.startswith("SELECT") and " FROM " in text]
        steps = [row[3] for text in questions for row in connection.execute(f"EXPLAIN QUERY PLAN {text}")]
    assert len(questions) > 12
    assert [step for step in steps if "SCAN" in step and "json_each" not in step] == []


def traced(connect: Callable[..., sqlite3.Connection], asked: list[str]) -> Callable[..., sqlite3.Connection]:
    def connected(*arguments: Any, **options: Any) -> sqlite3.Connection:
        connection = connect(*arguments, **options)
        connection.set_trace_callback(asked.append)
        return connection

    return connected


@pytest.mark.parametrize("code", ["action.failed", "process.killed", "process.lost", "launch.lost", "some.other"])
def test_a_failure_is_read_with_what_helps_after_it(store: JobStore, code: str) -> None:
    job = record(store)
    store.close(job.id, Ending(JobState.ERROR, "no", 1, failure=Problem(code, job.id, "no")))

    failure = store.read(job.id).failure

    assert failure
    assert (failure.code, failure.place, failure.message) == (code, job.id, "no")
    command = re.search(r"`(changenet [^`]+)`", failure.remedy)
    assert command or "run it again" in failure.remedy
    if command:
        options = parse(shlex.split(command[1])[1:]).options
        assert (options.job, options.results_root) == (job.id, str(store.root))
