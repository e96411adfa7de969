# SPDX-License-Identifier: Apache-2.0
"""Stores on disks that are full, or that can only be read: jobs are looked at all the same."""

from __future__ import annotations

import json
import shutil
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import pytest

from core.errors import PlatformError
from runners.jobs import closing as closing_of_jobs
from runners.jobs import database
from runners.jobs.closing import finish
from runners.jobs.job import Handle, Job, JobState, Transition
from runners.jobs.store import Ending, JobStore
from runners.names import STORE_FILE
from runners.platforms.handles import LAUNCHER, SUPERVISOR, with_process
from runners.platforms.processes import ProcessId

if TYPE_CHECKING:
    from collections.abc import Iterator

ENDED, GOING = "train-20260101-000000-aaaaaa", "train-20260102-000000-bbbbbb"
# `full`: no file can grow. `read-only`: no file can be written.
READER = """
import json, os, resource, shutil, signal, sqlite3, sys, tempfile
from pathlib import Path
from core.errors import PlatformError
from runners import api
from runners.jobs import closing, database, rows
from runners.jobs.store import JobStore
from runners.platforms import local
from runners.platforms.processes import ProcessId
how, root, going = sys.argv[1:]
if how == "full":
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))
elif os.geteuid() == 0:
    os.seteuid(65534)  # root may write anywhere
store = JobStore(Path(root))
told = [store.read(job.id).metrics and job.state for job in store.newest()]
looked = [[job.id, job.state, job.failure and job.failure.code] for job in api.list_jobs(store)]
print(json.dumps([told, looked, store.handle(going).platform]))
for write in (lambda: store.move(going, "RUNNING", ""), lambda: api.cancel(going, store)):
    try:
        write()
    except PlatformError as problem:
        print(json.dumps([problem.code, problem.remedy]))
"""


def step(state: JobState) -> Transition:
    return Transition(state, "2026-01-01T00:00:00.000+00:00", "")


def opened(store: JobStore, job_id: str) -> Job:
    """A job whose launcher and supervisor are gone."""
    folder = str(store.root / job_id)
    job = Job(job_id, "train", "t", "local", JobState.PENDING, folder, folder, "p", "c", (step(JobState.PENDING),))
    own = ProcessId.own()
    gone = ProcessId(2**22, "1", own.host, own.boot, own.namespace, own.machine)
    store.open_record(job, with_process(with_process(Handle("local"), LAUNCHER, gone), SUPERVISOR, gone))
    return job


@pytest.fixture
def root() -> Iterator[Path]:
    """A store in a folder that other users may enter: pytest's own is closed to them."""
    with TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        store = JobStore(Path(folder) / "results #1?")
        opened(store, ENDED)
        store.close(ENDED, Ending(JobState.COMPLETE, "done", 0, {"val_loss": 0.5}))
        opened(store, GOING)
        yield store.root
        store.root.chmod(0o755)


def contents(root: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in root.iterdir() if path.stat().st_size}


def read(how: str, root: Path, going: str = GOING) -> list[Any]:
    """What somebody finds out there, and how writing is refused."""
    command = [sys.executable, "-c", READER, how, str(root), going]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    assert not answer.stderr
    return [json.loads(line) for line in answer.stdout.splitlines()]


@pytest.mark.parametrize(
    ("how", "journal", "code", "help_is"),
    [
        ("full", False, "store.full", "room"),
        ("read-only", False, "store.unusable", "rights"),
        ("read-only", True, "store.unusable", "rights"),
    ],
)
def test_jobs_are_looked_at_where_nothing_can_be_written(
    how: str, journal: bool, code: str, help_is: str, root: Path
) -> None:
    if journal:
        # Somebody still has the store open, so that what was recorded last is not in its file yet.
        with closing(sqlite3.connect(root / STORE_FILE)) as holder:
            holder.execute("SELECT count(*) FROM jobs").fetchone()
            opened(JobStore(root), "train-newest")
            shutil.copytree(root, root.with_name("copy"), ignore=shutil.ignore_patterns("*-shm"))
        root = root.with_name("copy")
        assert (root / f"{STORE_FILE}-wal").stat().st_size
    files = contents(root)
    if how == "read-only":
        root.chmod(0o555)

    (told, looked, platform), *refused = read(how, root)

    newest = [["train-newest", "UNKNOWN", "job.unrecorded"]] if journal else []
    assert looked == [*newest, [GOING, "UNKNOWN", "job.unrecorded"], [ENDED, "COMPLETE", None]]
    assert (told[-1], platform) == ("COMPLETE", "local")
    assert [one[0] for one in refused] == [code, code]
    assert all(help_is in one[1] for one in refused)
    assert contents(root) == files


@pytest.mark.parametrize("how", ["full", "read-only"])
def test_a_store_of_an_older_version_is_read_where_it_can_not_be_brought_up_to_date(how: str, root: Path) -> None:
    (root / STORE_FILE).unlink()
    with closing(sqlite3.connect(root / STORE_FILE)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.executescript((Path(__file__).parent / "store_version_1.sql").read_text())
        (going,) = connection.execute("SELECT max(job_id) FROM jobs").fetchone()
    before = contents(root)
    if how == "read-only":
        root.chmod(0o555)

    told, looked, platform = read(how, root, going)[0]

    assert (len(told), looked[0], platform) == (4, [going, "UNKNOWN", "job.no_answer"], "local")
    assert contents(root) == before


def test_a_record_that_can_not_be_written_for_a_while_is_closed_in_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = JobStore(tmp_path / "results")
    job = opened(store, GOING)
    Path(job.folder).mkdir()
    (Path(job.folder) / "log.txt").write_text("Execution status: PASS\n")
    monkeypatch.setattr(database, "_BUSY_SECONDS", 0.01)
    monkeypatch.setattr(closing_of_jobs, "_PAUSE_SECONDS", 0.01)
    closer = threading.Thread(target=finish, args=(store, job, 0), kwargs={"patience": 60.0})

    with closing(sqlite3.connect(store.root / STORE_FILE, isolation_level=None)) as holder:
        holder.execute("BEGIN IMMEDIATE")
        with pytest.raises(PlatformError, match="held by another process"):
            finish(store, job, 0)
        closer.start()
        closer.join(0.2)
        assert closer.is_alive()
        assert store.read(job.id).state is JobState.PENDING
    closer.join(30)

    assert not closer.is_alive()
    assert store.read(job.id).state is JobState.COMPLETE


def test_a_store_that_is_broken_is_not_waited_for(tmp_path: Path) -> None:
    store = JobStore(tmp_path / "results")
    job = opened(store, GOING)
    (store.root / STORE_FILE).write_text("no store" * 100)

    with pytest.raises(PlatformError) as error:
        finish(store, job, 0, patience=60.0)

    assert error.value.code == "store.broken"
    (store.root / STORE_FILE).unlink()
