# SPDX-License-Identifier: Apache-2.0
"""From a request to a decision: what runs, by which route, and why. Reads files, starts nothing."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from core.errors import RequestError
from router.commands import command_decision
from router.notes import Notes, listed
from router.one_action import Case, decided
from router.slots import check_slots
from router.steps import steps_decision
from router.types import Question
from router.wanted_action import named_action, wanted_steps, which_action
from router.words import read_words

if TYPE_CHECKING:
    from router.declarations import Skill
    from router.types import Decision, Request
    from router.words import Words

_LIES = frozenset({"on", "in", "at", "from", "auf", "aus"})


def decide(request: Request, skill: Skill) -> Decision:
    """Settle action, task, policy and route of a request. Slots beat words; what is ambiguous comes back as questions.

    Every slot that the caller set is handed on unchanged; open ones are filled where the words are clear. Words that
    ask for several actions come back as steps, words that ask for a command as that command.

    Raises:
        RequestError: a slot can't be meant, slots contradict each other, the action is not packaged, or the words are
            not for this skill.
        DeclarationError: deploy/skill_info.yaml is broken and is needed.
    """
    check_slots(request, skill)
    notes, words = Notes(), read_words(request.text, skill)
    _explain(words, notes)
    if request.text and not words.names_model:
        notes.because(f"the words do not name {skill.info['title']}; the request was put to this skill")
    case = Case(skill, words, notes)
    if request.action:
        return decided(request, words.whole, named_action(request.action, skill), case)
    if words.account.declined and not _answers(request):
        raise _not_for_this_skill(words, skill)
    if words.intent.likely:
        notes.because("no phrase says what is to be done; this is the most likely by all the words together")
    if words.intent.verb:
        return command_decision(request, case)
    wanted = wanted_steps(words, skill, notes)
    _ask_what_is_open(request, words, notes)
    if len(wanted) > 1:
        return steps_decision(request, wanted, case)
    if not wanted:
        notes.ask(which_action(words, skill))
        return decided(request, words.whole, None, case)
    found = wanted[0]._replace(task=None) if request.task else wanted[0]
    return decided(request, words.steps[0], found, case)


def _explain(words: Words, notes: Notes) -> None:
    for said, meant in words.reading.corrected.items():
        notes.because(f"'{said}' is read as '{meant}'")
    if told := words.reading.background():
        notes.because(f"only told, and not asked for: {listed(repr(text) for text in told)}")
    if words.account.unknown:
        notes.warn(f"not understood: {listed(repr(text) for text in words.account.unknown)}")


def _in_a_store(words: Words) -> bool:
    """Whether the data is said to lie in a store, such as "data on s3"."""
    return any(
        token.word in words.reading.grammar["stores"] and words.reading.tokens[place - 1].word in _LIES
        for place, token in enumerate(words.reading.tokens)
        if place
    )


def _without_subject(words: Words) -> bool:
    """Whether something is to be looked at, and neither images nor a model are named: only the trade is."""
    verb = words.intent.steps[0].verb
    if (verb != "inference" and not (verb == "train" and words.account.of_pronoun)) or not words.account.ours:
        return False
    spoken = words.whole
    named = any(words.reading.of(kind) for kind in ("model", "task", "engine"))
    return not (named or spoken.paths or spoken.jobs or spoken.parents or spoken.no_data or spoken.overrides)


def _answers(request: Request) -> bool:
    """Whether slots say what the request is about, whatever its words are."""
    return bool(replace(request, text="", results_root=None, runner=None).to_json())


def _not_for_this_skill(words: Words, skill: Skill) -> RequestError:
    said = words.account.declined
    title = skill.info["title"]
    message = f"'{said}' is nothing that this skill works on: {title} {_about(skill)}"
    remedy = f'name the model, its data or a job ("train {title} on ./boards"), or leave it to another skill'
    return RequestError(message, code="request.not_for_this_skill", where="request", remedy=remedy)


def _about(skill: Skill) -> str:
    return listed(entry["about"] for entry in skill.info["tasks"].values())


def _ask_what_is_open(request: Request, words: Words, notes: Notes) -> None:
    """Questions that the words leave: what is meant, how, and whether it is this model at all."""
    if not words.intent.steps:
        return
    if words.account.asked:
        strange = listed(repr(said) for said in words.account.asked)
        text = f"What is meant by {strange}? Leave it out, or say it as key=value."
        notes.ask(Question("request", text))
    if words.whole.others and not (words.whole.jobs or request.parent_job_id):
        text = f"Which one is '{words.whole.others[0]}'? Name the job; `changenet jobs` lists them."
        notes.ask(Question("parent_job_id", text))
    if not words.account.ours and not _answers(request):
        notes.ask(
            Question("request", "Which model or data is this about? Name the model, a job, or where the data lies.")
        )
    if not words.whole.paths and not request.data and _in_a_store(words):
        notes.ask(Question("data", "Which address does the data have in the store? s3://…"))
    if _without_subject(words) and not _answers(request):
        notes.ask(Question("data", "Which images are meant, and which model is to look at them?"))
    if words.intent.alternatives:
        notes.ask(
            Question("action", f"{listed(words.intent.alternatives)}: which one is meant?", words.intent.alternatives)
        )
    contradicted = [step.verb for step in words.intent.steps if step.verb in words.refused]
    if contradicted:
        notes.ask(Question("action", f"The words ask for {contradicted[0]}, and rule it out. Which one is meant?"))
    if words.intent.question and words.intent.steps[0].verb == "train":
        notes.ask(Question("request", "Is that a question, or should it be done?"))
