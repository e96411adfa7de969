# SPDX-License-Identifier: Apache-2.0
"""What is settled before a spec is filled: action, runner, engine, and the tables of the skill."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from runners.jobs.store import JobStore, default_root
from runners.planning.data_sources import DataTables
from runners.planning.parents import RESUME, wanted_artifacts
from runners.platforms.table import DEFAULT, capabilities
from runners.preflight import embedded_engine, find_engine, is_embedded

if TYPE_CHECKING:
    from router.declarations import Skill
    from router.types import Decision, Request
    from runners.planning.parents import Wanted


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
        """Whether the action runs on this machine, on its own files."""
        return capabilities(self.runner).on_this_machine


def setting_of(decision: Decision, skill: Skill, store: JobStore | None, command: str | None) -> Setting:
    """Runner, engine and tables of a decision that names an action.

    Raises:
        InputError: the engine that is named can't be run, or there is no such runner.
    """
    action, request = str(decision.action), decision.request
    runner = request.runner or DEFAULT
    engine = None if capabilities(runner).needs_image else find_engine(command) or embedded_engine()
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
