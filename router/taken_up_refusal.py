# SPDX-License-Identifier: Apache-2.0
"""A search that later words take up by a pronoun and stop: "…, therefore deactivate it", "…, don't do them"."""

from __future__ import annotations

from typing import TYPE_CHECKING

from router.named_search import named_searches
from router.no_refusal import BLANK
from router.quoted_refusal import names_search, quoted_words, quotes
from router.refused_trying import is_limit, tried
from router.switched_search import clauses_to_colons
from router.word_stems import has, is_of, places_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from router.reading import Reading

_FAR, _BREAKS, _NEXT, _AHEAD, _WIDE = 18, 3, 2, 4, 14
_NONE = range(0)
_SMALL = ("left_behind_it", "search_for_now", "one", "search_beside", "restricts_to")
_DECLINES = ("declines", "search_turns_words", "search_goes_on", "search_beside", "pleases", "search_short_no")
_KINDS = ("action", "noun", "value", "model", "runner", "parent")


def taken_up(reading: Reading, part: range) -> Iterator[tuple[range, range, range]]:
    """Each search that is not refused where it is named, and a pronoun for it in a later clause, with that clause.

    Nothing else is named in between: "the sweep runs by default, please detach *it*", and not "… The images are old,
    leave them out". What stands beside the search in its own clause is said of it: "the tuner of the training".
    """
    for own in reading.clauses(part):
        search = _spoken_of(reading, own)
        if search is None or _is_refused_there(reading, own, search):
            continue
        behind = range(own.stop, min(part.stop, own.stop + _WIDE))
        for place in places_of(reading, behind, "search_itself"):
            clause = range(*reading.clause(place))
            if _names_other(reading, range(own.stop, clause.start)) or _breaks(reading, own.stop, place) > _BREAKS:
                break
            if _may_mean(reading, place, search, clause):
                yield search, _with_head(reading, place, clause), clause


def _all_spoken_of(reading: Reading, part: range) -> Iterator[range]:
    """Each search of a part by its name, and by other words where a clause has none."""
    yield from named_searches(reading, part)
    for own in reading.clauses(part):
        if next(named_searches(reading, own, told=True), None) is None and (found := _spoken_of(reading, own)):
            yield found


def _spoken_of(reading: Reading, own: range) -> range | None:
    """What a clause names a search by: its name, a quotation of it, or the trying of settings."""
    if found := next(named_searches(reading, own, told=True), None):
        return found
    for place in quotes(reading, own):
        words = quoted_words(reading, place)
        if names_search(reading, words) and not any(word in reading.grammar["denies_trying"] for word in words):
            return range(place, place + 1)
    if has(reading, own, "search_keys") and (place := next((n for n in own if tried(reading, n)), -1)) >= 0:
        return range(place, place + 1)
    return None


def _is_refused_there(reading: Reading, own: range, search: range) -> bool:
    """Whether the clause of a search denies or stops it, so that what is said of "it" may be the contrary."""
    case = next(places_of(reading, range(search.stop, own.stop), "search_supposes"), own.stop)
    said = range(own.start, case)  # "there'll be trials if nobody stops them"
    if any(reading.tokens[n].word == BLANK for n in said):
        return True
    if any(has(reading, said, use) for use in ("search_stops", "search_gone", "without")):
        return True
    if has(reading, said, "search_off") and has(reading, said, "search_turns"):
        return True
    return any(not is_limit(reading, n) for n in places_of(reading, said, "denies_trying"))


def _names_other(reading: Reading, between: range) -> bool:
    """Whether clauses between a search and a pronoun name anything, which the pronoun may be for."""
    if any(reading.tokens[n].kind in {"path", "job", "number"} for n in between):
        return True
    if any(m.start in between for kind in _KINDS for m in reading.of(kind, negated=None)):
        return True
    return any(has(reading, between, use) for use in ("plant", "papers", "things", "not_searched", "articles"))


def _breaks(reading: Reading, start: int, stop: int) -> int:
    return sum(reading.tokens[n].kind == "break" for n in range(start, stop))


def _may_mean(reading: Reading, place: int, search: range, clause: range) -> bool:
    """Whether a pronoun agrees with a search, and nobody else is spoken of: not "them" for "the search"."""
    to_do = has(reading, clause, "obliges") or has(reading, clause, "search_would")  # "built in, that can be omitted"
    if (place in reading.past and not to_do) or place in reading.theirs:
        return False
    plural = reading.tokens[search.stop - 1].word.endswith("s")
    if is_of(reading, place, "search_several") and not plural:
        return False
    before = range(clause.start, place)
    other = any(reading.tokens[n].kind in {"path", "job", "number"} for n in before)
    return not other and not any(m.start in before for kind in _KINDS for m in reading.of(kind, negated=None))


def _with_head(reading: Reading, place: int, clause: range) -> range:
    """A pronoun with the word for what it is of: "cancel *that part*"."""
    behind = place + 1
    return range(place, behind + (behind < clause.stop and is_of(reading, behind, "search_heads")))


def refused_by_pronoun(reading: Reading, part: range) -> range:
    """The tokens from a search to the words that stop it; none where nothing does."""
    for search in _all_spoken_of(reading, part):
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
    if not end or end > clause.stop or not ends_there(reading, end, clause):
        return 0
    denied = has(reading, range(max(clause.start, place - _AHEAD), place), "denies_trying")
    stops = any(
        has(reading, range(place, end), use)
        for use in ("search_stops", "search_off", "leaves_only", "without", "search_lets_be")
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
    if is_of(reading, place, "search_lets_be") and behind + 1 == stop:
        return behind + 1  # "lasst das"
    left = is_of(reading, place, "leaves_only") and is_of(reading, max(place - 1, 0), "search_hence")
    return behind + 1 if left else 0


def declined_later(reading: Reading, part: range) -> range:
    """A search that a later clause declines with no more than a no: "a sweep takes too long, so please none"."""
    clauses = list(clauses_to_colons(reading, part))
    for number, own in enumerate(clauses[:-1]):
        search = next(named_searches(reading, own), None)
        if search is None or _is_refused_there(reading, own, search):
            continue
        for clause in clauses[number + 1 : number + 1 + _BREAKS]:
            if not all(_is_small_no(reading, n) for n in clause) or len(clause) > _AHEAD + _NEXT:
                break
            if _is_no(reading, clause) or _stops_alone(reading, clause):
                return range(search.start, clause.stop)
    return _NONE


def _is_small_no(reading: Reading, place: int) -> bool:
    small = reading.tokens[place].text.lower() == "one" or is_of(reading, place, "search_stops")
    return small or any(is_of(reading, place, use) for use in _DECLINES)


def _stops_alone(reading: Reading, clause: range) -> bool:
    """Whether a clause has no more than a verb that stops what was spoken of: "please remove", "bitte abtrennen"."""
    stops = [n for n in places_of(reading, clause, "search_stops") if not is_of(reading, n, "search_ends")]
    return len(stops) == 1 and len(clause) <= _BREAKS and not has(reading, clause, "denies_trying")


def _is_no(reading: Reading, clause: range) -> bool:
    """Whether a clause of small words says no by itself: not "no wait", "no, 20 trials", "isn't it?"."""
    behind = reading.tokens[clause.stop].text if clause.stop < len(reading.tokens) else "."
    if behind == "?" or has(reading, clause, "search_halts"):
        return False
    says = [n for n in clause if is_of(reading, n, "search_short_no") or is_of(reading, n, "denies_trying")]
    only = all(is_of(reading, n, "says_no") or is_of(reading, n, "search_turns_words") for n in clause)
    return len(says) == 1 and not (only and behind == ",")


def ends_there(reading: Reading, place: int, clause: range) -> bool:
    """Whether no more is said of it: a clause, or what is joined, ends there; not "stop it after 4 hours"."""
    if place < clause.stop and is_of(reading, place, "search_kept_in"):
        return False  # "so leave it in"
    while place < clause.stop and any(is_of(reading, place, use) for use in _SMALL):
        place += 1
    if place < clause.stop and is_of(reading, place, "search_out_from") and clause.stop - place <= _AHEAD:
        return not any(reading.tokens[n].kind in {"path", "number"} for n in range(place, clause.stop))  # "… from it"
    if place >= clause.stop or reading.text[reading.tokens[place - 1].end :][:1] == ":":
        return True
    return is_of(reading, place, "search_goes_on") and not is_of(reading, place, "search_supposes")
