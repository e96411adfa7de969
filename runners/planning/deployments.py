# SPDX-License-Identifier: Apache-2.0
"""What a deploy action makes or uses here: an engine where one is named, else what the embedded engine has for it."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.errors import PlatformError
from core.file_names import RESULTS_FOLDER, is_engine
from runners.planning.engines import notes_of
from runners.planning.plan import JOB_FOLDER
from runners.planning.profiles import has_gpu

if TYPE_CHECKING:
    from runners.planning.draft import Draft

_EMBEDDED, _BUILDS = "embedded", "gen_trt_engine"


def place_engine(draft: Draft) -> None:
    """Put an engine that is named without a folder among the results of the new job."""
    key, name = _key(draft), _engine(draft)
    section = draft.resolved.skill.section(draft.resolved.action)
    if draft.resolved.embedded and section == _BUILDS and name and len(Path(name).parts) == 1:
        source = draft.layers.provenance[key]
        draft.layers.put(key, f"{JOB_FOLDER}/{RESULTS_FOLDER}/{section}/{name}", source.source, source.detail)


def deployment_notes(draft: Draft) -> list[str]:
    """What has to be known of it.

    Raises:
        PlatformError: no library here builds the engine that is named, or no GPU runs it.
    """
    resolved = draft.resolved
    notes, name = notes_of(resolved.skill, resolved.action), _engine(draft)
    if not notes or not name:
        return notes
    told = resolved.skill.deploy_info[_EMBEDDED]["engine"]
    library = next((module for module in told["libraries"] if importlib.util.find_spec(module)), None)
    here = resolved.can.on_this_machine
    if library is None and here:
        message = f"nothing here builds or runs an engine, which {Path(name).name} would be"
        raise PlatformError(message, code="deploy.tensorrt", where=_key(draft), remedy=told["remedy"])
    if resolved.skill.section(resolved.action) != _BUILDS:
        if here and not has_gpu():
            message = f"{Path(name).name} is an engine, which runs on a GPU, and this machine shows none"
            raise PlatformError(message, code="deploy.gpu", where=_key(draft), remedy=told["remedy_of_use"])
        return [str(told["use"])]
    return [f"{told['built']} {_told(told['libraries'], library)}" if library else str(told["built_there"])]


def _told(names: dict[str, str], module: str) -> str:
    """Name and version of a library."""
    from importlib.metadata import packages_distributions, version

    packages = packages_distributions().get(module, [])
    return f"{names[module]} {version(packages[0])}" if packages else names[module]


def _key(draft: Draft) -> str:
    return f"{draft.resolved.skill.section(draft.resolved.action)}.trt_engine"


def _engine(draft: Draft) -> str:
    """The engine that is named, if one is."""
    named: Any = draft.layers.get(_key(draft))
    return named if isinstance(named, str) and is_engine(named) else ""
