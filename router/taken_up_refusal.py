# SPDX-License-Identifier: Apache-2.0
"""A search that later words take up by a pronoun and stop: "…, therefore deactivate it", "…, don't do them"."""

from __future__ import annotations

from typing import TYPE_CHECKING

from router.named_search import named_searches
from router.word_stems import has, is_of

if TYPE_CHECKING:
    from router.reading import Reading

_FAR, _BREAKS, _NEXT, _AHEAD = 18, 3, 2, 4
_NONE = range(0)
_KINDS = ("action", "noun", "value", "model", "runner", "parent")


def refused_by_pronoun(reading: Reading, part: range) -> range:
    """The tokens from a search to the words that stop it; none where nothing does."""
    for search in named_searches(reading, part):
        before = range(max(part.start, search.start - _NEXT), search.start)
        denied = any(is_of(reading, n, "denies_trying") and not is_of(reading, n, "nothing") for n in before)
        if denied and not has(reading, before, "search_stops"):
            continue  # "he does it without AutoML, I don't want that"
        for place in range(search.stop, min(part.stop, search.stop + _FAR)):
            if _is_cut_off(reading, range(search.stop, place)):
                break
            if end := _stops_it(reading, place):
                return range(search.start, end)
    return _NONE


def _is_cut_off(reading: Reading, between: range) -> bool:
    """Whether something else has been named, or a case, so that "it" may be that."""
    if not between:
        return False
    last = reading.tokens[between[-1]]
    if last.kind in {"path", "job", "number"} or is_of(reading, between[-1], "search_supposes"):
        return True
    if sum(reading.tokens[n].kind == "break" for n in between) > _BREAKS:
        return True
    return any(between[-1] in m.places for kind in _KINDS for m in reading.of(kind, negated=None))


def _stops_it(reading: Reading, place: int) -> int:
    """Behind the words that begin at a place and stop what was spoken of; 0 where they do not."""
    clause = range(*reading.clause(place))
    end = _with_pronoun(reading, place, clause)
    if not end or end > clause.stop or not _ends(reading, end, clause):
        return 0
    denied = has(reading, range(max(clause.start, place - _AHEAD), place), "denies_trying")
    stops = any(
        has(reading, range(place, end), use) for use in ("search_stops", "search_off", "leaves_only", "without")
    )
    return end if denied is not stops else 0


def _with_pronoun(reading: Reading, place: int, clause: range) -> int:
    """Behind a verb and its pronoun: "deactivate it", "take it away", "do away with it", "darauf verzichten wir"."""
    behind = place + 1
    if is_of(reading, place, "search_turns") and (end := _turned(reading, place, clause)):
        return end
    if is_of(reading, place, "without") and behind < clause.stop and is_of(reading, behind, "search_itself"):
        return behind + 1
    if not (is_of(reading, place, "search_stops") or is_of(reading, place, "search_done_to")):
        return 0
    if place == clause.start + 1 and is_of(reading, clause.start, "search_upon_it"):
        return place + 1
    near = range(behind, min(behind + _NEXT, clause.stop))
    return next((n + 1 for n in near if is_of(reading, n, "search_itself")), 0)


def _turned(reading: Reading, place: int, clause: range) -> int:
    """Behind a verb that a particle makes one: "switch off it", "take it away", "get rid of it", "so leave it"."""
    behind, stop = place + 1, clause.stop
    if behind >= stop:
        return 0
    if is_of(reading, behind, "search_off"):
        over = behind + 1 + (behind + 1 < stop and is_of(reading, behind + 1, "search_with"))
        return over + 1 if over < stop and is_of(reading, over, "search_itself") else 0
    if not is_of(reading, behind, "search_itself"):
        return 0
    if ends := next((n for n in range(behind + 1, min(behind + 4, stop)) if is_of(reading, n, "search_off")), 0):
        return ends + 1
    left = is_of(reading, place, "leaves_only") and is_of(reading, max(place - 1, 0), "search_hence")
    return behind + 1 if left else 0


def _ends(reading: Reading, place: int, clause: range) -> bool:
    """Whether no more is said of it: a clause, or what is joined, ends there; not "stop it after 4 hours"."""
    while place < clause.stop and any(
        is_of(reading, place, use) for use in ("left_behind_it", "search_for_now", "one")
    ):
        place += 1
    if place >= clause.stop or reading.text[reading.tokens[place - 1].end :][:1] == ":":
        return True
    return is_of(reading, place, "search_goes_on") and not is_of(reading, place, "search_supposes")
