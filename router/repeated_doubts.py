# SPDX-License-Identifier: Apache-2.0
"""Whether a request that seems to repeat a step may mean something else: it corrects, chooses, compares, or asks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from router.evidence import evidence
from router.ranking import SEVERAL, ranked, thresholds
from router.weighed_case import label_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from router.asked_steps import Step
    from router.intent import Intent
    from router.reading import Reading

_UNSURE = (
    *("correction", "instead", "retraction", "withdrawal", "doubt", "hesitation", "put_off", "other"),
    *("done_already", "unheeded", "foreign"),
)


def is_unsure(reading: Reading, intent: Intent) -> bool:
    """Whether a request may mean something else than several steps: it corrects, chooses, compares or asks."""
    use = reading.grammar
    asks = intent.verb or intent.question or intent.alternatives
    if asks or any(step.command or step.named for step in intent.steps) or _picks(reading) or _asks(reading):
        return True
    if any(reading.of(kind, negated=None) for kind in _UNSURE) or _compares(reading):
        return True
    if any(reading.of(kind, negated=True) for kind in ("action", "noun", "named", "verb")):
        return True
    apart = use["choice"] | use["or"] | use["either"] | use["conditions"] | use["substitutes"] | use["turned_round"]
    apart |= use["until"] | use["beforehand"] | use["in_between"] | use["versus"]
    said = {n for kind in ("task", "policy") for m in reading.of(kind, negated=None) for n in m.places}
    aside = reading.told - {n for m in reading.of("value") for n in m.places}
    said |= {n for n in range(1, len(reading.tokens)) if reading.tokens[n - 1].word in use["says_again"]}
    return any(token.word in apart for n, token in enumerate(reading.tokens) if n not in aside and n not in said)


def _picks(reading: Reading) -> bool:
    """Whether one of several jobs is meant, or what they make together: "one of train-… and …", "the better of …"."""
    use, tokens = reading.grammar, reading.tokens
    said = {n for kind in ("action", "noun", "model", "task") for m in reading.of(kind) for n in m.places}
    of_jobs = (n for n in range(1, len(tokens) - 1) if tokens[n].word in use["of"] and tokens[n + 1].kind == "job")
    return any(n - 1 not in said and tokens[n - 1].word not in use["both"] for n in of_jobs)


def _compares(reading: Reading) -> bool:
    """Whether a command of several jobs is asked for; "comparison" in a classifier's name asks for none."""
    names = {n for kind in ("task", "model", "trade") for m in reading.of(kind) for n in (m.start - 1, *m.places)}
    small = reading.grammar["joins_steps"] | reading.grammar["choice"]
    for mention in reading.of("verb"):
        words = [n for n in mention.places if reading.tokens[n].kind == "word" and reading.tokens[n].word not in small]
        if words and not names.issuperset(words):
            return True
    return False


def _asks(reading: Reading) -> bool:
    """Whether something is asked, and nobody is bidden politely; or others do it: "I asked Tom to …"."""
    use, tokens = reading.grammar, reading.tokens
    bidden = any(
        tokens[n].word in use["polite"] and tokens[n + 1].word in use["bidden"] for n in range(len(tokens) - 1)
    )
    if any(token.text == "?" for token in tokens) and not bidden:
        return True
    others = use["past"] | use["people"] | use["nobody"] | use["third"] | (use["somebody"] - use["persons"])
    others |= use["orders"] - use["wishes"] - use["polite"]
    others -= use["been_done"] | use["joins_steps"]
    named = {n for m in reading.of("parent") for n in m.places}
    return any(
        n not in named and tokens[n].kind == "word" and tokens[n].word in others
        for m in reading.of("action")
        for n in range(reading.clause(m.start)[0], m.start)
    )


def is_unlikely(reading: Reading, steps: Iterable[Step]) -> bool:
    """Whether all words together are like those of requests for neither these steps nor several."""
    shares = ranked(evidence(reading, question=False)).shares
    labels = {SEVERAL, *(label_of(step) for step in steps)}
    return sum(shares.get(label, 0.0) for label in labels) < thresholds().unlike_all_words
