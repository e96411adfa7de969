# SPDX-License-Identifier: Apache-2.0
"""A view of a search that the next words dispute: "he calls it a waste, I see it differently", "… but I want one"."""

from __future__ import annotations

from typing import TYPE_CHECKING

from router.word_stems import has, is_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from router.reading import Reading

_BESIDE, _FAR, _SHORT = 2, 2, 5
_COUNTS = frozenset({"value:trials", "value:parallel"})


def is_disputed(reading: Reading, places: range, later: Sequence[range]) -> bool:
    """Whether a stretch says what others think, or belongs to that, and one of the next stretches disputes it."""
    if not (is_view(reading, places) or _belongs_to_view(reading, places)):
        return False
    return any(
        _disputes(reading, one) or _disputes(reading, _joined(reading, later, n)) or _is_called_wrong(reading, later, n)
        for n, one in enumerate(later[:_FAR])
    )


def _is_called_wrong(reading: Reading, later: Sequence[range], place: int) -> bool:
    """Whether a stretch only says that this is wrong, and no "but" follows: "he's mistaken", "da irrt er"."""
    one = later[place]
    short = len(one) <= _SHORT and not has(reading, one, "denies_plainly")
    ends = any(is_of(reading, n, "says_wrong") for n in one[-_BESIDE:])
    turns = place + 1 < len(later) and is_of(reading, later[place + 1].start, "contrasts")
    return short and ends and not turns


def wishes_for_another(reading: Reading, places: range) -> bool:
    """Whether a stretch wishes for something else than what was spoken of: "but I'd like the result by Monday"."""
    wishes = has(reading, places, "first_person") and has(reading, places, "wishes_for")
    return wishes and not (has(reading, places, "searches") or _ends_with_it(reading, places))


def _joined(reading: Reading, later: Sequence[range], place: int) -> range:
    """A stretch with the next one where it is but a word: "still, train it with 8 trials"."""
    one = later[place]
    alone = len(one) == 1 and place + 1 < len(later) and has(reading, one, "all_the_same")
    return range(one.start, later[place + 1].stop) if alone else one


def is_view(reading: Reading, places: range) -> bool:
    """Whether a stretch says what somebody else thinks: "my boss calls a search a waste"."""
    for n in (n for n in places if is_of(reading, n, "thinks_so")):
        beside = range(max(places.start, n - _BESIDE), min(places.stop, n + _BESIDE))
        if not has(reading, beside, "first_person"):
            return True
    return False


def _belongs_to_view(reading: Reading, places: range) -> bool:
    """Whether a view stands right before, in the same sentence: "Herr Kern meint, eine Suche bringe nichts"."""
    if places.start < _BESIDE or reading.tokens[places.start - 1].text != ",":
        return False
    return is_view(reading, range(*reading.clause(places.start - 2)))


def _disputes(reading: Reading, places: range) -> bool:
    """Whether a stretch objects: "I disagree", "ich aber nicht", "but I'd like one", "trotzdem bitte 12 Versuche"."""
    speaks = has(reading, places, "first_person")
    objects = has(reading, places, "objects") or has(reading, places, "all_the_same")
    contrast = objects or has(reading, places, "contrasts")
    if has(reading, places, "denies_plainly"):
        if not speaks or has(reading, places, "not_either"):
            return False
        short = len(places) <= _SHORT and all(
            is_of(reading, n, "declines") or is_of(reading, n, "affirms") for n in places
        )
        return short or has(reading, places, "disbelieves")
    if has(reading, places, "objects") and speaks:
        return True
    counted = any(m.start in places for m in reading.of("value") if m.group in _COUNTS)
    wished = speaks and has(reading, places, "wishes_for") and _ends_with_it(reading, places)
    return contrast and (counted or wished)


def _ends_with_it(reading: Reading, places: range) -> bool:
    """Whether a pronoun is all that is wished for: "I want one anyway", "ich haette sie trotzdem gern"."""
    tokens, pronouns = reading.tokens, ("points_back", "its_own")
    pronoun = next(
        (n for n in places if tokens[n].spelled == "one" or any(is_of(reading, n, use) for use in pronouns)), None
    )
    if pronoun is None:
        return False
    return all(is_of(reading, n, "beside_a_wish") for n in range(pronoun + 1, places.stop))
