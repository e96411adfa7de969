# SPDX-License-Identifier: Apache-2.0
"""Where the pods of a job find what the plan mounts: in persistent volume claims that this machine sees as folders.

What lies in a store is fetched into the pod first, by rclone in a container of its own.
"""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from core.errors import InputError, RequestError
from runners.planning.container import is_below
from runners.planning.plan import JOB_FOLDER, at_job
from runners.planning.sizes import size_in_bytes

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from runners.planning.plan import Mount, Plan

FETCH_IMAGE = "rclone/rclone:1.68"
_FETCHED, _SHARED_MEMORY = "fetched", "shm"
# rclone's own backends, with credentials from the environment or the service account.
_BACKENDS = {"s3": ":s3,provider=AWS,env_auth=true:", "gs": ":gcs,env_auth=true:", "az": ":azureblob,env_auth=true:"}
_REMEDY = "name the claim and where this machine has it: --claim CLAIM:PATH"


@dataclass(frozen=True, slots=True)
class Volumes:
    """The volumes of a pod, where its action sees them, and the commands that fetch into `fetched`."""

    volumes: list[dict[str, Any]]
    mounts: list[dict[str, Any]]
    fetches: list[list[str]]

    def fetched(self) -> list[dict[str, Any]]:
        """The places that are fetched, to be written."""
        return [{**mount, "readOnly": False} for mount in self.mounts if mount["name"] == _FETCHED]


def require_claimed(plan: Plan, claims: Mapping[str, str]) -> None:
    """Everything that the action reads and writes lies in a claim, or in a store that can be fetched.

    Raises:
        RequestError: a place lies in none.
        InputError: a place is not there, or in a store that is not reached from pods.
    """
    for mount in plan.mounts:
        place = str(at_job(mount.source, f"{plan.results_root}/job"))
        if "://" in place:
            _fetch(mount)
            continue
        _claimed(place, claims)
        if mount.read_only and not mount.source.startswith(JOB_FOLDER) and not Path(place).exists():
            remedy = "check the path; `changenet stage backbone` fetches weights"
            message = f"there is no such place, which the pod reads as {mount.target}"
            raise InputError(message, code="data.missing", where=place, remedy=remedy)


def volumes_of(mounts: Iterable[Mount], claims: Mapping[str, str], shm_size: str) -> Volumes:
    """The volumes for the mounts of a job. Errors: see `require_claimed`."""
    found = Volumes([_memory(shm_size)], [{"name": _SHARED_MEMORY, "mountPath": "/dev/shm"}], [])  # noqa: S108 - a pod's
    names: dict[str, str] = {}
    for mount in mounts:
        if "://" in mount.source:
            found.fetches.append(_fetch(mount))
            entry: dict[str, Any] = {"name": _FETCHED, "subPath": mount.target.lstrip("/")}
        else:
            claim, inside = _claimed(mount.source, claims)
            entry = {"name": names.setdefault(claim, f"claim-{len(names)}")} | ({"subPath": inside} if inside else {})
        found.mounts.append({**entry, "mountPath": mount.target, "readOnly": mount.read_only})
    found.volumes.extend({"name": n, "persistentVolumeClaim": {"claimName": claim}} for claim, n in names.items())
    if found.fetches:
        found.volumes.append({"name": _FETCHED, "emptyDir": {}})
    return found


def fetch_script(commands: Sequence[Sequence[str]]) -> str:
    """The commands one after the other, for a shell; the first that fails ends it."""
    return " && ".join(map(shlex.join, commands))


def _memory(size: str) -> dict[str, Any]:
    limit = str(size_in_bytes(size, "shm_size"))
    return {"name": _SHARED_MEMORY, "emptyDir": {"medium": "Memory", "sizeLimit": limit}}


def _claimed(place: str, claims: Mapping[str, str]) -> tuple[str, str]:
    """The claim that holds a place of this machine, and the path in it."""
    holding = sorted((path for path in claims if is_below(place, path.rstrip("/"))), key=len)
    if not holding:
        message = "the cluster does not see this place: it lies in no claim"
        raise RequestError(message, code="kubernetes.claim", where=place, remedy=_REMEDY)
    inside = PurePosixPath(place).relative_to(holding[-1])
    return claims[holding[-1]], "" if inside == PurePosixPath() else str(inside)


def _fetch(mount: Mount) -> list[str]:
    """The command that brings a file, or a folder, of a store to its place in the pod."""
    scheme, _, rest = mount.source.partition("://")
    if scheme not in _BACKENDS:
        remedy = "fetch it by `changenet stage data`, below a folder that is a claim"
        raise InputError(f"pods can't fetch {scheme}://", code="runner.remote_input", where=mount.source, remedy=remedy)
    return ["rclone", "copyto", "--retries=5", f"{_BACKENDS[scheme]}{rest}", mount.target]
