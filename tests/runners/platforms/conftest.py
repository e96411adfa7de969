# SPDX-License-Identifier: Apache-2.0
"""What the conformance suite has to know of each platform: one fixture `on_NAME` for every row that has a module."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from runners.platforms.handles import processes_in, with_detail, with_process
from runners.platforms.processes import ProcessId
from runners.platforms.table import PLATFORMS
from tests.runners.platforms.docker_bench import Engine, has_container, started_engine, without_engine
from tests.runners.platforms.docker_bench import on_docker as fit_to_docker
from tests.runners.platforms.kubernetes_bench import CLAIM, has_pod, without_cluster
from tests.runners.platforms.kubernetes_bench import on_kubernetes as fit_to_kubernetes
from tests.runners.platforms.kubernetes_cluster import Cluster
from tests.runners.platforms.kubernetes_pod import can_isolate

if TYPE_CHECKING:
    from types import TracebackType

    from runners.jobs.job import Handle, Job
    from runners.jobs.store import JobStore
    from runners.planning.plan import Plan

LAUNCH = """
import json, sys
from pathlib import Path
from runners import api
from runners.jobs.store import JobStore
from runners.planning.plan import Plan
plan = Plan.from_json(json.loads(Path(sys.argv[1]).read_text()))
api.launch(plan, store=JobStore(Path(sys.argv[2])))
"""


def worker_lives_here(job: Job) -> bool:
    return ProcessId.of(int((Path(job.results_dir) / "worker.pid").read_text())) is not None


@dataclass(frozen=True, slots=True)
class Bench:
    """A platform under test; `unreachable` makes of a handle one whose job can't be asked for from here.

    `fit` makes of a plan for the stand-in one that runs there, `worker_lives` tells whether what a job's action started
    still works.
    """

    name: str
    unreachable: Callable[[Handle], Handle]
    fit: Callable[[Plan], Plan] = lambda plan: plan
    worker_lives: Callable[[Job], bool] = worker_lives_here


@pytest.fixture
def on_local() -> Bench:
    return Bench("local", on_another_machine)


@pytest.fixture
def on_debug() -> Bench:
    return Bench("debug", on_another_machine)


@pytest.fixture(scope="session")
def docker_engine() -> Iterator[Engine]:
    yield from started_engine()


@pytest.fixture
def on_docker(docker_engine: Engine, monkeypatch: pytest.MonkeyPatch) -> Bench:
    monkeypatch.setenv("DOCKER_HOST", docker_engine.host)
    return Bench("docker", without_engine, fit_to_docker, lambda job: has_container(docker_engine, job))


@pytest.fixture
def on_slurm(slurm: Path) -> Bench:
    assert slurm.is_file()
    return Bench("slurm", on_another_cluster)


@pytest.fixture
def cluster(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Cluster]:
    """A cluster for one test, that sees the folder of the test as a claim."""
    if not can_isolate():
        pytest.skip("pods take root, and unshare with mounts of its own")
    folder = tmp_path / "cluster"
    folder.mkdir()
    found = Cluster(folder)
    found.claims[CLAIM] = tmp_path
    monkeypatch.setenv("KUBECONFIG", str(found.kubeconfig()))
    monkeypatch.setenv("CHANGENET_KUBERNETES_POLL_SECONDS", "0.1")
    yield found
    found.stop()


@pytest.fixture
def on_kubernetes(cluster: Cluster) -> Bench:
    return Bench("kubernetes", without_cluster, fit_to_kubernetes, lambda job: has_pod(cluster, job))


@pytest.fixture
def on_ray(ray_head: str, monkeypatch: pytest.MonkeyPatch) -> Bench:
    monkeypatch.setenv("RAY_API_SERVER_ADDRESS", ray_head)
    return Bench("ray", lambda h: with_detail(h, "ray", {**h.details["ray"], "address": "http://127.0.0.1:9"}))


def on_another_cluster(handle: Handle) -> Handle:
    return with_detail(handle, "slurm", {**handle.details["slurm"], "host": "nobody.invalid"})


@pytest.fixture
def stand_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], Path]:
    """Puts a script in the place of a command of Slurm; `$real` is that command, `$count` a file with a line a call."""

    def put(program: str, script: str) -> Path:
        folder, count = tmp_path / "before", tmp_path / f"{program}.count"
        folder.mkdir(exist_ok=True)
        real = shutil.which(program, path=os.environ["PATH"].removeprefix(f"{folder}:"))
        (folder / program).write_text(f"#!/bin/sh\nreal={real} count={count}\necho call >>$count\n{script}\n")
        (folder / program).chmod(0o755)
        if not os.environ["PATH"].startswith(f"{folder}:"):
            monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
        return count

    return put


# A job of these takes several seconds to begin: their turn is in `make test-long`.
_SLOW = {"ray": pytest.mark.long, "kubernetes": pytest.mark.long}


@pytest.fixture(params=[pytest.param(n, marks=_SLOW.get(n, ())) for n, row in PLATFORMS.items() if row.module])
def bench(request: pytest.FixtureRequest) -> Bench:
    found = request.getfixturevalue(f"on_{request.param}")
    assert isinstance(found, Bench)
    return found


def on_another_machine(handle: Handle) -> Handle:
    for role, process in processes_in(handle).items():
        handle = with_process(handle, role, replace(process, namespace="pid:[1]"))
    return handle


LaunchElsewhere = Callable[["Plan", "JobStore"], "subprocess.Popen[str]"]


@pytest.fixture
def launcher() -> list[str]:
    """The command that launches a plan file in a results root, but for these two words."""
    return [sys.executable, "-c", LAUNCH]


class _Launcher(subprocess.Popen[str]):
    """Waits for its job at the end of a test that went well; one that failed is not held up by it."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None:
            self.kill()
        super().__exit__(kind, error, trace)


@pytest.fixture
def launch_elsewhere(tmp_path: Path, launcher: list[str]) -> LaunchElsewhere:
    """Launch a plan, and wait for its end, in a process of its own."""

    def launch(plan: Plan, store: JobStore) -> subprocess.Popen[str]:
        path = tmp_path / f"{plan.id}.json"
        path.write_text(json.dumps(plan.to_json()))
        return _Launcher([*launcher, str(path), str(store.root)], stderr=subprocess.DEVNULL, text=True)

    return launch
