# SPDX-License-Identifier: Apache-2.0
"""The platforms by the name that a request gives; no module of a platform is imported before a job needs it."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields, replace
from importlib import import_module
from typing import TYPE_CHECKING

from core.errors import PlatformError, RequestError, did_you_mean
from runners.platforms.platform import Capabilities

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from runners.platforms.platform import Platform, PlatformSettings

DEFAULT = "local"


@dataclass(frozen=True, slots=True)
class Row:
    """A platform: what it can, and the module whose `PLATFORM` it is; None where plans are made for it only.

    `settings` is the module whose `SETTINGS` is the dataclass of what can be set about it; plans import it.
    """

    capabilities: Capabilities
    module: str | None = None
    settings: str | None = None


_HERE = Capabilities(
    on_this_machine=True, reads_local_paths=True, needs_image=False, asked_from_anywhere=False, survives_caller=True
)
_IN_THE_CALLER = Capabilities(
    on_this_machine=True, reads_local_paths=True, needs_image=False, asked_from_anywhere=False, survives_caller=False
)
_IN_A_CONTAINER = Capabilities(
    on_this_machine=False, reads_local_paths=False, needs_image=True, asked_from_anywhere=True, survives_caller=True
)
_BESIDE_SHARED_FILES = replace(_IN_A_CONTAINER, reads_local_paths=True, needs_image=False)
_IN_A_CLUSTER = replace(_IN_A_CONTAINER, reads_stores=True)
PLATFORMS = {
    "local": Row(_HERE, "runners.platforms.local"),
    "debug": Row(_IN_THE_CALLER, "runners.platforms.debug"),
    "docker": Row(_IN_A_CONTAINER, "runners.platforms.docker", "runners.platforms.docker_settings"),
    "slurm": Row(_IN_A_CONTAINER, "runners.platforms.slurm", "runners.platforms.slurm_settings"),
    "kubernetes": Row(_IN_A_CLUSTER, "runners.platforms.kubernetes", "runners.platforms.kubernetes_settings"),
    "ray": Row(_BESIDE_SHARED_FILES, "runners.platforms.ray", "runners.platforms.ray_settings"),
}

SCHEDULED = frozenset({"slurm", "kubernetes", "ray"})
"""Platforms whose own queue finds a place for each job: how many run at once is theirs to say."""


def capabilities(name: str, settings: Mapping[str, Any] | None = None) -> Capabilities:
    """What a platform can, launchable from here or not; with the `settings` of a plan, what holds for that one.

    Raises:
        RequestError: there is none of this name, with the closest ones.
    """
    if name in PLATFORMS:
        usual = PLATFORMS[name].capabilities
        made = make_settings(name, settings) if settings else None
        return made.adapted(usual) if made else usual
    remedy = f"{did_you_mean(name, PLATFORMS)} There are {', '.join(PLATFORMS)}.".strip()
    raise RequestError(f"there is no runner '{name}'", code="runner.unknown", where="runner", remedy=remedy)


def make_settings(name: str, given: Mapping[str, Any]) -> PlatformSettings | None:
    """What was set about a platform, checked; None where nothing can be set about it, and nothing was.

    Raises:
        RequestError: the platform has no such setting, or a value can't be used.
    """
    row = PLATFORMS.get(name)
    kind = import_module(row.settings).SETTINGS if row and row.settings else None
    known = {field.name for field in fields(kind)} if kind else set()
    if strange := next((setting for setting in given if setting not in known), None):
        remedy = f"leave it out, or name the runner that it is for; {name} takes {', '.join(sorted(known)) or 'none'}"
        message = f"runner {name} has no setting '{strange}'"
        raise RequestError(message, code="runner.setting", where=strange, remedy=remedy)
    made: PlatformSettings | None = kind(**given) if kind else None
    return made


def settings_in_plan(name: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """The settings that are not the defaults, checked, as a plan keeps them. Errors: see `make_settings`."""
    made = make_settings(name, given)
    usual = make_settings(name, {})
    if made is None or usual is None:
        return {}
    before, now = asdict(usual), asdict(made)  # type: ignore[call-overload]
    # As JSON has it: a plan that was read again is the same.
    return {key: list(v) if isinstance(v, tuple) else v for key, v in now.items() if v != before[key]}


def why_not_launched(name: str) -> str:
    """Why nothing can be launched on a platform; empty where it can."""
    row = PLATFORMS.get(name)
    if row and row.module:
        return ""
    return f"this version launches nothing on runner '{name}'" + (": it only plans for it" if row else "")


def platform_of(name: str) -> Platform:
    """The platform of this name.

    Raises:
        PlatformError: nothing can be launched on it from here.
    """
    row = PLATFORMS.get(name)
    if row is None or row.module is None:
        known = " or ".join(f"--runner {other}" for other, row in PLATFORMS.items() if row.module)
        remedy = f"use {known}, or start the container by hand: references/local-docker.md"
        raise PlatformError(why_not_launched(name), code="runner.unknown", remedy=remedy)
    platform: Platform = import_module(row.module).PLATFORM
    return platform
