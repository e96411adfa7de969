# SPDX-License-Identifier: Apache-2.0
"""What can be set about jobs of Ray; the flags of the same names stand in the options of a request."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.errors import RequestError
from runners.planning.sizes import size_in_bytes

if TYPE_CHECKING:
    from runners.planning.plan import Plan
    from runners.platforms.platform import Capabilities

_ADDRESS = r"https?://[\w.\-\[\]:]+(/[\w./-]*)?"


@dataclass(frozen=True, slots=True)
class RaySettings:
    """The cluster, and what a job reserves there; empty leaves it to $RAY_API_SERVER_ADDRESS, and to this machine.

    `ray_address` is that of the dashboard. `cpus` and `memory` are reserved for the job, besides the GPUs of the plan;
    one CPU at least, so that jobs are spread over the nodes. `retries` bounds how often a job goes on whose node was
    lost.
    """

    ray_address: str = ""
    cpus: int | None = None
    memory: str = ""
    retries: int = 2

    def __post_init__(self) -> None:
        if self.ray_address and not re.fullmatch(_ADDRESS, str(self.ray_address), re.ASCII):
            raise _refused("ray_address", self.ray_address, "the address of Ray's dashboard: http://HOST:8265")
        if self.memory:
            size_in_bytes(self.memory, "memory")
        for name, least in (("cpus", 1), ("retries", 0)):
            value = getattr(self, name)
            if value is not None and (isinstance(value, bool) or not isinstance(value, int) or value < least):
                raise _refused(name, value, f"a whole number from {least} on")

    def adapted(self, usual: Capabilities) -> Capabilities:
        """No setting changes what Ray can."""
        return usual


SETTINGS = RaySettings


def require_taken(plan: Plan) -> None:
    """Ray takes the plan, as a job that is submitted from here or carried there.

    Raises:
        RequestError: it is of several nodes, or has secrets.
    """
    if plan.resources.nodes > 1:
        remedy = "ask for one node, or use --runner slurm or --runner kubernetes"
        raise RequestError("a job of Ray has one node here", code="runner.nodes", where="nodes", remedy=remedy)
    if plan.secrets:
        remedy = "set them on the nodes of the cluster, and leave them out of the request"
        message = f"Ray shows variables of jobs to all its users: {', '.join(plan.secrets)}"
        raise RequestError(message, code="runner.secrets", where="secrets", remedy=remedy)


def _refused(name: str, value: object, takes: str) -> RequestError:
    message = f"'{value}' is not possible for {name}"
    return RequestError(message, code="runner.setting", where=name, remedy=f"give {takes}")
