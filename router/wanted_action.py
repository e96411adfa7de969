# SPDX-License-Identifier: Apache-2.0
"""Settles which action is asked for, and for which task."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from core.errors import RequestError, did_you_mean
from router.asked_steps import ENGINE_VERB
from router.declarations import DEPLOY_PREFIX
from router.layout import tasks_of_data
from router.notes import Notes, listed
from router.tokens import JOB_ID
from router.types import Question

if TYPE_CHECKING:
    from collections.abc import Iterable

    from router.asked_steps import Step
    from router.declarations import Skill
    from router.spoken import Spoken
    from router.types import Request
    from router.words import Words

ENGINE_PREFIXES = (DEPLOY_PREFIX, "trt_", "tensorrt_")


class WantedAction(NamedTuple):
    """A verb (train, evaluate, …), whether it is meant with a TensorRT engine, and the task that its name fixes.

    With `command` it is a command of the skill, which stands among other steps.
    """

    verb: str
    deploy: bool = False
    task: str | None = None
    command: bool = False

    def action(self, task: str, skill: Skill) -> str:
        """The full action name for a task.

        Raises:
            RequestError: the task has no such action.
        """
        if self.deploy:
            return f"{DEPLOY_PREFIX}{task}_{self.verb}"
        actions = skill.info["tasks"][task]["actions"]
        if self.verb not in actions:
            raise refused(f"{task}_{self.verb}", skill)
        return str(actions[self.verb])


def refused(action: str, skill: Skill) -> RequestError:
    """The error for an action that is not packaged: the reason, the closest names, and what can be run."""
    runnable = [name for name in (*skill.actions, *skill.deploy_actions) if skill.packaged(name)]
    entry = skill.info["unavailable_actions"].get(action)
    reason = entry["reason"] if entry else f"this skill has no such action. {did_you_mean(action, runnable)}".strip()
    remedy = f"runnable are {listed(runnable)}" if runnable else "write the schemas with `changenet schemas` first"
    return RequestError(f"'{action}' can't be run: {reason}", code="request.action", where="action", remedy=remedy)


def wanted_steps(words: Words, skill: Skill, notes: Notes) -> list[WantedAction]:
    """The actions that the words ask for, in order.

    Raises:
        RequestError: an action that is not packaged.
    """
    found: list[WantedAction] = []
    for step, spoken in zip(words.intent.steps, words.steps, strict=True):
        built = any(one.deploy for one in found)
        found.append(_wanted(step, skill, engine=spoken.engine or built))
    if len(found) == 1:
        named = words.reading.tokens[words.intent.steps[0].place]
        said = f' ("{named.text}")' if named.kind == "word" else ""
        notes.because(f"{found[0].verb}: the words ask for it{said}")
    return found


def _wanted(step: Step, skill: Skill, *, engine: bool) -> WantedAction:
    if step.command:
        return WantedAction(step.verb, command=True)
    if step.named:
        return named_action(step.verb, skill)
    if step.verb in skill.info["unavailable_actions"]:
        raise refused(step.verb, skill)
    return WantedAction(step.verb, deploy=step.verb == ENGINE_VERB or (engine and _runs_engines(step.verb, skill)))


def _runs_engines(verb: str, skill: Skill) -> bool:
    return any(verb in actions for actions in skill.deploy_info["actions"].values())


def which_action(words: Words, skill: Skill) -> Question:
    """The question that is open where nothing is asked for."""
    verbs = dict.fromkeys(verb for task in skill.info["tasks"].values() for verb in task["actions"])
    known = (*verbs, *([ENGINE_VERB] if skill.deploys else []))
    choices = [verb for verb in known if verb not in words.refused]
    return Question("action", "What should be done?", tuple(choices))


def named_action(name: str, skill: Skill) -> WantedAction:
    """The action of a name, in any of its spellings.

    Raises:
        RequestError: there is no such action, or it is not packaged.
    """
    action = name.strip().lower().replace("-", "_").replace(" ", "_")
    for task, entry in skill.info["tasks"].items():
        for verb, full_name in entry["actions"].items():
            if action == full_name:
                return WantedAction(verb, task=task if full_name != verb else None)
    if any(action in entry["actions"] for entry in skill.info["tasks"].values()):
        return WantedAction(action)
    if action == ENGINE_VERB and skill.deploys:
        return WantedAction(ENGINE_VERB, deploy=True)
    return _engine_action(action, skill) or _refuse(name, action, skill)


def _engine_action(action: str, skill: Skill) -> WantedAction | None:
    prefix = next((prefix for prefix in ENGINE_PREFIXES if action.startswith(prefix)), None)
    if prefix is None:
        return None
    rest, by_task = action.removeprefix(prefix), skill.deploy_info["actions"]
    for task in by_task:
        if rest.removeprefix(f"{task}_") in by_task[task] and rest.startswith(f"{task}_"):
            return WantedAction(rest.removeprefix(f"{task}_"), deploy=True, task=task)
    return WantedAction(rest, deploy=True) if any(rest in actions for actions in by_task.values()) else None


def _refuse(name: str, action: str, skill: Skill) -> WantedAction:
    raise refused(action if action in skill.info["unavailable_actions"] else name, skill)


def find_task(request: Request, words: Spoken, wanted: WantedAction, skill: Skill, notes: Notes) -> str | None:
    """The task: from slots, then words, then the spec keys given, the parent job, the data; else the default.

    Returns None with a question where the evidence points both ways.

    Raises:
        RequestError: two slots contradict each other.
    """
    slot = _slot_task(request, wanted)
    shown = tasks_of_data(request, skill.info)
    if slot:
        _warn_of_other_layout(slot, shown, notes)
        return slot
    for source, tasks in _evidence(request, words, skill, shown):
        if len(tasks) == 1:
            task = tasks.pop()
            notes.because(f"{task}: {source}")
            _warn_of_other_layout(task, shown, notes)
            return task
        if tasks:
            text = f"{' or '.join(skill.info['tasks']).capitalize()}? {source.capitalize()} point to "
            notes.ask(Question("task", text + ("both." if len(tasks) == 2 else "several."), _tasks(skill)))
            return None
    default = str(skill.info["default_task"])
    notes.because(f"{default}: the default, as neither the request nor the data speak of another task")
    return default


def _slot_task(request: Request, wanted: WantedAction) -> str | None:
    said = {"task": request.task, "action": wanted.task, "overrides": request.overrides.get("task")}
    given = {name: task for name, task in said.items() if task}
    if len(set(given.values())) > 1:
        text = listed(f"{name} says {task}" for name, task in given.items())
        remedy = "give one task, or the action of that task"
        raise RequestError(f"the request contradicts itself: {text}", code="request.task", where="task", remedy=remedy)
    return next(iter(given.values()), None)


def _tasks(skill: Skill) -> tuple[str, ...]:
    return tuple(skill.info["tasks"])


def _evidence(
    request: Request, words: Spoken, skill: Skill, shown: dict[str, set[str]]
) -> Iterable[tuple[str, set[str]]]:
    """What points to a task, the strongest first, each with the tasks that it points to."""
    yield "the words", set(words.tasks)
    yield "the spec keys given", _tasks_of_keys(request, skill)
    yield "the parent job", _parent_task(request, skill)
    yield f"the layout of {listed(shown)}" if shown else "", set().union(*shown.values())


def _tasks_of_keys(request: Request, skill: Skill) -> set[str]:
    shorthand = skill.info["spec_shorthand_keys"]
    keys = [shorthand.get(name, name) for name in request.overrides]
    parts = {part for key in keys if isinstance(key, str) for part in key.split(".")[1:-1]}
    return parts & set(skill.info["tasks"])


def _parent_task(request: Request, skill: Skill) -> set[str]:
    match = JOB_ID.fullmatch(request.parent_job_id or "")
    name = match[1] if match else ""
    known = name in skill.actions or name.startswith(DEPLOY_PREFIX)
    return {skill.task_of(name)} & set(skill.info["tasks"]) if known else set()


def _warn_of_other_layout(task: str, shown: dict[str, set[str]], notes: Notes) -> None:
    for path, tasks in shown.items():
        if task not in tasks:
            notes.warn(f"{path} looks like {listed(sorted(tasks))} data, and the task is {task}")
