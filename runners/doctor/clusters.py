# SPDX-License-Identifier: Apache-2.0
"""Slurm and Kubernetes, asked through their own clients."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from core.errors import PlatformError
from runners.doctor.check import Check, error, ok
from runners.doctor.commands import ask
from runners.platforms.slurm_commands import Host

if TYPE_CHECKING:
    from collections.abc import Iterator

_SLURM = ("sbatch", "squeue", "scontrol", "scancel", "sinfo")
_PARTITIONS = "--format=%P %a %D nodes, %G"
_MOST_TOLD = 6


def slurm(host: str = "") -> Iterator[Check]:
    """Its commands, and whether the controller answers, with the partitions; by ssh where a login node is named."""
    if host:
        yield _by_ssh(host)
        return
    missing = [name for name in _SLURM if shutil.which(name) is None]
    if missing:
        remedy = "work on a login node of the cluster, or install the client package (slurm-client)"
        yield error("slurm", f"not on the PATH: {', '.join(missing)}", remedy)
        return
    answer = ask("sinfo", "--noheader", _PARTITIONS)
    if answer is None or not answer.worked:
        yield error("slurm", f"its controller does not answer: {answer.text if answer else ''}", "see `scontrol ping`")
        return
    lines = answer.text.splitlines()
    yield ok("slurm", "; ".join(lines[:_MOST_TOLD]) or "no partitions")
    accounting = ask("sacct", "--noheader", "--starttime=now")
    if accounting is None or not accounting.worked:
        yield ok("slurm accounting", "none: how jobs ended is told by `scontrol show job`")
    else:
        yield ok("slurm accounting", "sacct answers")


def _by_ssh(name: str) -> Check:
    try:
        Host(name).require("sbatch")
        lines = Host(name).run(["sinfo", "--noheader", _PARTITIONS]).splitlines()
    except PlatformError as problem:
        return error("slurm", problem.message, problem.remedy or f"see what `ssh {name} sinfo` says")
    return ok("slurm", f"{name}: {'; '.join(lines[:_MOST_TOLD]) or 'no partitions'}")


def kubernetes() -> Iterator[Check]:
    """Whether the cluster of the current context answers, asked as the runner does, and shows its jobs."""
    from runners.platforms.kubernetes_api import connect

    try:
        cluster = connect()
        cluster.document(cluster.batch.list_namespaced_job, cluster.namespace, limit=1)
    except PlatformError as problem:
        at = f"{problem.where}: " if problem.where else ""
        yield error("kubernetes", f"{at}{problem.message}", problem.remedy)
    else:
        yield ok("kubernetes", f"{cluster.server} answers, and shows the jobs of the namespace {cluster.namespace}")
