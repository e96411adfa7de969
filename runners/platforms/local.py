# SPDX-License-Identifier: Apache-2.0
"""The runner `local`: the action's own command line as a child of a supervisor, on this machine."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from core.redaction import is_secret_key
from runners.jobs.closing import finish
from runners.jobs.job import Failure, Job
from runners.jobs.status_log import last_lines
from runners.jobs.watch import look

if TYPE_CHECKING:
    from runners.jobs.store import JobStore
    from runners.planning.plan import Resources

_SUPERVISOR_LOG = "supervisor.log"
_PASSED_ON = {
    *("PATH", "HOME", "USER", "LOGNAME", "LANG", "LANGUAGE", "TZ", "TMPDIR", "PYTHONPATH", "VIRTUAL_ENV"),
    *("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "HF_HOME", "HF_HUB_OFFLINE", "MASTER_ADDR", "MASTER_PORT"),
}
_PASSED_ON_PREFIXES = ("LC_", "XDG_", "CUDA_", "NVIDIA_", "NCCL_", "GLOO_", "OMP_", "MKL_", "TORCH_", "CHANGENET_")


def start(store: JobStore, job: Job, resources: Resources) -> Job:
    """Start the job's supervisor and wait until the action runs, or could not be started (then the job is ERROR)."""
    log = Path(job.folder) / _SUPERVISOR_LOG
    argv = [sys.executable, "-P", "-m", "runners.platforms.supervise", job.folder]
    with log.open("ab") as errors:
        answer = subprocess.run(
            argv,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=errors,
            env=action_environment(resources),
            start_new_session=True,
            check=False,
        )
    current = look(store, job.id)
    if answer.returncode and not current.state.is_terminal:
        said = " ".join(last_lines(log, 1))
        return finish(store, job, None, Failure("launch.failed", f"the supervisor could not start. {said}".strip()))
    return current


def action_environment(resources: Resources) -> dict[str, str]:
    """What the action may know of its caller's environment: no secrets; OpenMP threads that sleep when they wait."""
    passed = {
        name: value
        for name, value in os.environ.items()
        if (name in _PASSED_ON or name.startswith(_PASSED_ON_PREFIXES)) and not is_secret_key(name)
    }
    threads = str(resources.threads or os.environ.get("OMP_NUM_THREADS") or _cpus())
    return passed | {"OMP_WAIT_POLICY": "PASSIVE", "OMP_NUM_THREADS": threads, "PYTHONUNBUFFERED": "1"}


def _cpus() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
