# SPDX-License-Identifier: Apache-2.0
"""Jobs as containers of a real engine: how they are made, and how they end."""

from __future__ import annotations

import gc
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from core.documents import read_yaml
from core.errors import ChangenetError, MissingInputError, PlatformError, RequestError
from runners import api
from runners.jobs.job import JobState
from runners.jobs.record import open_job
from runners.planning.plan import Mount, Plan, Resources
from runners.platforms.docker_container import container_name, creation
from runners.platforms.docker_gpus import LABEL, share_of
from runners.platforms.docker_image import Image
from runners.platforms.handles import LAUNCHER, with_process
from runners.platforms.processes import ProcessId
from runners.platforms.table import platform_of
from tests.runners.platforms.docker_bench import IMAGE, Engine, has_container, on_docker, sealed, started_engine

if TYPE_CHECKING:
    from runners.jobs.job import Job
    from runners.jobs.store import JobStore

MakePlan = Callable[..., Plan]
WaitFor = Callable[..., Any]


@pytest.fixture
def make_docker_plan(on_docker: Any, make_plan: MakePlan) -> MakePlan:
    """A plan for the stand-in in a container; `parts` are what the plan has beside that."""

    def make(*, parts: dict[str, Any] | None = None, **behaviour: Any) -> Plan:
        return sealed(on_docker.fit(make_plan(runner="docker", **behaviour)), **(parts or {}))

    return make


@pytest.fixture
def own_engine() -> Iterator[Engine]:
    """An engine that no other test uses."""
    yield from started_engine()


def inspected(engine: Engine, job: Job) -> dict[str, Any]:
    return dict(engine.client.api.inspect_container(container_name(job.id)))


def launched(plan: Plan, store: JobStore, wait_for: WaitFor) -> Job:
    """The job of a plan that sleeps, once its action works."""
    job = api.launch(plan, store=store, detach=True)
    wait_for((Path(job.results_dir) / "ready").exists)
    return job


def test_a_container_has_what_its_action_needs_and_nothing_else(
    docker_engine: Engine, make_docker_plan: MakePlan, store: JobStore, wait_for: WaitFor
) -> None:
    job = launched(make_docker_plan(sleep=600), store, wait_for)

    found = inspected(docker_engine, job)
    host = found["HostConfig"]
    api.cancel(job.id, store)

    assert found["Config"]["User"] == f"{os.getuid()}:{os.getgid()}"
    assert host["ShmSize"] == 8 * 2**30
    assert host["NetworkMode"] == "none"
    assert host["SecurityOpt"] == ["no-new-privileges"]
    assert (host["Privileged"], host["CapAdd"], host["PidMode"]) == (False, None, "")
    assert not host["DeviceRequests"]
    writable = {mount["Destination"]: mount["Source"] for mount in found["Mounts"] if mount["RW"]}
    assert writable == {"/results": f"{job.folder}/results"}
    assert not any("docker.sock" in mount["Source"] for mount in found["Mounts"])
    assert not has_container(docker_engine, job)


def test_the_spec_names_places_of_the_container_and_the_record_those_of_this_machine(
    make_docker_plan: MakePlan, store: JobStore
) -> None:
    job = api.launch(make_docker_plan(), store=store)

    assert read_yaml(Path(job.folder) / "container" / "spec.yaml")["results_dir"] == "/results"
    assert read_yaml(Path(job.folder) / "spec.yaml")["results_dir"] == f"{job.folder}/results"
    assert job.results_dir == f"{job.folder}/results/train"
    assert {artifact.path for artifact in job.artifacts} >= {"status.json", "model_epoch_001_step_00020.pth"}
    assert all(Path(job.results_dir, a.path).stat().st_uid == os.getuid() for a in job.artifacts)


def test_the_image_is_recorded_by_what_identifies_it(
    docker_engine: Engine, make_docker_plan: MakePlan, store: JobStore
) -> None:
    job = api.launch(make_docker_plan(), store=store)

    assert (job.image, job.image_digest) == (IMAGE, docker_engine.client.images.get(IMAGE).id)
    assert store.newest()[0] == job


def test_memory_that_runs_out_is_said_so(make_docker_plan: MakePlan, store: JobStore) -> None:
    job = api.launch(make_docker_plan(eats=2**28, parts={"platform": {"memory": "64m"}}), store=store)

    assert job.failure
    assert (job.state, job.failure.code, job.exit_code) == (JobState.ERROR, "action.out_of_memory", 137)
    assert "--memory" in job.failure.remedy


def test_an_action_that_is_killed_is_no_lack_of_memory(make_docker_plan: MakePlan, store: JobStore) -> None:
    job = api.launch(make_docker_plan(kills=int(signal.SIGKILL)), store=store)

    assert job.failure
    assert (job.state, job.failure.code, job.exit_code) == (JobState.ERROR, "process.killed", 137)


@pytest.mark.parametrize(
    ("behaviour", "code"),
    [({"exit": 0, "pass": False}, "action.unconfirmed"), ({"exit": 3}, "action.failed")],
)
def test_exit_code_and_log_both_have_to_say_that_it_worked(
    behaviour: dict[str, Any], code: str, make_docker_plan: MakePlan, store: JobStore
) -> None:
    job = api.launch(make_docker_plan(**behaviour), store=store)

    assert job.failure
    assert (job.state, job.failure.code) == (JobState.ERROR, code)


def test_an_action_that_does_not_hear_is_killed_when_its_time_is_over(
    docker_engine: Engine,
    make_docker_plan: MakePlan,
    store: JobStore,
    wait_for: WaitFor,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("CHANGENET_GRACE_SECONDS", "1")
    job = launched(make_docker_plan(sleep=600, deaf=True, worker=True), store, wait_for)

    ended = api.cancel(job.id, store)

    assert (ended.state, ended.exit_code) == (JobState.CANCELED, 137)
    assert not has_container(docker_engine, job)


def test_secrets_are_variables_of_the_container_and_stand_nowhere_else(
    docker_engine: Engine,
    make_docker_plan: MakePlan,
    store: JobStore,
    wait_for: WaitFor,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    plan = make_docker_plan(sleep=600, parts={"secrets": ("TAO_ENCRYPTION_KEY",)})
    monkeypatch.delenv("TAO_ENCRYPTION_KEY", raising=False)
    with pytest.raises(MissingInputError, match="TAO_ENCRYPTION_KEY is not set"):
        api.launch(plan, store=store)

    monkeypatch.setenv("TAO_ENCRYPTION_KEY", "hidden-value")
    job = launched(plan, store, wait_for)
    found = inspected(docker_engine, job)
    api.cancel(job.id, store)

    assert "TAO_ENCRYPTION_KEY=hidden-value" in found["Config"]["Env"]
    assert "hidden-value" not in json.dumps({**found, "Config": {**found["Config"], "Env": []}})
    kept = [path for path in store.root.rglob("*") if path.is_file() and path.name != "log.txt"]
    assert not [path for path in kept if b"hidden-value" in path.read_bytes()]


def test_a_container_is_found_by_its_name_when_its_controller_died_before_it_knew_more(
    docker_engine: Engine, make_docker_plan: MakePlan, store: JobStore
) -> None:
    """The controller died between the creation of the container and its start."""
    plan = make_docker_plan()
    job = open_job(store, plan, plan.spec)
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"]) as gone:
        launcher = ProcessId.of(gone.pid)
        gone.kill()
    assert launcher
    handle = with_process(store.handle(job.id), LAUNCHER, launcher)
    handle.details.update(host=docker_engine.host, container=container_name(job.id))
    store.add_handle(job.id, handle)
    docker_engine.client.containers.create(IMAGE, ["/bin/true"], name=container_name(job.id))

    ended = api.get_job(job.id, store)

    assert ended.failure
    assert (ended.state, ended.failure.code) == (JobState.ERROR, "launch.lost")
    assert not has_container(docker_engine, job)


def test_a_container_that_somebody_removed_is_a_lost_job_and_another_engine_says_nothing(
    docker_engine: Engine, make_docker_plan: MakePlan, store: JobStore, wait_for: WaitFor
) -> None:
    job = launched(make_docker_plan(sleep=600), store, wait_for)
    docker_engine.client.containers.get(container_name(job.id)).remove(force=True)
    handle = store.handle(job.id)

    handle.details["engine"] = "another"
    store.add_handle(job.id, handle)
    assert api.get_job(job.id, store).state is JobState.UNKNOWN

    handle.details["engine"] = docker_engine.client.info()["ID"]
    store.add_handle(job.id, handle)
    ended = api.get_job(job.id, store)
    assert ended.failure
    assert (ended.state, ended.failure.code) == (JobState.ERROR, "process.lost")


def test_a_host_without_the_nvidia_toolkit_says_what_is_missing(
    docker_engine: Engine, make_docker_plan: MakePlan, store: JobStore
) -> None:
    job = api.launch(make_docker_plan(parts={"resources": Resources(gpus=1)}), store=store)

    assert job.failure
    assert (job.state, job.failure.code) == (JobState.ERROR, "docker.no_gpu_driver")
    assert "NVIDIA Container Toolkit" in job.failure.remedy
    assert not has_container(docker_engine, job)


@pytest.mark.parametrize(("gpus", "picked", "count"), [(2, [0], 2), (2, [0, 1], 2), (1, [3], -1)])
def test_the_call_to_the_engine_asks_for_gpus_as_the_spec_picks_them(
    gpus: int, picked: list[int], count: int, make_plan: MakePlan, store: JobStore
) -> None:
    plan = on_docker(make_plan(runner="docker", spec={"train": {"gpu_ids": picked}}))
    plan = sealed(plan, resources=Resources(gpus=gpus, shm_size="16g", network=True))
    job = open_job(store, plan, plan.spec)

    call = creation(job, plan, Image("sha256:1", "sha256:1", ()), [])

    assert call["device_requests"][0] == {
        "Driver": "",
        "Count": count,
        "DeviceIDs": [],
        "Capabilities": [["gpu"]],
        "Options": {},
    }
    assert (call["shm_size"], call["network_mode"]) == (16 * 2**30, "bridge")


def test_the_call_to_the_engine_shares_gpus_out_among_the_trials_of_a_search(
    docker_engine: Engine, make_plan: MakePlan, store: JobStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No GPU is used: how many there are is said, and a container that has none bears the label of one that has."""
    monkeypatch.setattr("runners.platforms.docker_gpus.gpus_shown", lambda: 4)
    trial = sealed(on_docker(make_plan(runner="docker")), resources=Resources(gpus=2), part_of="automl-1")
    busy = docker_engine.client.containers.run(IMAGE, ["/bin/sleep", "60"], labels={LABEL: "0,2"}, detach=True)

    share = share_of(docker_engine.host, trial)
    alone = share_of(docker_engine.host, sealed(trial, part_of=None))
    busy.remove(force=True)
    job = open_job(store, trial, trial.spec)
    call = creation(job, trial, Image("sha256:1", "sha256:1", ()), [], share)

    assert (share, alone) == (("1", "3"), ())
    assert share_of(docker_engine.host, trial) == ("0", "1")
    assert (call["device_requests"][0]["DeviceIDs"], call["device_requests"][0]["Count"]) == (["1", "3"], 0)
    assert call["labels"][LABEL] == "1,3"


def test_an_image_whose_entry_point_is_the_program_is_given_the_rest(make_plan: MakePlan, store: JobStore) -> None:
    plan = on_docker(make_plan(runner="docker"))
    job = open_job(store, plan, plan.spec)

    own = creation(job, plan, Image("sha256:1", "sha256:1", ("/usr/bin/visual_changenet",)), [])["command"]
    other = creation(job, plan, Image("sha256:1", "sha256:1", ("/opt/nvidia/entrypoint.sh",)), [])["command"]

    assert own == ["train", "-e", "/specs/spec.yaml"]
    assert other == ["/engine/visual_changenet", "train", "-e", "/specs/spec.yaml"]


def test_no_engine_opens_no_record(make_plan: MakePlan, store: JobStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", "unix:///nonexistent/docker.sock")

    with pytest.raises(PlatformError) as error:
        api.launch(on_docker(make_plan(runner="docker")), store=store)

    assert (error.value.code, error.value.where) == ("docker.unreachable", "unix:///nonexistent/docker.sock")
    assert "DOCKER_HOST" in error.value.remedy
    assert not store.root.exists()


@pytest.mark.parametrize("place", ["/var/run", "SOCKET", "s3://boards/train", "/nonexistent/boards"])
def test_a_place_that_is_not_here_or_gives_power_over_the_engine_is_not_mounted(
    place: str, docker_engine: Engine, make_docker_plan: MakePlan, store: JobStore
) -> None:
    place = place.replace("SOCKET", docker_engine.host.removeprefix("unix://"))
    plan = make_docker_plan()

    with pytest.raises(ChangenetError) as error:
        api.launch(sealed(plan, mounts=(*plan.mounts, Mount(place, "/data/x"))), store=store)

    assert error.value.where == "/data/x"
    assert error.value.remedy
    assert not store.root.exists()


def test_several_nodes_take_another_runner(make_docker_plan: MakePlan, store: JobStore) -> None:
    with pytest.raises(RequestError, match="has one machine") as error:
        api.launch(make_docker_plan(parts={"resources": Resources(nodes=2)}), store=store)

    assert "slurm" in error.value.remedy


# Docker's own client leaves the socket open on which an engine was killed while it answered.
@pytest.mark.filterwarnings("ignore:.*socket.socket:pytest.PytestUnraisableExceptionWarning")
def test_a_job_is_unknown_while_its_engine_is_down_and_told_as_it_is_afterwards(
    make_plan: MakePlan, store: JobStore, wait_for: WaitFor, monkeypatch: pytest.MonkeyPatch, own_engine: Engine
) -> None:
    monkeypatch.setenv("DOCKER_HOST", own_engine.host)
    job = launched(on_docker(make_plan(runner="docker", sleep=600)), store, wait_for)
    log = platform_of("docker").log(job, store.handle(job.id))
    assert log.read_text().startswith("train begins")
    process = ProcessId.of(own_engine.pid())
    assert process
    process.signal(signal.SIGKILL)
    wait_for(lambda: not process.is_alive())

    assert api.get_job(job.id, store).state is JobState.UNKNOWN
    assert [step.state.value for step in store.read(job.id).transitions] == ["PENDING", "RUNNING"]
    assert platform_of("docker").log(job, store.handle(job.id)) == log

    own_engine.restart()  # an engine that starts ends what it finds running
    ended = wait_for(lambda: (found := api.get_job(job.id, store)).state.is_terminal and found)
    assert [step.state.value for step in ended.transitions] == ["PENDING", "RUNNING", "ERROR"]
    assert not has_container(own_engine, job)
    gc.collect()  # else the socket is collected, and told of, in some later test
