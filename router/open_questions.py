# SPDX-License-Identifier: Apache-2.0
"""Questions that the words of a request for an action leave: what is meant, how, and whether it is this model."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from router.conditioned import clocks, conditions, times_told
from router.data_at_hand import is_order_on_our_data
from router.destroying import ENDING, before_it_ends, deletes_data
from router.engines import MEASURING
from router.letters import is_of_other_things
from router.notes import listed
from router.on_results import depends_on
from router.only_data import strange_place
from router.reservations import reserved
from router.search_settings import search_settings
from router.types import Question
from router.unread_repeats import about_repeats
from router.vocabulary import vocabulary_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from router.declarations import Skill
    from router.types import Decision, Request
    from router.words import Words

_LIES = frozenset({"on", "in", "at", "from", "auf", "aus"})


def answers(request: Request) -> bool:
    """Whether slots say what the request is about, whatever its words are."""
    return bool(replace(request, text="", results_root=None, runner=None).to_json())


def open_questions(request: Request, words: Words, skill: Skill) -> Iterator[Question]:
    """The questions, in the order in which they are put; none where no action is asked for."""
    if words.intent.steps:
        yield from _about_subject(request, words)
        yield from _about_order(words)
        yield from about_repeats(words.reading, words.intent.steps, words.steps)
        if any(step.verb == "train" for step in words.intent.steps):
            yield from (Question("request", f"'{said}': {hint}") for said, hint in search_settings(words.reading).asked)
        yield from _about_reserved(words, skill)
        if not answers(request) and (place := strange_place(words, skill)):
            text = f"Is {skill.info['title']} meant? Only {place} is named, and it shows no data of this skill."
            yield Question("request", f"{text} Name the model, its task or a job.")


def time_warnings(words: Words, skill: Skill) -> Iterator[str]:
    """What is told of times that the words name, and that nothing keeps."""
    steps = words.intent.steps
    if not steps:
        return
    what, limited = reserved(words.reading, vocabulary_of(skill)), "hours" in words.whole.values
    said = listed(repr(one) for one in dict.fromkeys(times_told(what, steps, limited=limited)))
    if said:
        yield f"{said}: no time is kept; 'at most 3 hours' limits a search"


def with_doubt(decision: Decision, words: Words, request: Request, skill: Skill) -> Decision:
    """The decision, with a question where nothing else is open and all words together are like those of no request."""
    if not words.intent.doubtful or answers(request) or any(one.slot != "parent_job_id" for one in decision.missing):
        return decision
    if is_order_on_our_data(words, skill):
        return decision
    verb = words.intent.steps[0].verb
    text = f"Is '{verb}' asked for, and of this model? Name the model, a job, or where the data lies."
    return replace(decision, missing=(*decision.missing, Question("request", text)))


def _about_subject(request: Request, words: Words) -> Iterator[Question]:
    """What is to be worked on, and with what."""
    if words.account.asked:
        strange = listed(repr(said) for said in words.account.asked)
        yield Question("request", f"What is meant by {strange}? Leave it out, or say it as key=value or as an option.")
    chosen = {word for said in words.whole.others for word in said.split()} & words.reading.grammar["choice"]
    if words.whole.others and (chosen or not (words.whole.jobs or request.parent_job_id)):
        text = f"Which one is '{words.whole.others[0]}'? Name the job; `changenet jobs` lists them."
        yield Question("parent_job_id", text)
    if not words.account.ours and not answers(request):
        yield Question("request", "Which model or data is this about? Name the model, a job, or where the data lies.")
    if _of_a_pronoun_alone(words) and not answers(request):
        yield Question("parent_job_id", "Which model is meant? Name a job, the last training or the best trial.")
    if not words.whole.paths and not request.data and _in_a_store(words):
        yield Question("data", "Which address does the data have in the store? s3://…")
    if _without_subject(words) and not answers(request):
        yield Question("data", "Which images are meant, and which model is to look at them?")
    if _is_backbone_alone(words):
        said = words.whole.values["backbone"]
        yield Question("request", f"'{said}' is a backbone here: is this model meant, with that backbone?")


def _about_order(words: Words) -> Iterator[Question]:
    """Which of several actions is asked for, and whether any is."""
    others = words.intent.alternatives
    if others:
        yield Question("action", f"{listed(others)}: which one is meant?", others)
    contradicted = [step.verb for step in words.intent.steps if step.verb in words.refused]
    if contradicted:
        yield Question("action", f"The words ask for {contradicted[0]}, and rule it out. Which one is meant?")
    if said := [m for m in words.reading.of("hesitation", negated=None) if not is_of_other_things(words.reading, m)]:
        yield Question("request", f"'{words.reading.said(said[0])}': should it be done, or not?")
    if condition := depends_on(words.reading, words.intent.steps):
        step = words.intent.steps[-1].verb
        text = f"'{condition}': no plan makes '{step}' depend on a result."
        text = f"{text} Leave that out, or ask for it once that is known."
        yield Question("request", text)
    if words.intent.question and words.intent.steps[0].verb == "train":
        yield Question("request", "Is that a question, or should it be done?")


def _about_reserved(words: Words, skill: Skill) -> Iterator[Question]:
    """What ends jobs or deletes data beside what else is asked for, and conditions and hours that no plan keeps."""
    reading, steps = words.reading, words.intent.steps
    for step, spoken in zip(steps, words.steps, strict=True):
        if question := before_it_ends(step.verb, step.place, reading, vocabulary_of(skill), spoken.jobs):
            yield question
    if said := deletes_data(reading):
        yield Question("data", f"'{said}': nothing here deletes data. Leave that out, and delete it yourself.")
    ends = any(step.verb in ENDING for step in steps)
    what = reserved(reading, vocabulary_of(skill))
    if not (ends or depends_on(reading, steps)) and (said := next(conditions(what, steps), "")):
        text = f"'{said}': no plan depends on that or waits for it. Leave it out, or say which of it is to be done."
        yield Question("request", text)
    if not ends and (said := next(clocks(what, steps), "")):
        text = f"'{said}': nothing begins or ends by the clock. Leave it out; 'at most 3 hours' limits a search."
        yield Question("request", text)


def _of_a_pronoun_alone(words: Words) -> bool:
    """Whether data is to be looked at by "it", and nothing says what that is: "score it on ./lot"."""
    reading, spoken = words.reading, words.whole
    place = words.intent.steps[0].place
    near = {token.word for token in reading.tokens[place + 1 : place + 2]}
    alone = len(words.intent.steps) == 1 and words.intent.steps[0].verb in MEASURING and not words.intent.likely
    named = any(reading.of(kind) for kind in ("model", "task", "trade", "engine", "parent"))
    given = spoken.jobs or spoken.no_data or spoken.overrides or named
    return alone and bool(near & reading.grammar["pronouns"]) and bool(spoken.paths) and not given


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


def _is_backbone_alone(words: Words) -> bool:
    """Whether a network is to be trained that here is only a backbone, and nothing names this model or its trade."""
    trains = any(step.verb == "train" for step in words.intent.steps)
    named = words.names_model or words.reading.of("parent") or words.whole.jobs
    said = any(token.word in words.reading.grammar["is_backbone"] for token in words.reading.tokens)
    return trains and "backbone" in words.whole.values and not (named or said)
