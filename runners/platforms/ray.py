# SPDX-License-Identifier: Apache-2.0
"""The runner `ray`: the action as a job of a Ray cluster, whose nodes share the results root with this machine.

The job is submitted through Ray's job API under the id of our record, so that Ray itself takes it once, and it is found
where the answer was lost. Ray chooses the node, and shows the job the GPUs that it reserved.
"""

from __future__ import annotations

import os
import shlex
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.errors import PlatformError
from core.file_names import LOG_FILE
from core.files import write_text
from core.problem import Problem
from core.redaction import is_secret_key
from runners.jobs.job import JobState
from runners.planning.plan import at_job
from runners.planning.sizes import size_in_bytes
from runners.platforms import belongings
from runners.platforms.handles import LAUNCHER, process_of, sight_of, with_detail
from runners.platforms.platform import OwnLog, Sight
from runners.platforms.ray_api import SilentError, address_of, cluster_of
from runners.platforms.ray_settings import RaySettings, require_taken
from runners.platforms.scripted_jobs import (
    EXIT_FILE,
    GIVEN_UP_FILE,
    SCRIPT_FILE,
    code_of_shell,
    exit_code_of,
    give_up,
    script_template,
    wait_for_exit_file,
    wrote_lately,
)
from runners.platforms.slurm_states import ended
from runners.preflight import require_engine, require_local_inputs

if TYPE_CHECKING:
    from runners.jobs.job import Handle, Job
    from runners.jobs.store import JobStore
    from runners.planning.plan import Plan

_ABOUT = "ray"
_UNANSWERED_SECONDS = 30.0  # in which a cluster that gave no answer lists a job that it took all the same
_PASSED_ON = ("CHANGENET_", "HF_HOME", "HF_HUB_OFFLINE", "NCCL_", "GLOO_")


class RayPlatform(OwnLog):
    """Its handle names the cluster's address, and when the job was submitted."""

    def check(self, plan: Plan) -> None:
        """Ray answers; the engine and the inputs are where its nodes see them as well."""
        settings = RaySettings(**plan.platform)
        require_engine(plan)
        require_local_inputs(plan)
        require_taken(plan)
        cluster_of(address_of(settings.ray_address)).refresh()

    def start(self, store: JobStore, job: Job, plan: Plan) -> Handle:
        """Submit the job's script; the job is there, or may be, once the record says when it was submitted."""
        settings, folder = RaySettings(**plan.platform), Path(job.folder)
        write_text(folder / SCRIPT_FILE, _script(plan, folder))
        about: dict[str, Any] = {"address": address_of(settings.ray_address), "submitted_at": time.time()}
        handle = with_detail(store.handle(job.id), _ABOUT, about)
        store.add_handle(job.id, handle)
        try:
            cluster_of(about["address"]).submit(_asked(plan, folder, settings))
        except SilentError:
            return handle  # it may have been taken all the same: whoever looks finds it by its name
        handle = with_detail(handle, _ABOUT, about | {"taken": True})
        store.add_handle(job.id, handle)
        if store.cancel_reason(job.id) is not None:
            self.cancel(job, handle)
        return handle

    def look(self, job: Job, handle: Handle) -> Sight:
        """What Ray lists; no answer is UNKNOWN."""
        about = handle.details.get(_ABOUT) or {}
        if not about:
            sight = sight_of(job, process_of(handle, LAUNCHER))
            return _never_submitted(job) if sight.state.is_terminal else sight
        try:
            listed = cluster_of(about["address"]).find(Path(job.folder).name)
        except PlatformError as problem:
            return Sight(JobState.UNKNOWN, problem.message)
        if listed and listed.get("status") == "PENDING" and (Path(job.folder) / GIVEN_UP_FILE).exists():
            return Sight(JobState.CANCELED, f"Ray job {job.id}: it was called off before its turn came")
        return _told(listed, job) if listed else _not_listed(job, about)

    def cancel(self, job: Job, handle: Handle) -> None:
        """Ask Ray to stop the job."""
        if about := handle.details.get(_ABOUT):
            cluster = cluster_of(about["address"])
            cluster.stop(Path(job.folder).name)
            cluster.refresh()
            # Ray stops no job that still waits for resources: when its turn comes, its script ends at once.
            if (listed := cluster.find(Path(job.folder).name)) and listed.get("status") == "PENDING":
                give_up(Path(job.folder))

    def collect(self, job: Job, handle: Handle) -> None:
        """Ray leaves no process of a job; wait until the shared file system shows what the script wrote last.

        A job that was given up before Ray had confirmed it is marked: should it be run yet, its script ends.
        """
        about, folder = handle.details.get(_ABOUT) or {}, Path(job.folder)
        if not about.get("taken"):
            give_up(folder)
            return
        listed = cluster_of(about["address"]).find(folder.name)
        if listed and listed.get("status") == "SUCCEEDED":
            wait_for_exit_file(folder)


def _script(plan: Plan, folder: Path) -> str:
    passed = {
        name: value
        for name, value in os.environ.items()
        if name.startswith(_PASSED_ON) and not is_secret_key(name) and name.isidentifier()
    }
    own = passed | belongings.mark(folder.name)
    threads = RaySettings(**plan.platform).cpus or 1  # what Ray reserves, not a share of the launching machine
    return script_template("ray_job.sh.j2").render(
        title=f"{plan.action} by changenet; plan {plan.id[:12]}",
        folder=shlex.quote(str(folder)),
        log=LOG_FILE,
        environment=[f"{name}={shlex.quote(value)}" for name, value in sorted(own.items())],
        threads=threads,
        launch=shlex.join(at_job(plan.command, str(folder))),
        exit_file=EXIT_FILE,
        given_up_file=GIVEN_UP_FILE,
    )


def _asked(plan: Plan, folder: Path, settings: RaySettings) -> dict[str, Any]:
    """The job as Ray's API takes it."""
    asked: dict[str, Any] = {
        "entrypoint": f"exec sh {shlex.quote(str(folder / SCRIPT_FILE))}",  # a shell around it would be stopped with it
        "submission_id": folder.name,
        "entrypoint_num_cpus": settings.cpus or 1,
        "entrypoint_num_gpus": plan.resources.gpus,
        "metadata": {"plan": plan.id, "name": folder.name},
    }
    return asked | ({"entrypoint_memory": size_in_bytes(settings.memory, "memory")} if settings.memory else {})


def _told(listed: dict[str, Any], job: Job) -> Sight:
    """Our state of a job that Ray lists; a word that is not known here is UNKNOWN, and no failure."""
    status, said = str(listed.get("status")), str(listed.get("message") or "").partition("\n")[0]
    native = f"Ray job {listed.get('submission_id')}: {status}" + (f" ({said})" if status == "FAILED" and said else "")
    began = bool(listed.get("driver_node_id"))
    if status in {"PENDING", "RUNNING"}:  # Ray begins a job once: a list from before that is an old one
        return Sight(JobState.RUNNING if job.state is JobState.RUNNING else JobState(status), native)
    if status == "STOPPED":
        return Sight(JobState.CANCELED, native, exit_code_of(Path(job.folder)), began=began)
    if status == "SUCCEEDED":
        return ended(0, native, job.id, began=True)
    if status == "FAILED":
        code = exit_code_of(Path(job.folder))
        if code is None and listed.get("driver_exit_code") is not None:
            code = code_of_shell(int(listed["driver_exit_code"]))
        if code is not None:
            return ended(code, native, job.id, began=True)
        cause = Problem("node.lost", job.id, f"Ray lost it, or could not place it: {said or status}")
        return Sight(JobState.ERROR, native, None, cause, began)
    return Sight(JobState.UNKNOWN, native)


def _never_submitted(job: Job) -> Sight:
    message = "the launching process died before the job was submitted"
    return Sight(JobState.ERROR, message, cause=Problem("launch.lost", job.id, message))


def _not_listed(job: Job, about: dict[str, Any]) -> Sight:
    """Ray has forgotten the job, or never took it; the script's own word on its end is the last one."""
    if (code := exit_code_of(Path(job.folder))) is not None:
        return ended(code, f"Ray forgot it; exit code {code}", job.id, began=True)
    if time.time() < about["submitted_at"] + _UNANSWERED_SECONDS:
        return Sight(job.state, "Ray does not list it yet")
    if about.get("taken"):
        message = "Ray does not know the job any more: its head was lost"
        if wrote_lately(job):
            return Sight(JobState.UNKNOWN, f"{message}, and its action still writes")
        return Sight(JobState.ERROR, message, cause=Problem("node.lost", job.id, message))
    message = "Ray gave no answer when the job was submitted, and has none of its name"
    return Sight(JobState.ERROR, message, cause=Problem("launch.lost", job.id, message))


PLATFORM = RayPlatform()
