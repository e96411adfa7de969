# SPDX-License-Identifier: Apache-2.0
"""The data of a request brought to this machine before it is planned, so that the plan knows what it holds."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from core.addresses import bare_address, is_fetched
from core.errors import PlatformError
from core.staged import staged
from runners.planning.data_tables import all_parts
from runners.staging.failures import is_passing
from runners.staging.fetch import Names, Watcher, fetch

if TYPE_CHECKING:
    from core.staged import Staged
    from router.declarations import Skill
    from router.types import Request

_ONE, _MANY = ("data", "eval_dataset", "inference_dataset"), ("train_datasets", "calibration_dataset")


def names_of_skill(skill: Skill) -> Names:
    """What data sets of a skill consist of, as its tables say."""
    rows = [row for of_action in skill.info["data_sources"].values() for row in of_action.values()]
    tables = dict.fromkeys(row["path"] for row in rows if row["runtime"] == "file")
    pictures = dict.fromkeys(row["folder"] for row in rows if row["runtime"] == "extracted_folder")
    return Names(tuple(tables), tuple(pictures), tuple(all_parts(skill)))


def bring_request(request: Request, skill: Skill, watcher: Watcher) -> Request:
    """The request with every place elsewhere fetched, each once, and named without what gives access to it.

    Errors: as `bring` says.
    """
    slots: dict[str, Any] = {name: bring(place, skill, watcher) for name in _ONE if (place := getattr(request, name))}
    slots |= {name: tuple(bring(place, skill, watcher) for place in getattr(request, name)) for name in _MANY}
    return replace(request, **slots)


def bring(place: str, skill: Skill, watcher: Watcher) -> str:
    """The place without what gives access to it, once what it holds is here; one of this machine stays as it is.

    Where a place that was fetched before can't be reached, what was fetched is used, and that is said.

    Raises:
        PlatformError, DataError, ArchiveError: as `runners.staging.fetch.fetch` says.
    """
    if not is_fetched(place):
        return place
    try:
        watcher.say(line_of(fetch(place, names_of_skill(skill), watcher=watcher)))
    except PlatformError as problem:
        found = staged(place)
        if found is None or not is_passing(problem):
            raise
        watcher.say(f"{found.source} can't be reached; what was fetched at {found.when} is used: {found.place}")
    return bare_address(place)


def line_of(found: Staged) -> str:
    """What was fetched, in one line."""
    return f"{found.source}: {found.files:,} files, {found.size / 1e6:,.1f} MB, at {found.place}"
