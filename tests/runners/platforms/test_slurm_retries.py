# SPDX-License-Identifier: Apache-2.0
"""Jobs that a real Slurm ended: they go on as jobs of their own, from the last checkpoint, and not for ever."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from runners import api
from runners.jobs.job import JobState
from runners.planning.plan import Plan
from runners.platforms.slurm_queue import queue_of

if TYPE_CHECKING:
    from runners.jobs.job import Job
    from runners.jobs.store import JobStore

pytestmark = pytest.mark.usefixtures("slurm")
MakePlan = Callable[..., Plan]
WaitFor = Callable[..., Any]
# The stand-in sleeps before it writes checkpoints; here afterwards, and not at all when it goes on from one.
SLEEP = """if "sleep" in behaviour:
    (out / "ready").write_text(str(os.getpid()))
    time.sleep(behaviour["sleep"])
"""
LATE = """goes_on = own.get("resume_training_checkpoint_path") and behaviour.get("patient")
if "sleep" in behaviour and not goes_on:
    (out / "ready").write_text(str(os.getpid()))
    time.sleep(behaviour["sleep"])
"""
AFTER_EPOCHS = 'for epoch in behaviour.get("best"'


@pytest.fixture
def engine(engine: Path) -> Path:
    text = engine.read_text()
    assert SLEEP in text
    engine.write_text(text.replace(SLEEP, "").replace(AFTER_EPOCHS, LATE + AFTER_EPOCHS))
    return engine


def asked(plan: Plan, **settings: Any) -> Plan:
    parts = {name: getattr(plan, name) for name in plan.__slots__ if name != "id"}
    return Plan.sealed(**parts | {"platform": settings})


def begun(plan: Plan, store: JobStore, wait_for: WaitFor) -> Job:
    return at_work(api.launch(plan, store=store, detach=True), store, wait_for)


def at_work(job: Job, store: JobStore, wait_for: WaitFor) -> Job:
    wait_for((Path(job.results_dir) / "ready").exists)
    found: Job = wait_for(lambda: (job_now := api.get_job(job.id, store)).state is JobState.RUNNING and job_now)
    return found


def ended(job: Job, store: JobStore, wait_for: WaitFor) -> Job:
    found: Job = wait_for(lambda: (job_now := api.get_job(job.id, store)).state.is_terminal and job_now)
    return found


def place_of(job: Job, store: JobStore) -> tuple[str, str]:
    """Slurm's number of a job, and its node."""
    listed = queue_of("").find(job.id, 0)
    assert listed
    assert store.handle(job.id).details["slurm"]["job_id"] == listed.job_id
    return listed.job_id, listed.nodes


def scontrol(*words: str) -> None:
    subprocess.run(["scontrol", *words], check=True)


def resumed_from(job: Job) -> str:
    plan = json.loads((Path(job.folder) / "plan.json").read_text())
    return str(plan["spec"]["train"]["resume_training_checkpoint_path"])


def test_a_job_whose_node_dies_goes_on_on_another_from_its_last_checkpoint(
    make_plan: MakePlan, store: JobStore, wait_for: WaitFor, slurm: Path
) -> None:
    lost = begun(make_plan(runner="slurm", sleep=600, patient=True), store, wait_for)
    number, node = place_of(lost, store)
    daemon = int((slurm.parent / f"slurmd-{node}.pid").read_text())
    os.kill(daemon, signal.SIGKILL)
    # The controller finds out by itself once the node has said nothing for SlurmdTimeout; this is the quicker way.
    scontrol("update", f"nodename={node}", "state=down", "reason=test")
    try:
        lost = ended(lost, store, wait_for)
        assert lost.failure
        assert (lost.state, lost.failure.code) == (JobState.ERROR, "node.lost")
        assert f"Slurm job {number}: NODE_FAIL" in lost.failure.message
        following = store.retry_of(lost.id)
        assert following
        following = ended(following, store, wait_for)
        assert following.state is JobState.COMPLETE
        assert (following.retry_of, following.parent_job_id) == (lost.id, lost.id)
        assert resumed_from(following) == f"{lost.results_dir}/model_epoch_001_step_00020.pth"
        assert place_of(following, store)[1] != node
    finally:
        subprocess.run(["slurmd", "-N", node, "-f", str(slurm)], check=True)
        wait_for(lambda: "2" in subprocess.check_output(["sinfo", "-h", "--states=idle", "-o", "%D"], text=True))


def test_a_preempted_job_goes_on_as_often_as_its_plan_allows(
    make_plan: MakePlan, store: JobStore, wait_for: WaitFor
) -> None:
    plan = asked(make_plan(runner="slurm", sleep=600), partition="low", retries=1)
    first = begun(plan, store, wait_for)
    chain = [first]
    for _ in range(2):
        take = ["sbatch", "--parsable", "--nodes=2", "--exclusive", "--output=/dev/null", "--wrap=sleep 600"]
        urgent = subprocess.check_output(take, text=True).strip()
        last = ended(chain[-1], store, wait_for)
        assert last.failure
        assert last.failure.code == "job.preempted"
        subprocess.run(["scancel", urgent], check=True)
        if following := store.retry_of(last.id):
            chain.append(at_work(following, store, wait_for))

    assert [job.retry_of for job in chain] == [None, first.id]
    assert len(store.ids()) == 2


def test_a_job_that_is_followed_is_followed_into_the_one_that_goes_on(
    make_plan: MakePlan, store: JobStore, wait_for: WaitFor, launch_elsewhere: Any
) -> None:
    plan = asked(make_plan(runner="slurm", sleep=600, patient=True), partition="low")
    with launch_elsewhere(plan, store) as caller:
        job = wait_for(lambda: (jobs := store.newest()) and jobs[0])
        at_work(job, store, wait_for)
        take = ["sbatch", "--parsable", "--nodes=2", "--exclusive", "--output=/dev/null", "--wrap=sleep 1"]
        subprocess.run(take, check=True, stdout=subprocess.DEVNULL)
        assert caller.wait(60) == 0

    last, first = store.newest()
    assert (first.state, last.state, last.retry_of) == (JobState.ERROR, JobState.COMPLETE, first.id)


@pytest.mark.parametrize(("epochs", "retries"), [(0, 0), (2, 1)])
def test_a_time_limit_is_gone_on_from_only_where_there_is_a_checkpoint(
    epochs: int,
    retries: int,
    make_plan: MakePlan,
    store: JobStore,
    wait_for: WaitFor,
    stand_before: Callable[[str, str], Path],
) -> None:
    job = begun(asked(make_plan(runner="slurm", sleep=600, epochs=epochs), time_limit="10"), store, wait_for)
    number, node = place_of(job, store)
    # As squeue lists it; Slurm itself looks at time limits every 30 seconds only.
    listed = f"{number}|TIMEOUT|0|TimeLimit|{node}|{job.id}|"
    stand_before("squeue", f'"$real" "$@" | sed \'s/^{number}|RUNNING.*/{listed}/\'')

    late = ended(job, store, wait_for)

    assert late.failure
    assert (late.failure.code, "--time-limit" in late.failure.remedy) == ("job.time_limit", True)
    following = store.retry_of(job.id)
    assert (following is not None) == bool(retries)
    subprocess.run(["scancel", number], check=True)
    if following:
        api.cancel(following.id, store)
