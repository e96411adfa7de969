# SPDX-License-Identifier: Apache-2.0
"""Stores on network file systems. A table of mounts stands in for the kernel's: the disk below stays a local one."""

from __future__ import annotations

import json
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from core import file_systems
from core.errors import PlatformError
from interfaces.cli import main
from runners.jobs.job import Handle, Job, JobState, Transition
from runners.jobs.store import Ending, JobStore
from runners.names import STORE_FILE

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

FIRST = Transition(JobState.PENDING, "2026-01-01T00:00:00.000+00:00", "the record is opened")


@pytest.fixture
def mounted_as(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Let the results root be of another type from now on."""
    table = tmp_path / "mountinfo"
    monkeypatch.setattr(file_systems, "MOUNTS", table)

    def mount(kind: str) -> None:
        table.write_text(f"90 22 0:50 / {tmp_path / 'results'} rw shared:7 - {kind} server:/export rw\n")

    mount("ext4")
    return mount


def opened(store: JobStore, job_id: str) -> str:
    folder = str(store.root / job_id)
    store.open_record(
        Job(job_id, "train", "t", "local", JobState.PENDING, folder, folder, "p", "c", (FIRST,)), Handle("local")
    )
    return job_id


def journal(store: JobStore) -> str:
    with closing(sqlite3.connect(store.root / STORE_FILE)) as connection:
        return str(connection.execute("PRAGMA journal_mode").fetchone()[0])


def test_jobs_are_recorded_without_a_write_ahead_log_where_a_stand_in_says_nfs(
    store: JobStore, mounted_as: Callable[[str], None]
) -> None:
    mounted_as("nfs4")

    with ThreadPoolExecutor(8) as writers:
        ids = list(writers.map(lambda number: opened(store, f"train-{number}"), range(24)))

    assert journal(store) == "delete"
    assert sorted(store.ids()) == sorted(ids)
    assert store.close(ids[0], Ending(JobState.COMPLETE, "done", 0))
    assert store.read(ids[0]).state is JobState.COMPLETE
    assert not list(store.root.glob("*-wal"))


def test_a_store_that_was_made_on_a_disk_leaves_its_log_when_a_stand_in_says_nfs(
    store: JobStore, mounted_as: Callable[[str], None]
) -> None:
    opened(store, "train-1")
    assert journal(store) == "wal"
    mounted_as("nfs")

    assert store.read("train-1").state is JobState.PENDING
    assert journal(store) == "wal"
    opened(store, "train-2")

    assert journal(store) == "delete"
    assert store.ids() == ["train-2", "train-1"]


def test_nothing_is_recorded_where_a_stand_in_says_that_files_are_objects(
    store: JobStore, mounted_as: Callable[[str], None]
) -> None:
    opened(store, "train-1")
    mounted_as("fuse.s3fs")

    with pytest.raises(PlatformError, match=r"lies on fuse\.s3fs: files can't be locked there") as error:
        opened(store, "train-2")

    assert (error.value.code, error.value.where) == ("store.no_locks", str(store.root))
    assert "--results" in error.value.remedy
    assert store.ids() == ["train-1"]


@pytest.mark.parametrize(
    ("kind", "status", "told"),
    [
        ("ext4", "ok", "is new"),
        ("nfs4", "warning", "lies on nfs4, where commands wait for each other"),
        ("fuse.gcsfuse", "error", "lies on fuse.gcsfuse, where files can't be locked"),
    ],
)
def test_doctor_tells_what_a_stand_in_says(
    kind: str, status: str, told: str, store: JobStore, mounted_as: Callable[[str], None],
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    mounted_as(kind)

    main(["doctor", "--runner", "local", "--results", str(store.root), "--json"])

    (check,) = [one for one in json.loads(capsys.readouterr().out)["checks"] if one["name"] == "results"]
    assert check["status"] == status
    assert told in check["found"]
    assert bool(check["remedy"]) == (status != "ok")
