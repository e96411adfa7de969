# SPDX-License-Identifier: Apache-2.0
"""`doctor`: whether this machine is ready, with a remedy for everything that is not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.errors import PlatformError
from interfaces.options import Group, option
from interfaces.outcome import Outcome
from interfaces.skill import the_skill
from interfaces.verbs.common import RESULTS

if TYPE_CHECKING:
    from interfaces.outcome import Reporter
    from runners.doctor.check import Check


REACH = Group("reach", "how it is reached")


@dataclass(frozen=True, slots=True)
class DoctorOptions:
    """What is looked at."""

    runner: str | None = option("what it needs alone", metavar="NAME", otherwise="all of them")
    data: str | None = option("has to be readable", metavar="DIR")
    slurm_host: str | None = option("slurm: login node, by ssh", metavar="USER@HOST", group=REACH)
    partition: str | None = option("slurm: partition of the node that is asked", metavar="NAME", group=REACH)
    account: str | None = option("slurm: account that is charged", metavar="NAME", group=REACH)
    ray_address: str | None = option("ray: its dashboard", metavar="URL", group=REACH)
    results_root: str | None = option(**RESULTS)


def doctor(options: DoctorOptions, reporter: Reporter) -> Outcome:
    """Each part with how it is and how to mend it: exit code 5 where something stops every run."""
    from runners.api import open_store
    from runners.doctor.doctor import Reach, examine

    del reporter
    names = ("slurm_host", "partition", "account", "ray_address")
    reach = Reach(**{name: getattr(options, name) or "" for name in names})
    found = examine(the_skill(), open_store(options.results_root), options.runner, options.data, reach)
    broken = any(check.status == "error" for check in found)
    document = {"ready": not broken, "checks": [check.to_json() for check in found]}
    lines = [line for check in found for line in _lines(check)]
    lines.append("not ready" if broken else "ready")
    return Outcome(document, "\n".join(lines), PlatformError.exit_code * broken)


def _lines(check: Check) -> list[str]:
    remedy = [f"{'':<9}remedy: {check.remedy}"] if check.remedy else []
    return [f"{check.status:<8} {check.name}: {check.found}", *remedy]
