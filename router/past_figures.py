# SPDX-License-Identifier: Apache-2.0
"""Figures of what was, or of what others said, where another one is to be: "40 epochs last spring; this time 65"."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from router.past_tense import is_in_past, is_of_past_sentence

if TYPE_CHECKING:
    from collections.abc import Sequence

    from router.reading import Reading
    from router.stated import Stated

_OWN, _BESIDE = 4, 3


def without_superseded(reading: Reading, stated: list[Stated]) -> list[Stated]:
    """The values without those of what was, or others said, where the words settle another one of the same name."""
    return [
        one
        for one in stated
        if not (_is_of_a_time(reading, one.place) or _is_in_vain(reading, one))
        and not any(_settles(reading, other, one) for other in stated)
    ]


def _settles(reading: Reading, other: Stated, one: Stated) -> bool:
    """Whether another value of a name is the one that is to be."""
    if other is one or other.name != one.name or other.value == one.value or other.choices:
        return False
    if isinstance(one.value, dict) and isinstance(other.value, dict) and one.value.keys().isdisjoint(other.value):
        return False
    theirs, ours = _clause(reading, one.place), _clause(reading, other.place)
    if set(theirs) & set(ours):
        return False
    if _is_over(reading, theirs, ours):
        return True
    return _is_cited(reading, theirs) and _is_own(reading, other.place)


def _clause(reading: Reading, place: int) -> range:
    return range(*reading.clause(place))


def _words(reading: Reading, places: Sequence[int]) -> list[str]:
    return [reading.tokens[n].word for n in places]


def _is_over(reading: Reading, theirs: range, ours: range) -> bool:
    """Whether a clause tells of a time that is over, or of what is to be ignored, and the other one does not."""
    past = tells_of_past(reading, theirs) or is_of_past_sentence(reading, theirs, ours)
    return past and not tells_of_past(reading, ours)


def tells_of_past(reading: Reading, places: range) -> bool:
    """Whether a clause tells of a time that is over, or of what is to be ignored."""
    use, words = reading.grammar, _words(reading, places)
    if not reading.narrated.isdisjoint(places) or (use["ignores"] | use["concedes"]).intersection(words[:2]):
        return True
    pairs = list(pairwise(words))
    if any(one in use["not"] | use["rules_out"] and other in use["no_more"] for one, other in pairs):
        return True  # "we no longer train with 224 pixels"
    if use["before_now"].difference(use["adverbs"]).intersection(words) and use["past"].intersection(words):
        return True  # "fp16 was what I asked for yesterday"
    if len(words) > 1 and words[0] in use["doers"] and words[1] in use["went_through"]:
        return True  # "we got weird results with fp16"
    if is_in_past(reading, places):
        return True
    dated = any(one in use["last_time"] and other in use["periods"] | use["seasons"] for one, other in pairs)
    return dated or any(one in use["used"] and other in use["infinitives"] for one, other in pairs)


def _is_of_a_time(reading: Reading, place: int) -> bool:
    """Whether a value belongs to a time that is over: "last week's twenty trials"."""
    before = _words(reading, range(max(0, place - _BESIDE), place))
    use = reading.grammar
    return (
        before[-1:] == ["s"]
        and len(before) == _BESIDE
        and before[0] in use["last_time"]
        and before[1] in use["periods"]
    )


def _is_in_vain(reading: Reading, one: Stated) -> bool:
    """Whether what is counted are tries that came before: "after two attempts that led nowhere"."""
    use, stop = reading.grammar, _clause(reading, one.place).stop
    behind = _words(reading, range(one.place + 2, min(one.place + 2 + _OWN, len(reading.tokens))))
    if one.name != "trials" or not one.place or reading.tokens[one.place - 1].word not in use["following"]:
        return False
    told = stop < len(reading.tokens) and not (use["relative"] | use["articles"]).isdisjoint(behind[:2])
    return told and not (use["past"] | use["finite"] | use["in_vain"]).isdisjoint(behind)


def _is_cited(reading: Reading, places: range) -> bool:
    """Whether somebody else said so, or one said so at first: "the intern said 100", "ich wollte erst 100 sagen"."""
    words, use = _words(reading, places), reading.grammar
    return bool(use["said"].intersection(words)) and (
        words[0] not in use["speakers"] or not use["at_first"].isdisjoint(words)
    )


def _is_own(reading: Reading, place: int) -> bool:
    """Whether the speaker says so, or orders it now: "I say 60", "nimm 70"."""
    start, stop = reading.clause(place)
    before, use = _words(reading, range(max(start, place - _OWN), place)), reading.grammar
    own = use["speakers"].intersection(before) and (use["says"] | use["wishes"] | use["bids"]).intersection(before)
    return (
        bool(own)
        or bool(use["bids"].intersection(before))
        or bool(use["now"].intersection(_words(reading, range(start, stop))))
    )
