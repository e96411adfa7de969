# SPDX-License-Identifier: Apache-2.0
"""What can be set about jobs of Slurm; the flags of the same names stand in the options of a request."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from core.errors import RequestError
from runners.planning.sizes import size_in_bytes
from runners.platforms.docker_settings import whole_mount

if TYPE_CHECKING:
    from runners.platforms.platform import Capabilities

CONTAINERS = ("pyxis", "apptainer", "none")
_NAME = r"[A-Za-z0-9_][\w.,@+-]*"
_FORMS = {
    "slurm_host": (r"[A-Za-z0-9_][\w.@-]*", "a host that ssh knows, or USER@HOST"),
    "partition": (_NAME, "a partition, or several with commas"),
    "account": (_NAME, "an account"),
    "qos": (_NAME, "a quality of service"),
    "time_limit": (r"\d+|\d+:\d\d(:\d\d)?|\d+-\d+(:\d\d){0,2}", "minutes, HOURS:MM:SS or DAYS-HOURS"),
}


@dataclass(frozen=True, slots=True)
class SlurmSettings:
    """Where Slurm's commands are run, and what sbatch is asked for; empty leaves it to the cluster's own defaults.

    `slurm_host` is reached by ssh. `container` runs the image on the nodes, or is `none`: the engine of this
    installation, on a file system that the nodes share. `image` and `mount` are those of `DockerSettings`; `memory` is
    per node. `retries` bounds how often a job is submitted again that a node, a time limit or a preemption ended.
    """

    slurm_host: str = ""
    partition: str = ""
    account: str = ""
    qos: str = ""
    time_limit: str = ""
    memory: str = ""
    cpus: int | None = None
    container: str = "pyxis"
    image: str = ""
    mount: tuple[str, ...] = ()
    retries: int = 2

    def __post_init__(self) -> None:
        for name, (form, takes) in _FORMS.items():
            value = getattr(self, name)
            if not isinstance(value, str) or (value and not re.fullmatch(form, value, re.ASCII)):
                raise _refused(name, value, takes)
        if self.memory:
            size_in_bytes(self.memory, "memory")
        object.__setattr__(self, "mount", tuple(whole_mount(text) for text in self.mount))
        if self.container not in CONTAINERS:
            raise _refused("container", self.container, f"one of {', '.join(CONTAINERS)}")
        for name, least in (("cpus", 1), ("retries", 0)):
            value = getattr(self, name)
            if value is not None and (isinstance(value, bool) or not isinstance(value, int) or value < least):
                raise _refused(name, value, f"a whole number from {least} on")

    def adapted(self, usual: Capabilities) -> Capabilities:
        """Without a container, the nodes read the files of the shared file system under their own paths."""
        return usual if self.container != "none" else replace(usual, reads_local_paths=True, needs_image=False)


SETTINGS = SlurmSettings


def _refused(name: str, value: object, takes: str) -> RequestError:
    message = f"'{value}' is not possible for {name}"
    return RequestError(message, code="runner.setting", where=name, remedy=f"give {takes}")
