# SPDX-License-Identifier: Apache-2.0
"""The platforms by the name that a request gives; no module of a platform is imported before a job needs it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from importlib import import_module
from typing import TYPE_CHECKING

from core.errors import PlatformError, RequestError, did_you_mean
from runners.platforms.platform import Capabilities

if TYPE_CHECKING:
    from runners.platforms.platform import Platform

DEFAULT = "local"


@dataclass(frozen=True, slots=True)
class Row:
    """A platform: what it can, and the module whose `PLATFORM` it is; None where plans are made for it only."""

    capabilities: Capabilities
    module: str | None = None


_HERE = Capabilities(
    on_this_machine=True, reads_local_paths=True, needs_image=False, asked_from_anywhere=False, survives_caller=True
)
_IN_THE_CALLER = Capabilities(
    on_this_machine=True, reads_local_paths=True, needs_image=False, asked_from_anywhere=False, survives_caller=False
)
_IN_A_CONTAINER = Capabilities(
    on_this_machine=False, reads_local_paths=False, needs_image=True, asked_from_anywhere=True, survives_caller=True
)
_IN_A_CLUSTER = replace(_IN_A_CONTAINER, reads_stores=True)
PLATFORMS = {
    "local": Row(_HERE, "runners.platforms.local"),
    "debug": Row(_IN_THE_CALLER, "runners.platforms.debug"),
    "docker": Row(_IN_A_CONTAINER),
    "slurm": Row(_IN_A_CONTAINER),
    "kubernetes": Row(_IN_A_CLUSTER),
}


def capabilities(name: str) -> Capabilities:
    """What a platform can, launchable from here or not.

    Raises:
        RequestError: there is none of this name, with the closest ones.
    """
    if name in PLATFORMS:
        return PLATFORMS[name].capabilities
    remedy = f"{did_you_mean(name, PLATFORMS)} There are {', '.join(PLATFORMS)}.".strip()
    raise RequestError(f"there is no runner '{name}'", code="runner.unknown", where="runner", remedy=remedy)


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
