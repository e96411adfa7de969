# SPDX-License-Identifier: Apache-2.0
"""Supervisors that were killed or stopped, and actions that reach further than their group."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from runners import api
from runners.jobs.job import Handle, Job, JobState
from runners.platforms.belongings import belongings
from runners.platforms.handles import ACTION, SUPERVISOR, processes_in, with_process
from runners.platforms.processes import ProcessId

if TYPE_CHECKING:
    from runners.jobs.store import JobStore
    from runners.planning.plan import Plan

MakePlan = Callable[..., "Plan"]
WaitFor = Callable[..., Any]
IN_A_SESSION = 'time.sleep(600)"], start_new_session=True)'


@pytest.fixture
def far_reaching(engine: Path) -> None:
    """The engine's worker puts itself into a session of its own."""
    text = engine.read_text()
    assert text.count('time.sleep(600)"])') == 1
    engine.write_text(text.replace('time.sleep(600)"])', IN_A_SESSION))


def launched(plan: Plan, store: JobStore, wait_for: WaitFor) -> Job:
    """The job, once its action works."""
    job = api.launch(plan, store=store, detach=True)
    wait_for((Path(job.results_dir) / "ready").exists)
    return job


def kill(process: ProcessId, wait_for: WaitFor) -> None:
    assert process.signal(signal.SIGKILL)
    wait_for(lambda: not process.is_alive())


def worker_of(job: Job) -> ProcessId | None:
    return ProcessId.of(int((Path(job.results_dir) / "worker.pid").read_text()))


@pytest.mark.usefixtures("far_reaching")
def test_a_worker_in_a_session_of_its_own_ends_with_its_job(make_plan: MakePlan, store: JobStore) -> None:
    job = api.launch(make_plan(worker=True), store=store)

    assert job.state is JobState.COMPLETE
    assert worker_of(job) is None


@pytest.mark.usefixtures("far_reaching")
@pytest.mark.parametrize("known", [True, False])
def test_an_action_whose_supervisor_died_is_seen_and_stopped_whether_or_not_it_was_recorded(
    make_plan: MakePlan, store: JobStore, wait_for: WaitFor, known: bool
) -> None:
    job = launched(make_plan(sleep=600, worker=True), store, wait_for)
    handle, people = store.handle(job.id), processes_in(store.handle(job.id))
    if not known:
        details = {role: found for role, found in handle.details.items() if role != ACTION}
        store.add_handle(job.id, Handle(handle.platform, details))
    kill(people[SUPERVISOR], wait_for)

    assert api.get_job(job.id, store).state is JobState.RUNNING
    assert api.cancel(job.id, store).state is JobState.CANCELED
    assert not people[ACTION].is_alive()
    assert worker_of(job) is None


DIES_BEFORE_IT_ANSWERS = """
import os, signal, sys
from pathlib import Path
from runners import api
from runners.jobs.store import JobStore
from runners.platforms import supervise
def die(answer):
    os.kill(os.getpid(), signal.SIGKILL)
supervise._tell = die
sys.exit(supervise.main(sys.argv[1:]))
"""


def test_a_supervisor_that_died_before_its_caller_knew_leaves_a_job_that_goes_on(
    make_plan: MakePlan, store: JobStore, wait_for: WaitFor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    python = tmp_path / "python"
    (tmp_path / "supervisor.py").write_text(DIES_BEFORE_IT_ANSWERS)
    python.write_text(f'#!/bin/sh\nshift 3\nexec {sys.executable} {tmp_path}/supervisor.py "$@"\n')
    python.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(python))
    job = api.launch(make_plan(sleep=1), store=store, detach=True)
    monkeypatch.undo()

    assert job.state is JobState.RUNNING
    found = wait_for(lambda: (now := api.get_job(job.id, store)).state.is_terminal and now)
    assert found.state is JobState.COMPLETE


def test_ctrl_c_before_there_is_a_supervisor_cancels_the_job(
    make_plan: MakePlan, store: JobStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    python = tmp_path / "python"
    python.write_text(f'#!/bin/sh\nkill -INT $PPID\nsleep 0.2\nexec {sys.executable} "$@"\n')
    python.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(python))

    job = api.launch(make_plan(sleep=600), store=store)

    assert (job.state, job.transitions[-1].reason) == (JobState.CANCELED, "interrupted from the keyboard")
    assert belongings(job.id) == []


def test_a_supervisor_that_was_stopped_can_be_cancelled(
    make_plan: MakePlan, store: JobStore, wait_for: WaitFor
) -> None:
    job = launched(make_plan(sleep=600), store, wait_for)
    people = processes_in(store.handle(job.id))
    people[SUPERVISOR].signal(signal.SIGSTOP)
    people[ACTION].signal(signal.SIGSTOP)

    assert api.cancel(job.id, store).state is JobState.CANCELED
    assert not people[ACTION].is_alive()


def test_a_supervisor_that_was_stopped_after_the_end_of_its_job_can_be_cancelled(
    make_plan: MakePlan, store: JobStore, wait_for: WaitFor
) -> None:
    job = api.launch(make_plan(epochs=0), store=store)
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"]) as late:
        supervisor = ProcessId.of(late.pid)
        assert supervisor
        store.add_handle(job.id, with_process(store.handle(job.id), SUPERVISOR, supervisor))
        supervisor.signal(signal.SIGSTOP)
        try:
            assert api.cancel(job.id, store) == job
            wait_for(lambda: late.poll() is not None)
        finally:
            late.kill()


@pytest.mark.parametrize(
    ("behaviour", "state"),
    [
        ({}, JobState.COMPLETE),
        ({"status": "FAILURE", "exit": 1}, JobState.ERROR),
        ({"status": "RUNNING"}, JobState.ERROR),
        ({"pass": False}, JobState.ERROR),
    ],
)
def test_without_an_exit_code_log_and_status_have_to_agree(
    make_plan: MakePlan, store: JobStore, wait_for: WaitFor, behaviour: dict[str, Any], state: JobState
) -> None:
    job = launched(make_plan(sleep=1, **behaviour), store, wait_for)
    people = processes_in(store.handle(job.id))
    kill(people[SUPERVISOR], wait_for)
    wait_for(lambda: not people[ACTION].is_alive())

    found = api.get_job(job.id, store)

    assert (found.state, found.exit_code) == (state, None)
    assert found.failure is None if state is JobState.COMPLETE else found.failure.code == "process.lost"


@pytest.mark.parametrize("pid", [0, -1, 1, 2**70, True, "all"])
def test_a_number_that_was_written_into_a_record_is_never_signalled(
    make_plan: MakePlan, store: JobStore, wait_for: WaitFor, pid: Any
) -> None:
    job = launched(make_plan(sleep=600), store, wait_for)
    handle, people = store.handle(job.id), processes_in(store.handle(job.id))
    forged = {role: {**handle.details[role], "pid": pid} for role in people}
    store.add_handle(job.id, Handle(handle.platform, forged))
    signalled: list[int] = []
    before = signal.signal(signal.SIGTERM, lambda got, _: signalled.append(got))

    api.get_job(job.id, store)

    signal.signal(signal.SIGTERM, before)
    assert signalled == []
    store.add_handle(job.id, handle)
    assert api.cancel(job.id, store).state.is_terminal


def test_results_that_are_removed_while_an_action_works_leave_nothing_running(
    make_plan: MakePlan, store: JobStore, wait_for: WaitFor
) -> None:
    job = launched(make_plan(sleep=600, worker=True), store, wait_for)
    people = processes_in(store.handle(job.id))
    worker = worker_of(job)
    for path in store.root.glob("jobs.sqlite3*"):
        path.unlink()
    people[ACTION].signal(signal.SIGTERM)

    left = [process for process in (people[SUPERVISOR], people[ACTION], worker) if process]
    wait_for(lambda: not any(process.is_alive() for process in left))

    assert not store.exists()
