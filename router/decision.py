# SPDX-License-Identifier: Apache-2.0
"""From a request to a decision: what runs, by which route, and why. Reads files, starts nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from router.declarations import DEPLOY_PREFIX
from router.notes import Notes
from router.policy import Policy, find_policy, train_route
from router.slots import check_slots, fill
from router.types import Decision, Question
from router.wanted_action import ENGINE_VERB, find_action, find_task, refused
from router.words import read_words

if TYPE_CHECKING:
    from router.declarations import Skill
    from router.types import Request, Route


def decide(request: Request, skill: Skill) -> Decision:
    """Settle action, task, policy and route of a request. Slots beat words; what is ambiguous comes back as questions.

    Every slot that the caller set is handed on unchanged; open ones are filled where the words are clear.

    Raises:
        RequestError: a slot can't be meant, slots contradict each other, or the action is not packaged.
        DeclarationError: deploy/skill_info.yaml is broken and is needed.
    """
    check_slots(request, skill)
    notes, words = Notes(), read_words(request.text, skill)
    policy = find_policy(request, words, skill)
    if request.text and not words.names_model:
        notes.because(f"the words do not name {skill.info['title']}; the request was put to this skill")
    wanted = find_action(request, words, skill, notes)
    trains = wanted is None or wanted.verb == "train"
    request = fill(request, words, skill, notes, trains=trains)
    task = find_task(request, words, wanted, skill, notes) if wanted else request.task
    action = wanted.action(task, skill) if wanted and task else None
    route = _route(action, request, policy, skill, notes) if action else None
    return Decision(
        skill=skill.info["train_policy"]["automl_skill"] if route == "automl" else skill.name,
        action=action,
        task=task,
        route=route,
        automl_policy=policy.value,
        policy_source=policy.source,
        request=request,
        reasons=tuple(notes.reasons),
        warnings=tuple(notes.warnings),
        missing=tuple(notes.missing),
        handover=_handover(action, task, policy, request, skill) if route == "automl" else None,
    )


def _route(action: str, request: Request, policy: Policy, skill: Skill, notes: Notes) -> Route | None:
    if action in skill.info["train_policy"]["applies_to"]:
        return train_route(action, policy, skill, notes)
    if not skill.packaged(action):
        raise refused(action, skill)
    if action.startswith(DEPLOY_PREFIX):
        _ask_for_artifact(action, request, skill, notes)
    notes.because(f"{action} is no train action and stays in this skill")
    return "action"


def _ask_for_artifact(action: str, request: Request, skill: Skill, notes: Notes) -> None:
    """TensorRT actions work on an artifact of another job: without one they are blocked, and nothing is made up."""
    key = next(key for key, function in skill.spec_params(action).items() if function == "parent_model")
    if request.parent_job_id or request.overrides.get(key):
        return
    if action.endswith(ENGINE_VERB):
        exported = "export" in skill.info["tasks"][skill.task_of(action)]["actions"]
        needed = "an exported ONNX file"
        maker = (
            "an export job, which `changenet run export` makes"
            if exported
            else f"this skill packages no export of {skill.task_of(action)} models"
        )
    else:
        needed, maker = "a TensorRT engine", "a gen_trt_engine job"
    text = f"Deploy is blocked: {action} needs {needed}. Which job is it from ({maker}), or which file is {key}?"
    notes.ask(Question("parent_job_id", text))


def _handover(action: str | None, task: str | None, policy: Policy, request: Request, skill: Skill) -> dict[str, Any]:
    return {
        "skill": skill.info["train_policy"]["automl_skill"],
        "skill_dir": str(skill.root),
        "action": action,
        "task": task,
        "automl_policy": policy.value,
        "request": request.to_json(),
    }
