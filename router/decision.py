# SPDX-License-Identifier: Apache-2.0
"""From a request to a decision: what runs, by which route, and why. Reads files, starts nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.errors import RequestError
from router.commands import command_decision
from router.data_at_hand import names_our_data
from router.not_taken_up import not_taken_up
from router.notes import Notes, listed
from router.nothing_asked import asks_for_nothing
from router.one_action import Case, decided
from router.open_questions import answers, open_questions, time_warnings, with_doubt
from router.slots import check_slots
from router.steps import steps_decision
from router.types import Question
from router.wanted_action import named_action, wanted_steps, which_action
from router.words import read_words

if TYPE_CHECKING:
    from router.declarations import Skill
    from router.types import Decision, Request
    from router.words import Words


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
    _explain(words, skill, notes)
    if request.text and not words.names_model:
        notes.because(f"the words do not name {skill.info['title']}; the request was put to this skill")
    case = Case(skill, words, notes)
    if request.action:
        return decided(request, words.whole, named_action(request.action, skill), case)
    if words.account.declined and not answers(request):
        _ask_or_decline(words, skill, notes)
    if words.intent.led:
        unsaid = "no phrase says what is to be done; " if words.intent.likely else ""
        led = listed(repr(word) for word in words.intent.led)
        notes.because(f"{unsaid}this is the most likely by all the words together, first of all {led}")
    if asks_for_nothing(words) and not answers(request):
        raise _nothing_to_do()
    if words.intent.verb:
        return command_decision(request, case)
    wanted = wanted_steps(words, skill, notes)
    for question in open_questions(request, words, skill):
        notes.ask(question)
    if len(wanted) > 1:
        return with_doubt(steps_decision(request, wanted, case), words, request, skill)
    if not wanted:
        notes.ask(which_action(words, skill))
        return decided(request, words.whole, None, case)
    found = wanted[0]._replace(task=None) if request.task else wanted[0]
    return with_doubt(decided(request, words.steps[0], found, case), words, request, skill)


def _explain(words: Words, skill: Skill, notes: Notes) -> None:
    for said, meant in words.reading.corrected.items():
        notes.because(f"'{said}' is read as '{meant}'")
    if told := (*words.story, *words.reading.background()):
        notes.because(f"only told, and not asked for: {listed(repr(text) for text in told)}")
    if words.account.unknown:
        notes.warn(f"not understood: {listed(repr(text) for text in words.account.unknown)}")
    for warning in time_warnings(words, skill):
        notes.warn(warning)
    asked = (*words.account.unknown, *words.account.asked)
    left = not_taken_up(words.reading, words.intent.steps)
    if left := tuple(text for text in left if not any(one in text or text in one for one in asked)):
        notes.warn(f"not taken up: {listed(repr(text) for text in left)}")


def _ask_or_decline(words: Words, skill: Skill, notes: Notes) -> None:
    """Beside data of this skill that lies there a strange word is asked about; all else is not for this skill."""
    if words.account.certain or not names_our_data(words, skill):
        raise _not_for_this_skill(words, skill)
    text = f"What is meant by '{words.account.declined}'? Data of this skill is named beside it: leave it out, or say"
    notes.ask(Question("request", f"{text} what it is for."))


def _not_for_this_skill(words: Words, skill: Skill) -> RequestError:
    said = words.account.declined
    title = skill.info["title"]
    message = f"'{said}' is nothing that this skill works on: {title} {_about(skill)}"
    remedy = f'name the model, its data or a job ("train {title} on ./boards"), or leave it to another skill'
    return RequestError(message, code="request.not_for_this_skill", where="request", remedy=remedy)


def _nothing_to_do() -> RequestError:
    message = "the words only say what was done, or is not to be done, and so nothing is"
    remedy = "say what is to be done instead, if anything"
    return RequestError(message, code="request.nothing_asked", where="request", remedy=remedy)


def _about(skill: Skill) -> str:
    return listed(entry["about"] for entry in skill.info["tasks"].values())
