# SPDX-License-Identifier: Apache-2.0
"""The places of a job, looked at from within a container of the engine, made as those of jobs are."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from core.errors import PlatformError
from runners.platforms.compute_side import Seen, asking_folder, question, seen
from runners.platforms.docker_engine import asked, connect

if TYPE_CHECKING:
    from pathlib import Path

_DATA, _RESULTS = "/changenet/data", "/changenet/results"
_ASKED: set[tuple[str, str]] = set()
_NO_PLACE = ("bind source path does not exist", "no such file or directory", "mounts denied", "not shared")


def smallest_image(host: str) -> str | None:
    """The id of the smallest image that the engine has; None: it has none."""
    images: list[dict[str, Any]] = asked(host, connect(host).api.images)
    return min(images, key=lambda one: one.get("Size", 0), default={}).get("Id")


def look_from_container(host: str, image: str, root: Path, data: Path | None = None) -> Seen:
    """How the results root and the data are in a container of that image, for the user that jobs run as.

    Raises:
        PlatformError: the engine does not answer, or the image has no shell.
        OSError: nothing can be written into the results root from here.
    """
    from docker.types import Mount as Bind

    with asking_folder(root) as folder:
        binds = [Bind(_RESULTS, str(folder), type="bind")]
        binds += [Bind(_DATA, str(data), type="bind", read_only=True)] if data else []
        words = question(_RESULTS, _DATA if data else "")

        def run() -> Any:
            return connect(host).containers.run(
                image,
                words[1:],
                entrypoint=words[:1],
                mounts=binds,
                user=f"{os.getuid()}:{os.getgid()}",
                group_add=[str(group) for group in os.getgroups() if group != os.getgid()],
                network_mode="none",
                security_opt=["no-new-privileges"],
                remove=True,
            )

        try:
            said = asked(host, run, about="a look from within a container")
        except PlatformError as problem:
            if any(sign in problem.message.lower() for sign in _NO_PLACE) and "executable" not in problem.message:
                return Seen("missing", "missing" if data else None)
            raise
        return seen(said.decode(errors="replace"), folder, data=data is not None)


def require_seen(host: str, image: str | None, root: Path) -> None:
    """An engine that is not this machine's by its address writes into the results root of this machine all the same.

    It is asked once in a process, and where the image is there already; an engine behind a Unix socket is not asked.

    Raises:
        PlatformError: what a container writes does not arrive here.
    """
    if host.startswith("unix://") or image is None or was_asked(host, root):
        return
    found = look_from_container(host, image, root).results
    if found not in {"ok", "silent"}:
        known = "is not there" if found == "missing" else "can't be written" if found == "refused" else "is another one"
        remedy = (
            "share the results root with the engine's machine under the same path, or use the engine of this machine"
        )
        message = f"the results root {known} in containers of {host}"
        raise PlatformError(message, code="docker.results", where=str(root), remedy=remedy)
    _ASKED.add((host, str(root)))


def was_asked(host: str, root: Path) -> bool:
    """Whether the engine was found to write into that results root, in this process."""
    return (host, str(root)) in _ASKED
