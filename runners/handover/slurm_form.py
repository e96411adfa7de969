# SPDX-License-Identifier: Apache-2.0
"""The hand-over folder for a Slurm cluster: `sh run.sh` submits the job script, on the nodes' shared file system."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.errors import RequestError
from runners.handover.forms import ENDED
from runners.handover.places import inside, places_of
from runners.model_rules import skill_at
from runners.planning.container import SPEC_PATH
from runners.planning.plan import Mount
from runners.platforms.slurm_script import job_script
from runners.platforms.slurm_settings import SlurmSettings

if TYPE_CHECKING:
    from runners.planning.plan import Plan

_HERE = "@HERE@"  # run.sh puts the folder in its place


class SlurmForm:
    """Scripts for a POSIX shell on a login node, the job script, and the page that says in which order."""

    scripts = {  # noqa: RUF012 - read only
        "job.sh.in": "slurm_job.sh.in.j2",
        "run.sh": "slurm_run.sh.j2",
        "check.sh": "slurm_check.sh.j2",
        "fetch.sh": "fetch.sh.j2",
        "README.md": "slurm_README.md.j2",
    }

    def facts(self, plan: Plan) -> dict[str, Any]:
        """The job script, and what runs its image.

        Raises:
            RequestError: the plan runs in no container, so that it needs this installation.
        """
        settings = SlurmSettings(**plan.platform)
        if plan.image is None:
            remedy = "leave out --container none, or run it where this installation is"
            message = "a plan without a container is bound to this installation"
            raise RequestError(message, code="handover.container", where="container", remedy=remedy)
        writable = [mount for mount in plan.mounts if not mount.read_only]
        name = Path(f"changenet-{plan.id[:12]}")
        return {
            "job_script": job_script(plan, name, settings, _mounts(plan), ended_file=ENDED),
            "here": _HERE,
            "container": settings.container,
            "writable": writable,
        }


def _mounts(plan: Plan) -> list[Mount]:
    """The mounts with what lies in the folder in the place of what lay here."""
    specs = str(Path(SPEC_PATH).parent)
    found = [Mount(f"{_HERE}{specs}", specs)]
    found += [
        Mount(f"{_HERE}/{place.inside}", place.target) for place in places_of(plan.mounts, skill_at(plan.skill_dir))
    ]
    own = (mount.target for mount in plan.mounts if not mount.read_only)
    return [*found, *(Mount(f"{_HERE}/{inside(target)}", target, read_only=False) for target in own)]


FORM = SlurmForm()
