# SPDX-License-Identifier: Apache-2.0
"""Settles by all words together what phrases leave in doubt: one thing or several, and a command or nothing.

A phrase sees a few words, and takes a source ("the engine from …") for an order. The linear model of `ranking` sees
them all; it never names what no phrase has found.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from router.intent import Intent, find_intent
from router.ranking import NOTHING, SEVERAL, ranked

if TYPE_CHECKING:
    from collections.abc import Sequence

    from router.asked_steps import Step
    from router.reading import Reading

_ONE, _SEVERAL, _NONE = 0.65, 0.5, 0.75
_ASKING = ("action", "named", "verb", "noun")


def settled(reading: Reading, intent: Intent, stated: Sequence[str], questions: frozenset[str]) -> Intent:
    """The intent, where the words together do not say clearly that it is another one."""
    if not _in_doubt(reading, intent):
        return intent
    label, share = ranked(reading.asking_words())
    if len(intent.steps) > 1:
        return _only(reading, intent, label) if share >= _ONE else intent
    if intent.steps and label == SEVERAL and share >= _SEVERAL:
        found = find_intent(reading, stated, questions, every_noun=True)
        return found if len(found.steps) > 1 else intent
    alone = len({m.group for m in reading.of("verb")}) == 1  # commands that go together leave no doubt
    if intent.verb and alone and label == NOTHING and share >= _NONE:
        said = len(intent.mention.places) if intent.mention else 0
        return replace(intent, doubtful=2 * said < len(reading.tokens))
    return intent


def _in_doubt(reading: Reading, intent: Intent) -> bool:
    if intent.verb or len(intent.steps) > 1:
        return True
    said = {m.group.partition(":")[2] for kind in _ASKING for m in reading.of(kind)}
    return bool(intent.steps) and len(said) > 1


def _only(reading: Reading, intent: Intent, label: str) -> Intent:
    """The one step that all words ask for; the intent where that is none of its steps, or others are ordered."""
    step = next((one for one in intent.steps if one.verb == label), None)
    if step is None or any(_is_ordered(reading, one, step) for one in intent.steps if one is not step):
        return intent
    if not step.command:
        return replace(intent, steps=(step,), alternatives=())
    mention = next((m for m in reading.of("verb") if m.start == step.place), None)
    return Intent(verb=step.verb, mention=mention, question=intent.question)


def _is_ordered(reading: Reading, step: Step, likely: Step) -> bool:
    """Whether a step is a verb that opens a clause, or stands behind "and", "then" and the like.

    Beside a command that is likely, the first words of a request may only lead up to it.
    """
    if not any(m.start == step.place for kind in ("action", "named", "verb") for m in reading.of(kind)):
        return False
    start, stop = reading.clause(step.place)
    asks = reading.tokens[stop : stop + 1]
    before = reading.tokens[step.place - 1]
    opens = (
        (not step.place and not likely.command)
        or before.kind == "break"
        or before.word in reading.grammar["joins_steps"] | reading.grammar["separates"]
    )
    return opens and not (start == step.place and bool(asks) and asks[0].text == "?")
