# SPDX-License-Identifier: Apache-2.0
"""Jobs on a real Slurm of two nodes: what ends them from outside, and answers that are lost."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from core.errors import PlatformError
from runners import api
from runners.jobs.job import JobState
from runners.jobs.record import open_job
from runners.planning.plan import Plan
from runners.platforms import slurm as slurm_module
from runners.platforms.handles import LAUNCHER, with_detail, with_process
from runners.platforms.processes import ProcessId
from runners.platforms.slurm_queue import queue_of

if TYPE_CHECKING:
    from runners.jobs.job import Job
    from runners.jobs.store import JobStore

pytestmark = pytest.mark.usefixtures("slurm")
MakePlan = Callable[..., Plan]
WaitFor = Callable[..., Any]


def of_slurm(job: Job, store: JobStore) -> dict[str, Any]:
    found = store.handle(job.id).details["slurm"]
    assert isinstance(found, dict)
    return found


def begun(plan: Plan, store: JobStore, wait_for: WaitFor) -> Job:
    """A job whose action works, as its caller left it."""
    job = api.launch(plan, store=store, detach=True)
    wait_for((Path(job.results_dir) / "ready").exists)
    return wait_for(lambda: (found := api.get_job(job.id, store)).state is JobState.RUNNING and found)  # type: ignore[no-any-return]


def ended(job: Job, store: JobStore, wait_for: WaitFor) -> Job:
    return wait_for(lambda: (found := api.get_job(job.id, store)).state.is_terminal and found)  # type: ignore[no-any-return]


def scontrol(*words: str) -> str:
    return subprocess.run(["scontrol", *words], capture_output=True, text=True, check=True).stdout


def test_a_job_that_somebody_else_cancelled_is_canceled_with_slurms_word(
    make_plan: MakePlan, store: JobStore, wait_for: WaitFor
) -> None:
    job = begun(make_plan(runner="slurm", sleep=600), store, wait_for)
    subprocess.run(["scancel", of_slurm(job, store)["job_id"]], check=True)

    found = ended(job, store, wait_for)

    assert found.state is JobState.CANCELED
    assert f"Slurm job {of_slurm(job, store)['job_id']}: CANCELLED" in found.transitions[-1].reason


def test_a_job_that_waits_is_pending_with_slurms_reason_and_can_be_cancelled(
    make_plan: MakePlan, store: JobStore, wait_for: WaitFor
) -> None:
    plan = make_plan(runner="slurm")
    held = Plan.sealed(**parts_of(plan) | {"platform": {"cpus": 1}})
    nodes = ["n1", "n2"]
    for node in nodes:
        scontrol("update", f"nodename={node}", "state=drain", "reason=test")
    try:
        job = api.launch(held, store=store, detach=True)
        assert api.get_job(job.id, store).state is JobState.PENDING
        assert "PENDING" in wait_for(lambda: queue_of("").find(job.id, 0)).native
        assert api.cancel(job.id, store).state is JobState.CANCELED
        assert [step.state for step in store.read(job.id).transitions] == [JobState.PENDING, JobState.CANCELED]
    finally:
        for node in nodes:
            scontrol("update", f"nodename={node}", "state=resume")


def parts_of(plan: Plan) -> dict[str, Any]:
    return {name: getattr(plan, name) for name in plan.__slots__ if name != "id"}


def asked(plan: Plan, **settings: Any) -> Plan:
    return Plan.sealed(**parts_of(plan) | {"platform": settings})


def test_what_is_asked_for_is_what_slurm_was_told(make_plan: MakePlan, store: JobStore, wait_for: WaitFor) -> None:
    plan = asked(make_plan(runner="slurm", sleep=600), partition="low", time_limit="1-02", cpus=3, memory="500M")
    job = begun(plan, store, wait_for)

    said = scontrol("show", "job", "--oneliner", of_slurm(job, store)["job_id"])

    for word in ("Partition=low", "TimeLimit=1-02:00:00", "CPUs/Task=3", "MinMemoryNode=500M", "Requeue=0"):
        assert word in said
    lines = [
        line for line in (Path(job.folder) / "log.txt").read_text().splitlines() if line.startswith("environment ")
    ]
    environment = json.loads(lines[0].removeprefix("environment "))
    assert (environment["OMP_NUM_THREADS"], environment["OMP_WAIT_POLICY"]) == ("3", "PASSIVE")
    assert environment["CHANGENET_JOB_ID"] == job.id
    api.cancel(job.id, store)


def test_gpus_are_those_that_slurm_gives(make_plan: MakePlan, store: JobStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "7")
    plan = make_plan(runner="slurm")
    two = Plan.sealed(**parts_of(plan) | {"resources": plan.resources.__class__(gpus=2)})

    job = api.launch(two, store=store)

    assert '"CUDA_VISIBLE_DEVICES": "0,1"' in (Path(job.folder) / "log.txt").read_text()


def test_a_secret_that_the_plan_names_reaches_the_action_and_no_file_of_ours(
    make_plan: MakePlan, store: JobStore, engine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NVIDIA_API_KEY", "hidden-value")
    line = 'print("environment "'
    engine.write_text(
        engine.read_text().replace(line, f'print("key", len(os.environ["NVIDIA_API_KEY"]))\nif 0: {line}')
    )
    plan = Plan.sealed(**parts_of(make_plan(runner="slurm")) | {"secrets": ("NVIDIA_API_KEY",)})

    job = api.launch(plan, store=store)

    assert "key 12" in (Path(job.folder) / "log.txt").read_text().splitlines()
    assert not [path for path in store.root.rglob("*") if path.is_file() and b"hidden-value" in path.read_bytes()]


def test_what_slurm_refuses_is_an_error_in_its_words(make_plan: MakePlan, store: JobStore) -> None:
    job = api.launch(asked(make_plan(runner="slurm"), partition="nowhere"), store=store)

    assert job.failure
    assert (job.state, job.failure.code) == (JobState.ERROR, "launch.failed")
    assert "invalid partition" in job.failure.message
    assert "--runner slurm" in job.failure.remedy


def test_a_cluster_that_is_not_there_opens_no_record(
    make_plan: MakePlan, store: JobStore, stand_before: Callable[[str, str], Path]
) -> None:
    stand_before("squeue", 'echo "squeue: error: Unable to contact slurm controller (connect failure)" >&2; exit 1')

    with pytest.raises(PlatformError, match="squeue") as error:
        api.launch(make_plan(runner="slurm"), store=store)

    assert "SLURM_CONF" in error.value.remedy
    assert not store.root.exists()


def test_a_job_is_found_by_its_name_where_the_answer_to_sbatch_was_lost(
    make_plan: MakePlan, store: JobStore, stand_before: Callable[[str, str], Path], wait_for: WaitFor
) -> None:
    lost = (
        'sleep 0.2; "$real" "$@" >/dev/null; echo "sbatch: error: Socket timed out on send/recv operation" >&2; exit 1'
    )
    stand_before("sbatch", lost)

    job = ended(api.launch(make_plan(runner="slurm"), store=store, detach=True), store, wait_for)

    assert "job_id" not in of_slurm(job, store)
    assert (job.state, job.exit_code) == (JobState.COMPLETE, 0)


def test_a_job_that_slurm_never_took_is_lost_once_it_would_have_been_listed(
    make_plan: MakePlan,
    store: JobStore,
    stand_before: Callable[[str, str], Path],
    wait_for: WaitFor,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(slurm_module, "_UNANSWERED_SECONDS", 0.5)
    stand_before("sbatch", 'echo "sbatch: error: Socket timed out on send/recv operation" >&2; exit 1')

    job = api.launch(make_plan(runner="slurm"), store=store, detach=True)
    assert job.state is JobState.PENDING
    lost = ended(job, store, wait_for)

    assert lost.failure
    assert lost.failure.code == "launch.lost"
    # Should sbatch have gone on by itself, and submit it after all, nothing runs.
    late = subprocess.run(["bash", "job.sh"], cwd=job.folder, capture_output=True, text=True, check=False)
    assert (late.returncode, "nothing is run" in late.stderr) == (1, True)
    assert not Path(job.results_dir).exists()


def test_a_controller_that_hears_no_scancel_has_cancelled_nothing(
    make_plan: MakePlan, store: JobStore, wait_for: WaitFor, stand_before: Callable[[str, str], Path]
) -> None:
    job = begun(make_plan(runner="slurm", sleep=600), store, wait_for)
    for program in ("squeue", "scancel"):
        told = f"{program}: error: Unable to contact slurm controller (connect failure)"
        stand_before(program, f'echo "{told}" >&2; exit 1')
    queue_of.cache_clear()

    with pytest.raises(PlatformError, match="was not stopped"):
        api.cancel(job.id, store)
    assert store.cancel_reason(job.id) is None

    for program in ("squeue", "scancel"):
        stand_before(program, 'exec "$real" "$@"')
    queue_of.cache_clear()
    assert api.cancel(job.id, store).state is JobState.CANCELED


def test_a_job_that_slurm_forgot_has_ended_only_once_its_action_writes_no_more(
    make_plan: MakePlan, store: JobStore
) -> None:
    plan = make_plan(runner="slurm")
    job = open_job(store, plan, plan.spec)
    about = {"host": "", "name": job.id, "submitted_at": 0.0, "job_id": "99999999"}
    handle = with_detail(store.handle(job.id), "slurm", about)
    log = Path(job.folder) / "log.txt"
    log.write_text("epoch 1\n")

    at_work = slurm_module.PLATFORM.look(job, handle)
    os.utime(log, (0, 0))

    assert (at_work.state, "still writes" in at_work.native) == (JobState.UNKNOWN, True)
    assert slurm_module.PLATFORM.look(job, handle).state is JobState.ERROR


def test_a_launch_that_died_before_the_job_had_a_folder_is_lost_all_the_same(
    make_plan: MakePlan, store: JobStore
) -> None:
    with subprocess.Popen(["sleep", "600"]) as gone:
        launcher = ProcessId.of(gone.pid)
        gone.kill()
    assert launcher
    plan = make_plan(runner="slurm")
    job = open_job(store, plan, plan.spec)
    store.add_handle(job.id, with_process(store.handle(job.id), LAUNCHER, launcher))
    shutil.rmtree(job.folder)

    lost = api.get_job(job.id, store)

    assert lost.failure
    assert (lost.state, lost.failure.code) == (JobState.ERROR, "launch.lost")


def test_a_script_that_is_submitted_again_by_hand_is_no_news_of_the_job(
    make_plan: MakePlan, store: JobStore, wait_for: WaitFor
) -> None:
    job = begun(make_plan(runner="slurm", sleep=600), store, wait_for)
    again = ["sbatch", "--parsable", f"--chdir={store.root}", f"{job.folder}/job.sh"]
    number = subprocess.check_output(again, text=True).strip()
    subprocess.run(["scancel", number], check=True)
    wait_for(lambda: (listed := queue_of("").find("", 0, number)) and listed.native == "CANCELLED")

    assert api.get_job(job.id, store).state is JobState.RUNNING
    assert api.cancel(job.id, store).state is JobState.CANCELED
    assert "CANCELLED" in store.handle(job.id).details["native"]


def test_a_controller_that_does_not_answer_makes_a_job_unknown_and_following_goes_on(
    make_plan: MakePlan, store: JobStore, stand_before: Callable[[str, str], Path], wait_for: WaitFor
) -> None:
    job = begun(make_plan(runner="slurm", sleep=1), store, wait_for)
    calls = stand_before(
        "squeue", '[ "$(wc -l <$count)" -gt 3 ] || { echo "Socket timed out" >&2; exit 1; }\nexec "$real" "$@"'
    )
    states: list[JobState | None] = []

    last = api.follow_log(job, lambda update: states.append(update.state), store=store)

    assert last.state is JobState.COMPLETE
    assert JobState.UNKNOWN in states
    assert [step.state for step in last.transitions] == [JobState.PENDING, JobState.RUNNING, JobState.COMPLETE]
    assert len(calls.read_text().splitlines()) > 3


def test_a_job_that_slurm_has_forgotten_ended_as_its_script_wrote(
    make_plan: MakePlan, store: JobStore, stand_before: Callable[[str, str], Path], wait_for: WaitFor
) -> None:
    jobs = [api.launch(make_plan(runner="slurm", exit=code), store=store, detach=True) for code in (0, 3)]
    for job in jobs:
        wait_for((Path(job.folder) / "exit_code").exists)
    stand_before("squeue", "exit 0")
    queue_of.cache_clear()

    found = [ended(job, store, wait_for) for job in jobs]

    assert [(job.state, job.exit_code) for job in found] == [(JobState.COMPLETE, 0), (JobState.ERROR, 3)]


def test_where_the_cluster_has_an_accounting_it_tells_of_jobs_that_the_queue_forgot(
    make_plan: MakePlan, store: JobStore, stand_before: Callable[[str, str], Path], wait_for: WaitFor
) -> None:
    job = begun(make_plan(runner="slurm", sleep=600), store, wait_for)
    stand_before("squeue", "exit 0")
    # As sacct of a cluster with slurmdbd prints it.
    stand_before("sacct", f'echo "{of_slurm(job, store)["job_id"]}|OUT_OF_MEMORY|0:125|n1||200M|{job.id}"')
    queue_of.cache_clear()

    found = ended(job, store, wait_for)

    assert found.failure
    assert found.failure.code == "action.out_of_memory"
    assert "--memory" in found.failure.remedy
    subprocess.run(["scancel", of_slurm(job, store)["job_id"]], check=True)


def test_a_list_of_jobs_asks_the_controller_once(
    make_plan: MakePlan,
    store: JobStore,
    stand_before: Callable[[str, str], Path],
    monkeypatch: pytest.MonkeyPatch,
    wait_for: WaitFor,
) -> None:
    jobs = [begun(make_plan(runner="slurm", sleep=600), store, wait_for) for _ in range(3)]
    monkeypatch.setenv("CHANGENET_SLURM_POLL_SECONDS", "60")
    calls = stand_before("squeue", 'exec "$real" "$@"')
    queue_of.cache_clear()

    assert [job.state for job in api.list_jobs(store)] == [JobState.RUNNING] * 3
    assert calls.read_text().splitlines() == ["call"]

    monkeypatch.setenv("CHANGENET_SLURM_POLL_SECONDS", "0.1")
    for job in jobs:
        assert api.cancel(job.id, store).state is JobState.CANCELED
