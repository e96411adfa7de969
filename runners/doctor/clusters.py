# SPDX-License-Identifier: Apache-2.0
"""Slurm and Kubernetes, asked through their own clients."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from runners.doctor.check import Check, error, ok
from runners.doctor.commands import ask

if TYPE_CHECKING:
    from collections.abc import Iterator

_SLURM = ("sbatch", "squeue", "scontrol", "scancel", "sinfo")
_MOST_TOLD = 6


def slurm() -> Iterator[Check]:
    """Its commands, and whether the controller answers, with the partitions."""
    missing = [name for name in _SLURM if shutil.which(name) is None]
    if missing:
        remedy = "work on a login node of the cluster, or install the client package (slurm-client)"
        yield error("slurm", f"not on the PATH: {', '.join(missing)}", remedy)
        return
    answer = ask("sinfo", "--noheader", "--format=%P %a %D nodes, %G")
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


def kubernetes() -> Iterator[Check]:
    """Whether the cluster of the current context answers."""
    answer = ask("kubectl", "version", "--output=json", "--request-timeout=10s")
    if answer is None:
        yield error("kubernetes", "there is no kubectl here", "install it, or give a kubeconfig (KUBECONFIG)")
    elif not answer.worked:
        yield error("kubernetes", f"the cluster does not answer: {answer.text}", "see `kubectl cluster-info`")
    else:
        yield ok("kubernetes", "the cluster of the current context answers")
