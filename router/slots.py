# SPDX-License-Identifier: Apache-2.0
"""Checks the slots of a request, and fills the open ones from its words."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from core.errors import RequestError, did_you_mean
from core.redaction import redact
from router.notes import listed
from router.types import Question, Request
from router.values import role_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from router.declarations import Skill
    from router.notes import Notes
    from router.words import Words

RESULTS = "results_root"


def check_slots(request: Request, skill: Skill) -> None:
    """Refuse slot values that can't be meant.

    Raises:
        RequestError: naming the slot, and what it takes.
    """
    policy = skill.info["train_policy"]
    _one_of("task", request.task, skill.info["tasks"])
    _one_of("task", request.overrides.get("task"), skill.info["tasks"])
    _one_of("automl_policy", request.automl_policy, policy["options"])
    _one_of("profile", request.profile, skill.profiles)
    _at_least("gpus", request.gpus, 0)
    _at_least("nodes", request.nodes, 1)
    if policy["slot"] in request.overrides:
        message = f"'{policy['slot']}' is no key of the spec; it is a slot of the request"
        raise RequestError(message, code="request.slot", where=policy["slot"], remedy="give it as `--automl on|off`")


def _one_of(slot: str, value: Any, options: Iterable[str]) -> None:
    names = list(options)
    if value is not None and value not in names:
        hint = did_you_mean(str(value), names)
        message = f"'{value}' is not possible for {slot}. {hint}".strip()
        raise RequestError(message, code="request.slot", where=slot, remedy=f"choose one of {listed(names)}")


def _at_least(slot: str, value: int | None, least: int) -> None:
    if value is not None and (isinstance(value, bool) or not isinstance(value, int) or value < least):
        message = f"'{value}' is not possible for {slot}"
        raise RequestError(message, code="request.slot", where=slot, remedy=f"give a whole number from {least} on")


def fill(request: Request, words: Words, skill: Skill, notes: Notes, *, trains: bool) -> Request:
    """The request with its open slots filled from the words. What was given is never touched.

    Epochs and learning rate are taken from the words only where the action `trains`.
    """
    values = words.values
    found: dict[str, Any] = {
        "runner": _single("runner", words.runners, "Which runner?", request, notes),
        "profile": _single("profile", words.profiles, "Which profile?", request, notes),
        "parent_job_id": _single("parent_job_id", values.job_ids, "Which job is the parent?", request, notes),
        "gpus": values.gpus,
        "nodes": values.nodes,
        **_data_slots(request, words, skill, notes, trains=trains),
    }
    _ask_unclear(request, words, skill, notes)
    for name in values.no_data:
        notes.warn(f"{name} is named in the words, but not taken for data; give it as key=value where it belongs")
    for said, instead in values.unread.items():
        notes.warn(f"'{said}' is named in the words, but nothing is made of it: {instead}")
    blank = Request()
    fresh = {
        slot: value
        for slot, value in found.items()
        if value is not None and getattr(request, slot) == getattr(blank, slot)
    }
    overrides = _overrides(request, words, skill, trains=trains)
    read = {**fresh, **{name: value for name, value in overrides.items() if name not in request.overrides}}
    if read:
        notes.because(f"from the words: {listed(f'{name} {value}' for name, value in redact(read).items())}")
    return replace(request, **fresh, overrides=overrides)


def _single(slot: str, found: Sequence[str], question: str, request: Request, notes: Notes) -> str | None:
    if len(found) > 1 and getattr(request, slot) is None:
        notes.ask(Question(slot, f"{question} The words name {listed(found)}.", tuple(found)))
    return found[0] if len(found) == 1 else None


def _data_slots(request: Request, words: Words, skill: Skill, notes: Notes, *, trains: bool) -> dict[str, Any]:
    """Paths of the words by the role that the words before them give.

    A single path holds all data, unless a training request gives it for validation or test only.
    """
    roles = skill.info["language"]["data_roles"]
    by_role = [(role_of(mention, roles), mention.path) for mention in words.values.paths]
    slots: dict[str, Any] = {role: path for role, path in by_role if role == RESULTS}
    data = [(role, path) for role, path in by_role if role != RESULTS]
    whole = len(data) == 1 and not _has_data(request) and (not trains or data[0][0] in {None, "train_datasets"})
    if whole:
        return slots | {"data": data[0][1]}
    named = {role for role, _ in data if role}
    if len(named) == len(data):
        many = {name for name, source in skill.info["dataset_sources"].items() if source.get("list")}
        return slots | {role: (path,) if role in many else path for role, path in data if role}
    if not _has_data(request):
        paths = tuple(path for _, path in data)
        notes.ask(Question("data", f"What is each of {listed(paths)} for: training, validation, test?", paths))
    return slots


def _has_data(request: Request) -> bool:
    return bool(request.data or request.train_datasets or request.eval_dataset or request.inference_dataset)


def _ask_unclear(request: Request, words: Words, skill: Skill, notes: Notes) -> None:
    given = {"gpus": request.gpus, "nodes": request.nodes} | _by_key(request.overrides, skill)
    for name, found in words.values.unclear.items():
        if given.get(_key(name, skill)) is None:
            notes.ask(Question(name, f"The words give {listed(found)} for {name}. Which one?", tuple(found)))


def _overrides(request: Request, words: Words, skill: Skill, *, trains: bool) -> dict[str, Any]:
    """The overrides of the request, after those of the words for keys that the request leaves open."""
    spoken = words.values.spec_values.items()
    sections = tuple(f"{skill.section(action)}." for action in skill.info["train_policy"]["applies_to"])
    usable = {name: value for name, value in spoken if trains or not _key(name, skill).startswith(sections)}
    read = {**usable, **words.values.overrides}
    given = {*_by_key(request.overrides, skill), *request.overrides}
    return {name: value for name, value in read.items() if _key(name, skill) not in given} | request.overrides


def _by_key(overrides: dict[str, Any], skill: Skill) -> dict[str, Any]:
    return {_key(name, skill): value for name, value in overrides.items()}


def _key(name: str, skill: Skill) -> str:
    """The spec key of a short name; where it depends on the action, the short name stands for itself."""
    target = skill.info["spec_shorthand_keys"].get(name, name)
    return target if isinstance(target, str) else name
