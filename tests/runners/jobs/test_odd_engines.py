# SPDX-License-Identifier: Apache-2.0
"""An engine that writes odd bytes ends as any other: its job is closed, what can't be kept is told, lists go on."""

from __future__ import annotations

import json
import sqlite3
import sys
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from core.errors import PlatformError
from core.redaction import MASK
from core.tail import PIECE
from runners import api
from runners.jobs.job import JobState
from runners.names import STORE_FILE
from runners.planning.plan import Plan
from runners.platforms.handles import opened_here

if TYPE_CHECKING:
    from pathlib import Path

    from runners.jobs.follow import Update
    from runners.jobs.job import Job
    from runners.jobs.store import JobStore

MakePlan = Callable[..., Plan]
ENGINE = """#!{python}
import os, pickle, sys, zipfile
out = os.path.join(os.getcwd(), "results", "train")
os.makedirs(out)
status = open(os.path.join(out, "status.json"), "wb", buffering=0)
def checkpoint(content):
    with zipfile.ZipFile(os.path.join(out, "model.pth"), "w") as archive:
        archive.writestr("archive/data.pkl", pickle.dumps(content))
{body}
status.write(b'{{"status": "SUCCESS", "kpi": {{"val_acc": 98.5}}}}\\n')
print("Execution status: PASS", flush=True)
"""


def run(engine: Path, make_plan: MakePlan, store: JobStore, body: str, **options: object) -> Job:
    engine.write_text(ENGINE.format(python=sys.executable, body=body))
    return api.launch(make_plan(), store=store, **options)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("""status.write(b'{"kpi": {"a": {"b": [NaN, 1]}, "c": Infinity}}\\n')""", "kpi.a.b[0]"),
        (r"""status.write(b'{"message": "\\ud800", "kpi": {"\\udcff": 1}}\n')""", "message"),
        ("""status.write(b'{"epoch": ' + str(2**70).encode() + b'}\\n')""", "epoch"),
        ("""status.write(b'{"epoch": 1e999, "kpi": {"n": ' + b'9' * 9000 + b'}}\\n')""", "epoch"),
        ("""status.write(b'[' * 20000 + b'\\n')""", "nested"),
        ("""status.write(b'\\xff\\xfe\\n{"message": "\\xff"}\\n')""", "invalid JSON"),
        ("""status.write(b'"' + b'x' * 3000000 + b'"\\n')""", "too long"),
        ("""open(os.fsencode(out) + b'/\\xff.csv', 'w').close()""", "UTF-8"),
        ("""os.mkdir(os.fsencode(out) + b'/\\xe9'); open(os.fsencode(out) + b'/\\xe9/x', 'w').close()""", "UTF-8"),
    ],
)
def test_what_can_not_be_kept_is_dropped_and_told(
    engine: Path, make_plan: MakePlan, store: JobStore, body: str, told: str
) -> None:
    job = run(engine, make_plan, store, body)
    assert job.state is JobState.COMPLETE
    assert job.metrics["val_acc"] == 98.5
    assert told in job.transitions[-1].reason
    json.dumps(job.to_json(), allow_nan=False).encode()
    assert [one.id for one in api.list_jobs(store)] == [job.id]


@pytest.mark.parametrize(
    "content",
    [
        {"epoch": 2**70, "global_step": -1},
        {"epoch": True, "callbacks": {"a": {"best": [1, 2, 3]}}},
        {"epoch": 1, "callbacks": {"a": {"best": [(1, "\ud800")]}}},
        ["no", "dictionary"],
    ],
)
def test_a_checkpoint_with_odd_content_is_listed(
    engine: Path, make_plan: MakePlan, store: JobStore, content: object
) -> None:
    job = run(engine, make_plan, store, f"checkpoint({content!a})")
    assert job.state is JobState.COMPLETE
    assert "model.pth" in [artifact.path for artifact in job.artifacts]


def test_names_with_numbers_of_any_length_are_listed(engine: Path, make_plan: MakePlan, store: JobStore) -> None:
    body = "open(os.path.join(out, 'model_epoch_' + '9' * 200 + '.pth'), 'w').close()"
    job = run(engine, make_plan, store, body)
    assert job.state is JobState.COMPLETE
    assert [artifact.epoch for artifact in job.artifacts if artifact.path.endswith(".pth")] == [None]


def test_pipes_among_the_results_and_in_place_of_the_status_keep_nobody_waiting(
    engine: Path, make_plan: MakePlan, store: JobStore
) -> None:
    body = """
os.unlink(os.path.join(out, "status.json"))
for name in ("status.json", "p.csv"):
    os.mkfifo(os.path.join(out, name))
"""
    job = run(engine, make_plan, store, body)
    assert (job.state, job.metrics) == (JobState.COMPLETE, {})


def test_a_job_whose_plan_and_stamps_were_damaged_is_closed(engine: Path, make_plan: MakePlan, store: JobStore) -> None:
    body = """
for name in ("plan.json", "before.json"):
    open(name, "w").write('{"spec": {"train": {"checkpointer": {"dirpath": 7}}}, "/x": "no stamp"}')
"""
    assert run(engine, make_plan, store, body).state is JobState.COMPLETE


def test_a_long_log_and_a_line_without_an_end_are_followed_with_secrets_masked(
    engine: Path, make_plan: MakePlan, store: JobStore
) -> None:
    body = """
sys.stdout.write("epoch 1, loss 0.5\\n" * 200_000 + "password=hunter2secret\\n" + "y" * 3_000_000)
sys.stdout.write("-----BEGIN PRIVATE KEY-----\\n" + "QUJD" * 16 + "\\n-----END PRIVATE KEY-----\\n\\xff\\rdone\\n")
"""
    updates: list[Update] = []
    job = run(engine, make_plan, store, body, follow=updates.append)
    lines = [update.line for update in updates if update.line is not None]
    assert job.state is JobState.COMPLETE
    assert lines.count("epoch 1, loss 0.5") == 200_000
    assert f"password={MASK}" in lines
    assert "QUJDQUJD" not in "".join(lines)
    assert sum(line.count("y") for line in lines) >= 3_000_000
    assert max(map(len, lines)) < 2 * PIECE
    assert lines[-2:] == ["done", "Execution status: PASS"]


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE outcomes SET metrics = 'NaN'",
        "UPDATE outcomes SET metrics = '{\"a\": 1e999}'",
        "UPDATE handles SET document = '{}'",
        'UPDATE handles SET document = \'{"platform": "local", "details": {"launcher": {"pid": 1}}}\'',
        "DELETE FROM handles",
        "DELETE FROM transitions",
        "UPDATE jobs SET runner = 'nowhere'",
        "UPDATE transitions SET reason = CAST(X'FFFE41' AS TEXT)",
        "UPDATE jobs SET action = CAST(X'FF' AS TEXT)",
    ],
)
def test_a_list_survives_rows_that_were_damaged(
    engine: Path, make_plan: MakePlan, store: JobStore, damage: str
) -> None:
    ended = run(engine, make_plan, store, "")
    going = replace(ended, id="train-going", state=JobState.PENDING, transitions=ended.transitions[:1])
    store.open_record(going, opened_here("local"))
    with closing(sqlite3.connect(store.root / STORE_FILE)) as connection:
        for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            connection.execute(f"DROP TRIGGER {name}")
        connection.execute(damage)
        connection.commit()
    listed = api.list_jobs(store)
    assert [job.id for job in listed] == [going.id, ended.id]
    json.dumps([job.to_json() for job in listed], allow_nan=False).encode()
    (store.root / STORE_FILE).unlink()  # nobody else can read it


def test_a_job_whose_record_lost_its_states_is_stopped_without_waiting_for_one(
    engine: Path, make_plan: MakePlan, store: JobStore
) -> None:
    ended = run(engine, make_plan, store, "")
    with closing(sqlite3.connect(store.root / STORE_FILE)) as connection:
        for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            connection.execute(f"DROP TRIGGER {name}")
        connection.execute("DELETE FROM transitions")
        connection.commit()
    with pytest.raises(PlatformError, match="holds no state") as told:
        api.cancel(ended.id, store)
    assert (told.value.code, told.value.where) == ("job.damaged", ended.id)
    with pytest.raises(PlatformError, match="holds no state"):
        store.move(ended.id, JobState.RUNNING, "late")
