# SPDX-License-Identifier: Apache-2.0
"""A request with all settled that a spec is filled by: action, runner, engine, and what the skill declares of them."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from core.errors import InputError, RequestError, did_you_mean
from router.consistency import RESUME
from runners.jobs.store import JobStore, default_root
from runners.model_rules import rules_of
from runners.planning.data_tables import DataTables
from runners.planning.parents import wanted_artifacts
from runners.platforms.table import DEFAULT, capabilities, settings_in_plan

if TYPE_CHECKING:
    from router.declarations import Skill
    from router.types import Decision, Request
    from runners.model_rules import ModelRules
    from runners.planning.parents import Wanted
    from runners.platforms.platform import Capabilities

_EMBEDDED = "embedded"
ENGINE_VARIABLE = "CHANGENET_ENGINE"


class ResolvedRequest(NamedTuple):
    """A request whose action is known; `engine` is the program that runs it, `embedded` whether that is our own.

    `image` is that of the container in which it runs, on platforms that have such.
    `platform` is what was set about the runner, and `can` what it can with these settings.
    """

    action: str
    request: Request
    skill: Skill
    rules: ModelRules
    store: JobStore
    runner: str
    engine: str
    embedded: bool
    image: str | None
    short_names: dict[str, str]
    tables: DataTables
    wanted: list[Wanted]
    platform: dict[str, Any]
    can: Capabilities

    @property
    def overridden(self) -> set[str]:
        """The dotted keys that the user sets by name."""
        return {self.short_names.get(name, name) for name in self.request.overrides}

    @property
    def trains(self) -> bool:
        """Whether the action is a training, which alone can go on from a checkpoint."""
        return any(want.how == RESUME for want in self.wanted)


def resolve(decision: Decision, skill: Skill, store: JobStore | None, command: str | None) -> ResolvedRequest:
    """Runner, engine and tables of a decision that names an action.

    Raises:
        InputError: the engine that is named can't be run, or there is no such runner, or no such setting of it.
    """
    action, request = str(decision.action), decision.request
    runner = request.runner or DEFAULT
    own, platform = embedded_engine(skill), settings_in_plan(runner, request.platform)
    can = capabilities(runner, platform)
    image, own_image = image_of(skill, action, platform.get("image")) if can.needs_image else (None, False)
    engine = None if can.needs_image else find_engine(command) or own
    rules = rules_of(skill)
    return ResolvedRequest(
        action=action,
        request=request,
        skill=skill,
        rules=rules,
        store=store or JobStore(default_root(request.results_root)),
        runner=runner,
        engine=engine or skill.command(action, "")[0],
        embedded=own_image or engine == own,
        image=image,
        short_names=skill.shorthand_keys(action),
        tables=DataTables.of(skill, action, rules, staged=not capabilities(runner).reads_stores),
        wanted=wanted_artifacts(skill, action, embedded=own_image or engine == own),
        platform=platform,
        can=can,
    )


def image_of(skill: Skill, action: str, named: str | None) -> tuple[str, bool]:
    """The container image of an action, or the one that is named, by its key in versions.yaml or as `repo:tag`.

    The second value says whether it holds the embedded engine, which versions.yaml tells of images made from here.

    Raises:
        RequestError: a single word that is no key: no registry is asked for it.
    """
    if named is None:
        return skill.image(action), False
    images = skill.versions["images"]
    if named in images:
        return skill.image(action, named), images[named].get("engine") == _EMBEDDED
    if not set(named) & set("/:@"):
        remedy = f"{did_you_mean(named, images)} Give {', '.join(images)}, or an image as repo:tag.".strip()
        raise RequestError(f"versions.yaml has no image '{named}'", code="image.unknown", where="image", remedy=remedy)
    return named, False


def embedded_engine(skill: Skill) -> str:
    """Where the command of the skill's own engine stands: in its folder, or else beside this interpreter."""
    command = str(skill.info["engines"]["embedded"]["command"])
    return str((skill.root if command.startswith("./") else Path(sys.executable).parent) / command)


def find_engine(named: str | None) -> str | None:
    """The engine that the user named, as an absolute path; None when none was named.

    Raises:
        InputError: it can't be run.
    """
    if not named:
        return None
    found = shutil.which(str(Path(named).expanduser()))
    if not found:
        remedy = f"name an executable file by --engine or ${ENGINE_VARIABLE}"
        raise InputError("can't be run as an engine", code="engine.named", where=named, remedy=remedy)
    return str(Path(found).absolute())
