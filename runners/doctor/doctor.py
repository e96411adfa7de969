# SPDX-License-Identifier: Apache-2.0
"""Whether this machine is ready: for one runner, or what there is for each."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from runners.doctor import clusters, containers, machine
from runners.doctor.check import Check, error
from runners.platforms.table import DEFAULT, PLATFORMS, capabilities, why_not_launched

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from router.declarations import Skill
    from runners.jobs.store import JobStore


def examine(skill: Skill, store: JobStore, runner: str | None = None, data: str | None = None) -> list[Check]:
    """Every check that the runner needs; without one, those of all, where only the usual runner's errors are errors.

    Raises:
        RequestError: there is no such runner.
    """
    if runner is not None:
        capabilities(runner)
        return [*machine.machine(store, data), *_of_runner(runner, skill)]
    found = [*machine.machine(store, data), *_of_runner(DEFAULT, skill)]
    for name, row in PLATFORMS.items():
        if not row.capabilities.on_this_machine:
            found += _limits(_of_runner(name, skill))
    return list(dict.fromkeys(found))


def _of_runner(name: str, skill: Skill) -> Iterator[Check]:
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
        yield from clusters.slurm()
    elif name == "kubernetes":
        yield from clusters.kubernetes()


def _limits(checks: Iterable[Check]) -> list[Check]:
    """What stops another runner than the usual one stops nothing else."""
    return [replace(check, status="warning") if check.status == "error" else check for check in checks]
