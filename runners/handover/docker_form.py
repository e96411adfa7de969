# SPDX-License-Identifier: Apache-2.0
"""The hand-over folder for a machine with Docker: `sh run.sh` needs its command line and nothing else."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from runners.planning.container import SPEC_PATH
from runners.platforms.docker_container import require_one_machine
from runners.platforms.docker_gpus import picks_some

if TYPE_CHECKING:
    from runners.planning.plan import Plan

_LEAST_FREE_GB = 30  # the image of the container with room for checkpoints


class DockerForm:
    """Four scripts for a POSIX shell, and the page that says in which order."""

    scripts = {  # noqa: RUF012 - read only
        "run.sh": "docker_run.sh.j2",
        "check.sh": "docker_check.sh.j2",
        "fetch.sh": "fetch.sh.j2",
        "README.md": "README.md.j2",
    }

    def facts(self, plan: Plan) -> dict[str, Any]:
        """How the container is made, and the command in it. Raises RequestError for a plan of several nodes."""
        require_one_machine(plan)
        return {
            "gpus": "all" if plan.resources.gpus and picks_some(plan) else plan.resources.gpus,
            "name": f"changenet-{plan.id[:12]}",
            "program": PurePosixPath(plan.command[0]).name,
            "spec_folder": str(PurePosixPath(SPEC_PATH).parent),
            "writable": [mount for mount in plan.mounts if not mount.read_only],
            "memory": plan.platform.get("memory"),
            "free_gb": _LEAST_FREE_GB,
        }


FORM = DockerForm()
