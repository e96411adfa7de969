# SPDX-License-Identifier: Apache-2.0
"""A request for several actions: a decision for each, and what one step leaves to the next."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from router.asked_steps import ENGINE_VERB
from router.commands import command_step
from router.notes import Notes, listed
from router.one_action import decided
from router.slots import OF_TRAINING
from router.types import Decision

if TYPE_CHECKING:
    from router.declarations import Skill
    from router.one_action import Case
    from router.spoken import Spoken
    from router.types import Request
    from router.wanted_action import WantedAction

_MAKES_A_MODEL = frozenset({"train", "export", "quantize", ENGINE_VERB})
_REACHED_BY_TARGET = frozenset({"train", "evaluate"})


def steps_decision(request: Request, wanted: list[WantedAction], case: Case) -> Decision:
    """A decision for each step; what one says of data and parent holds for the next, unless that makes its own model.

    Raises:
        RequestError: as `decided` says, of any step.
    """
    words, notes, task = case.words, case.notes, request.task or _one(case.words.whole.tasks)
    steps: list[Decision] = []
    for found, spoken in zip(wanted, _shared(words.steps, wanted), strict=True):
        before = steps[-1] if steps else None
        slots = replace(_step_request(request, spoken, found, before, case.skill), task=found.task or task)
        if found.command:
            steps.append(command_step(slots, found.verb, spoken, before, case._replace(notes=Notes())))
            continue
        step = decided(slots, spoken, found, case._replace(notes=Notes()))
        task = task or step.task
        steps.append(_handed_on(step, before, case.skill) if before else step)
    names = [step.command.verb if step.command else str(step.action) for step in steps]
    notes.because(f"{len(steps)} steps: {listed(names)}")
    policy = next((step for step in steps if step.route in {"automl", "direct"}), steps[0])
    return Decision(
        skill=case.skill.name,
        action=None,
        task=task,
        route=None,
        automl_policy=request.automl_policy or policy.automl_policy,
        policy_source="slot" if request.automl_policy else policy.policy_source,
        request=request,
        reasons=tuple(notes.reasons),
        warnings=tuple(notes.warnings),
        missing=(*notes.missing, *(question for step in steps for question in step.missing)),
        steps=tuple(steps),
        not_understood=words.account.unknown,
    )


def _one(names: tuple[str, ...]) -> str | None:
    return names[0] if len(names) == 1 else None


def _shared(steps: tuple[Spoken, ...], wanted: list[WantedAction]) -> list[Spoken]:
    """What each step says; what concerns training goes to the one training, a target to every step that it reaches."""
    found = list(steps)
    trainings = [place for place, one in enumerate(wanted) if one.verb == "train"]
    if len(trainings) == 1:
        theirs = {name: value for one in steps for name, value in one.values.items() if name in OF_TRAINING}
        policies = {state: said for one in steps for state, said in one.policies.items()}
        found = [
            replace(one, policies={}, values={n: v for n, v in one.values.items() if n not in OF_TRAINING})
            for one in found
        ]
        training = found[trainings[0]]
        found[trainings[0]] = replace(training, values=training.values | theirs, policies=policies)
    target = next((one.values["target"] for one in steps if "target" in one.values), None)
    reached = [bool(target) and one.verb in _REACHED_BY_TARGET for one in wanted]
    return [
        replace(one, values=one.values | {"target": target}) if reaches else one
        for one, reaches in zip(found, reached, strict=True)
    ]


def _step_request(
    request: Request, spoken: Spoken, wanted: WantedAction, before: Decision | None, skill: Skill
) -> Request:
    """The slots of one step: those of the request, and what the step before it leaves."""
    slots = replace(request, text="", action=None)
    if wanted.verb != "train":
        slots = replace(slots, automl_policy=None, search={})
    if before is None:
        return slots
    kept = {name: value for name, value in request.overrides.items() if name == "target"}
    slots = replace(slots, parent_job_id=None, overrides=kept if wanted.verb in _REACHED_BY_TARGET else {})
    if not spoken.paths and not any((slots.data, slots.train_datasets, slots.eval_dataset, slots.inference_dataset)):
        left = before.request
        slots = replace(
            slots,
            data=left.data,
            train_datasets=left.train_datasets,
            eval_dataset=left.eval_dataset,
            inference_dataset=left.inference_dataset,
        )
    if not (spoken.jobs or spoken.parents) and before.request.parent_job_id and not makes_a_model(before, skill):
        slots = replace(slots, parent_job_id=before.request.parent_job_id)
    return slots


def makes_a_model(decision: Decision, skill: Skill) -> bool:
    """Whether what a step makes is what the next one works on."""
    named = (pair for task in skill.info["tasks"].values() for pair in task["actions"].items())
    verbs = {verb for verb, action in named if action == decision.action}
    return bool(verbs & _MAKES_A_MODEL) or str(decision.action).endswith(ENGINE_VERB)


def _handed_on(decision: Decision, before: Decision, skill: Skill) -> Decision:
    """A later step: the model of the step before it is not asked for."""
    stated = dict(decision.stated)
    if before.command and before.command.values.get("data") == decision.request.data:
        stated.setdefault("data", decision.request.data)
    if decision.request.parent_job_id:
        stated.setdefault("parent", decision.request.parent_job_id)
    if not makes_a_model(before, skill) and not before.request.parent_job_id:
        return replace(decision, stated=stated)
    missing = tuple(question for question in decision.missing if question.slot != "parent_job_id")
    return replace(decision, stated=stated, missing=missing)
