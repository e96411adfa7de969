# SPDX-License-Identifier: Apache-2.0
"""What is checked on this machine before a local job is recorded: the engine, the inputs and the data."""

from __future__ import annotations

import importlib.util
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.addresses import is_fetched
from core.errors import DataError, InputError, ParentError, PlatformError
from core.files import sha256_file
from core.installation import how_to_install
from runners.model_rules import rules_of, skill_at
from runners.planning.engines import require_action
from runners.platforms.table import capabilities

if TYPE_CHECKING:
    from collections.abc import Mapping

    from core.memory import Memory
    from core.problem import Problem
    from router.declarations import Skill
    from runners.jobs.store import JobStore
    from runners.planning.plan import Plan


LEAST_FREE_BYTES = 100_000_000  # a checkpoint or two of the smallest networks


def nearest_folder(path: Path) -> Path:
    """The path itself, or the nearest folder above it that exists."""
    return next((place for place in (path, *path.parents) if place.is_dir()), Path(path.anchor or "."))


def require_room(root: Path) -> None:
    """The disk of the results root is not about to be full: a run would fail as soon as it writes a checkpoint.

    Raises:
        PlatformError: with what is free.
    """
    free = shutil.disk_usage(nearest_folder(root)).free
    if free < LEAST_FREE_BYTES:
        message = f"the disk has {free / 10**6:.0f} MB free, and a run needs at least {LEAST_FREE_BYTES / 10**6:.0f}"
        remedy = "make room there, or name another place by --results"
        raise PlatformError(message, code="disk.low", where=str(root), remedy=remedy)


def require_engine(plan: Plan) -> None:
    """The plan's engine is there and can start.

    Raises:
        PlatformError: it, or what the embedded engine needs, is not installed; or it does not run this action.
    """
    skill, program, embedded = skill_at(plan.skill_dir), plan.command[0], plan.engine == "embedded"
    rule = skill.info["engines"]["embedded"]
    if embedded:
        require_action(skill, plan.action)
    remedy = how_to_install(rule["extra"]) if "extra" in rule else f"put it into {skill.root}"
    if not os.access(program, os.X_OK):
        raise PlatformError("the engine is not installed", code="engine.missing", where=program, remedy=remedy)
    for package, title in rule.get("needs", {}).items():
        if embedded and importlib.util.find_spec(package) is None:
            raise PlatformError(f"the embedded engine needs {title}", code="engine.incomplete", remedy=remedy)


def require_local_inputs(plan: Plan) -> None:
    """Every input lies on this machine, or is fetched to it.

    Raises:
        InputError: naming the first one that does not, and its key.
    """
    for key, value in plan.inputs.items():
        for place in value if isinstance(value, list) else [value]:
            if "://" in place and not is_fetched(place):
                remedy = f"copy it to this machine and give the folder (or override {key}), or use a runner with access"
                raise InputError(
                    f"the {plan.runner} runner can't read {place}", code="runner.remote_input", where=key, remedy=remedy
                )


def require_unchanged_parent(plan: Plan, store: JobStore) -> None:
    """The parent's artifacts in the plan hold the bytes that the parent's manifest lists.

    Raises:
        ParentError: one of them was changed, or is gone.
    """
    if plan.parent_job_id is None:
        return
    parent = store.read(plan.parent_job_id)
    known = {str(Path(parent.results_dir) / artifact.path): artifact.sha256 for artifact in parent.artifacts}
    for key, value in plan.inputs.items():
        path = Path(str(value))
        if str(path) in known and (not path.is_file() or sha256_file(path) != known[str(path)]):
            message = f"the artifact of {parent.id} for {key} is not what its manifest lists"
            raise ParentError(message, code="parent.changed", where=str(path), remedy="restore it, or name another job")


def check_of_plan(plan: Plan, skill: Skill, memory: Memory) -> tuple[Problem, ...]:
    """What the quick data check warns of, before anything is unpacked; nothing for a plan that is not complete yet.

    Where the action runs elsewhere, its files may lie there alone: then they are not looked for here.

    Raises:
        DataError: with every finding that is an error.
    """
    data = [plan.inputs[key] for key in skill.data_sources(plan.action) if key in plan.inputs]
    places = [place for value in data for place in (value if isinstance(value, list) else [value])]
    elsewhere = not capabilities(plan.runner, plan.platform).reads_local_paths
    if plan.missing or (elsewhere and not all("://" in place or Path(place).exists() for place in places)):
        return ()
    return sound_data(skill, plan.action, plan.spec, memory)


def sound_data(skill: Skill, action: str, spec: Mapping[str, Any], memory: Memory) -> tuple[Problem, ...]:
    """The same for a spec with its inputs as they lie here; what `memory` holds of it is not checked again."""
    return memory.once_for(("data", action), spec, lambda read: require_sound_data(skill, action, read))


def require_sound_data(skill: Skill, action: str, spec: dict[str, Any]) -> tuple[Problem, ...]:
    """The quick data check finds no error in what the spec points to; what it warns of is returned.

    Raises:
        DataError: with every finding that is an error.
    """
    findings = rules_of(skill).data_check(spec, action)
    errors = [finding for finding in findings if finding.severity == "error"]
    if errors:
        text = "".join(f"\n  - {f.where}: {f.message} ({f.remedy})" for f in errors[1:])
        first = errors[0]
        raise DataError(f"{first.message}{text}", code=first.code, where=first.where, remedy=first.remedy)
    return tuple(findings)
