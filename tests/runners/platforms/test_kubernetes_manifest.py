# SPDX-License-Identifier: Apache-2.0
"""Manifests against the official schemas of two versions, and what they ask a cluster for."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import kubernetes_validate
import pytest

from core.errors import InputError, RequestError
from runners.planning.plan import Mount, Resources
from runners.platforms.kubernetes_manifest import (
    job_manifest,
    network_manifest,
    object_name,
    secret_manifest,
    service_manifest,
)
from runners.platforms.kubernetes_settings import KubernetesSettings
from runners.platforms.kubernetes_volumes import require_claimed
from tests.runners.platforms.docker_bench import sealed

if TYPE_CHECKING:
    from runners.planning.plan import Plan

MakePlan = Callable[..., "Plan"]
VERSIONS = ("1.31.0", "1.37.0")
JOB, OWNER = "segment_train-20260101-000000-abcdef", {"name": "segment-train", "uid": "1-2-3"}
CLAIM = "boards:/mnt/boards"
MOUNTS = (Mount("/mnt/boards/aoi", "/data/aoi"), Mount("/mnt/boards/results/1", "/results", read_only=False))
EVERYTHING: dict[str, Any] = {
    "claim": (CLAIM,),
    "node_selector": ("nvidia.com/gpu.product=NVIDIA-A100-SXM4-80GB",),
    "toleration": ("nvidia.com/gpu:NoSchedule", "team=inspection:NoExecute", "spot"),
    "queue": "inspection",
    "service_account": "trainer",
    "pull_secret": "ngc",
    "time_limit": "1-12:30",
    "memory": "64g",
    "cpus": 8,
}


def manifest(plan: Plan, mounts: tuple[Mount, ...] = MOUNTS, **settings: Any) -> dict[str, Any]:
    return job_manifest(plan, JOB, KubernetesSettings(**{"claim": (CLAIM,)} | settings), mounts)


@pytest.fixture
def plan(make_plan: MakePlan) -> Plan:
    resources = Resources(gpus=4, nodes=2)
    return sealed(make_plan(runner="kubernetes"), image="nvcr.io/x:1", resources=resources, secrets=("HF_TOKEN",))


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("settings", [{}, EVERYTHING], ids=["bare", "everything"])
def test_every_object_is_valid_by_the_official_schema(plan: Plan, version: str, settings: dict[str, Any]) -> None:
    mounts = (*MOUNTS, Mount("gs://bucket/more", "/data/more"))
    objects = [
        manifest(plan, mounts, **settings),
        secret_manifest(object_name(JOB), JOB, OWNER, {"HF_TOKEN": "value"}),
        service_manifest(object_name(JOB), JOB, OWNER),
        network_manifest(object_name(JOB), JOB, OWNER, fetches=False),
        network_manifest(object_name(JOB), JOB, OWNER, fetches=True),
    ]

    for document in objects:
        kubernetes_validate.validate(document, version, strict=True)

    objects[0]["spec"]["template"]["spec"]["restart"] = "Never"
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(objects[0], version, strict=True)


def test_what_is_set_is_asked_for(plan: Plan) -> None:
    spec = manifest(plan, **EVERYTHING)["spec"]
    pod = spec["template"]["spec"]

    assert (spec["completionMode"], spec["completions"], spec["parallelism"]) == ("Indexed", 2, 2)
    assert (spec["suspend"], spec["activeDeadlineSeconds"]) == (True, (36 * 60 + 30) * 60)
    asked = {"cpu": "8", "memory": str(64 * 2**30), "nvidia.com/gpu": "4"}
    assert pod["containers"][0]["resources"] == {"limits": asked, "requests": asked}
    assert pod["tolerations"] == [
        {"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule"},
        {"key": "team", "operator": "Equal", "value": "inspection", "effect": "NoExecute"},
        {"key": "spot", "operator": "Exists"},
    ]
    assert (pod["serviceAccountName"], pod["imagePullSecrets"]) == ("trainer", [{"name": "ngc"}])


def test_an_exit_code_fails_the_job_and_a_disruption_does_not_count(plan: Plan) -> None:
    spec = manifest(plan)["spec"]

    first, second = spec["podFailurePolicy"]["rules"]
    assert (first["action"], first["onPodConditions"][0]["type"]) == ("Ignore", "DisruptionTarget")
    assert (second["action"], second["onExitCodes"]["operator"]) == ("FailJob", "NotIn")
    assert (spec["backoffLimit"], spec["template"]["spec"]["restartPolicy"]) == (0, "Never")
    assert spec["ttlSecondsAfterFinished"] > 0


def test_a_pod_has_no_rights_that_its_action_does_not_need(plan: Plan) -> None:
    pod = manifest(plan)["spec"]["template"]["spec"]

    assert pod["containers"][0]["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"]},
    }
    assert (pod["automountServiceAccountToken"], pod.get("hostNetwork", False)) == (False, False)
    assert not [volume for volume in pod["volumes"] if "hostPath" in volume]
    assert "HF_TOKEN" not in {entry["name"] for entry in pod["containers"][0]["env"] if "value" in entry}


def test_places_are_found_in_the_innermost_claim(plan: Plan) -> None:
    claims = (CLAIM, "aoi:/mnt/boards/aoi")
    pod = manifest(plan, claim=claims)["spec"]["template"]["spec"]

    claimed = {volume["name"]: volume.get("persistentVolumeClaim", {}).get("claimName") for volume in pod["volumes"]}
    seen = {mount["mountPath"]: mount for mount in pod["containers"][0]["volumeMounts"]}
    data, results = seen["/data/aoi"], seen["/results"]
    assert (claimed[data["name"]], data.get("subPath"), data["readOnly"]) == ("aoi", None, True)
    assert (claimed[results["name"]], results["subPath"], results["readOnly"]) == ("boards", "results/1", False)


def test_a_store_that_pods_can_not_reach_is_refused(plan: Plan) -> None:
    with pytest.raises(InputError, match="pods can't fetch hf://"):
        require_claimed(sealed(plan, mounts=(Mount("hf://datasets/x", "/data/x"),)), {})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("claim", ("boards",)),
        ("claim", ("Boards:/mnt",)),
        ("node_selector", ("zone",)),
        ("toleration", ("gpu:Never",)),
        ("namespace", "My Team"),
        ("time_limit", "soon"),
        ("cpus", 0),
    ],
)
def test_a_setting_that_can_not_be_used_is_refused_with_what_can(name: str, value: Any) -> None:
    with pytest.raises(RequestError, match=f"is not possible for {name}") as error:
        KubernetesSettings(**{name: value})

    assert error.value.remedy.startswith("give ")


@pytest.mark.parametrize(
    ("text", "seconds"), [("90", 5400), ("1:30", 90), ("4:00:00", 14400), ("2-0", 172800), ("1-2:30", 95400)]
)
def test_a_time_limit_is_read_as_slurm_reads_it(text: str, seconds: int) -> None:
    assert KubernetesSettings(time_limit=text).seconds() == seconds


def test_pods_that_need_no_network_have_none_but_for_what_is_fetched_into_them(plan: Plan) -> None:
    pod = manifest(plan)["spec"]["template"]["metadata"]["labels"]
    closed, fetching = (network_manifest("x", JOB, OWNER, fetches=fetches)["spec"] for fetches in (False, True))
    assert (closed["policyTypes"], fetching["policyTypes"]) == (["Ingress", "Egress"], ["Ingress"])
    assert closed["podSelector"]["matchLabels"].items() <= pod.items()
    assert not {"ingress", "egress"} & {*closed, *fetching}  # a direction that is named without rules is shut
