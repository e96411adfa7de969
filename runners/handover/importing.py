# SPDX-License-Identifier: Apache-2.0
"""What ran in a hand-over folder is taken back as a job, which can be the parent of others."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from core.documents import read_json
from core.errors import InputError, NotReadyError, RequestError
from core.file_names import LOG_FILE
from core.files import read_ordinary, sha256_file
from runners.handover.folder import LOG, PLAN, SUMS
from runners.handover.forms import ENDED
from runners.handover.places import inside
from runners.jobs.closing import finish
from runners.jobs.job import JobState
from runners.jobs.record import open_job
from runners.jobs.store import JobStore
from runners.model_rules import skill_at
from runners.names import RAN_ELSEWHERE
from runners.planning.container import mounts_as_if
from runners.planning.plan import Plan, at_job
from runners.platforms.container_end import end_of
from runners.platforms.handles import with_detail

if TYPE_CHECKING:
    from runners.jobs.job import Job

_RUN = "run"
_MOST_BYTES = 64 * 1024


def import_job(folder: Path, results_root: str | None = None) -> Job:
    """Record the job that a hand-over folder brings back: its results are copied below the results root.

    `results_root` is where jobs are kept; None: where the plan was to keep them.

    Raises:
        InputError: this is no hand-over folder, or plan or spec are not as they were written.
        NotReadyError: it has not run, or what it left did not come back.
        RequestError: this run was taken back before.
    """
    plan = _plan_of(folder)
    ended = _ending(folder)
    store = JobStore(Path(results_root or plan.results_root))
    _require_new(store, plan, ended[_RUN])
    job = open_job(store, plan, plan.spec)
    store.add_handle(job.id, with_detail(store.handle(job.id), _RUN, ended[_RUN]))
    digests = ended.get("image_digests", "").split()
    store.set_image_digest(job.id, (digests[0] if digests else ended.get("image_id", "")).rpartition("@")[2])
    for mount in mounts_as_if(plan, skill_at(plan.skill_dir)):
        if not mount.read_only and (brought := folder / inside(mount.target)).is_dir():
            shutil.copytree(brought, at_job(mount.source, job.folder), symlinks=True, dirs_exist_ok=True)
    with (Path(job.folder) / LOG_FILE).open("ab") as log, (folder / LOG).open("rb") as brought_log:
        shutil.copyfileobj(brought_log, log)
    store.move(job.id, JobState.RUNNING, f"{RAN_ELSEWHERE}, from {ended.get('begun')} to {ended.get('ended')}")
    sight = end_of(job, int(ended["exit_code"]), "exited", out_of_memory=ended.get("out_of_memory") == "true")
    return finish(store, job, sight.exit_code, sight.cause)


def _plan_of(folder: Path) -> Plan:
    if not (folder / PLAN).is_file():
        remedy = "give a folder that `changenet plan … --out FOLDER` wrote"
        raise InputError("this is no hand-over folder", code="handover.folder", where=str(folder), remedy=remedy)
    remedy = "take the folder that was written, or make it anew; what ran with another spec is another job"
    for line in read_ordinary(folder / SUMS, _MOST_BYTES).decode().splitlines():
        digest, _, name = line.partition("  ")
        if name == PLAN or name.startswith("specs/"):
            path = folder / name
            if not path.is_file() or sha256_file(path) != digest:
                message = f"{name} is not as it was written"
                raise InputError(message, code="handover.altered", where=str(folder), remedy=remedy)
    plan = Plan.from_json(read_json(folder / PLAN))
    plan.require_launchable()
    return plan


def _ending(folder: Path) -> dict[str, str]:
    """What `ended.txt` says, a line each: name=value."""
    for name in (ENDED, LOG, "results"):
        if not (folder / name).exists():
            message = f"there is no {name}: it has not run, or what it left did not come back"
            remedy = "run `sh run.sh` in the folder, and carry the whole folder back"
            raise NotReadyError(message, code="handover.not_run", where=str(folder), remedy=remedy)
    lines = read_ordinary(folder / ENDED, _MOST_BYTES).decode(errors="replace").splitlines()
    found = dict(line.split("=", 1) for line in lines if "=" in line)
    if not found.get(_RUN) or not found.get("exit_code", "").isdigit():
        remedy = "run `sh run.sh` again"
        message = "it does not say how the action ended"
        raise InputError(message, code="handover.ended", where=str(folder / ENDED), remedy=remedy)
    return found


def _require_new(store: JobStore, plan: Plan, run: str) -> None:
    for job in store.with_plan(plan.id):
        if store.handle(job.id).details.get(_RUN) == run:
            remedy = f"see `changenet result {job.id}`"
            raise RequestError(f"it was taken back as {job.id}", code="handover.known", where=job.id, remedy=remedy)
