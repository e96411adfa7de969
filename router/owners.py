# SPDX-License-Identifier: Apache-2.0
"""Whether what is counted, settled, tried or refused belongs to the line and not to us: "a single run of the line"."""

from __future__ import annotations

from typing import TYPE_CHECKING

from router.word_stems import has, is_of, uses_at

if TYPE_CHECKING:
    from collections.abc import Collection

    from router.reading import Reading

_OURS = frozenset({"varied", "tries", "runs", "runs_once", "searches", "its_own", "them", "refers", "chooses", "ours"})
_SOUGHT = frozenset({"varied", "tries", "tries_values", "searches", "its_own", "ours", "unsure"})
_COUNTS = frozenset({"runs_once", "one_off", "once_over", "one"})
_MODELS = frozenset({"model", "task", "trade", "action", "noun", "value", "policy", "parent"})
_ENDS = ("prepositions", "of_each", "breaks_behind", "finite")
_FAR, _AHEAD = 5, 4


def is_of_others(reading: Reading, places: Collection[int]) -> bool:
    """Whether a phrase says something of the line: "the camera's settings", "one shot per board", "am Vertrag"."""
    last = max(places)
    if any(is_of(reading, n, "searches") for n in places):
        others = _is_done_to_things(reading, last) or any(_looks_for_things(reading, n) for n in places)
        return others or _is_beside_training(reading, min(places))
    if any(is_of(reading, n, use) for n in places for use in ("tries", "tuned_at_all")) and (
        _is_done_to_things(reading, last) or _is_beside_training(reading, min(places))
    ):
        return True  # "don't optimise the engine"
    counts = any(not _COUNTS.isdisjoint(uses_at(reading, n)) for n in places)
    return (
        _is_owned(reading, places, counts=counts)
        or _goes_on(reading, last, counts=counts)
        or _is_topic(reading, places, counts=counts)
    )


def is_known(reading: Reading, place: int) -> bool:
    """Whether the language files know a word, or it belongs to a phrase for our model."""
    token = reading.tokens[place]
    if token.kind != "word" or uses_at(reading, place):
        return True
    return any(place in m.places for m in reading.mentions if m.group.partition(":")[0] in _MODELS)


def takes_up_others(reading: Reading, place: int) -> bool:
    """Whether a verb's pronoun takes up a thing of the clause before: "camera settings are fixed, don't touch them"."""
    start, stop = reading.clause(place)
    if place + 1 >= stop or start < _AHEAD or not is_of(reading, place + 1, "points_back"):
        return False
    before, _ = reading.clause(start - 2)
    return any(_is_thing(reading, n) for n in range(before, min(before + _AHEAD, start)))


def names_others(reading: Reading, places: range) -> bool:
    """Whether a stretch names a thing of the line, a paper, or a model that is not ours: "we tried YOLO already"."""
    if any(m.start in places for m in reading.of("foreign", negated=None)):
        return True
    return any(_is_thing(reading, n) for n in places)


def _is_thing(reading: Reading, place: int) -> bool:
    """Whether a noun of the plant ends what it stands in: "the line", other than "the line computer"."""
    if not (is_of(reading, place, "plant") or is_of(reading, place, "papers")):
        return False
    behind = place + 1
    if behind >= len(reading.tokens) or reading.tokens[behind].kind != "word":
        return True
    return bool(uses_at(reading, behind)) and not is_of(reading, behind, "machines")


def _is_owned(reading: Reading, places: Collection[int], *, counts: bool) -> bool:
    """Whether the thing stands before, or is part of the word: "camera settings", "Kameraeinstellungen"."""
    first, last = min(places), max(places)
    possessive = first > 0 and reading.tokens[first - 1].word == "s"
    before = [first - 1 - possessive] if possessive or not counts else []
    before += [last - 1] if last - 1 not in places else []
    if first > 0 and is_of(reading, first - 1, "possessed"):
        # "the printer was overhauled and its parameters are final"
        before += range(reading.clause(first)[0], first - 1)
    return any(n >= 0 and is_of(reading, n, "plant") for n in (*places, *before))


def _goes_on(reading: Reading, last: int, *, counts: bool) -> bool:
    """Whether the words go on with the thing: "of the line", "with the lamps", "per board", "der Linie"."""
    behind = last + 1
    _, stop = reading.clause(last)
    if behind >= stop:
        return False
    if is_of(reading, behind, "of_each"):
        return counts
    if is_of(reading, last, "once_over") and has(reading, range(behind, min(stop, behind + 2)), "periods"):
        return True  # "only once a month"
    if is_of(reading, behind, "over_against"):
        return _is_other(reading, range(behind + 1, min(stop, behind + 1 + _FAR)), unknown=True)
    owner = is_of(reading, behind, "belongs_to") or is_of(reading, behind, "genitive")
    if owner or is_of(reading, behind, "beside"):
        return _is_other(reading, range(behind + 1, min(stop, behind + 1 + _FAR)), unknown=owner and counts)
    names = _is_thing(reading, behind) or not is_known(reading, behind)
    return names and is_of(reading, last, "one_off")  # "a one-off product"


def _is_other(reading: Reading, places: range, *, unknown: bool) -> bool:
    """Whether a noun and what stands before it is a thing of others; an unknown one is where that suffices."""
    unclear = False
    for n in places:
        if any(is_of(reading, n, use) for use in _ENDS):
            break
        if _is_thing(reading, n):
            return True
        if is_of(reading, n, "varied"):
            return _goes_on(reading, n, counts=False)
        if _is_ours(reading, n):
            return False
        unclear |= not is_known(reading, n)
    return unclear and unknown


def _is_ours(reading: Reading, place: int) -> bool:
    if reading.tokens[place].kind != "word" or not _OURS.isdisjoint(uses_at(reading, place)):
        return True
    return any(place in m.places for m in reading.mentions if m.group.partition(":")[0] in _MODELS)


def _is_topic(reading: Reading, places: Collection[int], *, counts: bool) -> bool:
    """Whether a clause begins with the thing: "am Vertrag gibt es nichts …", "the camera gets one shot"."""
    first = min(places)
    start, _ = reading.clause(first)
    opening = range(start, min(start + _AHEAD, first))
    things = [n for n in opening if _is_thing(reading, n)]
    if not things:
        return False
    if is_of(reading, start, "concerns"):
        return True
    verb = things[-1] + 1
    while verb < first and reading.tokens[verb].kind == "number":
        verb += 1  # "line 2 runs only once"
    if verb >= first:
        return False
    rests = any(is_of(reading, n, use) for n in places for use in ("settles", "unsettles"))
    return (counts and is_of(reading, verb, "does_itself")) or (rests and is_of(reading, verb, "finite"))


def _is_done_to_things(reading: Reading, last: int) -> bool:
    """Whether a phrase for a search goes on with a thing of the line: "don't tune the lamps"."""
    _, stop = reading.clause(last)
    of = last + 1 < stop and is_of(reading, last + 1, "belongs_to")  # "no tuning of the threshold"
    behind = last + 1 + of
    behind += behind < stop and is_of(reading, behind, "articles")
    articled = is_of(reading, behind - 1, "articles")
    if not articled or behind >= stop:
        return False
    if _is_thing(reading, behind):
        return True
    beside = has(reading, range(behind, min(stop, behind + 2)), "not_searched")
    return beside and not has(reading, range(behind, stop), "varied")


def _is_beside_training(reading: Reading, first: int) -> bool:
    """German: whether a clause begins with what no search is of: "die Schwelle bitte nicht optimieren"."""
    start, _ = reading.clause(first)
    opening = range(start, min(start + _AHEAD, first))
    return has(reading, opening, "not_searched") and not has(reading, opening, "varied")


def _looks_for_things(reading: Reading, place: int) -> bool:
    """Whether a verb for searching has an object that is no value: "we don't search for scratches"."""
    _, stop = reading.clause(place)
    behind = place + 1
    while behind < stop and is_of(reading, behind, "not"):
        behind += 1  # "wir suchen nicht nach Kratzern"
    if place == 0 or behind >= stop or not is_of(reading, behind, "looks_for"):
        return False
    object_ = range(behind + 1, min(stop, behind + 1 + _FAR))
    verb = any(is_of(reading, place - 1, use) for use in ("not", "refers", "infinitives"))
    if not (verb or any(is_of(reading, n, "small_things") for n in object_)):
        return False
    ours = any(not _SOUGHT.isdisjoint(uses_at(reading, n)) or reading.tokens[n].kind != "word" for n in object_)
    return bool(object_) and not ours and not is_of(reading, object_.start, "whatever")
