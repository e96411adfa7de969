# SPDX-License-Identifier: Apache-2.0
"""Several controllers of one search: one works, others stand by; no trial is run twice, whatever happens to them."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from automl import experiment
from automl.files import RECORD
from automl.job_trainer import JobTrainer
from automl.ledger import Ledger
from automl.lookup import overview, stop
from automl.plan import ExperimentPlan
from automl.types import Run
from core.errors import RequestError
from core.postgres import connect
from core.record_places import place_of
from runners.jobs.store import JobStore
from tests.automl.test_search_runs import CALLER, line_with

if TYPE_CHECKING:
    from pathlib import Path

Planned = Callable[..., ExperimentPlan]
Start = Callable[..., "subprocess.Popen[str]"]
TRIALS = 3


@pytest.fixture(params=["file", pytest.param("server", marks=pytest.mark.long)])
def kept(request: pytest.FixtureRequest) -> str:
    if request.param == "server":
        request.getfixturevalue("postgres")
    return str(request.param)


@pytest.fixture
def search(planned: Planned, tmp_path: Path) -> Path:
    """A search that was created, and has not begun; its trials take a moment."""
    (tmp_path / "simulation.json").write_text(json.dumps({"epoch_seconds": 0.3}))
    return experiment.create(planned(trials=TRIALS, parallel=2))


@pytest.fixture
def controller(search: Path, project_root: Path) -> Iterator[Start]:
    """Starts a process that works on the search, or stands by."""
    with ExitStack() as stack:

        def start(*, standby: bool = False) -> subprocess.Popen[str]:
            argv = [sys.executable, "-c", CALLER, json.dumps({"resume": str(search), "standby": standby})]
            pipes: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
            return stack.enter_context(subprocess.Popen(argv, text=True, cwd=project_root, **pipes))

        yield start


def jobs_per_run(search: Path) -> dict[int, int]:
    """How many jobs each run has, by the record of the search; the store holds no other."""
    with Ledger(search, read_only=True) as ledger:
        jobs = ledger.jobs()
    known = [job_id for ids in jobs.values() for job_id in ids]
    trained = [job.id for job in JobStore(search.parent).parts(search.name) if job.action == "train"]
    assert sorted(known) == sorted(trained)
    return {number: len(ids) for number, ids in jobs.items()}


def test_one_that_stands_by_takes_the_place_of_one_that_was_killed(kept: str, search: Path, controller: Start) -> None:
    first = controller()
    line_with(first, "started")
    waiting = [controller(standby=True) for _ in range(1 if kept == "file" else 2)]
    with pytest.raises(RequestError) as refused:
        experiment.resume(str(search))
    line_with(first, "ended")
    first.kill()

    assert not any(process.wait(60) for process in waiting)

    assert refused.value.code == "automl.locked"
    assert jobs_per_run(search) == dict.fromkeys(range(TRIALS), 1)
    assert place_of(search / RECORD) is None if kept == "file" else place_of(search / RECORD)
    found = overview(search)
    assert (found.state, len(found.outcome.standings)) == ("finished", TRIALS)
    assert set(found.files) >= {"record", "best", "report"}


@pytest.mark.long
def test_one_whose_connection_breaks_writes_no_more(postgres: str, search: Path, controller: Start) -> None:
    first = controller()
    line_with(first, "started")
    second = controller(standby=True)
    time.sleep(0.5)
    assert postgres
    assert overview(search).state == "running"
    place = place_of(search / RECORD)
    assert place
    with closing(connect(place)) as connection:
        writers = "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND objid = 2"
        ended = connection.execute(writers).fetchall()
    assert [tuple(row) for row in ended] == [(True,)]

    assert (first.wait(60), second.wait(60)) == (1, 0)

    assert first.stderr
    assert "store.server" in first.stderr.read()
    assert jobs_per_run(search) == dict.fromkeys(range(TRIALS), 1)


def test_two_that_both_believe_to_be_alone_launch_one_job(kept: str, planned: Planned, search: Path) -> None:
    assert kept
    plan, store = planned(trials=TRIALS, parallel=2), JobStore(search.parent)
    run = Run(0, 0, {}, 1, "defaults")
    trainers = [JobTrainer(plan, search.name, JobStore(search.parent)) for _ in range(2)]
    prepared = [replace(trainer.prepare(run, None), claim="run 0 attempt 0") for trainer in trainers]

    started = Counter(trainer.start(one) for trainer, one in zip(trainers, prepared, strict=True))
    again = trainers[0].start(replace(prepared[0], claim="run 0 attempt 1"))

    assert list(started.values()) == [2]
    assert sorted(store.ids()) == sorted([*started, again])
    assert stop(search)
