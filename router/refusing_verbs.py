# SPDX-License-Identifier: Apache-2.0
"""A verb that stops a search right before it: "deactivate the tuning", "turn the tuner off", "es entfällt die Suche".

What denies it once more, as in "don't drop the search", or only limits it, as in "cut it at 10 trials", refuses none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from router.refused_trying import is_limit
from router.turned_words import is_misread_name
from router.word_stems import has, is_of

if TYPE_CHECKING:
    from router.reading import Reading

_BEFORE, _BEHIND, _NEXT = 7, 4, 2
_NONE = range(0)


def denied_before(reading: Reading, place: int, start: int) -> bool:
    """Whether a denial stands before a word, in what is joined to it; "don't wonder why I drop it" denies nothing."""
    for n in range(place - 1, start - 1, -1):
        if is_of(reading, n, "search_goes_on"):
            return False
        if is_of(reading, n, "search_stops") or is_of(reading, n, "search_forgets"):
            return True  # "refrain from switching it off"
        if is_of(reading, n, "denies_trying") and not (is_limit(reading, n) or is_misread_name(reading, n)):
            return not has(reading, range(n + 1, min(n + 1 + _NEXT, place)), "search_wonders")
    return has(reading, range(start, place), "was")


def verb_before(reading: Reading, search: range, clause: range) -> range:
    """A verb that stops it, or a word for none, right before it: "deactivate the …", "zero …", "turn the … off"."""
    place = search.start - 1
    first = max(clause.start, search.start - _BEFORE)
    while place >= first and is_of(reading, place, "search_led_by") and not _says_none(reading, place):
        place -= 1
    if place < first or denied_before(reading, place, clause.start):
        return _NONE
    if _denied_at_end(reading, search, clause):
        return _NONE
    stops = is_of(reading, place, "search_goes") or _stops_at(reading, place, search, clause)
    if stops or _says_none(reading, place) or _is_named_away(reading, place, search):
        return range(place, search.stop)
    return _verb_with_particle(reading, place, search, clause)


def _verb_with_particle(reading: Reading, place: int, search: range, clause: range) -> range:
    """A verb that a particle makes one which stops: "switch off the tuner", "turn the tuner off", "take it back"."""
    verb = place - 1
    if is_of(reading, place, "search_off") and verb >= clause.start and is_of(reading, verb, "search_turns"):
        return _NONE if denied_before(reading, verb, clause.start) else range(verb, search.stop)
    if is_of(reading, place, "search_turns"):
        end = 0 if is_only_limited(reading, place, clause) else _particle(reading, place, search.stop, clause)
        return range(place, end + 1) if end else _NONE
    return _NONE


def _says_none(reading: Reading, place: int) -> bool:
    """Whether a word says that there is to be none: "zero", "minus", "non-"."""
    token = reading.tokens[place]
    return is_of(reading, place, "search_none") or (token.kind == "number" and token.value == 0 and bool(token.spelled))


def _denied_at_end(reading: Reading, search: range, clause: range) -> bool:
    """German: whether a denial follows: "ein Verzicht auf das Tuning kommt nicht in Frage"."""
    for n in range(search.stop, min(search.stop + _BEHIND, clause.stop)):
        if is_of(reading, n, "search_goes_on"):
            return False
        if is_of(reading, n, "turns_anywhere") and not is_limit(reading, n):
            return True
    return False


def _is_named_away(reading: Reading, place: int, search: range) -> bool:
    """Whether "no" or "without" stands before a name that no phrase knows: "ohne das ganze Suchgedöns"."""
    denies = is_of(reading, place, "denies_plainly") or is_of(reading, place, "without")
    return denies and not is_of(reading, place, "search_not") and not has(reading, search, "searches")


def _stops_at(reading: Reading, place: int, search: range, clause: range) -> bool:
    """Whether a verb stops a search for good; not "stop the search after 4 hours", "the cut", "leaving it out is"."""
    if place > clause.start and is_of(reading, place - 1, "has_done"):
        return any(is_of(reading, place, use) for use in ("search_bans", "overrules"))  # "he has forbidden the search"
    if is_of(reading, place, "search_passes") and is_of(reading, place + 1, "search_upon"):
        return place == clause.start or not is_of(reading, place - 1, "denies_plainly")  # "we'll pass on the sweep"
    spares = is_of(reading, place, "search_spares") and has(reading, range(place, search.start), "search_oneself")
    if not (spares or is_of(reading, place, "search_stops")):
        return False
    named = place > clause.start and any(is_of(reading, place - 1, use) for use in ("articles", "search_articles"))
    opens = place == clause.start and is_of(reading, place, "search_stopping")
    return not (named or opens or is_only_limited(reading, place, clause))


def is_only_limited(reading: Reading, place: int, clause: range) -> bool:
    """Whether a search is to stop at some time, and not to be left out: "cut it at 10 trials", "cancel it when …"."""
    if not is_of(reading, place, "search_ends"):
        return False
    limits = {"value:hours", "value:trials"}
    said = any(m.group in limits and m.start in clause for m in reading.of("value", negated=None))
    ends = [n for n in range(place + 1, clause.stop) if is_of(reading, n, "search_ends_at")]
    by_whom = is_of(reading, place, "search_verdicts") and all(is_of(reading, n, "search_by_whom") for n in ends)
    return said or (bool(ends) and not by_whom)  # "cancelled by the boss"


def _particle(reading: Reading, verb: int, place: int, clause: range) -> int:
    """The place of the particle that ends a verb: "… off", "… switched off", "… bitte raus"; 0 where there is none."""
    for n in range(place, min(place + 1 + _NEXT, clause.stop)):
        if is_of(reading, n, "search_off") or takes_back(reading, verb, n, clause):
            return 0 if goes_on_with_of(reading, n, clause) else n
        if not is_of(reading, n, "search_beside"):
            break
    return 0


def takes_back(reading: Reading, verb: int, place: int, clause: range) -> bool:
    """Whether a verb and its particle take back what was asked for: "take it back", other than "put it back in"."""
    if not is_of(reading, place, "search_back") or not is_of(reading, verb, "search_takes"):
        return False
    behind = place + 1
    return behind == clause.stop or is_of(reading, behind, "search_beside") or is_of(reading, behind, "search_goes_on")


def goes_on_with_of(reading: Reading, place: int, clause: range) -> bool:
    """Whether a particle is none: "out of the box", "aus dem Labor", other than "out of action"."""
    behind = place + 1
    if behind >= clause.stop:
        return False
    out_of = range(place + 2, min(place + 2 + _NEXT, clause.stop))
    if is_of(reading, place, "search_off_or_from") and is_of(reading, behind, "articles"):
        return not has(reading, out_of, "search_out_of")  # "aus dem Plan nehmen"
    of = is_of(reading, behind, "belongs_to")
    return of and not has(reading, out_of, "search_out_of")
