# SPDX-License-Identifier: Apache-2.0
"""The folder that carries a plan to a machine that nobody reaches from here: scripts, spec, checksums, a short page.

`templates/` holds what every folder has; a form, such as docker, adds the script that runs the action.
"""

from __future__ import annotations

import shlex
from dataclasses import replace
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.documents import dump_yaml
from core.errors import RequestError
from core.files import sha256_file, write_json, write_text
from runners.handover.forms import ENDED, form_of
from runners.handover.places import inside, places_of
from runners.model_rules import skill_at
from runners.planning.container import SPEC_PATH, in_container, mounts_as_if

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from runners.planning.plan import Plan

PLAN, SUMS, INPUT_SUMS, LOG = "plan.json", "SHA256SUMS", "INPUTS.sha256", "log.txt"
"""Files of a hand-over folder; `LOG` is what its run leaves beside results/ and `ENDED`."""
_MOST_HASHED = 4 * 1024**3


def write_folder(plan: Plan, folder: Path) -> tuple[str, ...]:
    """Write the hand-over folder of a plan, and return the names of its files.

    Raises:
        RequestError: something is missing in the plan, the folder holds other files, or its runner has no such form.
    """
    plan.require_launchable()
    form = form_of(plan.runner)
    _require_empty(folder)
    skill = skill_at(plan.skill_dir)
    mounts = mounts_as_if(plan, skill)
    places = places_of(mounts, skill)
    facts = {"plan": plan, "places": places, "inside": inside, "sums": SUMS, "input_sums": INPUT_SUMS}
    facts |= {"log": LOG, "ended": ENDED} | form.facts(plan)
    home = facts.get("spec_home", "")
    there = [replace(mount, target=f"{home}{mount.target}") for mount in mounts]
    write_json(folder / PLAN, plan.to_json())
    write_text(folder / inside(SPEC_PATH), dump_yaml(in_container(plan.spec, there)))
    for name, template in form.scripts.items():
        write_text(folder / name, rendered(template, facts))
    hashed = [place for place in places if place.is_file and _is_hashable(Path(place.source))]
    write_text(folder / INPUT_SUMS, _sums((sha256_file(Path(place.source)), place.inside) for place in hashed))
    names = sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())
    write_text(folder / SUMS, _sums((sha256_file(folder / name), name) for name in names))
    return (*names, SUMS)


def rendered(template: str, facts: Mapping[str, Any]) -> str:
    """A text of `templates/`; the filter `quoted` makes one word of a shell of a value."""
    from jinja2 import Environment, StrictUndefined

    text = resources.files("runners.handover").joinpath("templates", template).read_text(encoding="utf-8")
    jinja = Environment(  # noqa: S701 - these are scripts, not pages
        undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True
    )
    jinja.filters["quoted"] = lambda value: shlex.quote(str(value))
    return jinja.from_string(text).render(facts)


def _require_empty(folder: Path) -> None:
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        remedy = "name a folder that is not there yet, or an empty one"
        raise RequestError("the folder holds other files", code="handover.folder", where=str(folder), remedy=remedy)


def _is_hashable(path: Path) -> bool:
    return path.is_file() and path.stat().st_size <= _MOST_HASHED


def _sums(rows: Iterable[tuple[str, str]]) -> str:
    """As sha256sum writes and checks them."""
    return "".join(f"{digest}  {name}\n" for digest, name in rows)
