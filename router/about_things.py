# SPDX-License-Identifier: Apache-2.0
"""Denials that are of a thing: "camera settings are not to be touched", "no search of the new images".

What is searched for in a training are its settings. Pictures are looked for, masks are drawn by hand, an oven is tuned,
and none of this says anything of the settings, however it is denied.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from router.past_tense import is_in_past
from router.segments import names_ours, names_search_itself
from router.word_stems import has, is_of, places_of, uses_at

if TYPE_CHECKING:
    from router.reading import Reading

_THINGS = frozenset({"plant", "papers", "things", "small_things", "not_searched", "other_things", "more_things"})
_DATA = frozenset({"things", "data_things"})
_DOES = frozenset({"finite", "be", "was", "has_done", "nobody", "obliges", "wishes", "will"})
_WORKS_ON = frozenset({"searches", "tries", "tries_values", "unsettles", "tuned_at_all", "looks_up", "works_on_things"})
_FEW, _OWNED, _BACK = 5, 3, 4


def is_about_things(reading: Reading, places: range) -> bool:
    """Whether a stretch says something of a thing and nothing of our model."""
    things = [n for n in places if _is_thing(reading, n)]
    values = (n for n in places_of(reading, places, "one_value") if not is_of(reading, n, "not_searched"))
    if not things or names_ours(reading, places) or any(True for _ in values):
        return False  # "don't tune the threshold or the learning rate"
    return (
        _is_subject(reading, places, things[0])
        or any(_is_worked_on(reading, places, n) for n in things)
        or _was_done_to(reading, places, things[0])
    )


def of_other_matters(reading: Reading, places: range) -> set[int]:
    """The tokens of a word for a search that only tells which table, function or report: "keine Tuning-Tabelle"."""
    found: set[int] = set()
    if names_search_itself(reading, places):
        return found  # "without AutoML function"
    for n in places_of(reading, places[:-1], "searches"):
        if is_of(reading, n + 1, "of_a_search"):
            found |= {n - 1, n, n + 1} & set(places)
    return found


def _is_thing(reading: Reading, place: int) -> bool:
    """Whether a noun is of the plant and its papers, other than a line, which may be where we train for."""
    uses = uses_at(reading, place)
    if uses.isdisjoint(_THINGS) or "places_of_work" in uses:
        return False
    behind = place + 1
    return behind >= len(reading.tokens) or not is_of(reading, behind, "places_of_work")


def _is_subject(reading: Reading, places: range, thing: int) -> bool:
    """Whether a stretch begins with the thing, or what belongs to it, and says something of it."""
    if thing >= places.start + _FEW or _preposition(reading, places, thing) is not None:
        return False
    if has(reading, places, "by_hand") or has(reading, places, "without_hands"):
        return True  # "die Aufnahmen entstanden ohne Automatik"
    behind = range(thing + 1, min(thing + 1 + _OWNED, places.stop))
    may_wish = is_of(reading, thing, "people_of_plant") or not has(reading, places, "searches")
    if may_wish and has(reading, behind, "wishes") and has(reading, behind, "denies_plainly"):
        return False  # "the supplier wants no search"
    return any(not _DOES.isdisjoint(uses_at(reading, n)) for n in behind)


def _is_worked_on(reading: Reading, places: range, thing: int) -> bool:
    """Whether the thing is what is looked for, tuned or touched: "wir tunen nicht am Ofenprofil"."""
    works = [n for n in places if n != thing and not _WORKS_ON.isdisjoint(uses_at(reading, n))]
    if not works:
        return False
    if (before := _preposition(reading, places, thing)) is None:
        finite = any(is_of(reading, n, use) for n in works for use in ("finite_work", "works_on_things"))
        return finite or is_of(reading, thing - 1, "genitive")
    if is_of(reading, before, "looks_for"):
        near = is_of(reading, before - 1, "looks_up") or has(reading, range(before, places.stop), "looks_up")
        return near or any(is_of(reading, n, "looks_up") and n > thing for n in works)
    if is_of(reading, before, "belongs_to") or is_of(reading, before, "concerns"):
        return True
    plays = is_of(reading, before - 1, "tries") or is_of(reading, before - 1, "tries_values")
    return plays and is_of(reading, before, "plays_with_what") and _DATA.isdisjoint(uses_at(reading, thing))


def _was_done_to(reading: Reading, places: range, thing: int) -> bool:
    """Whether it is told what was done to a thing: "bei den Bildern haben wir nichts optimiert"."""
    return thing < places.start + _FEW and is_in_past(reading, places) and not has(reading, places, "searches")


def _preposition(reading: Reading, places: range, thing: int) -> int | None:
    """The preposition of what a thing stands in: "with the new lamp settings"."""
    for n in range(thing - 1, max(places.start, thing - _BACK) - 1, -1):
        if is_of(reading, n, "prepositions") or is_of(reading, n, "beside") or is_of(reading, n, "concerns"):
            return n
        if not _DOES.isdisjoint(uses_at(reading, n)):
            return None
    return None
