# SPDX-License-Identifier: Apache-2.0
"""What platforms share whose actions are processes of this machine: files where they lie, children in groups."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

from core.file_names import LOG_FILE
from core.redaction import is_secret_key
from runners.planning.plan import at_job
from runners.platforms import belongings
from runners.platforms.handles import ACTION, process_of
from runners.platforms.platform import OwnLog, grace_seconds
from runners.preflight import require_engine, require_local_inputs

if TYPE_CHECKING:
    from pathlib import Path

    from runners.jobs.job import Handle, Job
    from runners.planning.plan import Plan, Resources

_PASSED_ON = {
    *("PATH", "HOME", "USER", "LOGNAME", "LANG", "LANGUAGE", "TZ", "TMPDIR", "PYTHONPATH", "VIRTUAL_ENV"),
    *("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "HF_HOME", "HF_HUB_OFFLINE", "MASTER_ADDR", "MASTER_PORT"),
}
_PASSED_ON_PREFIXES = ("LC_", "XDG_", "CUDA_", "NVIDIA_", "NCCL_", "GLOO_", "OMP_", "MKL_", "TORCH_", "CHANGENET_")


class ThisMachine(OwnLog):
    """The half of a platform that does not depend on who waits for the action."""

    def check(self, plan: Plan) -> None:
        """Engine and inputs are on this machine."""
        require_engine(plan)
        require_local_inputs(plan)

    def collect(self, job: Job, handle: Handle) -> None:
        """End what the action left running; its results are where they belong."""
        belongings.stop(job.id, process_of(handle, ACTION), grace_seconds())


def start_action(folder: Path, plan: Plan, stdin: int | None) -> subprocess.Popen[bytes]:
    """The action of the job in `folder` in a session of its own, with everything it prints in the job's log."""
    with (folder / LOG_FILE).open("ab") as log:
        return subprocess.Popen(
            at_job(plan.command, str(folder)),
            stdin=stdin,
            stdout=log,
            stderr=subprocess.STDOUT,
            cwd=folder,
            env=action_environment(plan.resources) | belongings.mark(folder.name),
            start_new_session=True,
        )


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
