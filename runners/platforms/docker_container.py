# SPDX-License-Identifier: Apache-2.0
"""What a container of a job is made with: nothing that its action does not need."""

from __future__ import annotations

import getpass
import os
import stat
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from core.addresses import is_fetched
from core.errors import InputError, MissingInputError, RequestError
from runners.planning.plan import JOB_FOLDER
from runners.planning.sizes import size_in_bytes
from runners.platforms.docker_gpus import LABEL as GPUS_LABEL
from runners.platforms.docker_gpus import device_requests

if TYPE_CHECKING:
    from collections.abc import Sequence

    from runners.jobs.job import Job
    from runners.planning.plan import Mount, Plan
    from runners.platforms.docker_image import Image

LABEL = "changenet.job"
_ENGINE_FOLDERS = frozenset({"/", "/run", "/var", "/var/run"})


def container_name(job_id: str) -> str:
    """What the container of a job is called, so that it is found by the job alone."""
    return f"changenet-{job_id}"


def require_one_machine(plan: Plan) -> None:
    """Raise RequestError for a plan of several nodes: an engine has one machine."""
    if plan.resources.nodes > 1:
        remedy = "ask for one node, or use --runner slurm or --runner kubernetes"
        raise RequestError("the docker runner has one machine", code="runner.nodes", where="nodes", remedy=remedy)


def require_sources(plan: Plan) -> None:
    """Everything that the container reads is here, or is fetched, and gives it no power over the engine.

    Raises:
        InputError: a place that is not there, or can't be fetched.
        RequestError: the engine's socket, or a folder that holds it.
    """
    inputs = {place for value in plan.inputs.values() for place in (value if isinstance(value, list) else [value])}
    for mount in (mount for mount in plan.mounts if mount.read_only and not mount.source.startswith(JOB_FOLDER)):
        if "://" in mount.source:
            if mount.source in inputs and is_fetched(mount.source):
                continue
            remedy = "copy it to this machine and give the folder"
            message = f"the docker runner can't read {mount.source}"
            raise InputError(message, code="runner.remote_input", where=mount.target, remedy=remedy)
        if mount.source in _ENGINE_FOLDERS or _is_socket(mount.source):
            message = f"{mount.source} would give the container power over this machine"
            raise RequestError(
                message, code="runner.mount", where=mount.target, remedy="mount the folder that is needed"
            )
        if not Path(mount.source).exists():
            raise _missing(mount)


def _is_socket(place: str) -> bool:
    path = Path(place)
    return path.exists() and stat.S_ISSOCK(path.stat().st_mode)


def _missing(mount: Mount) -> InputError | MissingInputError:
    message = f"there is no {mount.source}, which the container reads as {mount.target}"
    if mount.target.startswith("/data/pretrained_models/"):
        remedy = "`changenet stage backbone` fetches the weights; or give their file: -s pretrained_backbone=FILE"
        return MissingInputError(message, code="data.missing", where=mount.target, remedy=remedy)
    return InputError(message, code="data.missing", where=mount.target, remedy="check the path")


def require_secrets(plan: Plan) -> None:
    """Every variable that the action is given has a value here.

    Raises:
        MissingInputError: it does not.
    """
    for name in plan.secrets:
        if not os.environ.get(name):
            remedy = f"export {name}=… before the launch; its value goes to the container's environment alone"
            raise MissingInputError(f"the variable {name} is not set", code="secret.missing", where=name, remedy=remedy)


def creation(job: Job, plan: Plan, image: Image, mounts: Sequence[Mount], gpus: tuple[str, ...] = ()) -> dict[str, Any]:
    """The arguments of `docker.client.containers.create`: the caller's user, no new privileges, no network unneeded.

    `gpus` are the numbers of those that it gets, where it can't have any.
    """
    from docker.types import Mount as Bind

    memory = size_in_bytes(plan.platform["memory"], "memory") if plan.platform.get("memory") else None
    return {
        "image": image.id,
        "command": list(arguments(plan.command, image.entrypoint)),
        "name": container_name(job.id),
        "labels": {LABEL: job.id} | ({GPUS_LABEL: ",".join(gpus)} if gpus else {}),
        "user": f"{os.getuid()}:{os.getgid()}",
        "group_add": [str(group) for group in os.getgroups() if group != os.getgid()],
        "environment": environment(plan),
        "mounts": [Bind(m.target, m.source, type="bind", read_only=m.read_only) for m in mounts],
        "shm_size": size_in_bytes(plan.resources.shm_size, "shm_size"),
        "mem_limit": memory,
        "memswap_limit": memory,
        "network_mode": "bridge" if plan.resources.network else "none",
        "security_opt": ["no-new-privileges"],
        "init": True,  # signals reach an action that is no init, and its orphans are reaped
        "device_requests": device_requests(plan, gpus),
        "detach": True,
    }


def arguments(command: Sequence[str], entrypoint: Sequence[str]) -> Sequence[str]:
    """The command as the image takes it: one whose entry point is the program itself is given the rest."""
    own = bool(entrypoint) and PurePosixPath(entrypoint[-1]).name == PurePosixPath(command[0]).name
    return command[1:] if own else command


def environment(plan: Plan) -> dict[str, str]:
    """What the action finds in its environment, with the secrets that it needs."""
    return open_environment(plan) | {name: os.environ[name] for name in plan.secrets}


def open_environment(plan: Plan) -> dict[str, str]:
    """What everybody may see of it: who it is, and how it shares the CPUs."""
    person = {"HOME": "/tmp", "USER": _user(), "LOGNAME": _user()}  # noqa: S108 - the container's own
    habits = {"OMP_WAIT_POLICY": "PASSIVE", "PYTHONUNBUFFERED": "1"}
    if plan.resources.threads:
        habits["OMP_NUM_THREADS"] = str(plan.resources.threads)
    return person | habits


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return str(os.getuid())
