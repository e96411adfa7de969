# SPDX-License-Identifier: Apache-2.0
"""The objects of a job as the API of Kubernetes takes them: a Job, and what it owns.

A plan of several nodes is an Indexed Job, whose pods find the first one by a headless Service. An exit code fails the
job; a pod that the cluster took away is replaced, and does not count.
"""

from __future__ import annotations

import math
import os
from typing import TYPE_CHECKING, Any

from runners.planning.sizes import size_in_bytes
from runners.platforms.docker_container import open_environment
from runners.platforms.kubernetes_volumes import FETCH_IMAGE, fetch_script, volumes_of
from runners.platforms.platform import grace_seconds

if TYPE_CHECKING:
    from collections.abc import Sequence

    from runners.planning.plan import Mount, Plan
    from runners.platforms.kubernetes_settings import KubernetesSettings

MANAGED = {"app.kubernetes.io/managed-by": "changenet"}
JOB_LABEL, ACTION, INDEX = "changenet.job", "action", "batch.kubernetes.io/job-completion-index"
_QUEUE = "kueue.x-k8s.io/queue-name"
_GPU = "nvidia.com/gpu"
_KEPT_SECONDS = 7 * 86400  # a job that has ended stays so long for whoever has not looked yet
_PORT = 29500


def object_name(job_id: str) -> str:
    """What the Job of a record is called: a DNS label, by which it is found."""
    return job_id.replace("_", "-").lower()


def job_manifest(
    plan: Plan,
    job_id: str,
    settings: KubernetesSettings,
    mounts: Sequence[Mount],
    *,
    user: tuple[int, int] | None = None,
) -> dict[str, Any]:
    """The Job of a plan. `mounts` are those of the job; `user` and group run it: the caller's, unless others are given.

    Raises:
        RequestError, InputError: a mount can't be made; see `kubernetes_volumes`.
    """
    name, labels = object_name(job_id), MANAGED | {JOB_LABEL: job_id}
    queue = {_QUEUE: settings.queue} if settings.queue else {}
    nodes = plan.resources.nodes
    indexed = {"completionMode": "Indexed", "completions": nodes, "parallelism": nodes} if nodes > 1 else {}
    limit = {"activeDeadlineSeconds": settings.seconds()} if settings.time_limit else {}
    spec = {
        "backoffLimit": 0,
        "podFailurePolicy": {"rules": _failure_rules()},
        "ttlSecondsAfterFinished": _KEPT_SECONDS,
        "template": {"metadata": {"labels": labels}, "spec": _pod(plan, job_id, settings, mounts, user)},
        **indexed,
        **limit,
        **({"suspend": True} if queue else {}),  # Kueue admits it
    }
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": name, "labels": labels | queue},
        "spec": spec,
    }


def secret_manifest(name: str, job_id: str, owner: dict[str, Any], values: dict[str, str]) -> dict[str, Any]:
    """The Secret with the variables that a plan names; it goes with the Job that owns it."""
    return _owned("Secret", name, job_id, owner) | {"type": "Opaque", "immutable": True, "stringData": values}


def service_manifest(name: str, job_id: str, owner: dict[str, Any]) -> dict[str, Any]:
    """The headless Service by which the pods of a Job find each other."""
    spec = {"clusterIP": "None", "publishNotReadyAddresses": True, "selector": {JOB_LABEL: job_id}}
    return _owned("Service", name, job_id, owner) | {"spec": spec}


def network_manifest(name: str, job_id: str, owner: dict[str, Any], *, fetches: bool) -> dict[str, Any]:
    """The NetworkPolicy of a Job whose action speaks to nobody: nothing comes in, nothing goes out.

    A policy holds for the whole pod: where data is fetched into it first (`fetches`), it has to let that out.
    """
    spec = {
        "podSelector": {"matchLabels": {JOB_LABEL: job_id}},
        "policyTypes": ["Ingress", *([] if fetches else ["Egress"])],
    }
    return _owned("NetworkPolicy", name, job_id, owner, "networking.k8s.io/v1") | {"spec": spec}


def _owned(kind: str, name: str, job_id: str, owner: dict[str, Any], version: str = "v1") -> dict[str, Any]:
    reference = {"apiVersion": "batch/v1", "kind": "Job", "name": owner["name"], "uid": owner["uid"]}
    metadata = {"name": name, "labels": MANAGED | {JOB_LABEL: job_id}, "ownerReferences": [reference]}
    return {"apiVersion": version, "kind": kind, "metadata": metadata}


def _failure_rules() -> list[dict[str, Any]]:
    """The first rule that fits a failed pod counts."""
    return [
        {"action": "Ignore", "onPodConditions": [{"type": "DisruptionTarget", "status": "True"}]},
        {"action": "FailJob", "onExitCodes": {"containerName": ACTION, "operator": "NotIn", "values": [0]}},
    ]


def _pod(
    plan: Plan, job_id: str, settings: KubernetesSettings, mounts: Sequence[Mount], user: tuple[int, int] | None
) -> dict[str, Any]:
    name = object_name(job_id)
    uid, gid = user or (os.getuid(), os.getgid())
    volumes = volumes_of(mounts, settings.claims(), plan.resources.shm_size)
    action = {
        "name": ACTION,
        "image": plan.image,
        "command": list(plan.command),
        "env": _environment(plan, name),
        "resources": _resources(plan, settings),
        "volumeMounts": volumes.mounts,
        "securityContext": _confined(),
        "terminationMessagePolicy": "FallbackToLogsOnError",
    }
    fetch = {
        "name": "fetch",
        "image": settings.fetch_image or FETCH_IMAGE,
        "command": ["sh", "-c", fetch_script(volumes.fetches)],
        "env": [*_secret_variables(plan, name), {"name": "HOME", "value": "/tmp"}],  # noqa: S108 - the pod's own
        "volumeMounts": volumes.fetched(),
        "securityContext": _confined(),
    }
    optional = {
        "initContainers": [fetch] if volumes.fetches else [],
        "nodeSelector": settings.selected(),
        "tolerations": settings.tolerations(),
        "serviceAccountName": settings.service_account,
        "imagePullSecrets": [{"name": settings.pull_secret}] if settings.pull_secret else [],
        "subdomain": name if plan.resources.nodes > 1 else "",
    }
    return {
        "restartPolicy": "Never",
        "terminationGracePeriodSeconds": max(1, math.ceil(grace_seconds())),
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "shareProcessNamespace": True,  # signals reach an action that is no init, and its orphans are reaped
        "securityContext": {
            "runAsUser": uid,
            "runAsGroup": gid,
            "runAsNonRoot": uid != 0,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "containers": [action],
        "volumes": volumes.volumes,
        **{key: value for key, value in optional.items() if value},
    }


def _confined() -> dict[str, Any]:
    return {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}


def _resources(plan: Plan, settings: KubernetesSettings) -> dict[str, Any]:
    """What each pod is given: as much as it asks for, so that no neighbour takes it away."""
    asked: dict[str, str] = {}
    if settings.cpus:
        asked["cpu"] = str(settings.cpus)
    if settings.memory:
        asked["memory"] = str(size_in_bytes(settings.memory, "memory"))
    if plan.resources.gpus:
        asked[_GPU] = str(plan.resources.gpus)
    return {"limits": asked, "requests": asked} if asked else {}


def _environment(plan: Plan, name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = [{"name": key, "value": value} for key, value in open_environment(plan).items()]
    if plan.resources.nodes > 1:
        found.append(
            {"name": "NODE_RANK", "valueFrom": {"fieldRef": {"fieldPath": f"metadata.annotations['{INDEX}']"}}}
        )
        ranks = {"MASTER_ADDR": f"{name}-0.{name}", "MASTER_PORT": _PORT, "WORLD_SIZE": plan.resources.nodes}
        ranks["NUM_GPU_PER_NODE"] = plan.resources.gpus
        found += [{"name": key, "value": str(value)} for key, value in ranks.items()]
    return found + _secret_variables(plan, name)


def _secret_variables(plan: Plan, secret: str) -> list[dict[str, Any]]:
    return [{"name": key, "valueFrom": {"secretKeyRef": {"name": secret, "key": key}}} for key in plan.secrets]
