# SPDX-License-Identifier: Apache-2.0
"""What is checked on this machine before a local job is recorded: the engine, the inputs and the data."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.errors import DataError, InputError, ParentError, PlatformError
from core.files import sha256_file
from core.installation import ENGINE_LIBRARIES, how_to_install, require
from runners.planning.engines import not_embedded

if TYPE_CHECKING:
    from pairs.findings import Finding
    from runners.jobs.store import JobStore
    from runners.planning.plan import Plan

COMMAND = "visual_changenet"
ENGINE_VARIABLE = "CHANGENET_ENGINE"


def embedded_engine() -> str:
    """Where the command of the embedded engine stands, once it is installed: beside this interpreter."""
    return str(Path(sys.executable).parent / COMMAND)


def find_engine(named: str | None) -> str | None:
    """The `visual_changenet` that the user named, as an absolute path; None when none was named.

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


def is_embedded(engine: str) -> bool:
    """Whether this engine is the one that comes with the project."""
    return Path(engine) == Path(embedded_engine())


def require_engine(plan: Plan) -> None:
    """The plan's engine is there and can start.

    Raises:
        PlatformError: it, or what the embedded engine needs, is not installed; or it does not run this action.
    """
    if plan.engine == "embedded" and (problem := not_embedded(plan.action)):
        remedy = f"name a `{COMMAND}` that runs it by --engine or ${ENGINE_VARIABLE}, such as that of the container"
        raise PlatformError(problem, code="engine.action", where=plan.action, remedy=remedy)
    if not os.access(plan.command[0], os.X_OK):
        remedy = how_to_install("engine")
        raise PlatformError("the engine is not installed", code="engine.missing", where=plan.command[0], remedy=remedy)
    if plan.engine == "embedded":
        require("engine", *ENGINE_LIBRARIES)


def require_local_inputs(plan: Plan) -> None:
    """Every input lies on this machine.

    Raises:
        InputError: naming the first one that does not, and its key.
    """
    for key, value in plan.inputs.items():
        for place in value if isinstance(value, list) else [value]:
            if "://" in place:
                remedy = f"copy it to this machine and give the folder (or override {key}), or use a runner with access"
                raise InputError(
                    f"the local runner can't read {place}", code="runner.remote_input", where=key, remedy=remedy
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


def require_sound_data(plan: Plan, spec: dict[str, Any]) -> tuple[Finding, ...]:
    """The quick data check finds no error in what the spec points to; what it warns of is returned.

    Raises:
        DataError: with every finding that is an error.
    """
    from pairs.quick import quick_check

    findings = quick_check(spec, plan.action)
    errors = [finding for finding in findings if finding.severity == "error"]
    if errors:
        text = "".join(f"\n  - {f.place}: {f.message} ({f.remedy})" for f in errors[1:])
        first = errors[0]
        raise DataError(f"{first.message}{text}", code=first.code, where=first.place, remedy=first.remedy)
    return tuple(findings)
