# SPDX-License-Identifier: Apache-2.0
"""What is settled before a spec is filled: action, runner, engine, and the tables of the skill."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.errors import RequestError, did_you_mean
from runners.jobs.store import JobStore, default_root
from runners.planning.data_sources import DataTables
from runners.planning.parents import RESUME, wanted_artifacts
from runners.planning.profiles import LOCAL
from runners.preflight import embedded_engine, find_engine, is_embedded

if TYPE_CHECKING:
    from router.declarations import Skill
    from router.types import Decision, Request
    from runners.planning.parents import Wanted

# Platforms that a request can be planned for; `runners.api.RUNNERS` are those that a plan can be launched on.
PLANNED = (LOCAL, "docker", "slurm", "kubernetes")


@dataclass(frozen=True, slots=True)
class Setting:
    """What is settled before the spec is filled."""

    action: str
    request: Request
    skill: Skill
    store: JobStore
    runner: str
    engine: str
    embedded: bool
    short_names: dict[str, str]
    tables: DataTables
    wanted: list[Wanted]

    @property
    def overridden(self) -> set[str]:
        """The dotted keys that the user sets by name."""
        return {self.short_names.get(name, name) for name in self.request.overrides}

    @property
    def trains(self) -> bool:
        """Whether the action is a training, which alone can go on from a checkpoint."""
        return any(want.how == RESUME for want in self.wanted)

    @property
    def local(self) -> bool:
        """Whether the action runs on this machine."""
        return self.runner == LOCAL


def setting_of(decision: Decision, skill: Skill, store: JobStore | None, command: str | None) -> Setting:
    """Runner, engine and tables of a decision that names an action.

    Raises:
        InputError: the engine that is named can't be run, or there is no such runner.
    """
    action, request = str(decision.action), decision.request
    runner = request.runner or LOCAL
    if runner not in PLANNED:
        remedy = f"{did_you_mean(runner, PLANNED)} There are {', '.join(PLANNED)}.".strip()
        raise RequestError(f"there is no runner '{runner}'", code="runner.unknown", where="runner", remedy=remedy)
    engine = find_engine(command) or embedded_engine() if runner == LOCAL else None
    return Setting(
        action=action,
        request=request,
        skill=skill,
        store=store or JobStore(default_root(request.results_root)),
        runner=runner,
        engine=engine or skill.command(action, "")[0],
        embedded=engine is not None and is_embedded(engine),
        short_names=skill.shorthand_keys(action),
        tables=DataTables(skill.data_sources(action), skill.info["dataset_sources"]),
        wanted=wanted_artifacts(skill, action),
    )
