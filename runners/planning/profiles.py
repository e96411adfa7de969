# SPDX-License-Identifier: Apache-2.0
"""Which profile a plan takes: the one that was named, else the first whose conditions hold on this machine."""

from __future__ import annotations

import shutil
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.errors import RequestError
from runners.model_rules import is_below
from runners.platforms.table import DEFAULT, capabilities

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from router.declarations import Skill
    from runners.planning.layers import Layers

_SAID = {"shorthand", "override"}


@cache
def gpus_shown() -> int:
    """How many NVIDIA GPUs this machine shows, as far as can be told without loading a library for it; asked once."""
    found = len(list(Path("/dev").glob("nvidia[0-9]*")))
    return found or int(shutil.which("nvidia-smi") is not None and _driver_is_loaded())


def has_gpu() -> bool:
    """Whether this machine shows an NVIDIA GPU."""
    return gpus_shown() > 0


def _driver_is_loaded() -> bool:
    return Path("/proc/driver/nvidia/version").exists() or Path("/usr/lib/wsl/lib/nvidia-smi").exists()


def choose_profile(skill: Skill, runner: str, *, embedded: bool) -> str | None:
    """The profile whose `automatic` conditions hold, in the order of skill_info.yaml; the one for `otherwise` last.

    A profile for a machine without GPUs is made for the embedded engine, which alone has what it names.
    """
    here = capabilities(runner).on_this_machine
    facts = {"runner": DEFAULT if here else runner, "gpus": int(has_gpu()) if here else None}
    otherwise = None
    for name, profile in skill.profiles.items():
        conditions: Mapping[str, Any] = profile.get("automatic") or {}
        if conditions.get("otherwise"):
            otherwise = name
        elif conditions and embedded and all(facts.get(fact) == value for fact, value in conditions.items()):
            return name
    return otherwise


def require_profile_of_container(skill: Skill, profile: str, runner: str) -> None:
    """The profile that was named is not one for machines on which the embedded engine runs.

    Raises:
        RequestError: it is, with the profile to take instead.
    """
    usual = choose_profile(skill, runner, embedded=False)
    conditions = skill.profiles.get(profile, {}).get("automatic") or {}
    if conditions and not conditions.get("otherwise"):
        message = f"profile {profile} is for the embedded engine, and runner {runner} takes the container"
        remedy = f"leave --profile out, or name {usual}" if usual else "leave --profile out"
        raise RequestError(message, code="profile.engine", where="profile", remedy=remedy)


def too_small(skill: Skill, profile: str) -> str | None:
    """What to say where this machine shows less than the profile for GPUs needs; None where it does not."""
    conditions = skill.profiles[profile].get("automatic") or {}
    least, best = skill.info["resources"]["minimum"], skill.info["resources"]["recommended"]
    if not conditions.get("otherwise") or gpus_shown() >= least["gpus"]:
        return None
    needs = f"{least['gpus']} GPU with {least['gpu_memory_gb']} GB ({best['gpus']} with {best['strategy']} recommended)"
    return f"profile {profile} needs at least {needs}, and this machine shows {gpus_shown() or 'none'}"


def start_left_out(layers: Layers, start: str, others: Collection[str]) -> str:
    """Leave out the model that a profile starts from where the user set one of `others` to something else; says why.

    `others` are keys or sections: of another network, of weights of the user's own, of a training that goes on. Empty
    where it stays.
    """
    if layers.source(start) != "profile" or not layers.get(start):
        return ""
    said = [key for key, origin in layers.provenance.items() if origin.source in _SAID and is_below(key, others)]
    changed = next((key for key in said if layers.get(key) != layers.below(key)), None)
    if changed is None:
        return ""
    model = layers.get(start)
    layers.suggest(start, None, "adjusted", f"{changed} is set, and {model} was made otherwise")
    return f"the training does not start from {model}: {changed} is set, and that was made otherwise"


def apply_profile(layers: Layers, skill: Skill, profile: str, *, leave_out: str | None) -> None:
    """Put the profile's values that the action's spec has, but for the key that it has to `leave_out`."""
    for key, value in skill.profile_spec(profile, layers.schema.action).items():
        if key != leave_out:
            layers.suggest(key, value, "profile", profile)
