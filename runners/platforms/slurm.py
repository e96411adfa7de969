# SPDX-License-Identifier: Apache-2.0
"""The runner `slurm`: the action as a batch job of a cluster, in a folder that its nodes share with this machine.

A job is found by its name, which is the id of our record: so it is found as well where the answer to sbatch was lost.
Jobs are never requeued by Slurm: what is submitted again is a record of its own.
"""

from __future__ import annotations

import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.errors import PlatformError
from core.files import write_text
from core.problem import Problem
from runners.jobs.job import JobState
from runners.platforms.compute_side import asking_folder, question, seen
from runners.platforms.container_files import mounts_of_job
from runners.platforms.handles import LAUNCHER, process_of, with_detail
from runners.platforms.platform import OwnLog, Sight
from runners.platforms.scripted_jobs import SCRIPT_FILE, exit_code_of, give_up, wait_for_exit_file, wrote_lately
from runners.platforms.slurm_commands import CommandError, Host, NoAnswerError
from runners.platforms.slurm_queue import poll_seconds, queue_of, require_answer
from runners.platforms.slurm_script import job_script, require_mountable
from runners.platforms.slurm_settings import SlurmSettings
from runners.platforms.slurm_states import ended, sight_of
from runners.platforms.this_machine import action_environment
from runners.preflight import require_engine, require_local_inputs

if TYPE_CHECKING:
    from runners.jobs.job import Handle, Job
    from runners.jobs.store import JobStore
    from runners.planning.plan import Plan

_ABOUT = "slurm"
_UNANSWERED_SECONDS = 12.0  # a controller that took a job says so within its MessageTimeout, usually 10 s
_ENDED_ALREADY = ("invalid job id", "already completing", "already completed", "already finished", "no job")
_SILENT = "see `scontrol ping`, and cancel it again when the controller answers"
_SHARED = "the job's folder has to lie on a file system that the cluster shares: name another one by --results DIR"


class SlurmPlatform(OwnLog):
    """Its handle names host and name of the job, when it was submitted, and Slurm's number of it."""

    def check(self, plan: Plan) -> None:
        """Slurm answers; without a container, the engine and the inputs are where the nodes see them as well."""
        settings = SlurmSettings(**plan.platform)
        if plan.image is None:
            require_engine(plan)
            require_local_inputs(plan)
        else:
            require_mountable(plan.mounts)
        Host(settings.slurm_host).require("sbatch")
        require_answer(queue_of(settings.slurm_host))
        if settings.slurm_host:
            _require_shared(settings.slurm_host, Path(plan.results_root))

    def start(self, store: JobStore, job: Job, plan: Plan) -> Handle:
        """Submit the job script; the job is there, or may be, once the record says when it was submitted."""
        settings, folder = SlurmSettings(**plan.platform), Path(job.folder)
        mounts = mounts_of_job(job, plan) if plan.image else []
        write_text(folder / SCRIPT_FILE, job_script(plan, folder, settings, mounts))
        about: dict[str, Any] = {"host": settings.slurm_host, "name": folder.name, "submitted_at": time.time()}
        handle = with_detail(store.handle(job.id), _ABOUT, about)
        store.add_handle(job.id, handle)
        try:
            about["job_id"] = _submit(Host(settings.slurm_host), folder, plan)
        except NoAnswerError:
            return handle  # it may have been taken all the same: whoever looks finds it by its name
        handle = with_detail(handle, _ABOUT, about)
        store.add_handle(job.id, handle)
        if store.cancel_reason(job.id) is not None:
            self.cancel(job, handle)
        return handle

    def look(self, job: Job, handle: Handle) -> Sight:
        """What the queue says; no answer is UNKNOWN."""
        about = handle.details.get(_ABOUT) or {}
        if not about:
            return _never_submitted(job, handle)
        if (
            job.state is JobState.PENDING
            and about.get("job_id")
            and time.time() < about["submitted_at"] + poll_seconds()
        ):
            return Sight(job.state, f"Slurm job {about['job_id']}: submitted")  # sbatch has just said so
        try:
            listed = queue_of(about["host"]).find(about["name"], about["submitted_at"], about.get("job_id"))
        except PlatformError as problem:
            return Sight(JobState.UNKNOWN, f"Slurm gave no answer: {problem.message}")
        return sight_of(listed, job.id) if listed else _not_listed(job, about)

    def cancel(self, job: Job, handle: Handle) -> None:
        """Ask Slurm to end the job: SIGTERM to all its processes, and SIGKILL after the cluster's KillWait."""
        del job
        about = handle.details.get(_ABOUT) or {}
        if about:
            try:
                number = about.get("job_id")
                Host(about["host"]).run(["scancel", number or f"--name={about['name']}"])
            except CommandError as problem:
                if not any(sign in problem.message.lower() for sign in _ENDED_ALREADY):
                    raise PlatformError(problem.message, code="slurm.silent", remedy=_SILENT) from None
            finally:
                queue_of(about["host"]).forget()

    def collect(self, job: Job, handle: Handle) -> None:
        """Slurm leaves no process of a job; wait until the shared file system shows what the script wrote last.

        A job that was given up before Slurm had confirmed it is marked: should it be submitted yet, its script ends.
        """
        about, folder = handle.details.get(_ABOUT) or {}, Path(job.folder)
        if not about.get("job_id"):
            give_up(folder)
        elif self._ended_by_itself(about):
            wait_for_exit_file(folder)

    def _ended_by_itself(self, about: dict[str, Any]) -> bool:
        with suppress(PlatformError):
            listed = queue_of(about["host"]).find(about["name"], about["submitted_at"], about.get("job_id"))
            return listed is not None and listed.native == "COMPLETED"
        return False


def _require_shared(host: str, root: Path) -> None:
    """The login node that ssh reaches sees the results root as this machine does: a script of sbatch lies there.

    Raises:
        PlatformError: it does not.
    """
    try:
        with asking_folder(root) as folder:
            found = seen(Host(host).run(question(str(folder))), folder).results
    except OSError:
        return  # the room below it is looked at next, with its own remedy
    if found not in {"ok", "silent"}:
        known = "is not there" if found == "missing" else "can't be written" if found == "refused" else "is another one"
        message = f"the results root {known} on {host}"
        raise PlatformError(message, code="slurm.results", where=str(root), remedy=_SHARED)


def _submit(host: Host, folder: Path, plan: Plan) -> str:
    """Slurm's number of the job.

    Raises:
        PlatformError: Slurm refused the job, with its words.
        NoAnswerError: whether it took the job is not known.
    """
    argv = ["sbatch", "--parsable", "--export=ALL", f"--chdir={folder}", str(folder / SCRIPT_FILE)]
    try:
        return host.run(argv, _environment(plan)).strip().partition(";")[0]
    except CommandError as problem:
        unseen = "unable to open file" in problem.message.lower() or "no such file" in problem.message.lower()
        remedy = _SHARED if unseen else "mend what Slurm names, by the flags of --runner slurm, and run it again"
        raise PlatformError(problem.message, code="launch.failed", where=folder.name, remedy=remedy) from None


def _environment(plan: Plan) -> dict[str, str]:
    """What the action is given: no secrets but those that the plan names, and no GPUs of this machine."""
    import os

    usual = action_environment(plan.resources)
    own = {"OMP_NUM_THREADS", "CUDA_VISIBLE_DEVICES", "NVIDIA_VISIBLE_DEVICES", "MASTER_ADDR", "MASTER_PORT", "TMPDIR"}
    passed = {name: value for name, value in usual.items() if name not in own}
    return passed | {name: os.environ[name] for name in plan.secrets if name in os.environ}


def _never_submitted(job: Job, handle: Handle) -> Sight:
    launcher = process_of(handle, LAUNCHER)
    if launcher is None or launcher.is_foreign():
        return Sight(JobState.UNKNOWN, "the process that launches it can't be seen from this machine")
    if launcher.is_alive():
        return Sight(job.state, "it is about to be submitted")
    message = "the launching process died before the job was submitted"
    return Sight(JobState.ERROR, message, cause=Problem("launch.lost", job.id, message))


def _not_listed(job: Job, about: dict[str, Any]) -> Sight:
    """Slurm has forgotten the job, or never took it; the script's own word on its end is the last one."""
    code = exit_code_of(Path(job.folder))
    if code is not None:
        return ended(code, f"Slurm forgot it; exit code {code}", job.id, began=True)
    if time.time() < about["submitted_at"] + _UNANSWERED_SECONDS:
        return Sight(job.state, "Slurm does not list it yet")
    if about.get("job_id") and wrote_lately(job):
        return Sight(
            JobState.UNKNOWN, f"Slurm does not know job {about['job_id']} any more, and its action still writes"
        )
    if about.get("job_id"):
        return Sight(JobState.ERROR, f"Slurm does not know job {about['job_id']} any more")
    message = "Slurm gave no answer when the job was submitted, and has none of its name"
    return Sight(JobState.ERROR, message, cause=Problem("launch.lost", job.id, message))


PLATFORM = SlurmPlatform()
