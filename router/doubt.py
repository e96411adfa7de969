# SPDX-License-Identifier: Apache-2.0
"""Whether what a phrase asks for is doubtful, as all words together are like those that ask for nothing of ours."""

from __future__ import annotations

from typing import TYPE_CHECKING

from router.plain_orders import is_plain_order
from router.ranking import NOTHING
from router.search_settings import sets_search
from router.tokens import BREAK, sentence_begin, sentence_end
from router.weighed_case import OURS, chooses

if TYPE_CHECKING:
    from router.asked_steps import Step
    from router.patterns import Mention
    from router.reading import Reading
    from router.weighed_case import Case

_OBJECT, _WHOLE, _LONG, _OPENING = 4, 4, 16, 2


def is_doubtful(case: Case) -> bool:
    """Whether a request is like those that ask for nothing, or for nothing of ours."""
    if any(step.named or _is_bidden(case.reading, step) for step in case.intent.steps):
        return False
    nothing = sum(case.ranking.shares.get(label, 0.0) for label in NOTHING)
    named = case.named()
    if _is_whole(case) or is_plain_order(case) or (named in OURS and _names_known_mode(case.reading)):
        return False
    if named and sets_search(case.reading):
        return False  # "trainiere auf ./lot mit Zufallssuche"
    if case.intent.verb and len({m.group for m in case.reading.of("verb")}) > 1:
        return False  # commands that go together leave no doubt
    ours = named in OURS
    if case.intent.verb:
        return nothing >= (case.least.no_command_of_ours if ours else case.least.no_command)
    return nothing >= (case.least.no_action_of_ours if ours or named == "path" else case.least.no_action)


def only_tells(case: Case) -> bool:
    """Whether all steps are named in sentences that tell how these went."""
    steps = case.intent.steps
    return bool(steps) and not case.intent.question and all(_is_told(case.reading, step) for step in steps)


def _is_told(reading: Reading, step: Step) -> bool:
    """Whether a sentence tells how something went, and wishes nothing: "the training of the classifier went well"."""
    use = reading.grammar
    if not _is_named(reading, step):
        return False
    sentence = range(sentence_begin(reading.tokens, step.place), sentence_end(reading.tokens, step.place))
    words = [reading.tokens[n].word for n in sentence]
    asks = use["wishes"] | use["obliges"] | use["bids"] | use["pleases"] | use["would"] | use["now"]
    behind = reading.clause(step.place)[1]
    told = any(reading.tokens[n].word in use["tells_how"] for n in range(step.place + 1, behind))
    return told and step.place - sentence.start <= _OPENING and asks.isdisjoint(words)


def _is_named(reading: Reading, step: Step) -> bool:
    """Whether a step is named as a thing: "the training", "our evaluation"."""
    if any(m.start == step.place for m in reading.of("noun")):
        return True
    use = reading.grammar
    return step.place > 0 and reading.tokens[step.place - 1].word in use["articles"]


def is_unlike(case: Case, label: str) -> bool:
    """Whether all words together are like requests for something else: where much is told, a phrase may be of that."""
    if len(case.reading.tokens) < _LONG or any(one.named or _is_bidden(case.reading, one) for one in case.intent.steps):
        return False
    return (
        bool(label) and not is_plain_order(case) and case.ranking.shares.get(label, 1.0) < case.least.unlike_all_words
    )


def _names_known_mode(reading: Reading) -> bool:
    """Whether a mode is named that is known: "in plain mode", other than "in purple mode"."""
    modes = reading.grammar["modes"]
    return any(reading.tokens[n].word in modes for m in reading.of("policy") for n in m.places)


def _is_whole(case: Case) -> bool:
    """Whether a long phrase says a command whole, or weights are named that are to be fetched."""
    tokens = case.reading.tokens
    if case.intent.verb == "stage" and not chooses(case.reading):
        keys = (token.text.partition("=")[0] for token in tokens if token.kind == "override")
        return "backbone" in case.stated or "backbone" in keys
    said = len(case.intent.mention.places) if case.intent.mention else 0
    return said > _WHOLE or (said == _WHOLE and bool(case.named()))


def _is_bidden(reading: Reading, step: Step) -> bool:
    """Whether an order to this model opens a request, with a value, a policy or data, or follows on what is only told.

    As in "train ChangeNet with batch 12 instead of 64", or "I never asked to evaluate, train ChangeNet".
    """
    start, _ = reading.clause(step.place)
    verb = next((m for m in reading.of("action") if m.start == step.place == start), None)
    if verb is None:
        return False
    near = range(verb.start, verb.end + _OBJECT)
    first = not start and not any(token.kind == "quote" or token.text == "?" for token in reading.tokens)
    direct = any(m.start == verb.end for m in reading.of("model"))
    ours = any(m.start in near for kind in ("model", "task") for m in reading.of(kind))
    data = direct and not chooses(reading) and any(token.kind == "path" for token in reading.tokens)
    said = bool(reading.of("value")) or any(m.start in range(verb.start, verb.end) for m in reading.of("policy"))
    bare = first and ours and _is_nothing_else(reading, verb)
    return bare or (direct and start - 2 in reading.told) or (first and ours and (data or said))


def _is_nothing_else(reading: Reading, verb: Mention) -> bool:
    """Whether a request is but the verb and what it is for: "train the board classifier, please"."""
    places = {n for kind in ("model", "task") for m in reading.of(kind) for n in m.places}
    small = reading.grammar["articles"] | reading.grammar["pleases"] | {BREAK}
    rest = (token.word for n, token in enumerate(reading.tokens) if n not in places and n not in verb.places)
    return all(word in small for word in rest)
