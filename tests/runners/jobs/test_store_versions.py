# SPDX-License-Identifier: Apache-2.0
"""A store of the first version, as that version wrote it, is read, looked at, closed and continued."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from core.errors import PlatformError
from runners import api
from runners.jobs.job import JobState
from runners.jobs.store import JobStore
from runners.names import STORE_FILE
from runners.platforms.handles import ACTION, LAUNCHER, SUPERVISOR, processes_in
from runners.platforms.processes import ProcessId

if TYPE_CHECKING:
    from collections.abc import Callable

    from runners.planning.plan import Plan

DUMP = (Path(__file__).parent / "store_version_1.sql").read_text()
COMPLETE, FAILED, CANCELED, RUNNING = (
    "train-20261126-183350-a1fd80",
    "train-20261126-183351-6cb583",
    "train-20261126-183351-2d8905",
    "train-20261126-183354-da9999",
)
HOST, BOOT, NAMESPACE = "bench", "11111111-2222-4333-8444-555555555555", "pid:[4026531836]"
SUPERVISOR_ROW, ACTION_ROW = "14979,'91099'", "14980,'91101'"


def old_store(root: Path, people: dict[str, ProcessId] | None = None) -> JobStore:
    """The store as it was left; with `people`, on this machine, and its running job the work of these processes."""
    text = DUMP.replace("/srv/results", str(root))
    if people:
        own = ProcessId.own()
        text = text.replace(HOST, own.host).replace(BOOT, own.boot).replace(NAMESPACE, own.namespace)
        for row, process in people.items():
            text = text.replace(row, f"{process.pid},'{process.started}'")
    root.mkdir()
    with closing(sqlite3.connect(root / STORE_FILE)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.executescript(text)
    return JobStore(root)


def tables(root: Path) -> set[str]:
    with closing(sqlite3.connect(root / STORE_FILE)) as connection:
        return {row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}


@pytest.fixture
def old_root(tmp_path: Path) -> Path:
    return tmp_path / "old"


def test_jobs_that_have_ended_are_read_as_they_were(old_root: Path) -> None:
    store = old_store(old_root)
    jobs = {job.id: job for job in store.newest()}

    assert list(jobs) == [RUNNING, CANCELED, FAILED, COMPLETE]
    done, failed, canceled = jobs[COMPLETE], jobs[FAILED], jobs[CANCELED]
    assert (done.state, done.exit_code, done.metrics) == (JobState.COMPLETE, 0, {"val_loss": 0.5})
    assert [a.path for a in done.artifacts if "best" in a.roles] == ["model_best_000.pth"]
    assert (canceled.state, canceled.transitions[-1].reason) == (JobState.CANCELED, "canceled by the user")
    assert failed.failure
    assert (failed.failure.code, failed.failure.message) == ("action.failed", "exit code 1. no such csv")
    assert (failed.failure.place, failed.part_of) == (FAILED, None)
    assert f"changenet diagnose {FAILED}" in failed.failure.remedy
    assert store.with_plan(done.plan_id) == [done]


def test_processes_become_the_handle_of_their_job(old_root: Path) -> None:
    handle = old_store(old_root).handle(RUNNING)

    assert handle.platform == "local"
    assert processes_in(handle) == {
        LAUNCHER: ProcessId(14891, "90646", HOST, BOOT, NAMESPACE),
        SUPERVISOR: ProcessId(14979, "91099", HOST, BOOT, NAMESPACE),
        ACTION: ProcessId(14980, "91101", HOST, BOOT, NAMESPACE),
    }
    assert "processes" not in tables(old_root)


def test_a_job_that_ran_on_another_machine_is_unknown(old_root: Path) -> None:
    assert api.get_job(RUNNING, old_store(old_root)).state is JobState.UNKNOWN


def test_a_job_that_still_runs_is_looked_at_and_cancelled(old_root: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=True) as action:
        identity = ProcessId.of(action.pid)
        assert identity
        gone = ProcessId(2**22, "1", identity.host, identity.boot, identity.namespace)
        store = old_store(old_root, {SUPERVISOR_ROW: gone, ACTION_ROW: identity})

        assert api.get_job(RUNNING, store).state is JobState.RUNNING
        assert api.cancel(RUNNING, store).state is JobState.CANCELED
        assert action.wait(10) != 0


def test_a_job_whose_processes_are_gone_is_closed(old_root: Path) -> None:
    own = ProcessId.own()
    gone = ProcessId(2**22, "1", own.host, own.boot, own.namespace)
    store = old_store(old_root, {SUPERVISOR_ROW: gone, ACTION_ROW: gone})

    newest = api.list_jobs(store)[0]

    assert newest.failure
    assert (newest.id, newest.state, newest.failure.code) == (RUNNING, JobState.ERROR, "process.lost")
    assert store.read(RUNNING) == newest


def test_jobs_are_added_to_an_old_store(old_root: Path, make_plan: Callable[..., Plan]) -> None:
    store = old_store(old_root)

    job = api.launch(make_plan(epochs=0), store=store)

    assert [one.id for one in store.newest()] == [job.id, RUNNING, CANCELED, FAILED, COMPLETE]


def test_eight_processes_open_an_old_store_at_once(old_root: Path) -> None:
    old_store(old_root)
    program = "import sys; from pathlib import Path; from runners.jobs.store import JobStore; "
    program += "print(len(JobStore(Path(sys.argv[1])).newest()))"
    command = [sys.executable, "-c", program, str(old_root)]
    readers = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(8)]

    assert [reader.communicate()[0].strip() for reader in readers] == ["4"] * 8
    assert len(processes_in(JobStore(old_root).handle(RUNNING))) == 3


def test_a_migration_that_fails_leaves_the_store_as_it_was(old_root: Path) -> None:
    store = old_store(old_root)
    with closing(sqlite3.connect(old_root / STORE_FILE)) as connection:
        connection.execute("CREATE TABLE handles (unexpected TEXT)")

    with pytest.raises(PlatformError, match="handles already exists"):
        store.newest()

    with closing(sqlite3.connect(old_root / STORE_FILE)) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (1,)
        assert "part_of" not in [row[1] for row in connection.execute("PRAGMA table_info(jobs)")]
        connection.execute("DROP TABLE handles")
    assert len(store.newest()) == 4
