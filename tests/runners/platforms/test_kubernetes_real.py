# SPDX-License-Identifier: Apache-2.0
"""The life of jobs against a real API server, its controllers and its scheduler, with the rights that a page names."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from runners import api
from runners.jobs.job import Job, JobState
from runners.planning.plan import Resources
from tests.runners.platforms.docker_bench import sealed
from tests.runners.platforms.kubernetes_bench import CLAIM, on_kubernetes
from tests.runners.platforms.kubernetes_pod import can_isolate
from tests.runners.platforms.kubernetes_real import VARIABLE, ControlPlane, programs

if TYPE_CHECKING:
    from runners.jobs.store import JobStore
    from runners.planning.plan import Plan

MakePlan = Callable[..., "Plan"]
WaitFor = Callable[..., Any]
pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(programs() is None, reason=f"no control plane: scripts/kubernetes_server.sh, {VARIABLE}"),
    pytest.mark.skipif(not can_isolate(), reason="pods take root, and unshare with mounts of its own"),
]


@pytest.fixture(scope="module")
def claimed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.getbasetemp()


@pytest.fixture(scope="module")
def plane(tmp_path_factory: pytest.TempPathFactory, claimed: Path) -> Iterator[ControlPlane]:
    found = programs()
    assert found
    made = ControlPlane(tmp_path_factory.mktemp("plane"), found, CLAIM, claimed)
    yield made
    made.stop()


@pytest.fixture
def make(make_plan: MakePlan, plane: ControlPlane, claimed: Path, monkeypatch: pytest.MonkeyPatch) -> MakePlan:
    monkeypatch.setenv("KUBECONFIG", str(plane.kubeconfig()))
    monkeypatch.setenv("CHANGENET_KUBERNETES_POLL_SECONDS", "0.2")

    def made(platform: dict[str, Any] | None = None, **behaviour: Any) -> Plan:
        return on_kubernetes(
            make_plan(runner="kubernetes", **behaviour), **{"claim": [f"{CLAIM}:{claimed}"]} | (platform or {})
        )

    return made


def begun(plan: Plan, store: JobStore, wait_for: WaitFor) -> Job:
    job = api.launch(plan, store=store, detach=True)
    wait_for((Path(job.results_dir) / "ready").exists, 60)
    return job


def ended(job: Job, store: JobStore, wait_for: WaitFor) -> Job:
    return wait_for(  # type: ignore[no-any-return]
        lambda: (found := api.get_job(job.id, store)).state.is_terminal and found, 60
    )


def said(job: Job, store: JobStore) -> list[str]:
    lines: list[str] = []
    api.follow_log(job, lambda update: lines.append(update.line or ""), store=store, until_end=False)
    return lines


def owned(plane: ControlPlane, kind: str, job: Job) -> list[dict[str, Any]]:
    return [one for one in plane.items(kind) if one["metadata"].get("labels", {}).get("changenet.job") == job.id]


def test_a_job_runs_to_its_end_and_its_log_comes_through_the_server(
    make: MakePlan, store: JobStore, plane: ControlPlane, wait_for: WaitFor
) -> None:
    job = ended(begun(make(sleep=1), store, wait_for), store, wait_for)
    assert (job.state, job.exit_code, job.metrics) == (JobState.COMPLETE, 0, {"val_loss": 0.25})
    assert "Execution status: PASS" in said(job, store)
    policy = owned(plane, "networking.k8s.io/networkpolicies", job)[0]
    assert policy["spec"]["policyTypes"] == ["Ingress", "Egress"]
    assert policy["metadata"]["ownerReferences"][0]["kind"] == "Job"


def test_a_failing_action_fails_its_job(make: MakePlan, store: JobStore, wait_for: WaitFor) -> None:
    job = ended(api.launch(make(exit=3), store=store, detach=True), store, wait_for)
    assert (job.state, job.exit_code) == (JobState.ERROR, 3)


def test_cancelling_ends_the_pod_and_all_that_the_job_owns_goes(
    make: MakePlan, store: JobStore, plane: ControlPlane, wait_for: WaitFor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_TOKEN", "hidden-value")
    job = begun(sealed(make(sleep=600), secrets=("HF_TOKEN",)), store, wait_for)
    assert len(owned(plane, "secrets", job)) == 1
    cancelled = api.cancel(job.id, store)
    assert ended(cancelled, store, wait_for).state is JobState.CANCELED
    assert "Execution status: FAIL" in said(job, store)
    kinds = ("pods", "secrets", "batch/jobs", "networking.k8s.io/networkpolicies")
    wait_for(lambda: not any(owned(plane, kind, job) for kind in kinds), 60)


def test_what_no_node_has_is_told_as_the_scheduler_says_it(make: MakePlan, store: JobStore, wait_for: WaitFor) -> None:
    job = api.launch(sealed(make(), resources=Resources(gpus=8)), store=store, detach=True)
    wait_for(lambda: any("Insufficient nvidia.com/gpu" in line for line in said(api.get_job(job.id, store), store)), 60)
    assert api.get_job(job.id, store).state is JobState.PENDING
    assert ended(api.cancel(job.id, store), store, wait_for).state is JobState.CANCELED


def test_a_time_limit_is_kept_by_the_controller(make: MakePlan, store: JobStore, wait_for: WaitFor) -> None:
    plan = make({"time_limit": "0:00:03", "retries": 0}, sleep=600)
    job = ended(api.launch(plan, store=store, detach=True), store, wait_for)
    assert (job.state, job.failure and job.failure.code) == (JobState.ERROR, "job.time_limit")


def test_an_image_that_is_not_there_ends_the_job(
    make: MakePlan, store: JobStore, plane: ControlPlane, wait_for: WaitFor
) -> None:
    job = ended(api.launch(sealed(make(), image="changenet-test:none"), store=store, detach=True), store, wait_for)
    assert (job.state, job.failure and job.failure.code) == (JobState.ERROR, "image.unknown")
    wait_for(lambda: not owned(plane, "batch/jobs", job), 60)


def test_another_controller_finds_a_job_by_its_name(
    make: MakePlan, store: JobStore, wait_for: WaitFor, launch_elsewhere: Callable[..., Any]
) -> None:
    plan = make(sleep=3)
    with launch_elsewhere(plan, store) as controller:
        wait_for(lambda: store.ids() and (Path(store.newest(1)[0].results_dir) / "ready").exists(), 60)
        os.kill(controller.pid, 9)
    job = ended(store.newest(1)[0], store, wait_for)
    assert (job.state, job.exit_code) == (JobState.COMPLETE, 0)
