# SPDX-License-Identifier: Apache-2.0
"""The container engine, asked through its socket: whether it answers, hands out GPUs, and has the images."""

from __future__ import annotations

import http.client
import json
import os
import socket
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

from runners.doctor.check import Check, error, ok, warning

if TYPE_CHECKING:
    from collections.abc import Iterator

    from router.declarations import Skill

_DEFAULT = "unix:///var/run/docker.sock"
_SECONDS = 10.0
_START = "start it (sudo systemctl start docker), or set DOCKER_HOST to where it listens"
_TOOLKIT = "install the NVIDIA container toolkit there, then: nvidia-ctk runtime configure --runtime=docker"


class _SocketConnection(http.client.HTTPConnection):
    """HTTP over a Unix socket."""

    def __init__(self, path: str) -> None:
        super().__init__("localhost", timeout=_SECONDS)
        self._path = path

    def connect(self) -> None:
        """Connect to the socket."""
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(_SECONDS)
        self.sock.connect(self._path)


def containers(skill: Skill, *, gpus_here: bool) -> Iterator[Check]:
    """Engine, GPUs in containers, and each image that the skill names; without GPUs there is nothing to hand out."""
    host = os.environ.get("DOCKER_HOST") or _DEFAULT
    place = urlsplit(host)
    if place.scheme not in {"unix", "tcp", "http"}:
        yield warning("containers", f"{host} is asked when a run needs it", "see that `docker info` works with it")
        return
    try:
        told = _get(host, "/info")
    except PermissionError:
        remedy = "join the group docker (sudo usermod -aG docker $USER), and log in again"
        yield error("containers", f"you may not talk to the container engine at {host}", remedy)
        return
    except (OSError, ValueError, http.client.HTTPException) as problem:
        yield error("containers", f"no container engine answers at {host}: {problem}", _START)
        return
    yield ok("containers", f"version {told.get('ServerVersion')} at {host}")
    yield _toolkit(told, gpus_here=gpus_here)
    for name in sorted({skill.image(action) for action in skill.actions} | _deploy_images(skill)):
        yield _image(host, name)


def _deploy_images(skill: Skill) -> set[str]:
    return {skill.image(action) for action in skill.deploy_actions}


def _toolkit(told: dict[str, Any], *, gpus_here: bool) -> Check:
    by_device = [str(one.get("ID", "")) for one in told.get("DiscoveredDevices") or ()]
    if "nvidia" in (told.get("Runtimes") or {}) or any("nvidia" in name for name in by_device):
        return ok("container gpus", "the NVIDIA container toolkit is known to the engine")
    found = "the engine can't hand out GPUs: it knows no NVIDIA container toolkit"
    return error("container gpus", found, _TOOLKIT) if gpus_here else warning("container gpus", found, _TOOLKIT)


def _image(host: str, name: str) -> Check:
    try:
        found = _get(host, f"/images/{quote(name, safe='/:@')}/json")
    except (OSError, ValueError, http.client.HTTPException):
        return warning(
            "image", f"{name} is not there yet", f"docker pull {name} (docker login nvcr.io first, if refused)"
        )
    return ok("image", f"{name} is there, {int(found.get('Size', 0)) / 10**9:.1f} GB")


def _get(host: str, path: str) -> dict[str, Any]:
    """The answer to a request.

    Raises:
        OSError, ValueError, HTTPException: nobody answers, or with something else.
    """
    place = urlsplit(host)
    connection: http.client.HTTPConnection
    if place.scheme == "unix":
        connection = _SocketConnection(str(Path(place.path)))
    else:
        connection = http.client.HTTPConnection(place.hostname or "", place.port or 2375, timeout=_SECONDS)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        document = json.loads(answer.read())
    finally:
        connection.close()
    if answer.status != http.client.OK or not isinstance(document, dict):
        raise ValueError(f"answer {answer.status}")
    return document
