# SPDX-License-Identifier: Apache-2.0
"""Jobs whose records a real PostgreSQL keeps: the same store, for several machines."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest

from core.errors import InputError, PlatformError, RequestError
from core.postgres import connect
from core.record_places import place_of, pointer_of
from runners import api
from runners.jobs.job import Artifact, Handle, Job, JobState, Transition
from runners.jobs.server_tables import SCRIPTS
from runners.jobs.store import Ending, JobStore
from runners.names import STORE_FILE

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from runners.planning.plan import Plan

HANDLE = Handle("local", {"pid": 1})
OPENS = """
import sys
from pathlib import Path
from tests.runners.jobs.test_store_on_server import HANDLE, a_job
from runners.jobs.store import JobStore
store = JobStore(Path(sys.argv[1]))
for number in range(10):
    store.open_record(a_job(f"train-{sys.argv[2]}-{number}", store.root), HANDLE)
"""


def a_job(name: str, root: Path, **more: Any) -> Job:
    return Job(
        id=name,
        action="train",
        task="classify",
        runner="local",
        state=JobState.PENDING,
        folder=str(root / name),
        results_dir=str(root / name / "results"),
        plan_id="plan",
        config_sha256="0",
        transitions=(Transition(JobState.PENDING, "2026-01-01T00:00:00+00:00", "the record is opened"),),
        **more,
    )


@pytest.fixture
def on_server(postgres: str, store: JobStore) -> JobStore:
    assert postgres.startswith("postgresql://")
    return store


def test_a_job_runs_to_its_end_with_its_record_on_the_server(
    on_server: JobStore, make_plan: Callable[..., Plan], monkeypatch: pytest.MonkeyPatch
) -> None:
    job = api.launch(make_plan(), store=on_server)

    monkeypatch.delenv("CHANGENET_STORE")  # the root itself says where its records are
    assert [step.state.value for step in job.transitions] == ["PENDING", "RUNNING", "COMPLETE"]
    assert api.get_job(job.id[:-1], JobStore(on_server.root)) == job
    assert not (on_server.root / STORE_FILE).exists()
    pointer = pointer_of(on_server.root / STORE_FILE)
    assert json.loads(pointer.read_text()).keys() == {"url", "schema"}
    assert api.launch(make_plan(exit=3), store=on_server).state is JobState.ERROR
    assert [found.state.value for found in api.list_jobs(on_server)] == ["ERROR", "COMPLETE"]


def test_both_keep_the_same_record(on_server: JobStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told = [_told(on_server)]
    monkeypatch.delenv("CHANGENET_STORE")
    told.append(_told(JobStore(tmp_path / "file")))

    assert told[0] == told[1]
    assert told[0]["state"] == "COMPLETE"


def _told(store: JobStore) -> dict[str, Any]:
    """Everything that can be said of a store, of whose jobs one has a life of all kinds of steps."""
    for number in range(3):
        store.open_record(a_job(f"train-{number}", store.root, part_of="search"), HANDLE, f"run {number}")
    store.add_handle("train-1", Handle("local", {"pid": 2}))
    moved = [store.move("train-1", JobState.RUNNING, "it runs") for _ in range(2)]
    store.request_cancel("train-1", "why")
    store.request_cancel("train-1", "again")
    store.set_image_digest("train-1", "sha256:1")
    artifact = Artifact("m.pth", "checkpoint", 5_000_000_000, "0", ("best", "latest"), 1, 20)
    closed = [store.close("train-1", Ending(JobState.COMPLETE, "done", 0, {"a": 0.5}, (artifact,))) for _ in range(2)]
    store.open_record(a_job("train-3", store.root, retry_of="train-2", parent_job_id="train-1"), HANDLE)
    job = store.read("train-1").to_json()
    for step in job["transitions"][1:]:
        step.pop("at")
    refused = []
    for name in ("train-9", "train-", "nowhere\0"):
        with pytest.raises(InputError) as error:
            store.read(name)
        refused.append(error.value.message)
    text = json.dumps(job).replace(str(store.root), "ROOT")
    text = text.replace(json.dumps(job["updated_at"]), '"AT"')
    return json.loads(text) | {
        "moved": moved,
        "closed": closed,
        "open": [found.id for found in store.not_ended()],
        "parts": [found.id for found in store.open_parts("search")],
        "newest": [found.id for found in store.newest(2)],
        "children": [found.id for found in store.children("train-1")],
        "next": (found := store.retry_of("train-2")) and found.id,
        "count": store.count(),
        "ids": store.ids(),
        "handle": store.handle("train-1").details,
        "why": store.cancel_reason("train-1"),
        "claimed": [store.claimed_by("run 2"), store.claimed_by("run 7")],
        "refused": refused,
    }


def test_rows_stay_and_ended_jobs_take_no_more_of_them(on_server: JobStore) -> None:
    on_server.open_record(a_job("train-1", on_server.root), HANDLE)
    on_server.close("train-1", Ending(JobState.CANCELED, "enough"))
    place = place_of(on_server.root / STORE_FILE)
    assert place

    with closing(connect(place)) as connection:
        for query, message in (
            ("UPDATE jobs SET task = 'segment'", "never changed"),
            ("DELETE FROM transitions", "never changed"),
            ("INSERT INTO transitions (job_id, state, at, reason) VALUES ('train-1', 'RUNNING', '', '')", "has ended"),
            ("INSERT INTO claims VALUES ('a claim', 'nobody')", "foreign key"),
        ):
            with pytest.raises(sqlite3.IntegrityError, match=message):
                connection.execute(query)


def test_of_many_who_claim_the_same_one_opens_a_record(on_server: JobStore) -> None:
    def open_one(number: int) -> bool:
        try:
            on_server.open_record(a_job(f"train-{number}", on_server.root), HANDLE, "run 1")
        except sqlite3.IntegrityError:
            return False
        return True

    with ThreadPoolExecutor(8) as many:
        opened = list(many.map(open_one, range(16)))

    assert sum(opened) == 1
    assert on_server.ids() == [on_server.claimed_by("run 1")] == [f"train-{opened.index(True)}"]


def test_processes_that_begin_a_results_root_at_once_share_one_store(on_server: JobStore, project_root: Path) -> None:
    begun = [
        subprocess.Popen([sys.executable, "-c", OPENS, str(on_server.root), str(n)], cwd=project_root) for n in range(3)
    ]
    assert [process.wait() for process in begun] == [0, 0, 0]

    assert on_server.count() == 30


def test_a_results_root_that_has_a_file_keeps_it(
    store: JobStore, postgres: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CHANGENET_STORE")
    store.open_record(a_job("train-1", store.root), HANDLE)
    monkeypatch.setenv("CHANGENET_STORE", postgres)

    store.open_record(a_job("train-2", store.root), HANDLE)

    assert store.ids() == ["train-2", "train-1"]
    assert not pointer_of(store.root / STORE_FILE).exists()


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("mysql://host/name", "store.url"),
        ("postgresql://me:word@host/name", "store.secret"),
        ("postgresql://host/name?password=word", "store.secret"),
    ],
)
def test_what_can_not_be_a_server_is_refused(
    store: JobStore, monkeypatch: pytest.MonkeyPatch, url: str, code: str
) -> None:
    monkeypatch.setenv("CHANGENET_STORE", url)

    with pytest.raises(RequestError) as error:
        store.open_record(a_job("train-1", store.root), HANDLE)

    assert error.value.code == code
    assert "word" not in str(error.value).replace("password", "")
    assert not store.root.exists()


def test_a_server_that_is_gone_is_told_and_nothing_is_made(
    on_server: JobStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CHANGENET_STORE", "postgresql://changenet@127.0.0.1:9/postgres")

    with pytest.raises(PlatformError) as error:
        on_server.open_record(a_job("train-1", on_server.root), HANDLE)

    assert (error.value.code, error.value.where) == ("store.server", "127.0.0.1/postgres")
    assert not on_server.root.exists()


def test_a_store_of_a_newer_version_and_a_broken_pointer_are_told(on_server: JobStore) -> None:
    on_server.open_record(a_job("train-1", on_server.root), HANDLE)
    place = place_of(on_server.root / STORE_FILE)
    assert place
    with closing(connect(place)) as connection:
        connection.execute("INSERT INTO versions VALUES (?)", (len(SCRIPTS) + 1,))

    with pytest.raises(PlatformError) as newer:
        on_server.ids()
    pointer_of(on_server.root / STORE_FILE).write_text("[]")
    with pytest.raises(PlatformError) as broken:
        on_server.ids()
    pointer_of(on_server.root / STORE_FILE).unlink()

    assert (newer.value.code, broken.value.code) == ("store.newer", "store.pointer")


def test_the_tables_are_those_of_a_file(on_server: JobStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    on_server.open_record(a_job("train-1", on_server.root), HANDLE)
    place = place_of(on_server.root / STORE_FILE)
    assert place
    with closing(connect(place)) as connection:
        query = "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = ?"
        there = {tuple(row) for row in connection.execute(query, (place.schema,))}
    monkeypatch.delenv("CHANGENET_STORE")
    JobStore(tmp_path / "file").open_record(a_job("train-1", tmp_path), HANDLE)
    with closing(sqlite3.connect(tmp_path / "file" / STORE_FILE)) as file:
        query = "SELECT m.name, c.name FROM sqlite_master m, pragma_table_info(m.name) c WHERE m.type = 'table'"
        here = {row for row in file.execute(query) if not row[0].startswith("sqlite_")}

    assert {row for row in there if row[0] != "versions" and row[1] != "rowid"} == here
