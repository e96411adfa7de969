# SPDX-License-Identifier: Apache-2.0
"""What a page needs of a job's plan.json, so that reports can be made without the rooms that plan and launch.

Plans of any age are read: what is missing, or is not as it should be, is left out.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from core.documents import read_json
from core.dotted import flatten, get
from core.errors import InputError
from core.redaction import redact
from reports.results import SpecValue

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class PlanFacts:
    """What was planned. `mounts` are (place on the host, place in the container), `command` the words of argv."""

    action: str = ""
    target: str | None = None
    spec: Mapping[str, Any] = field(default_factory=dict)
    sources: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    mounts: tuple[tuple[str, str], ...] = ()
    command: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    parent_job_id: str = ""
    image: str = ""

    def values(self, spec: Mapping[str, Any]) -> tuple[SpecValue, ...]:
        """Each key of a spec, secrets masked, with where its value comes from."""
        found = flatten(redact(dict(spec))).items()
        return tuple(SpecValue(key, value, *self.sources.get(key, ("template", ""))) for key, value in found)


def read_plan(path: Path) -> PlanFacts:
    """The facts of a plan file; empty where there is none.

    Raises:
        InputError: it can't be read, or is no JSON object.
    """
    if not path.is_file():
        return PlanFacts()
    document = read_json(path)
    if not isinstance(document, dict):
        raise InputError("this is no JSON object", code="json", where=str(path), remedy="give the folder of a job")
    return PlanFacts(
        action=_text(document.get("action")),
        target=_text(get(document, "decision.request.target")) or None,
        spec=_mapping(document.get("spec")),
        sources=_sources(document),
        mounts=tuple(map(_mount, _mappings(document, "mounts"))),
        command=tuple(map(str, _list(document, "command"))),
        warnings=tuple(map(str, _list(document, "warnings"))),
        parent_job_id=_text(document.get("parent_job_id")),
        image=_text(document.get("image")),
    )


def _sources(document: Mapping[str, Any]) -> dict[str, tuple[str, str]]:
    """Where the value of each key comes from, and more on that: the reason, where a default was adjusted."""
    reasons = {_text(one.get("key")): _text(one.get("reason")) for one in _mappings(document, "adjustments")}
    origins = {key: _mapping(origin) for key, origin in _mapping(document.get("provenance")).items()}
    found = {key: ("template", reason) for key, reason in reasons.items()}
    for key, origin in origins.items():
        found[key] = _text(origin.get("source")) or "template", _text(origin.get("detail")) or reasons.get(key, "")
    return found


def _mount(document: Mapping[str, Any]) -> tuple[str, str]:
    return _text(document.get("source")), _text(document.get("target")).rstrip("/")


def _text(value: Any) -> str:
    return "" if value is None else str(value)


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(document: Mapping[str, Any], key: str) -> list[Any]:
    value = document.get(key)
    return value if isinstance(value, list) else []


def _mappings(document: Mapping[str, Any], key: str) -> list[dict[str, Any]]:
    return [one for one in _list(document, key) if isinstance(one, dict)]
