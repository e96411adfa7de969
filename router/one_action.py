# SPDX-License-Identifier: Apache-2.0
"""The decision on one action: its slots filled from the words, its task, its route, and what is open."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from router.asked_steps import ENGINE_VERB
from router.declarations import DEPLOY_PREFIX
from router.model_files import with_model_file
from router.policy import Policy, find_policy, train_route
from router.slots import Purpose, fill, with_image_size
from router.types import Decision, Question
from router.wanted_action import WantedAction, find_task, refused

if TYPE_CHECKING:
    from router.declarations import Skill
    from router.notes import Notes
    from router.spoken import Spoken
    from router.types import Request, Route
    from router.words import Words


class Case(NamedTuple):
    """A request that is being decided: the skill, its words as they were read, and what is noted on the way."""

    skill: Skill
    words: Words
    notes: Notes


def decided(request: Request, spoken: Spoken, wanted: WantedAction | None, case: Case) -> Decision:
    """The decision on one action, of all words or of those of one step.

    Raises:
        RequestError: slots contradict each other, or the action is not packaged.
    """
    skill, words, notes = case
    policy = find_policy(request, spoken, skill)
    verb = wanted.verb if wanted else None
    purpose = Purpose(
        trains=verb in {None, "train"}, direct=policy.value == "off" and not policy.open, builds=verb == ENGINE_VERB
    )
    request = fill(request, spoken, skill, notes, purpose)
    task = find_task(request, spoken, wanted, skill, notes) if wanted else request.task
    if task and wanted:
        request = with_image_size(request, spoken, skill, task, notes)
    action = wanted.action(task, skill) if wanted and task else None
    request = with_model_file(request, spoken.no_data, skill, action, notes)
    route = _route(action, request, policy, skill, notes) if action else None
    if route and "trials" in spoken.values and policy.value == "off":
        trials = spoken.values["trials"]
        text = f"AutoML is turned off ({policy.said or 'slot'}), and given {trials} trials. Which one is meant?"
        notes.ask(Question("automl_policy", text, ("on", "off")))
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
        stated=_stated(spoken, verb),
        not_understood=words.account.unknown,
    )


def _stated(spoken: Spoken, verb: str | None) -> dict[str, Any]:
    """The values of the words by name, data and parent among them."""
    found = dict(spoken.values)
    if spoken.paths:
        found["data"] = spoken.paths[0][0]
    if len(spoken.jobs or spoken.parents) == 1:
        found["parent"] = (spoken.jobs or spoken.parents)[0]
    if len(spoken.tasks) == 1:
        found["task"] = spoken.tasks[0]
    if len([name for name in spoken.runners if name != "unclear"]) == 1:
        found["runner"] = next(name for name in spoken.runners if name != "unclear")
    if verb is not None and verb != "export":
        found.pop("format", None)
    return found


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
        task = skill.task_of(action)
        exported = "export" in skill.info["tasks"][task]["actions"]
        needed = "an exported ONNX file"
        entry = skill.info["unavailable_actions"].get(f"{task}_export")
        without = entry["reason"] if entry else f"this skill packages no export of {task} models"
        maker = "an export job, which `changenet run export` makes" if exported else without
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
