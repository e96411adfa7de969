# SPDX-License-Identifier: Apache-2.0
"""The GPUs of a container, as `--gpus` asks for them: the trials of a search get different ones."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from runners.planning.profiles import gpus_shown
from runners.platforms.docker_engine import asked, connect

if TYPE_CHECKING:
    from runners.planning.plan import Plan

LABEL = "changenet.gpus"


def share_of(host: str, plan: Plan) -> tuple[str, ...]:
    """The numbers of the GPUs for one trial of a search: those that the fewest containers of jobs have now.

    Empty where the container can have any: outside searches, and where this machine does not show how many there are.
    """
    wanted, shown = plan.resources.gpus, gpus_shown()
    if plan.part_of is None or not wanted or shown <= wanted or picks_some(plan):
        return ()
    client = connect(host)
    working = asked(host, lambda: client.containers.list(filters={"label": LABEL}), patiently=True)
    users = Counter(number for container in working for number in container.labels[LABEL].split(","))
    numbers = sorted(map(str, range(shown)), key=lambda number: (users[number], int(number)))
    return tuple(sorted(numbers[:wanted], key=int))


def device_requests(plan: Plan, share: tuple[str, ...]) -> list[Any]:
    """The request for these GPUs; else for as many as the action uses, or for all where its spec picks some by number.

    In the container, GPUs are numbered from 0 on.
    """
    from docker.types import DeviceRequest

    if not plan.resources.gpus:
        return []
    if share:
        return [DeviceRequest(device_ids=list(share), capabilities=[["gpu"]])]
    return [DeviceRequest(count=-1 if picks_some(plan) else plan.resources.gpus, capabilities=[["gpu"]])]


def picks_some(plan: Plan) -> bool:
    """Whether the spec names GPUs beyond the first ones."""
    section = plan.spec.get(plan.command[1])
    numbers = (section.get("gpu_ids") if isinstance(section, dict) else None) or [0]
    return bool(max(numbers) >= plan.resources.gpus)
