# SPDX-License-Identifier: Apache-2.0
"""A model's file that the words name, or that stands where a parent job is named, goes where the action takes one."""

from __future__ import annotations

from dataclasses import replace
from pathlib import PurePath
from typing import TYPE_CHECKING

from router.consistency import FROM_PARENT, RESUME
from router.notes import listed
from router.said_data import is_model_file
from router.types import Question

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
    starts = sorted(_starts(skill, action)) if action else []
    models = [name for name in named if is_model_file(name) and name not in map(str, request.overrides.values())]
    if starts and models:
        key = f"{starts[0]}={models[0]}"
        text = f"What is {listed(models)} for? A training takes a file by a key alone, such as {key} to go on with it."
        notes.ask(Question("request", text))
    if len(fitting) > 1 and not parent:
        notes.ask(Question("parent_job_id", f"{listed(fitting)}: which one is the model? One run takes one."))
    for name in named:
        if name != taken:
            notes.warn(f"{name} is named in the words, but not taken for data; give it as key=value where it belongs")
    if not taken:
        return request
    notes.because(f"{taken} is the model: {fitting[taken]}")
    overrides = {**request.overrides, fitting[taken]: taken}
    return replace(request, overrides=overrides, parent_job_id=None if taken == parent else request.parent_job_id)


def has_model_file(request: Request, skill: Skill, action: str | None) -> bool:
    """Whether a step says which file it starts from, so that it works on nothing that a step before it makes."""
    return action is not None and not _given(request, skill, action).isdisjoint(_keys(skill, action))


def _keys(skill: Skill, action: str) -> dict[str, set[str]]:
    """The keys of the action that take a model, each with the endings of the files that it takes."""
    params = {key: how for key, how in skill.spec_params(action).items() if isinstance(how, str)}
    if RESUME in params.values():
        return {}
    rules = {key: skill.parent_artifact(key) or {} for key, how in params.items() if how in FROM_PARENT}
    return {
        key: {*rule.get("suffixes", ()), *rule.get("embedded", {}).get("suffixes", ())} for key, rule in rules.items()
    }


def _starts(skill: Skill, action: str) -> set[str]:
    """The keys under which a training takes the file that it starts from."""
    return {key for key, how in skill.spec_params(action).items() if how == RESUME}


def _given(request: Request, skill: Skill, action: str) -> set[str]:
    short = skill.shorthand_keys(action)
    return {short.get(name, name) for name in request.overrides}
