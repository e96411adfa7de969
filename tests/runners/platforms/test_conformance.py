# SPDX-License-Identifier: Apache-2.0
"""What holds on every platform; a new one runs all of it as soon as it has a row in the table and a fixture."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from core.errors import ChangenetError, PlatformError
from runners import api
from runners.jobs.job import Handle, Job, JobState
from runners.jobs.record import open_job
from runners.platforms.handles import LAUNCHER, with_process
from runners.platforms.processes import ProcessId
from runners.platforms.table import capabilities, platform_of

if TYPE_CHECKING:
    from runners.jobs.follow import Update
    from runners.jobs.store import JobStore
    from runners.planning.plan import Plan

MakePlan = Callable[..., "Plan"]
WaitFor = Callable[..., Any]
CANCEL = """
import sys
from pathlib import Path
from runners.api import cancel
from runners.jobs.store import JobStore
print(cancel(sys.argv[1], JobStore(Path(sys.argv[2]))).state)
"""
READ = """
import json, sys
from pathlib import Path
from runners.api import get_job
from runners.jobs.store import JobStore
print(json.dumps(get_job(sys.argv[1], JobStore(Path(sys.argv[2]))).to_json()))
"""


def states(job: Job) -> list[str]:
    return [step.state.value for step in job.transitions]


def in_process(program: str, job: Job, store: JobStore) -> subprocess.Popen[str]:
    return subprocess.Popen([sys.executable, "-c", program, job.id, str(store.root)], stdout=subprocess.PIPE, text=True)


def running(store: JobStore, wait_for: WaitFor) -> Job:
    """The only job, once its action works."""
    job = wait_for(lambda: (jobs := store.newest()) and jobs[0])
    wait_for((Path(job.results_dir) / "ready").exists)
    # What a cluster lists is asked for now and then, so that its word may be older than the action's.
    return wait_for(lambda: found if (found := api.get_job(job.id, store)).state is JobState.RUNNING else None)


@pytest.fixture
def make_plan(bench: Any, make_plan: MakePlan) -> MakePlan:
    return lambda **behaviour: bench.fit(make_plan(runner=bench.name, **behaviour))


def test_a_job_runs_to_its_end(bench: Any, make_plan: MakePlan, store: JobStore) -> None:
    plan = make_plan()

    job = api.launch(plan, store=store)

    assert states(job) == ["PENDING", "RUNNING", "COMPLETE"]
    assert (job.runner, job.exit_code, job.failure, job.plan_id) == (bench.name, 0, None, plan.id)
    assert job.metrics == {"val_loss": 0.25}
    assert "latest" in [role for artifact in job.artifacts for role in artifact.roles]
    assert not [path.name for path in Path(job.folder).rglob("*.tmp")]


def test_an_action_that_fails_is_an_error_with_place_and_remedy(make_plan: MakePlan, store: JobStore) -> None:
    job = api.launch(make_plan(exit=3, message="no such csv", status="FAILURE"), store=store)

    assert states(job) == ["PENDING", "RUNNING", "ERROR"]
    assert job.failure
    assert (job.failure.code, job.failure.place, job.exit_code) == ("action.failed", job.id, 3)
    assert "no such csv" in job.failure.message
    assert job.failure.remedy


def test_an_action_that_can_not_be_started_is_an_error_of_the_job(
    make_plan: MakePlan, store: JobStore, engine: Path
) -> None:
    engine.write_text("#!/no/such/interpreter\n")

    job = api.launch(make_plan(), store=store)

    assert job.failure
    assert (job.state, job.failure.code, bool(job.failure.remedy)) == (JobState.ERROR, "launch.failed", True)


def test_a_plan_that_can_not_run_there_opens_no_record(make_plan: MakePlan, store: JobStore, engine: Path) -> None:
    plan = make_plan()
    engine.unlink()

    with pytest.raises(ChangenetError) as error:
        api.launch(plan, store=store)

    assert error.value.remedy
    assert not store.root.exists()


def test_a_job_is_cancelled_from_another_process_with_all_that_it_started(
    bench: Any, make_plan: MakePlan, store: JobStore, launch_elsewhere: Any, wait_for: WaitFor
) -> None:
    with launch_elsewhere(make_plan(sleep=600, worker=True), store):
        job = running(store, wait_for)
        answer, _ = in_process(CANCEL, job, store).communicate()

    ended = store.read(job.id)
    assert answer.strip() == "CANCELED"
    assert states(ended) == ["PENDING", "RUNNING", "CANCELED"]
    assert ended.transitions[-1].reason == "canceled by the user"
    assert not bench.worker_lives(job)
    assert api.cancel(job.id, store) == ended


def test_ctrl_c_in_the_caller_cancels_the_job(
    bench: Any, make_plan: MakePlan, store: JobStore, launch_elsewhere: Any, wait_for: WaitFor
) -> None:
    with launch_elsewhere(make_plan(sleep=600, worker=True), store) as caller:
        job = running(store, wait_for)
        caller.send_signal(signal.SIGINT)
        # Python ends by the signal itself where that came within one of its own `exec`, though it was taken.
        assert caller.wait(30) in {0, -signal.SIGINT}

    ended = store.read(job.id)
    assert (ended.state, ended.transitions[-1].reason) == (JobState.CANCELED, "interrupted from the keyboard")
    assert not bench.worker_lives(job)


def test_a_job_ends_once_whoever_ends_it(
    make_plan: MakePlan, store: JobStore, launch_elsewhere: Any, wait_for: WaitFor
) -> None:
    with launch_elsewhere(make_plan(sleep=600), store):
        job = running(store, wait_for)
        cancelling = [in_process(CANCEL, job, store) for _ in range(3)]
        assert {process.communicate()[0].strip() for process in cancelling} == {"CANCELED"}

    assert states(store.read(job.id)) == ["PENDING", "RUNNING", "CANCELED"]


def test_the_log_is_read_while_the_action_works_and_afterwards(
    bench: Any, make_plan: MakePlan, store: JobStore, launch_elsewhere: Any, wait_for: WaitFor
) -> None:
    with launch_elsewhere(make_plan(sleep=600), store):
        job = running(store, wait_for)
        wait_for(lambda: "train begins" in said(job, store))  # a cluster hands on what is said a moment later
        api.cancel(job.id, store)

    assert said(job, store)[-1] == "Execution status: FAIL"
    assert platform_of(bench.name).log(job, store.handle(job.id)).is_file()


def said(job: Job, store: JobStore) -> list[str | None]:
    updates: list[Update] = []
    api.follow_log(job, updates.append, store=store, until_end=False)
    return [update.line for update in updates if update.line is not None]


def test_a_job_that_can_not_be_asked_for_is_unknown_and_not_failed(
    bench: Any, make_plan: MakePlan, store: JobStore, launch_elsewhere: Any, wait_for: WaitFor
) -> None:
    with launch_elsewhere(make_plan(sleep=600), store):
        job = running(store, wait_for)
        reachable = store.handle(job.id)
        store.add_handle(job.id, bench.unreachable(reachable))

        assert api.get_job(job.id, store).state is JobState.UNKNOWN
        assert api.list_jobs(store)[0].state is JobState.UNKNOWN
        assert states(store.read(job.id)) == ["PENDING", "RUNNING"]
        if not capabilities(bench.name).on_this_machine:
            with pytest.raises(PlatformError, match="was not stopped"):
                api.cancel(job.id, store)
            assert store.cancel_reason(job.id) is None  # how it ends will be its own end

        store.add_handle(job.id, reachable)
        assert api.get_job(job.id, store).state is JobState.RUNNING
        api.cancel(job.id, store)


def test_the_death_of_the_caller_ends_a_job_only_where_the_platform_says_so(
    bench: Any, make_plan: MakePlan, store: JobStore, launch_elsewhere: Any, wait_for: WaitFor
) -> None:
    survives = capabilities(bench.name).survives_caller
    with launch_elsewhere(make_plan(sleep=2 if survives else 600, worker=True), store) as caller:
        job = running(store, wait_for)
        caller.kill()

    ended = wait_for(lambda: (found := api.get_job(job.id, store)).state.is_terminal and found)

    assert ended.state is (JobState.COMPLETE if survives else JobState.ERROR)
    assert ended.failure is None if survives else ended.failure.code == "process.lost"
    assert not bench.worker_lives(job)


def test_a_launch_that_died_before_its_platform_knew_the_job_is_an_error(make_plan: MakePlan, store: JobStore) -> None:
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"]) as gone:
        launcher = ProcessId.of(gone.pid)
        gone.kill()
    plan = make_plan()
    job = open_job(store, plan, plan.spec)
    assert api.get_job(job.id, store).state is JobState.PENDING
    store.add_handle(job.id, dead_launcher(store.handle(job.id), launcher))

    ended = api.get_job(job.id, store)

    assert ended.failure
    assert (states(ended), ended.failure.code) == (["PENDING", "ERROR"], "launch.lost")


def dead_launcher(handle: Handle, launcher: ProcessId | None) -> Handle:
    assert launcher
    return with_process(handle, LAUNCHER, launcher)


def test_another_process_reads_the_same_record(make_plan: MakePlan, store: JobStore) -> None:
    job = api.launch(make_plan(), store=store)

    answer, _ = in_process(READ, job, store).communicate()

    assert Job.from_json(json.loads(answer)) == job


def test_a_handle_is_a_json_document_with_the_platforms_name(bench: Any, make_plan: MakePlan, store: JobStore) -> None:
    handle = store.handle(api.launch(make_plan(), store=store).id)

    assert handle.platform == bench.name
    assert handle.details
    assert Handle.from_json(json.loads(json.dumps(handle.to_json()))) == handle


def test_secrets_reach_neither_action_nor_record(
    make_plan: MakePlan, store: JobStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HF_TOKEN", "AWS_SECRET_ACCESS_KEY", "CHANGENET_API_KEY"):
        monkeypatch.setenv(name, "hidden-value")

    job = api.launch(make_plan(), store=store)

    lines = said(job, store)
    assert [line for line in lines if line and line.startswith("arguments ")]
    assert [line for line in lines if line and line.startswith("environment ")]
    told = [path for path in store.root.rglob("*") if path.is_file() and b"hidden-value" in path.read_bytes()]
    assert told == []
