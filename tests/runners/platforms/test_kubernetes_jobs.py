# SPDX-License-Identifier: Apache-2.0
"""What a cluster does to jobs, and what their records say then."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from core.errors import ChangenetError, RequestError
from runners import api
from runners.doctor.clusters import kubernetes
from runners.jobs.job import Job, JobState
from runners.planning.plan import Mount, Resources
from tests.runners.platforms.docker_bench import sealed
from tests.runners.platforms.kubernetes_bench import CLAIM, on_kubernetes

if TYPE_CHECKING:
    from runners.jobs.store import JobStore
    from runners.planning.plan import Plan
    from tests.runners.platforms.kubernetes_cluster import Cluster

MakePlan = Callable[..., "Plan"]
WaitFor = Callable[..., Any]


@pytest.fixture
def make(make_plan: MakePlan, cluster: Cluster, tmp_path: Path) -> MakePlan:
    """A plan for pods of the cluster; `platform` are settings, what else is given is what the stand-in does."""
    assert cluster.claims[CLAIM] == tmp_path
    return lambda platform=None, **behaviour: on_kubernetes(
        make_plan(runner="kubernetes", **behaviour), **(platform or {})
    )


def begun(plan: Plan, store: JobStore, wait_for: WaitFor) -> Job:
    job = api.launch(plan, store=store, detach=True)
    wait_for((Path(job.results_dir) / "ready").exists)
    return job


def ended(job: Job, store: JobStore, wait_for: WaitFor) -> Job:
    return wait_for(lambda: (found := api.get_job(job.id, store)).state.is_terminal and found)  # type: ignore[no-any-return]


def said(job: Job, store: JobStore) -> list[str]:
    lines: list[str] = []
    api.follow_log(job, lambda update: lines.append(update.line or ""), store=store, until_end=False)
    return lines


def pods_of(cluster: Cluster, job: Job) -> list[str]:
    return [pod["metadata"]["name"] for pod in cluster.listed("pods", {"labelSelector": f"changenet.job={job.id}"})]


def test_a_pod_that_was_taken_away_is_replaced_and_does_not_count(
    make: MakePlan, store: JobStore, cluster: Cluster, wait_for: WaitFor
) -> None:
    job = begun(make(sleep=1.5), store, wait_for)

    cluster.disrupt(pods_of(cluster, job)[0])
    found = ended(job, store, wait_for)

    assert (found.state, found.exit_code) == (JobState.COMPLETE, 0)
    assert len(pods_of(cluster, job)) == 2
    lines = said(found, store)
    assert [line for line in lines if line.startswith("Execution status")] == [
        "Execution status: FAIL",
        "Execution status: PASS",
    ]


def test_a_time_limit_is_told_and_where_no_checkpoint_is_nothing_goes_on(
    make: MakePlan, store: JobStore, wait_for: WaitFor
) -> None:
    job = begun(make({"time_limit": "0:01"}, sleep=60), store, wait_for)

    found = ended(job, store, wait_for)

    assert found.failure
    assert (found.state, found.failure.code) == (JobState.ERROR, "job.time_limit")
    assert "--time-limit" in found.failure.remedy
    assert len(store.newest()) == 1


@pytest.mark.parametrize(
    ("platform", "gpus", "reason"),
    [
        ({}, 4, "1 Insufficient nvidia.com/gpu"),
        ({"node_selector": ["zone=b"]}, 0, "didn't match Pod's node affinity/selector"),
        ({"queue": "inspection"}, 0, "suspended until queue inspection admits it"),
    ],
)
def test_the_log_says_once_why_a_job_waits(
    make: MakePlan, store: JobStore, platform: dict[str, Any], gpus: int, reason: str, wait_for: WaitFor
) -> None:
    plan = sealed(make(platform), resources=Resources(gpus=gpus))
    job = api.launch(plan, store=store, detach=True)

    wait_for(lambda: [line for line in said(job, store) if reason in line])
    lines = [line for line in said(job, store) if reason in line]

    assert len(lines) == 1
    assert lines[0].startswith("kubernetes: ")
    assert api.cancel(job.id, store).state is JobState.CANCELED


def test_events_say_why_there_is_no_pod(make: MakePlan, store: JobStore, cluster: Cluster, wait_for: WaitFor) -> None:
    cluster.quota = 0
    job = api.launch(make(), store=store, detach=True)

    wait_for(lambda: [line for line in said(job, store) if "FailedCreate" in line and "exceeded quota: gpus" in line])

    api.cancel(job.id, store)
    assert not cluster.objects["jobs"]


def test_kueue_admits_a_job(make: MakePlan, store: JobStore, cluster: Cluster, wait_for: WaitFor) -> None:
    job = api.launch(make({"queue": "inspection"}), store=store, detach=True)
    assert api.get_job(job.id, store).state is JobState.PENDING
    sent = cluster.get("jobs", job.id)
    assert sent["metadata"]["labels"]["kueue.x-k8s.io/queue-name"] == "inspection"

    cluster.admit(job.id)

    assert ended(job, store, wait_for).state is JobState.COMPLETE


def test_an_image_that_is_not_there_ends_the_job(make: MakePlan, store: JobStore, cluster: Cluster) -> None:
    job = api.launch(sealed(make(), image="changenet-test:2"), store=store)

    assert job.failure
    assert (job.state, job.failure.code) == (JobState.ERROR, "image.unknown")
    assert not [found for found in cluster.objects["jobs"].values() if "deletionTimestamp" not in found["metadata"]]


def test_secrets_reach_the_action_and_nothing_else(
    make: MakePlan, store: JobStore, cluster: Cluster, monkeypatch: pytest.MonkeyPatch, wait_for: WaitFor
) -> None:
    monkeypatch.setenv("HF_TOKEN", "hidden-value")
    job = begun(sealed(make(sleep=2), secrets=("HF_TOKEN",)), store, wait_for)

    secret, own = cluster.get("secrets", job.id), cluster.get("jobs", job.id)
    assert secret["metadata"]["ownerReferences"][0]["uid"] == own["metadata"]["uid"]
    assert "hidden-value" not in str(own)
    found = ended(job, store, wait_for)

    assert found.state is JobState.COMPLETE
    assert [line for line in said(found, store) if '"HF_TOKEN": "' in line or "HF_TOKEN" in line]
    assert job.id not in cluster.objects["secrets"]
    told = [path for path in Path(job.folder).glob("*") if path.is_file() and path.name != "log.txt"]
    assert not [path for path in told if b"hidden-value" in path.read_bytes()]


def test_two_nodes_are_an_indexed_job_whose_pods_find_the_first(
    make: MakePlan, store: JobStore, cluster: Cluster
) -> None:
    job = api.launch(sealed(make(), resources=Resources(nodes=2)), store=store)

    assert job.state is JobState.COMPLETE
    assert cluster.get("services", job.id)["spec"]["clusterIP"] == "None"
    logs = [Path(job.folder) / name for name in ("log.txt", "log-1.txt")]
    for rank, log in enumerate(logs):
        text = log.read_text()
        assert f'"NODE_RANK": "{rank}"' in text
        assert f'"MASTER_ADDR": "{job.id}-0.{job.id}"' in text
        assert text.count("Execution status: PASS") == 1


def test_an_answer_that_was_lost_makes_no_second_job(make: MakePlan, store: JobStore, cluster: Cluster) -> None:
    plan = make()
    cluster.broken = 1

    job = api.launch(plan, store=store)

    assert job.state is JobState.COMPLETE
    assert len(cluster.objects["jobs"]) == 1


def test_a_job_that_somebody_deleted_is_judged_by_what_it_left(
    make: MakePlan, store: JobStore, cluster: Cluster, wait_for: WaitFor
) -> None:
    job = begun(make(sleep=60), store, wait_for)

    cluster.delete("jobs", job.id)
    found = ended(job, store, wait_for)

    assert found.failure
    assert (found.state, found.failure.code) == (JobState.ERROR, "process.lost")


def test_many_jobs_are_listed_with_two_questions(
    make: MakePlan, store: JobStore, cluster: Cluster, monkeypatch: pytest.MonkeyPatch, wait_for: WaitFor
) -> None:
    jobs = [begun(make(sleep=60, number=number), store, wait_for) for number in range(3)]
    wait_for(lambda: {api.get_job(job.id, store).state for job in jobs} == {JobState.RUNNING})
    monkeypatch.setenv("CHANGENET_KUBERNETES_POLL_SECONDS", "60")
    cluster.requests.clear()

    assert len(api.list_jobs(store)) == 3

    assert len(cluster.requests) <= 2
    monkeypatch.setenv("CHANGENET_KUBERNETES_POLL_SECONDS", "0.1")
    for job in jobs:
        api.cancel(job.id, store)


def test_what_lies_in_no_claim_is_refused_before_anything_is_sent(
    make: MakePlan, store: JobStore, cluster: Cluster
) -> None:
    plan = make()
    with pytest.raises(RequestError, match="it lies in no claim") as error:
        api.launch(sealed(plan, mounts=(*plan.mounts, Mount("/etc/hosts", "/data/hosts"))), store=store)

    assert "--claim CLAIM:PATH" in error.value.remedy
    assert cluster.requests == []


def test_a_namespace_that_is_not_ours_is_told_with_what_helps(make: MakePlan, store: JobStore) -> None:
    with pytest.raises(ChangenetError, match="is forbidden") as error:
        api.launch(make({"namespace": "others"}), store=store)

    assert error.value.code == "kubernetes.denied"
    assert error.value.remedy
    assert not store.root.exists()


def test_data_in_a_store_is_fetched_into_the_pod_first(
    make: MakePlan, store: JobStore, cluster: Cluster, tmp_path: Path
) -> None:
    rclone = tmp_path / "rclone"
    rclone.write_text('#!/bin/sh\nmkdir -p "$4" && echo "$3" >"$4/from"\n')
    rclone.chmod(0o755)
    cluster.tools["rclone"] = rclone
    plan = make({"fetch_image": "fetch:1"})
    store_mount = Mount("s3://bucket/boards", "/data/boards")

    job = api.launch(sealed(plan, mounts=(*plan.mounts, store_mount)), store=store)

    assert job.state is JobState.COMPLETE
    pod = pods_of(cluster, job)[0]
    brought = cluster.folder / "volumes" / pod / "fetched" / "data" / "boards" / "from"
    assert brought.read_text() == ":s3,provider=AWS,env_auth=true:bucket/boards\n"


def test_the_doctor_asks_as_the_runner_does(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    found = list(kubernetes())
    assert [check.status for check in found] == ["ok"]
    assert "the namespace inspection" in found[0].found
    assert cluster.requests == [("GET", "jobs")]

    monkeypatch.setenv("KUBECONFIG", str(cluster.folder / "nothing"))
    found = list(kubernetes())
    assert [(check.status, bool(check.remedy)) for check in found] == [("error", True)]
    assert "there is no " in found[0].found


def test_a_job_that_needs_no_network_has_a_policy_of_its_own(
    make: MakePlan, store: JobStore, cluster: Cluster, wait_for: WaitFor, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = begun(make(sleep=600), store, wait_for)
    policy = next(iter(cluster.objects["networkpolicies"].values()))
    made = next(iter(cluster.objects["jobs"].values()))
    assert policy["metadata"]["ownerReferences"][0]["uid"] == made["metadata"]["uid"]
    assert policy["spec"]["podSelector"]["matchLabels"] == {"changenet.job": job.id}
    assert ended(api.cancel(job.id, store), store, wait_for).state is JobState.CANCELED
    wait_for(lambda: not cluster.objects["networkpolicies"])
    monkeypatch.setattr("tests.runners.platforms.kubernetes_cluster._KINDS", {"jobs": "Job", "pods": "Pod"})
    refused = api.launch(make(), store=store, detach=True)
    assert any("keep the network of the namespace" in line for line in said(refused, store))
    assert ended(refused, store, wait_for).state is JobState.COMPLETE
