# SPDX-License-Identifier: Apache-2.0
"""Clauses in the past tense, by the shape of their verbs: "sie haben 6 Stunden abgeglichen", "there was a plan"."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from router.participles import is_participle
from router.tokens import sentence_begin

if TYPE_CHECKING:
    from router.reading import Reading

_FRAGMENT = 5


def is_in_past(reading: Reading, places: range) -> bool:
    """Whether a clause says what happened, and no wish: by `had` beside its subject, or a German perfect."""
    use = reading.grammar
    words = [reading.tokens[n].word for n in places]
    present = use["wishes"] | use["would"] | use["obliges"] | use["now"] | use["bids"]
    if not present.isdisjoint(words):
        return False
    preterite = use["past"] & use["finite"]
    subjects = use["doers"] | use["expletives"] | use["somebody"]
    if any(one in subjects and other in preterite for one, other in pairwise(words)):
        return True
    if any(one in preterite and other in use["doers"] for one, other in pairwise(words)):
        return True  # "hatten wir"
    return not use["have_done"].isdisjoint(words[:-1]) and is_participle(words[-1])


def is_of_past_sentence(reading: Reading, places: range, other: range) -> bool:
    """Whether a few words without a verb go on with what a sentence tells of the past: "they ran it, 120 epochs"."""
    begin = sentence_begin(reading.tokens, places.start)
    if len(places) > _FRAGMENT or begin == places.start or begin <= other.start < places.start:
        return False
    if sentence_begin(reading.tokens, other.start) == begin:
        return False
    verbs = reading.grammar["finite"] | reading.grammar["bids"] | reading.grammar["wishes"]
    if any(reading.tokens[n].word in verbs for n in places):
        return False
    before = range(*reading.clause(max(begin, places.start - 2)))
    return is_in_past(reading, before) or (before.start > begin and is_of_past_sentence(reading, before, other))
