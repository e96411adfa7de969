# SPDX-License-Identifier: Apache-2.0
"""Which model each of several steps works on: a file that it names, or what a step before it makes; else it asks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from router.asked_steps import ENGINE_VERB
from router.coordination import files_of
from router.model_files import has_model_file
from router.notes import listed
from router.objects import of_pronoun_at
from router.step_parts import parts_of_steps
from router.types import Question

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from router.declarations import Skill
    from router.one_action import Case
    from router.reading import Reading
    from router.types import Decision
    from router.wanted_action import WantedAction

_MAKES_A_MODEL = frozenset({"train", "export", "quantize", ENGINE_VERB})
_NEAR = 4


def of_models(wanted: Sequence[WantedAction], steps: Sequence[Decision], case: Case) -> Iterator[Question]:
    """What is asked where a step may work on one model or another."""
    if question := _which_model(wanted, steps, case):
        yield question
    for here, (found, step) in enumerate(zip(wanted, steps, strict=True)):
        if here and not found.command and not stands_alone(step, case.skill):
            yield from _of_its_files(here, wanted, steps, case)


def _of_its_files(
    here: int, wanted: Sequence[WantedAction], steps: Sequence[Decision], case: Case
) -> Iterator[Question]:
    """What is asked of a step that names files and does not take one, or takes what "it" may not mean."""
    step, spoken = steps[here], case.words.steps
    files, verb = files_of(spoken[here]), wanted[here].verb
    made = [n for n in range(here) if makes_a_model(steps[n], case.skill)]
    if not files or not made:
        return
    reading, place = case.words.reading, case.words.intent.steps[here]
    own = _says(case, here, files[0])
    beside = _beside(reading, files) or (own and of_pronoun_at(reading, place))  # "evaluate it on ./a, and also m.pth"
    if beside or not has_model_file(step.request, case.skill, step.action):
        both = f"what {wanted[made[-1]].verb} before it makes, or {listed(files)}"
        yield Question("parent_job_id", f"Which model does {verb} work on, {both}? One step takes one: ask for each.")
    elif not own:
        both = f"what {wanted[made[-1]].verb} makes, or {files[0]}"
        yield Question("parent_job_id", f"Which model does {verb} work on, {both}? Name it there.")


def _beside(reading: Reading, files: Sequence[str]) -> bool:
    """Whether a word such as "it" stands beside a file as one more model: "evaluate it and m.pth", "m.pth and it"."""
    use, tokens = reading.grammar, reading.tokens
    verbs = {n for m in reading.of("action", negated=None) for n in m.places}
    joins = use["joins_steps"] | use["as_well_as"]
    small, others = joins | use["articles"] | use["fresh_model"], use["pronouns"] | use["new_model"]
    for place, token in enumerate(tokens):
        if token.text not in files or place in verbs:
            continue
        for places in (range(place - 1, max(-1, place - 1 - _NEAR), -1), range(place + 1, place + 1 + _NEAR)):
            words = [tokens[n].word for n in places if n < len(tokens)]
            named = next((n for n, word in enumerate(words) if word not in small), 0)
            if named and words[named] in others and not joins.isdisjoint(words[:named]):
                return True
    return False


def _says(case: Case, here: int, file: str) -> bool:
    """Whether a step names a file itself, and does not take over that of a step before it."""
    part = parts_of_steps(case.words.reading, case.words.intent.steps)[here]
    return any(case.words.reading.tokens[n].text == file for n in part)


def _which_model(wanted: Sequence[WantedAction], steps: Sequence[Decision], case: Case) -> Question | None:
    """What is asked where several steps of one kind make what a later one works on: "train it twice, then export"."""
    for here, (found, step) in enumerate(zip(wanted, steps, strict=True)):
        if found.command or found.verb == "train" or step.request.parent_job_id or case.words.steps[here].no_data:
            continue
        made = [n for n in range(here) if wanted[n].verb != found.verb and makes_a_model(steps[n], case.skill)]
        theirs = [n for n in made if wanted[n].verb == wanted[made[-1]].verb]
        if case.words.steps[here].tasks:
            theirs = [n for n in theirs if steps[n].task == step.task]
        if len(theirs) > 1:
            said = f"Which model does {step.action} work on, that of which {wanted[theirs[0]].verb} before it?"
            return Question("parent_job_id", f"{said} Leave it out, and ask for it with the job when they are over.")
    return None


def stands_alone(decision: Decision, skill: Skill) -> bool:
    """Whether a step needs no model of a step before it: a training begins with what is said of it, or with nothing."""
    return decision.action in skill.info["train_policy"]["applies_to"]


def makes_a_model(decision: Decision, skill: Skill) -> bool:
    """Whether what a step makes is what the next one works on."""
    named = (pair for task in skill.info["tasks"].values() for pair in task["actions"].items())
    verbs = {verb for verb, action in named if action == decision.action}
    return bool(verbs & _MAKES_A_MODEL) or str(decision.action).endswith(ENGINE_VERB)
