# SPDX-License-Identifier: Apache-2.0
"""What the file of a model says of the spec that it is used with, where the user names the file and no job does."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core import dotted
from core.errors import InputError
from core.problem import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from runners.model_rules import FileSettings
    from runners.planning.draft import Draft

_MISSING = object()


def take_file_settings(draft: Draft) -> list[Problem]:
    """Put what a file says that the user named in place of a parent's; returns what the user set otherwise."""
    resolved, problems = draft.resolved, []
    for want in resolved.wanted:
        named = draft.layers.get(want.key) if want.key in resolved.overridden else None
        if not isinstance(named, str) or not named:
            continue
        try:
            told = resolved.rules.file_settings(Path(named))
        except InputError as problem:
            # The container takes files of its own, which say nothing of themselves.
            if resolved.embedded:
                problems.append(Problem(problem.code, want.key, f"{named}: {problem.message}", problem.remedy))
            continue
        problems += _taken(draft, want.key, Path(named), told) if told else []
    return problems


def unfit_files(draft: Draft) -> list[Problem]:
    """What the spec asks in vain of the model's file that it names, whether the user did or a parent job."""
    resolved = draft.resolved
    problems: list[Problem] = []
    for want in resolved.wanted:
        named = draft.layers.get(want.key)
        if resolved.embedded and isinstance(named, str) and named:
            with suppress(InputError):  # of the user's own file that was told before; a parent's tells its job
                told = resolved.rules.file_settings(Path(named))
                problems += told.problems(want.key, draft.layers.spec, resolved.overridden) if told else []
    return problems


def _taken(draft: Draft, key: str, path: Path, told: FileSettings) -> list[Problem]:
    task = draft.resolved.skill.task_of(draft.resolved.action)
    if told.task != task:
        message = f"{path} is a model for the {told.task} task, and {draft.resolved.action} one of {task}"
        other = _for_task(draft, told.task)
        remedy = f"name a model for {task}" + (f", or run {other}" if other else "")
        return [Problem("spec.file_task", key, message, remedy)]
    wrong = []
    for name, value in _values(draft, told):
        if draft.layers.source(name) not in {"shorthand", "override"}:
            draft.layers.put(name, value, "data", path.name)
        elif name not in told.free and draft.layers.get(name) != value:
            message = f"it is set to {draft.layers.get(name)}, and {path} was made with {value}"
            wrong.append(Problem("spec.contradiction", name, message, "leave it out: the file brings it along"))
    return wrong


def _for_task(draft: Draft, task: str) -> str:
    """The action that does for another task what this one does; empty where there is none."""
    skill, action = draft.resolved.skill, draft.resolved.action
    alike = skill.deploy_actions if action in skill.deploy_actions else skill.actions
    wanted = (task, skill.section(action))
    return next((name for name in alike if (skill.task_of(name), skill.section(name)) == wanted), "")


def _values(draft: Draft, told: FileSettings) -> Iterator[tuple[str, Any]]:
    for name in draft.layers.schema.value_keys():
        value = dotted.get(told.config, name, _MISSING)
        if value is not _MISSING:
            yield name, value
