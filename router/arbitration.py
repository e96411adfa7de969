# SPDX-License-Identifier: Apache-2.0
"""Settles by all that is said together what phrases find, leave in doubt, or do not find at all.

A phrase sees a few words, and the account of a request each word by itself; the linear model of `ranking` sees them
all. It is heard where it is likely to be right and the rules are not (`benchmarks/README.md` has the figures). It never
makes a request of one that names nothing of ours, another model, another craft, or this model to rule it out, and it
takes no value and no action that is called by its full name for another.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from router.asked_steps import ENGINE_VERB
from router.doubt import is_doubtful, is_unlike, only_tells
from router.engines import MEASURING
from router.evidence import evidence
from router.ranking import NOTHING, SEVERAL, ranked, thresholds
from router.said_data import are_ruled_out
from router.weighed_case import OURS, Case, chooses, label_of, said_by

if TYPE_CHECKING:
    from collections.abc import Sequence

    from router.accounting import Account
    from router.asked_steps import Step
    from router.intent import Intent
    from router.reading import Reading
    from router.vocabulary import Vocabulary

_SAID = ("action", "noun", "verb")
_CHANGES = frozenset({"cancel", "remove"})
_CLOSE = 3
_ASKED_OF_DATA, _BESIDE_REFUSAL, _BESIDE_REFUSAL_ALONE = 0.7, 0.9, 0.6


def settled(
    reading: Reading, intent: Intent, account: Account, stated: Sequence[str], vocabulary: Vocabulary
) -> tuple[Intent, Account]:
    """The intent and the account, where all that is said does not tell clearly that they are others."""
    if account.certain:
        return intent, account
    ranking = ranked(evidence(reading, question=intent.question))
    return heard(Case(reading, intent, account, stated, vocabulary, ranking, thresholds()))


def heard(case: Case) -> tuple[Intent, Account]:
    """The intent and the account after the model is heard where it may be."""
    intent, account = _heard(case)
    if not account.declined and (is_unlike(case, said_by(intent)) or only_tells(case)):
        intent = replace(intent, doubtful=True)
    return intent, account


def _heard(case: Case) -> tuple[Intent, Account]:
    reading, intent, account = case.reading, case.intent, case.account
    if account.declined:
        taken = _taken_on(case)
        return (taken, replace(account, declined="", manner=())) if taken else (intent, account)
    if not (intent.steps or intent.verb):
        return _unsaid(case), account
    if case.label in NOTHING:
        return replace(intent, doubtful=is_doubtful(case)), account
    if intent.question and case.named() in OURS and case.share >= case.least.no_question:
        case = case._replace(intent=replace(intent, question=False))  # "What they want is masks, so train …"
    if case.share >= case.least.plain_manner and case.named() in OURS and not chooses(reading):
        account = replace(account, manner=())
    if case.may_be_chained() and (chained := case.chained()):
        return chained, account
    return _another(case), account


def _taken_on(case: Case) -> Intent | None:
    """The intent of a request that an unknown word would decline."""
    named, label = case.named(), case.label
    if label in NOTHING or case.reading.of("model", negated=True):
        return None
    least = _least_taken_on(case, named)
    if least is None or case.share < least:
        return None
    if label == SEVERAL:
        return case.several()
    return case.intent if _waits(case) or said_by(case.intent) == label else case.likely()


def _least_taken_on(case: Case, named: str) -> float | None:
    """From which share on such a request is taken on, by what it names that is ours; None for never."""
    least = case.least
    if case.account.craft:
        return {"ours": least.taken_on_beside_craft, "trade and data": least.taken_on_beside_craft}.get(named)
    if case.label == "stage" and "backbone" in case.stated:
        return least.command_of_trade
    if case.is_command() and named in {"trade", ""}:
        return least.command_of_trade if named else least.command_of_nothing
    return {"ours": least.taken_on, "trade and data": least.taken_on_by_trade}.get(named)


def _unsaid(case: Case) -> Intent:
    """What a request is for where no phrase says it; a question is for no action, and nothing is that is ruled out."""
    named, label = case.named(), case.label
    refused = {m.group.partition(":")[2] for kind in _SAID for m in case.reading.of(kind, negated=True)}
    if case.reading.of("foreign") or are_ruled_out(case.reading):
        return case.intent
    if label in {*NOTHING, SEVERAL, *refused}:
        return _beside_refusal(case, refused)
    if named in {"", "trade"}:
        sure = case.is_command() and case.share >= case.least.unsaid_command_of_nothing
        return case.likely() if sure and label not in _CHANGES else case.intent
    if _orders_unknown(case) or (refused and not (case.is_command() and case.share >= _BESIDE_REFUSAL)):
        return _beside_refusal(case, refused)
    if case.intent.question and not case.is_command():
        looks = label in MEASURING and named in OURS and case.share >= _ASKED_OF_DATA
        return case.likely() if looks else case.intent
    reads = case.is_command() and label not in _CHANGES
    least = case.least.unsaid_command if reads else case.least.unsaid_action
    least = case.least.unsaid_of_a_path if named == "path" else least
    return case.likely() if case.share >= least else case.intent


def _beside_refusal(case: Case, refused: set[str]) -> Intent:
    """What is likely without the clauses that rule something out; for these alone ask for nothing else."""
    other = case.without_refused() if refused and not case.intent.question else None
    if other is None or other.label in {*NOTHING, SEVERAL, *refused, *_CHANGES} or other.share < _BESIDE_REFUSAL_ALONE:
        return case.intent
    return other.likely()


def _orders_unknown(case: Case) -> bool:
    """Whether a verb that nothing knows is said of a job, and nothing else: "frobnicate train-…"."""
    tokens, openers = case.reading.tokens, case.reading.grammar["openers"]
    first = next((n for n, token in enumerate(tokens) if token.word not in openers), 0)
    return tokens[first].text in case.account.unknown and [t.kind for t in tokens[first + 1 : first + 2]] == ["job"]


def _another(case: Case) -> Intent:
    """The intent, or another one that is far likelier."""
    said, label = said_by(case.intent), case.label
    if said == label or case.share < case.least.another or _stands(case):
        return case.intent
    if (said in _CHANGES and _names_job(case)) or (label == "compare" and _is_of_one(case)) or _only_told(case, said):
        return case.intent
    times = case.share / max(case.ranking.shares.get(said, 0.0), 1e-9)
    if label == SEVERAL:
        sure = case.share >= case.least.several_after_all and times >= case.least.times_several
        return (case.several() if sure else None) or case.intent
    if (
        label in _refused(case)
        or _waits(case)
        or _has_data_each(case)
        or (label in _CHANGES and case.share < case.least.another_that_changes)
    ):
        return case.intent
    if said == SEVERAL and case.share < case.least.one_of_ordered and _orders_others(case):
        return case.intent
    return case.likely() if times >= (case.least.times_one if said == SEVERAL else case.least.times) else case.intent


def _stands(case: Case) -> bool:
    """Whether no other intent is heard: a step is named in full, or all data is ruled out."""
    return are_ruled_out(case.reading) or any(_is_fixed(case, step) for step in case.intent.steps)


def _only_told(case: Case, said: str) -> bool:
    """Whether it is only by what is told that something else is likelier: "… 30 of 80 epochs are done. Cancel it"."""
    return bool(case.reading.told) and said == case.asking_only().best


def _is_fixed(case: Case, step: Step) -> bool:
    """Whether a step stands for no other: it is named in full, or is nothing that this skill does."""
    known = case.vocabulary.actions | {ENGINE_VERB, "retrain"}
    return step.named or not (step.command or step.verb in known)


def _names_job(case: Case) -> bool:
    """Whether the phrase of a command names the job in the passive: "the quantising of train-… should be stopped"."""
    tokens = [case.reading.tokens[n] for n in (case.intent.mention.places if case.intent.mention else ())]
    passive = any(token.word in case.reading.grammar["passive"] for token in tokens)
    return passive and any(token.kind == "job" for token in tokens)


def _is_of_one(case: Case) -> bool:
    """Whether several jobs are named for what is done to one: "evaluate train-… and train-…", "cancel one or other"."""
    tokens, steps = case.reading.tokens, case.intent.steps
    return chooses(case.reading) or any(not one.place or tokens[one.place - 1].kind == "break" for one in steps)


def _orders_others(case: Case) -> bool:
    """Whether another step than the likely one is a verb that opens a clause, or stands behind "and" or "then"."""
    reading = case.reading
    joins = reading.grammar["joins_steps"] | reading.grammar["separates"]
    verbs = {m.start for kind in ("action", "named", "verb") for m in reading.of(kind)}
    others = (step.place for step in case.intent.steps if label_of(step) != case.label and step.place in verbs)
    return any(
        not n
        or reading.tokens[n - 1].kind == "break"
        or (reading.tokens[n - 1].kind == "number" and n > 1 and reading.tokens[n - 2].kind == "break")  # "[2] export"
        or joins & {token.word for token in reading.tokens[max(0, n - _CLOSE) : n]}
        for n in others
    )


def _refused(case: Case) -> set[str]:
    """What is ruled out, and asked for by no other words."""
    theirs = [
        {m.group.partition(":")[2] for kind in _SAID for m in case.reading.of(kind, negated=negated)}
        for negated in (True, False)
    ]
    return theirs[0] - theirs[1]


def _waits(case: Case) -> bool:
    """Whether a clause says what is to be over before another step: "once the classifier is trained, …"."""
    reading, use = case.reading, case.reading.grammar
    verbs = {m.start for m in reading.of("action")}
    clauses = [reading.tokens[slice(*reading.clause(s.place))] for s in case.intent.steps if s.place in verbs]
    over = [c for c in clauses if c[0].word in use["awaits"] and any(t.word in use["perfect"] for t in c)]
    return len(case.intent.steps) > 1 and bool(over)


def _has_data_each(case: Case) -> bool:
    """Whether data is named for each of several steps: "masks are what I want of ./new, so train on ./old first"."""
    verbs = {m.start for m in case.reading.of("action")}
    steps = [step for step in case.intent.steps if step.place in verbs]
    return 1 < len(steps) == sum(token.kind == "path" for token in case.reading.tokens)
