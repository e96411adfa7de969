# SPDX-License-Identifier: Apache-2.0
"""The decision on a request that is for a command of the skill, alone or as one of several steps."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from router.command_lines import FORMS, advice, command_of, drawing, model_file
from router.command_options import carried, open_options, require_pictures, with_options
from router.destroying import before_it_ends
from router.letters import tells_of_several
from router.notes import listed
from router.order import is_of_others_later
from router.types import Decision, Question
from router.verbs import models_of
from router.vocabulary import vocabulary_of

if TYPE_CHECKING:
    from router.intent import Intent
    from router.notes import Notes
    from router.one_action import Case
    from router.reading import Reading
    from router.spoken import Spoken
    from router.types import Command, Request


_ENDING = frozenset({"cancel", "remove"})


def _tell_unused(command: Command, spoken: Spoken, notes: Notes) -> None:
    """Values of the words that neither the line of a command nor its other readers take."""
    form = FORMS[command.verb]
    typed = {name for name, _ in form.flags} | carried(command, spoken)
    for name, value in spoken.values.items():
        if name not in typed:
            notes.warn(f"{form.name} is typed without '{name}' ({value}): say what else it is for, or leave it out")
    if command.verb == "advise" and spoken.paths:
        notes.warn(f"advise reads no data: {spoken.paths[0][0]} is not looked at")


def _which_is(command: Command) -> Question:
    """What is asked where a phrase asks for a command, and all words together are like those of no request."""
    name = FORMS[command.verb].name
    text = f"Is `changenet {name}` asked for? Which one is meant: name the model, a job, or where the data lies."
    return Question("request", text)


def command_step(request: Request, verb: str, spoken: Spoken, before: Decision | None, case: Case) -> Decision:
    """The decision on a command that stands among other steps: its job, or its data, may be that of the step before."""
    if before and not spoken.jobs and before.command and "job" in before.command.values:
        spoken = replace(spoken, jobs=(before.command.values["job"],))
    if before and not spoken.paths and before.request.data and FORMS[verb].data:
        spoken = replace(spoken, paths=((before.request.data, None),))
    command, question = command_of(verb, spoken, request.results_root)
    notes = case.notes
    _tell_unused(command, spoken, notes)
    command = with_options(command, spoken, case.words.reading)
    for asked in open_options(command, spoken, case.words.reading):
        notes.ask(asked)
    if question and not (before and before.action):
        notes.ask(question)
    data = request.data or command.values.get("data")
    return Decision(
        skill=case.skill.name,
        action=None,
        task=None,
        route=None,
        automl_policy=request.automl_policy or case.skill.info["train_policy"]["default"],
        policy_source="slot" if request.automl_policy else "default",
        request=replace(request, data=data),
        reasons=tuple(notes.reasons),
        warnings=tuple(notes.warnings),
        missing=tuple(notes.missing),
        command=command,
        stated=command.values,
    )


def command_decision(request: Request, case: Case) -> Decision:
    """The decision on a request that is for a command."""
    words, notes, mention = case.words, case.notes, case.words.intent.mention
    spoken = words.whole
    if request.parent_job_id and not spoken.jobs:
        spoken = replace(spoken, jobs=(request.parent_job_id,))
    command, question = command_of(str(words.intent.verb), spoken, request.results_root)
    _tell_unused(command, spoken, notes)
    command = with_options(_completed(command, spoken, words.reading), spoken, words.reading)
    require_pictures(command)
    notes.because(f'{command.verb}: "{words.reading.said(mention)}"' if mention else command.verb)
    if question := _open(command, words.intent, spoken, words.reading) or question:
        notes.ask(question)
    jobs = (n for n, token in enumerate(words.reading.tokens) if token.kind == "job")
    place = mention.start if mention else next(jobs, 0)
    if question := before_it_ends(command.verb, place, words.reading, vocabulary_of(case.skill), spoken.jobs):
        notes.ask(question)
    for question in open_options(command, spoken, words.reading):
        notes.ask(question)
    return Decision(
        skill=case.skill.name,
        action=None,
        task=None,
        route=None,
        automl_policy=request.automl_policy or case.skill.info["train_policy"]["default"],
        policy_source="slot" if request.automl_policy else "default",
        request=request,
        reasons=tuple(notes.reasons),
        warnings=tuple(notes.warnings),
        missing=tuple(notes.missing),
        command=command,
        stated=command.values,
        not_understood=words.account.unknown,
    )


def _completed(command: Command, spoken: Spoken, reading: Reading) -> Command:
    """A command with what only some of them take of the words, in its values or its line."""
    said = {token.word for token in reading.tokens}
    if command.verb == "advise":
        if command.values.get("data_type", "int8") != "int8" and not spoken.engine:
            kept = {name: value for name, value in command.values.items() if name != "data_type"}
            command = replace(command, values={**kept, "precision": command.values["data_type"]})
        return replace(command, line=f"{command.line}{advice(command.values, reading)}")
    removed = [m for m in reading.of("verb") if m.group == "verb:remove" and not is_of_others_later(reading, m)]
    if command.verb == "compare" and removed:
        return replace(command, values={**command.values, "remove": "worse"})
    if command.verb == "data_synthesize":
        return replace(command, line=drawing(command, reading, said))
    if command.verb == "jobs" and said & reading.grammar["running"]:
        return replace(command, line=f"{command.line} --running")
    return command


def _is_of_the_last(command: Command, intent: Intent, reading: Reading) -> bool:
    """Whether hardly more is said than a command of two jobs, which is of the last two: "compare the two models"."""
    said = len(intent.mention.places) if intent.mention else 0
    return FORMS[command.verb].jobs > 1 and 2 * said >= len(reading.tokens)


def _of_data_or_files(command: Command, intent: Intent, spoken: Spoken, reading: Reading) -> Question | None:
    """What is asked where a command takes no data, or no files: "should I train on ./lot?", "compare a.pth, b.pth"."""
    if command.verb == "compare" and len(models := models_of(reading)) > 1 and not spoken.jobs:
        data = f" on {spoken.paths[0][0]}" if spoken.paths else ""
        text = f"compare takes two jobs, no files: evaluate each of {listed(models)}{data}, and name these jobs."
        return Question("jobs", text)
    said = {reading.tokens[n].word for n in (intent.mention.places if intent.mention else ())}
    if command.verb == "advise" and spoken.paths and any(word.removeprefix("re").startswith("train") for word in said):
        text = f"Is that a question, or should a training on {spoken.paths[0][0]} be done? Advice reads no data."
        return Question("request", text)
    return None


def _open(command: Command, intent: Intent, spoken: Spoken, reading: Reading) -> Question | None:
    """What the words leave open of a command: whether it is meant, which of two it is, or which job."""
    if question := _of_data_or_files(command, intent, spoken, reading):
        return question
    known = (
        spoken.jobs
        or spoken.paths
        or model_file(command.verb, spoken)
        or (spoken.parents and FORMS[command.verb].jobs == 1)
    )
    if intent.doubtful and not known and not _is_of_the_last(command, intent, reading):
        return _which_is(command)
    if intent.alternatives:
        text = f"{listed(intent.alternatives)}: which one is meant? Which one is first?"
        return Question("action", text, intent.alternatives)
    one_of = len(spoken.jobs) > max(1, FORMS[command.verb].jobs) and any(
        token.word in reading.grammar["choice"] for token in reading.tokens
    )
    if one_of:
        return Question("job", f"Which one is meant: {listed(spoken.jobs)}?", spoken.jobs)
    missing = len(spoken.jobs) < FORMS[command.verb].jobs
    several = command.verb in _ENDING and not spoken.jobs and tells_of_several(reading)
    other = spoken.others[0] if missing and "remove" not in command.values and spoken.others else ""
    if several or other:
        said = f"'{other}'" if other else "meant of those that run"
        return Question("job", f"Which one is {said}? `changenet jobs` lists them.")
    return None
