# SPDX-License-Identifier: Apache-2.0
"""A search that is set apart from what stands before it: "I won't skip the export, but *the search I will*".

The second half leaves out its verb, and takes it over from the first: what is denied there is meant here, and the
other way round, as in "skip the export, but not the search". "Usually I never skip it, today I will" sets a time apart.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from router.named_search import named_searches
from router.refused_trying import is_limit
from router.segments import same_sentence, segments
from router.switched_search import clauses_to_colons
from router.word_stems import has, is_of, quoted

if TYPE_CHECKING:
    from router.reading import Reading

_MOST, _FEW = 3, 5
_STOPS = ("search_stops", "search_gone", "turns_refused", "turns_to")
_APART = ("search_apart", "contrasts", "search_must_too", "search_articles", "first_person", "pleases", "search_upon")


def set_apart(reading: Reading, part: range) -> dict[str, str]:
    """The policy that a half sentence without a verb of its own comes to, with the user's words for both halves."""
    if not has(reading, part, "searches") or not any(
        has(reading, part, use) for use in (*_STOPS, "search_off", "stays_put")
    ):
        return {}
    parts = [one for one in segments(reading) if one.start >= part.start and one.stop <= part.stop]
    for number, places in enumerate(parts[1:], 1):
        before = parts[number - 1]
        if len(places) > _FEW + 1 or not same_sentence(reading, before, places):
            continue
        state = _of_search(reading, before, places) or _stays_and_goes(reading, before, places)
        if state:
            return {state: quoted(reading, before.start, places.stop - 1)}
    for before, places in pairwise(clauses_to_colons(reading, part)):
        if _of_times(reading, before, places):
            return {"off": quoted(reading, before.start, places.stop - 1)}
    return {}


def _of_search(reading: Reading, before: range, places: range) -> str:
    """What "…, the search I will" and "…, but not the search" come to; nothing where a half says more."""
    search = next(named_searches(reading, places), None)
    if search is None or has(reading, before, "searches") or not _stops(reading, before):
        return ""
    denied = _denials(reading, before)
    beside = [n for n in places if n not in search]
    own = [n for n in beside if _denies(reading, n)]
    if len(denied) > 1 or len(own) > 1 or not all(n in own or _is_small(reading, n) for n in beside):
        return ""
    led = any(is_of(reading, n, use) for n in beside for use in ("search_apart", "contrasts", "search_must_too"))
    if bool(denied) is bool(own) or not (own or led):
        return ""
    return "on" if own else "off"


def _of_times(reading: Reading, before: range, places: range) -> bool:
    """Whether a search that is never left out is for now: "usually I never skip the search, this once I will"."""
    if not has(reading, before, "searches") or not has(reading, before, "search_usually") or len(places) > _FEW:
        return False
    small = all(_is_small(reading, n) or is_of(reading, n, "search_this_once") for n in places)
    now = has(reading, places, "search_this_once") and has(reading, places, "search_must_too")
    alike = len(_denials(reading, before)) == 1 and not _denials(reading, places)
    return small and now and alike and _stops(reading, before)


def _stays_and_goes(reading: Reading, before: range, places: range) -> str:
    """Whether something stays and the search goes, or the other way: "the evaluation stays, the tuning goes"."""
    if _stays(reading, before) and not has(reading, places, "searches") and has(reading, places, "search_gone"):
        return "" if _denials(reading, places) else "on"
    search = next(named_searches(reading, places), None)
    if search is None or not has(reading, before, "stays_put") or has(reading, before, "searches"):
        return ""
    rest = range(search.stop, places.stop)
    goes = 0 < len(rest) <= _MOST and is_of(reading, rest.start, "search_apart")
    return "off" if goes and not _denials(reading, places) and not _denials(reading, before) else ""


def _stays(reading: Reading, places: range) -> bool:
    """Whether a search is said to stay, and no more: "die Suche bleibt"."""
    search = next(named_searches(reading, places), None)
    stays = search is not None and search.stop + 1 == places.stop and has(reading, places, "stays_put")
    return stays and not _denials(reading, places)


def _stops(reading: Reading, places: range) -> bool:
    """Whether a stretch leaves something out: "skip it", "lassen wir weg"."""
    if any(has(reading, places, use) for use in _STOPS):
        return True
    return has(reading, places, "search_turns") and has(reading, places, "search_off")


def _denials(reading: Reading, places: range) -> list[int]:
    return [n for n in places if _denies(reading, n)]


def _denies(reading: Reading, place: int) -> bool:
    return is_of(reading, place, "turns_denied") and not is_limit(reading, place)


def _is_small(reading: Reading, place: int) -> bool:
    return any(is_of(reading, place, use) for use in _APART)
