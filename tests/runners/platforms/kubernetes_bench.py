# SPDX-License-Identifier: Apache-2.0
"""Plans for the cluster of the tests, and the cluster of a test."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from runners.planning.plan import JOB_FOLDER, Mount, Plan
from tests.runners.platforms.docker_bench import sealed

if TYPE_CHECKING:
    from runners.jobs.job import Handle, Job
    from tests.runners.platforms.kubernetes_cluster import Cluster

IMAGE = "changenet-test:1"
CLAIM = "work"


def on_kubernetes(plan: Plan, **platform: object) -> Plan:
    """A plan for the stand-in engine as one for pods; its folder is a claim."""
    mounts = (
        Mount(f"{JOB_FOLDER}/container", "/specs"),
        Mount(f"{JOB_FOLDER}/results", "/results", read_only=False),
        Mount(plan.command[0], "/engine/visual_changenet"),
    )
    command = ("/engine/visual_changenet", plan.command[1], "-e", "/specs/spec.yaml")
    claims = [f"{CLAIM}:{Path(plan.results_root).parent}"]
    return sealed(plan, image=IMAGE, mounts=mounts, command=command, platform={"claim": claims} | platform)


def without_cluster(handle: Handle) -> Handle:
    """A handle whose cluster nobody reaches."""
    about = {**handle.details["kubernetes"], "context": "nobody"}
    return replace(handle, details={**handle.details, "kubernetes": about})


def has_pod(cluster: Cluster, job: Job) -> bool:
    """Whether a pod of the job is at work."""
    pods = cluster.listed("pods", {"labelSelector": f"changenet.job={job.id}"})
    return any(pod["status"].get("phase") == "Running" for pod in pods)
