# SPDX-License-Identifier: Apache-2.0
"""A request for several actions: a decision for each, and what one step leaves to the next."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from router.asked_steps import ENGINE_VERB
from router.commands import command_step
from router.coordination import files_of
from router.notes import Notes, listed
from router.one_action import decided
from router.slots import OF_TRAINING
from router.step_models import makes_a_model, of_models
from router.types import BEST_TRIAL, LAST_MODEL, LAST_TRAINING, Decision

if TYPE_CHECKING:
    from collections.abc import Sequence

    from router.declarations import Skill
    from router.one_action import Case
    from router.spoken import Spoken
    from router.types import Request
    from router.wanted_action import WantedAction
    from router.words import Words

_REACHED_BY_TARGET = frozenset({"train", "evaluate"})
_BUILT = ("export-", f"{ENGINE_VERB}-", "deploy_")
_HANDED_ON = frozenset({BEST_TRIAL, LAST_TRAINING, LAST_MODEL})
# What only some actions have, though it is said beside another: "an engine, after the export; int8 for the engine".
_HAVE = {"data_type": frozenset({ENGINE_VERB, "quantize"}), "format": frozenset({"export"})}


def steps_decision(request: Request, wanted: list[WantedAction], case: Case) -> Decision:
    """A decision for each step; what one says of data and parent holds for the next, unless that makes its own model.

    Raises:
        RequestError: as `decided` says, of any step.
    """
    words, notes, task = case.words, case.notes, request.task or _one(case.words.whole.tasks)
    steps: list[Decision] = []
    for found, spoken in zip(wanted, _shared(words, wanted), strict=True):
        before = steps[-1] if steps else None
        again = any(one.verb == found.verb for one in wanted[: len(steps)])
        slots = _step_request(request, spoken, found, before, case.skill)
        slots = _held(slots, request, found.verb) if again else slots
        slots = replace(slots, task=found.task or request.task or _one(spoken.tasks) or task)
        if found.command:
            steps.append(command_step(slots, found.verb, spoken, before, case._replace(notes=Notes())))
            continue
        step = decided(slots, spoken, found, case._replace(notes=Notes()))
        task = task or step.task
        steps.append(_handed_on(step, before, case.skill) if before else step)
    for question in of_models(wanted, steps, case):
        notes.ask(question)
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


def _shared(words: Words, wanted: list[WantedAction]) -> list[Spoken]:
    """What each step says; what concerns training goes to the one training, a target to every step that it reaches."""
    steps = words.steps
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
        if not _names_an_earlier_model(words):
            found = [_of_its_model(one) if place > trainings[0] else one for place, one in enumerate(found)]
    found = _from_the_first(found, wanted)
    for name, having in _HAVE.items():
        corrected = bool(words.reading.of("correction", negated=None))
        found = _given_to(name, having, found, wanted, corrected=corrected)
    target = next((one.values["target"] for one in steps if "target" in one.values), None)
    reached = [bool(target) and one.verb in _REACHED_BY_TARGET for one in wanted]
    if len({one.verb for one in wanted}) < len(wanted):  # each of several trainings has its own
        reached = [reaches and "target" not in one.values for reaches, one in zip(reached, found, strict=True)]
    return [
        replace(one, values=one.values | {"target": target}) if reaches else one
        for one, reaches in zip(found, reached, strict=True)
    ]


def _names_an_earlier_model(words: Words) -> bool:
    """Whether a model is named that was there before this request: "then evaluate the model from before"."""
    reading = words.reading
    places = (n for m in reading.of("parent") for n in m.places)
    return any(reading.tokens[n].word in reading.grammar["earlier"] for n in places)


def _of_its_model(spoken: Spoken) -> Spoken:
    """What a step behind a training says: "the winner" is then what that training makes, and none of those before."""
    return replace(spoken, parents=tuple(name for name in spoken.parents if name not in _HANDED_ON))


def _from_the_first(said: list[Spoken], wanted: Sequence[WantedAction]) -> list[Spoken]:
    """What each step says; a training that a later one names is what the export before it takes, where that has none.

    "the last training should become an engine, so export it first"
    """
    found, verbs = list(said), [one.verb for one in wanted]
    if "export" not in verbs or ENGINE_VERB not in verbs or "train" in verbs:
        return found
    first = verbs.index("export")
    later = [n for n in range(first + 1, len(found)) if wanted[n].deploy and (found[n].jobs or found[n].parents)]
    own = found[first].jobs or found[first].parents or found[first].no_data
    if own or len(later) != 1 or any(job.startswith(_BUILT) for job in found[later[0]].jobs):
        return found
    moved = found[later[0]]
    found[first] = replace(found[first], jobs=moved.jobs, parents=moved.parents)
    found[later[0]] = replace(moved, jobs=(), parents=())
    return found


def _given_to(
    name: str, having: frozenset[str], said: list[Spoken], wanted: Sequence[WantedAction], *, corrected: bool
) -> list[Spoken]:
    """What each step says, a value that a step can't have given to the only one that can.

    That one has none, or what is said later corrects it: "int8 engine; verdicts with it. Actually make that fp16".
    """
    can = [place for place, one in enumerate(wanted) if one.verb in having]
    theirs = [place for place, one in enumerate(said) if name in one.values and place not in can]
    if len(can) != 1 or len(theirs) != 1 or name in said[can[0]].unclear:
        return said
    if name in said[can[0]].values and not (corrected and theirs[0] > can[0]):
        return said
    value = said[theirs[0]].values[name]
    found = [replace(one, values={n: v for n, v in one.values.items() if n != name}) for one in said]
    found[can[0]] = replace(found[can[0]], values=found[can[0]].values | {name: value})
    return found


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
    named = spoken.jobs or spoken.parents or files_of(spoken)
    if not named and before.request.parent_job_id and not makes_a_model(before, skill):
        slots = replace(slots, parent_job_id=before.request.parent_job_id)
    return slots


def _held(slots: Request, request: Request, verb: str) -> Request:
    """The slots of a step that is done again: what was given holds for it as well; a training takes over no model."""
    parent = request.parent_job_id or (None if verb == "train" else slots.parent_job_id)
    return replace(slots, parent_job_id=parent, overrides=request.overrides)


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
