# SPDX-License-Identifier: Apache-2.0
"""What the container of a job reads and writes, whatever runs it: the spec as it is inside, and the mounts."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from core import dotted
from core.documents import dump_yaml, read_yaml
from core.file_names import SPEC_FILE
from core.files import write_text
from runners.planning.container import SPEC_FOLDER, SPEC_PATH, as_staged, in_container
from runners.planning.plan import at_job

if TYPE_CHECKING:
    from runners.jobs.job import Job
    from runners.planning.plan import Mount, Plan


def mounts_of_job(job: Job, plan: Plan) -> list[Mount]:
    """The mounts of the job, once its spec is written as the container reads it, and its folders are there."""
    staged = read_yaml(Path(job.folder) / SPEC_FILE)
    mounts = as_staged(plan.inputs, at_job(plan.mounts, job.folder), dotted.flatten(staged))
    place = Path(at_job(SPEC_FOLDER, job.folder)) / Path(SPEC_PATH).name
    write_text(place, dump_yaml(in_container(staged, mounts)))
    for mount in mounts:
        if not mount.read_only:
            Path(mount.source).mkdir(parents=True, exist_ok=True)
    return mounts
