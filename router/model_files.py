# SPDX-License-Identifier: Apache-2.0
"""A model's file that the words name, or that stands where a parent job is named, goes where the action takes one."""

from __future__ import annotations

from dataclasses import replace
from pathlib import PurePath
from typing import TYPE_CHECKING

from router.consistency import FROM_PARENT, RESUME

if TYPE_CHECKING:
    from collections.abc import Sequence

    from router.declarations import Skill
    from router.notes import Notes
    from router.types import Request


def with_model_file(request: Request, named: Sequence[str], skill: Skill, action: str | None, notes: Notes) -> Request:
    """The request with the one file that the action can start from under the key for it; the others are told.

    `named` are files of the words that hold no data. What a training starts from is always set by key.
    """
    keys = _keys(skill, action) if action else {}
    parent = request.parent_job_id or ""
    fitting = {
        name: key
        for name in [*named, *([parent] if parent else [])]
        for key, endings in keys.items()
        if PurePath(name).suffix.lower() in endings and key not in _given(request, skill, str(action))
    }
    taken = next(iter(fitting)) if len(fitting) == 1 and (not parent or parent in fitting) else ""
    for name in named:
        if name != taken:
            notes.warn(f"{name} is named in the words, but not taken for data; give it as key=value where it belongs")
    if not taken:
        return request
    notes.because(f"{taken} is the model: {fitting[taken]}")
    overrides = {**request.overrides, fitting[taken]: taken}
    return replace(request, overrides=overrides, parent_job_id=None if taken == parent else request.parent_job_id)


def _keys(skill: Skill, action: str) -> dict[str, set[str]]:
    """The keys of the action that take a model, each with the endings of the files that it takes."""
    params = {key: how for key, how in skill.spec_params(action).items() if isinstance(how, str)}
    if RESUME in params.values():
        return {}
    rules = {key: skill.parent_artifact(key) or {} for key, how in params.items() if how in FROM_PARENT}
    return {
        key: {*rule.get("suffixes", ()), *rule.get("embedded", {}).get("suffixes", ())} for key, rule in rules.items()
    }


def _given(request: Request, skill: Skill, action: str) -> set[str]:
    short = skill.shorthand_keys(action)
    return {short.get(name, name) for name in request.overrides}
