# SPDX-License-Identifier: Apache-2.0
"""Orders that name the step, the task and the data in one sentence, and that leave nothing else to doubt.

The model of `ranking` has seen few requests as short as "train the PCB classifier for me on ./lot", and takes them for
what is asked of another model.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from router.manner import ADVERBS
from router.tokens import sentence_begin, sentence_end

if TYPE_CHECKING:
    from router.asked_steps import Step
    from router.reading import Reading
    from router.weighed_case import Case

_LEAVES_OPEN = (
    "hesitation",
    "doubt",
    "other",
    "pointer",
    "withdrawal",
    "put_off",
    "unheeded",
    "done_already",
    "foreign",
)
_FAR = 4


def is_plain_order(case: Case) -> bool:
    """Whether every step is a training that a sentence orders with its task and data, and all words are known."""
    reading, account = case.reading, case.account
    if not case.intent.steps or case.intent.question or account.unknown or account.asked or _chooses(reading):
        return False
    if any(token.kind == "quote" or token.text == "?" for token in reading.tokens):
        return False
    if any(reading.of(kind, negated=None) for kind in _LEAVES_OPEN):
        return False
    first = case.intent.steps[0]
    return first.verb == "train" and not (first.implied or _says_more(reading, first)) and _is_ordered(reading, first)


def _says_more(reading: Reading, step: Step) -> bool:
    """Whether a number is taken for no value, or an adverb says how: "with a batch of -4", "very gently"."""
    tokens = reading.tokens
    valued = {n for m in reading.of("value") for n in m.places}
    sentence = range(sentence_begin(tokens, step.place), sentence_end(tokens, step.place))
    numbers = {n for n in sentence if tokens[n].kind == "number"}
    return not numbers <= valued or any(tokens[n].word.endswith(ADVERBS) for n in sentence)


def _chooses(reading: Reading) -> bool:
    """Whether a word such as "or" leaves a choice, and is no part of the name of a task: "good or bad classifier"."""
    named = {n for m in reading.of("task") for n in m.places}
    choice = reading.grammar["choice"]
    return any(token.word in choice and n not in named for n, token in enumerate(reading.tokens))


def _is_ordered(reading: Reading, step: Step) -> bool:
    tokens, use = reading.tokens, reading.grammar
    sentence = range(sentence_begin(tokens, step.place), sentence_end(tokens, step.place))
    named = any(m.start in sentence for m in reading.of("task"))
    data = sum(tokens[n].kind == "path" for n in sentence) == 1
    if not (named and data) or any(n in reading.narrated | reading.theirs for n in sentence):
        return False
    verb = next((m for m in reading.of("action") if m.start == step.place), None)
    words = {tokens[n].word for n in sentence}
    if not (use["conditions"] | use["awaits"] | use["until"] | use["before"] | use["whether"]).isdisjoint(words):
        return False
    if verb is None:  # "the usual classifier training on ./lot, minus the search"
        told = use["finite"] | use["past"] | use["not"] | use["nothing"]
        return not sentence.start and step.place <= _FAR and told.isdisjoint(words)
    return step.place == 0 or not use["pleases"].isdisjoint(words)
