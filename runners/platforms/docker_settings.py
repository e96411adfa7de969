# SPDX-License-Identifier: Apache-2.0
"""What can be set about containers of a Docker engine; flags of the same names stand in the options of a request."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from core.errors import RequestError
from runners.planning.sizes import size_in_bytes

if TYPE_CHECKING:
    from runners.platforms.platform import Capabilities


@dataclass(frozen=True, slots=True)
class DockerSettings:
    """The image, or its key in versions.yaml; further places that are mounted; sizes of memory, empty for the usual.

    `mount` holds PLACE:PATH each, of which the first is a place of this machine; the plan has it as a whole path.
    """

    image: str = ""
    mount: tuple[str, ...] = ()
    shm_size: str = ""
    memory: str = ""

    def __post_init__(self) -> None:
        for name in ("shm_size", "memory"):
            if getattr(self, name):
                size_in_bytes(getattr(self, name), name)
        object.__setattr__(self, "mount", tuple(whole_mount(text) for text in self.mount))

    def adapted(self, usual: Capabilities) -> Capabilities:
        """No setting changes what a container can."""
        return usual


SETTINGS = DockerSettings


def whole_mount(text: str) -> str:
    """A further mount, PLACE:PATH, with its place as a whole path.

    Raises:
        RequestError: it is not of that form.
    """
    place, _, target = str(text).rpartition(":")
    if not place or not target.startswith("/") or ".." in PurePosixPath(target).parts:
        remedy = "give a place of this machine and a whole path in the container: --mount ./golden:/data/golden"
        raise RequestError("it is not of the form PLACE:PATH", code="runner.setting", where=str(text), remedy=remedy)
    return f"{Path(place).expanduser().absolute()}:{target}"
