# SPDX-License-Identifier: Apache-2.0
"""Whether this machine is ready: for one runner, or what there is for each."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from runners.doctor import clusters, containers, inside, machine
from runners.doctor.check import Check, error
from runners.platforms.table import DEFAULT, PLATFORMS, capabilities, why_not_launched

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from router.declarations import Skill
    from runners.jobs.store import JobStore


@dataclass(frozen=True, slots=True)
class Reach:
    """How a named runner is reached: the login node of Slurm with what srun is asked for, the address of Ray."""

    slurm_host: str = ""
    partition: str = ""
    account: str = ""
    ray_address: str = ""

    def srun(self) -> list[str]:
        """The options of srun."""
        asked = {"partition": self.partition, "account": self.account}
        return [f"--{name}={value}" for name, value in asked.items() if value]


def examine(
    skill: Skill, store: JobStore, runner: str | None = None, data: str | None = None, reach: Reach | None = None
) -> list[Check]:
    """Every check that the runner needs; without one, those of all, where only the usual runner's errors are errors.

    The places are looked at from the side that computes for a named runner alone: that starts a container or a job.

    Raises:
        RequestError: there is no such runner.
    """
    if runner is not None:
        capabilities(runner)
        found = [*machine.machine(store, data), *_of_runner(runner, skill, reach or Reach())]
        broken = any(check.status == "error" for check in found)
        return found if broken else [*found, *_from_inside(runner, skill, store, data, reach or Reach())]
    found = [*machine.machine(store, data), *_of_runner(DEFAULT, skill)]
    for name, row in PLATFORMS.items():
        if not row.capabilities.on_this_machine:
            found += _limits(_of_runner(name, skill))
    return list(dict.fromkeys(found))


def _of_runner(name: str, skill: Skill, reach: Reach | None = None) -> Iterator[Check]:
    if reason := why_not_launched(name):
        yield error(f"runner {name}", reason, f"use --runner {DEFAULT}, or plan with --runner {name}")
    if capabilities(name).on_this_machine:
        yield machine.engine(skill)
        yield machine.gpus()
        yield machine.shared_memory()
    elif name == "docker":
        shown = machine.gpus()
        yield shown
        yield from containers.containers(skill, gpus_here=shown.status != "warning")
    elif name == "slurm":
        yield from clusters.slurm(reach.slurm_host if reach else "")
    elif name == "kubernetes":
        yield from clusters.kubernetes()


def _from_inside(name: str, skill: Skill, store: JobStore, data: str | None, reach: Reach) -> Iterator[Check]:
    if name == "docker":
        yield from inside.in_container(skill, store, data)
    elif name == "slurm":
        yield from inside.on_slurm_node(store, data, reach.slurm_host, reach.srun())
    elif name == "ray":
        yield from inside.ray(skill, store, data, reach.ray_address)


def _limits(checks: Iterable[Check]) -> list[Check]:
    """What stops another runner than the usual one stops nothing else."""
    return [replace(check, status="warning") if check.status == "error" else check for check in checks]
