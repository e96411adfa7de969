# SPDX-License-Identifier: Apache-2.0
"""Denials that are of another model, another line, or a later run: "our YOLO was trained without AutoML".

"Next month we want one run without a search" is no order for today's, and "kein AutoML bei der anderen Linie" none for
this one. "As on the other line: no AutoML" takes it over, and is heard.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from router.segments import denies_search, orders_training, same_sentence
from router.word_stems import has, is_of, places_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from router.reading import Reading

_OPENING, _NEAR = 4, 2
_HERE = ("of_ours_here", "takes_over_so")


def about_others(reading: Reading, parts: Sequence[range]) -> set[int]:
    """The numbers of the stretches that say how another model, or a later run, is trained."""
    found: set[int] = set()
    for number, places in enumerate(parts):
        if number in found or not _may_be_of_others(reading, places):
            continue
        if _is_of_other_model(reading, places) or _is_of_other_line(reading, places, parts):
            found.update(_with_what_follows(reading, parts, number))
        elif _is_later(reading, places, parts):
            found.add(number)
    return {n for n in found if denies_search(reading, parts[n]) or has(reading, parts[n], "by_hand")}


def _may_be_of_others(reading: Reading, places: range) -> bool:
    """Whether a stretch neither is of ours nor asks for the same."""
    return not any(has(reading, places, use) for use in _HERE)


def _is_of_other_model(reading: Reading, places: range) -> bool:
    """Whether a stretch begins with a model that is not ours, and asks for nothing: "unser U-Net läuft ohne Suche"."""
    if _carries(reading, places):
        return False
    opening = range(places.start, min(places.start + _OPENING, places.stop))
    foreign = [m.end for m in reading.of("foreign", negated=None) if m.start in opening]
    named = [m.end for m in reading.of("value", negated=None) if m.group == "value:backbone" and m.start in opening]
    named += [n + 1 for n in places_of(reading, opening, "network_names")]
    tells = [n for n in (*foreign, *named) if n < places.stop and _says_of_it(reading, n)]
    topic = bool(foreign or named) and has(reading, opening, "speaks_about")
    ours = any(m.start in places for kind in ("model", "task") for m in reading.of(kind, negated=None))
    return (not ours and (bool(tells) or topic)) or _is_of_another(reading, places)


def _says_of_it(reading: Reading, place: int) -> bool:
    """Whether what follows a name says something of it: "is trained", "of the lab was fitted"."""
    return any(is_of(reading, place, use) for use in ("finite", "belongs_to", "was", "does_itself", "has_done"))


def _is_of_another(reading: Reading, places: range) -> bool:
    """Whether a stretch names another line, model or vendor: "kein AutoML bei der anderen Linie"."""
    for n in places_of(reading, places, "others_than_it"):
        behind = range(n + 1, min(n + 1 + _NEAR, places.stop))
        if has(reading, behind, "kept_apart") or any(m.start in behind for m in reading.of("foreign", negated=None)):
            return True
    return _is_of_vendor(reading, places)


def _is_of_vendor(reading: Reading, places: range) -> bool:
    """Whether what somebody sells is spoken of: "his own software needs no tuning", "die Software des Herstellers"."""
    for n in (n for n in places if is_of(reading, n, "products_of_others")):
        before = range(max(places.start, n - _OPENING), n)
        if has(reading, before, "own_to_them") and has(reading, before, "owned_by_them"):
            return True
        around = range(max(places.start, n - _OPENING), min(n + _OPENING, places.stop))
        if has(reading, around, "vendors_own") and not has(reading, places, "first_person"):
            return True
    return False


def _is_of_other_line(reading: Reading, places: range, parts: Sequence[range]) -> bool:
    """Whether a stretch names a line by its number, and the training is for another: "line 4 wants none, line 5 …"."""
    lines = _lines(reading, places)
    if len(lines) != 1 or _carries(reading, places):
        return False
    trained = (one for one in parts if orders_training(reading, one) or is_of(reading, one.start, "meant_for"))
    ours = set().union(*(_lines(reading, one) for one in trained))
    return bool(ours) and ours.isdisjoint(lines)


def _lines(reading: Reading, places: range) -> set[str]:
    lines = (n for n in places_of(reading, places, "places_of_work") if n + 1 < places.stop)
    return {reading.tokens[n + 1].text for n in lines if reading.tokens[n + 1].kind == "number"}


def _carries(reading: Reading, places: range) -> bool:
    """Whether a training is ordered in a stretch, with its data."""
    data = any(reading.tokens[n].kind in {"path", "job"} for n in places)
    told = all(m.start in reading.told or m.negated for m in reading.of("action", negated=None) if m.start in places)
    return data or (orders_training(reading, places) and not told)


def _with_what_follows(reading: Reading, parts: Sequence[range], number: int) -> set[int]:
    """A stretch, and those of its sentence that go on with a model of which something was denied, or which it names."""
    found = {number}
    spreads = has(reading, parts[number][:1], "speaks_about") or denies_search(reading, parts[number])
    if any(has(reading, parts[number], use) for use in ("others_than_it", "places_of_work")):
        spreads = has(reading, parts[number][:1], "speaks_about")
    for n in range(number + 1, len(parts)) if spreads or has(reading, parts[number], "by_hand") else ():
        places = parts[n]
        ours = orders_training(reading, places) or any(has(reading, places, use) for use in _HERE)
        if (
            ours
            or (has(reading, places, "pleases") and has(reading, places, "searches"))
            or not same_sentence(reading, parts[number], places)
        ):
            break
        found.add(n)
    return found


def _names_period(reading: Reading, place: int) -> bool:
    return place < len(reading.tokens) and (is_of(reading, place, "periods") or is_of(reading, place, "seasons"))


def _is_later(reading: Reading, places: range, parts: Sequence[range]) -> bool:
    """Whether a stretch says what a later run is to be like, and today's is asked for elsewhere."""
    if not denies_search(reading, places) or _carries(reading, places) or has(reading, places, "as_of_now"):
        return False
    opening = range(places.start, min(places.start + _OPENING, places.stop))
    for n in opening:
        before = places_of(reading, range(max(places.start, n - _NEAR), n), "prepositions")
        in_it = any(not is_of(reading, m, "joins_steps") for m in before)  # "in May", and not "and it may not"
        later = is_of(reading, n, "later_times") or (in_it and is_of(reading, n, "seasons"))
        coming = is_of(reading, n, "next") and _names_period(reading, n + 1)
        if (later or coming) and not has(reading, range(places.start, n), "by_when"):
            planned = any(has(reading, places, use) for use in ("plans_for_later", "will"))
            return planned and any(orders_training(reading, one) for one in parts if one != places)
    return False
