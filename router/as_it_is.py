# SPDX-License-Identifier: Apache-2.0
"""What tells how it was, or is, and not how it is to be: "we trained 30 epochs last week", "we have 97 % recall"."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from router.reading import Reading
    from router.stated import Stated

_SIGNS = {"<=", ">=", "<", ">"}


def without_as_it_is(reading: Reading, stated: list[Stated]) -> list[Stated]:
    """The values without those of what was done, and without the figures that something reaches as it is."""
    return [
        one
        for one in stated
        if not (was_done(reading, one.place) or (one.name == "target" and is_reached(reading, one.place)))
    ]


def was_done(reading: Reading, place: int) -> bool:
    """Whether a clause only tells what was done, and nothing says that it is to be so again."""
    if place not in reading.narrated and place not in reading.past:
        return False
    begin, end = reading.clause(place)
    if _is_by_hand(reading, begin, place):
        return False
    asked = [m.start for kind in ("action", "named", "verb") for m in reading.of(kind)]
    if not asked or any(begin <= n < end for n in asked):
        return False
    return not _is_kept(reading, begin, end)


def _is_by_hand(reading: Reading, begin: int, place: int) -> bool:
    """Whether somebody says what he sets, and no time that is over: "I set them by hand: 33 epochs"."""
    words = [token.word for token in reading.tokens[begin:place]]
    listed = any(
        ":" in reading.text[one.end : other.start] for one, other in pairwise(reading.tokens[begin : place + 1])
    )
    return listed or "hand" in words or not reading.grammar["alone"].isdisjoint(words)


def _is_kept(reading: Reading, begin: int, end: int) -> bool:
    """Whether words around what was say that it is to be so again: "… last time; do the same", "wie damals"."""
    use = reading.grammar
    again = use["keeps"] | use["says_again"] | use["the_same"] | use["as_then"]
    if reading.tokens[begin].word in use["as_then"]:
        return True
    return any(token.word in again for token in [*reading.tokens[:begin], *reading.tokens[end:]])


def was_used(reading: Reading, place: int) -> bool:
    """Whether a clause tells with what something was done: "before, we had used docker"."""
    begin, end = reading.clause(place)
    words = {token.word for token in reading.tokens[begin:end]}
    used = place in reading.narrated or not words.isdisjoint(reading.grammar["made_use_of"])
    return place in reading.told and used and was_done(reading, place)


def is_reached(reading: Reading, place: int) -> bool:
    """Whether a share is told to be reached as it is, or was: "currently we have 97% recall", "we got 90% recall"."""
    use, (begin, end) = reading.grammar, reading.clause(place)
    words = {token.word for token in reading.tokens[begin:end]}
    dated = not use["so_far"].isdisjoint(words) and not (use["at_present"] - use["so_far"]).isdisjoint(words)
    ordered = any(begin <= m.start < end for m in reading.of("action"))
    if place not in reading.told and (ordered or not dated):
        return False
    aims = use["wishes"] | use["obliges"] | use["orders"] | use["least"] | use["limits"] | use["sets_target"] | _SIGNS
    return not use["at_present"].isdisjoint(words) and aims.isdisjoint(words - use["at_present"])
