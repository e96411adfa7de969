# SPDX-License-Identifier: Apache-2.0
"""The hand-over folder for a Ray cluster: `sh run.sh` submits the job script, on the nodes' shared file system.

Jobs of Ray run in no container: the engine is the one of the cluster, and the spec has the folder's own paths.
"""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from core.errors import RequestError
from runners.planning.container import SPEC_PATH
from runners.planning.sizes import size_in_bytes
from runners.platforms.ray_settings import RaySettings, require_taken

if TYPE_CHECKING:
    from runners.planning.plan import Plan

_HERE = "@HERE@"  # run.sh puts the folder in its place
_RESULTS = "results_dir"


class RayForm:
    """Scripts for a POSIX shell where Ray's command line reaches the cluster, and the page that says in which order."""

    scripts = {  # noqa: RUF012 - read only
        "job.sh.in": "ray_job.sh.in.j2",
        "run.sh": "ray_run.sh.j2",
        "check.sh": "ray_check.sh.j2",
        "fetch.sh": "fetch.sh.j2",
        "README.md": "ray_README.md.j2",
    }

    def facts(self, plan: Plan) -> dict[str, Any]:
        """What Ray reserves, and the command.

        Raises:
            RequestError: a plan of several nodes, with secrets, or that writes elsewhere than into its results.
        """
        require_taken(plan)
        results = PurePosixPath(str(plan.spec[_RESULTS]))
        for key, place in plan.outputs.items():
            if place.startswith("/") and not PurePosixPath(place).is_relative_to(results):
                remedy = f"leave out {key}: what it writes lies in the results then"
                message = "what is carried writes into its results alone"
                raise RequestError(message, code="handover.outputs", where=key, remedy=remedy)
        settings = RaySettings(**plan.platform)
        return {
            "name": f"changenet-{plan.id[:12]}",
            "program": PurePosixPath(plan.command[0]).name,
            "words": plan.command[1:-1],
            "spec": SPEC_PATH.lstrip("/"),
            "spec_home": _HERE,
            "here": _HERE,
            "cpus": settings.cpus or 1,
            "memory": size_in_bytes(settings.memory, "memory") if settings.memory else None,
            "address": settings.ray_address,
        }


FORM = RayForm()
