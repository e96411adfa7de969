# SPDX-License-Identifier: Apache-2.0
"""A search that a clause turns off, forbids or lets rest: "turn the auto tuner off", "AutoML must rest", "zero tuning".

The verb stands before it ("bypassing the AutoML") or behind ("the tuning leave out"), or what is denied is that it is
done ("parameter search shall not be done"). A clause that denies this once more refuses nothing, and is left to others.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from router.named_search import named_searches, names_any
from router.refused_trying import is_limit
from router.switched_search import clauses_to_colons
from router.taken_up_refusal import refused_by_pronoun
from router.tokens import sentence_begin
from router.word_stems import has, is_of, places_of

if TYPE_CHECKING:
    from router.reading import Reading

_BEFORE, _BEHIND, _NEXT, _SHORT = 7, 11, 2, 5
_NONE = range(0)


def plain_refusal(reading: Reading, part: range) -> range:
    """The tokens from the first to the last word that refuse a search; none where no words do so plainly."""
    if not names_any(reading, part):
        return _NONE
    for clause in clauses_to_colons(reading, part):
        if not names_any(reading, clause) or _only_supposes(reading, clause):
            continue
        for search in named_searches(reading, clause):
            forms = (_verb_before, _said_behind, _as_the_other, _answered)
            if found := next((one for form in forms if (one := form(reading, search, clause))), _NONE):
                return found
        if found := _keys_left(reading, clause):
            return found
    return refused_by_pronoun(reading, part)


def _only_supposes(reading: Reading, clause: range) -> bool:
    """Whether a clause asks, names a case, tells of the past or calls it untrue; "if it could be cut" is an order."""
    asks = clause.stop < len(reading.tokens) and reading.tokens[clause.stop].text == "?"
    begin = sentence_begin(reading.tokens, clause.start)
    if asks and len(clause) > _NEXT and not has(reading, range(begin, begin + _NEXT), "search_politely_asks"):
        return True
    if has(reading, clause[:_NEXT], "search_supposes"):
        return not (is_of(reading, clause.start, "search_wishes_if") and has(reading, clause, "search_would"))
    return has(reading, clause, "formerly") or has(reading, clause, "untrue")


def denied_before(reading: Reading, place: int, start: int) -> bool:
    """Whether a denial stands before a word, in what is joined to it; "don't wonder why I drop it" denies nothing."""
    for n in range(place - 1, start - 1, -1):
        if is_of(reading, n, "search_goes_on"):
            return False
        if is_of(reading, n, "search_stops") or is_of(reading, n, "search_forgets"):
            return True  # "refrain from switching it off"
        if is_of(reading, n, "denies_trying") and not is_limit(reading, n):
            return not has(reading, range(n + 1, min(n + 1 + _NEXT, place)), "search_wonders")
    return has(reading, range(start, place), "was")


def _verb_before(reading: Reading, search: range, clause: range) -> range:
    """A verb that stops it, or a word for none, right before it: "deactivate the …", "zero …", "turn the … off"."""
    place = search.start - 1
    first = max(clause.start, search.start - _BEFORE)
    while place >= first and is_of(reading, place, "search_led_by") and not _says_none(reading, place):
        place -= 1
    if place < first or denied_before(reading, place, clause.start):
        return _NONE
    if _says_none(reading, place) or _stops_at(reading, place, search, clause):
        return range(place, search.stop)
    verb = place - 1
    if is_of(reading, place, "search_off") and verb >= clause.start and is_of(reading, verb, "search_turns"):
        return _NONE if denied_before(reading, verb, clause.start) else range(verb, search.stop)
    if is_of(reading, place, "search_turns"):
        end = 0 if is_only_limited(reading, place, clause) else _particle(reading, search.stop, clause)
        return range(place, end + 1) if end else _NONE
    return _NONE


def _says_none(reading: Reading, place: int) -> bool:
    """Whether a word says that there is to be none: "zero", "minus", "non-"."""
    token = reading.tokens[place]
    return is_of(reading, place, "search_none") or (token.kind == "number" and token.value == 0 and bool(token.spelled))


def _stops_at(reading: Reading, place: int, search: range, clause: range) -> bool:
    """Whether a verb stops a search for good; not "stop the search after 4 hours", "the cut", "leaving it out is"."""
    if place > clause.start and is_of(reading, place - 1, "has_done"):
        return any(is_of(reading, place, use) for use in ("search_bans", "overrules"))  # "he has forbidden the search"
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
    return said or has(reading, range(place + 1, clause.stop), "search_ends_at")


def _particle(reading: Reading, place: int, clause: range) -> int:
    """The place of the particle that ends a verb: "… off", "… switched off", "… bitte raus"; 0 where there is none."""
    for n in range(place, min(place + 1 + _NEXT, clause.stop)):
        if is_of(reading, n, "search_off"):
            return 0 if _goes_on_with_of(reading, n, clause) else n
        if not is_of(reading, n, "search_beside"):
            break
    return 0


def _goes_on_with_of(reading: Reading, place: int, clause: range) -> bool:
    """Whether a particle is none: "out of the box", other than "out of action"."""
    of = place + 1 < clause.stop and is_of(reading, place + 1, "belongs_to")
    return of and not has(reading, range(place + 2, min(place + 2 + _NEXT, clause.stop)), "search_out_of")


def _said_behind(reading: Reading, search: range, clause: range, carries: str = "search_carries") -> range:
    """What is said of a search behind it, over small words: "must rest", "please skip", "is not to be executed"."""
    if denied_before(reading, search.start, clause.start) or _is_handed_on(reading, search, clause):
        return _NONE
    no = -1
    for n in range(search.stop, min(clause.stop, search.stop + _BEHIND)):
        said = range(search.stop, n)
        if _refuses(reading, n, said, search, clause) if no < 0 else is_of(reading, n, carries):
            return _NONE if no >= 0 and _is_qualified(reading, n, clause) else range(search.start, n + 1)
        denies = is_of(reading, n, "denies_trying")
        if (denies and (no >= 0 or is_limit(reading, n))) or not (denies or _is_beside(reading, n, clause)):
            break
        no = n if denies else no
    return _NONE


def _refuses(reading: Reading, place: int, said: range, search: range, clause: range) -> bool:
    """Whether a word behind a search refuses it by itself: "must rest", "of AutoML I want to know nothing"."""
    heard = is_of(reading, place, "nothing") and has(reading, said, "search_heard")
    return heard or _ends_it(reading, place, said, search, clause)


def _is_beside(reading: Reading, place: int, clause: range) -> bool:
    """Whether a word may stand between a search and what stops it: "… for this one please", "… in the drawer"."""
    if is_of(reading, place, "search_beside") or is_of(reading, place, "search_turns"):
        return True
    rests = place + 1 < clause.stop and is_of(reading, place + 1, "search_rests")
    return rests and is_of(reading, place, "search_articles")


def _ends_it(reading: Reading, place: int, said: range, search: range, clause: range) -> bool:
    """Whether a word behind a search lets it rest, stops it, or is the particle of a verb that does."""
    behind = place + 1
    if is_of(reading, place, "search_rests"):
        let = has(reading, range(max(clause.start, search.start - 2), search.start), "search_lets")
        upon = behind < clause.stop and is_of(reading, behind, "search_upon")
        return (let or has(reading, said, "search_must")) and not upon
    if is_of(reading, place, "search_gone"):
        if behind < clause.stop and is_of(reading, behind, "search_was_done"):
            return False  # "weil jemand die Suche abgeschaltet hat"
        return not is_only_limited(reading, place, clause) and not _denied_behind(reading, place, clause)
    if is_of(reading, place, "search_off") and any(has(reading, said, use) for use in ("search_turns", "search_must")):
        return not _goes_on_with_of(reading, place, clause) and not _denied_behind(reading, place, clause)
    if not is_of(reading, place, "search_stops") or is_only_limited(reading, place, clause):
        return False
    ends = behind == clause.stop or any(is_of(reading, behind, use) for use in ("search_beside", "search_goes_on"))
    return (ends or is_of(reading, behind, "prepositions")) and not _denied_behind(reading, place, clause)


def _denied_behind(reading: Reading, place: int, clause: range) -> bool:
    """German: whether a denial ends what is said: "auf die Suche verzichten wir nicht"."""
    near = range(place + 1, min(place + 1 + _NEXT + 1, clause.stop))
    return any(not is_limit(reading, n) for n in places_of(reading, near, "denies_plainly"))


def _is_handed_on(reading: Reading, search: range, clause: range) -> bool:
    """Whether a search is the object of what is wanted before it: "use AutoML", "start the search"."""
    before = search.start - 1
    while before > clause.start and is_of(reading, before, "search_articles"):
        before -= 1
    return before >= clause.start and is_of(reading, before, "search_wanted")


def _is_qualified(reading: Reading, place: int, clause: range) -> bool:
    """Whether a denial is only of how, or how far: "shall not be done by hand", "has not been started yet"."""
    behind = place + 1
    open_ = behind < clause.stop and is_of(reading, behind, "search_only_so")
    return open_ or has(reading, range(clause.start, place), "search_so_far")


def _as_the_other(reading: Reading, search: range, clause: range) -> range:
    """A short clause that leaves out its verb: "golden pics must not be left out, the search must be"."""
    rest = range(search.stop, clause.stop)
    short = 0 < len(rest) <= _NEXT and all(is_of(reading, n, "search_must_too") for n in rest)
    if not short or clause.start < _NEXT:
        return _NONE
    before = range(*reading.clause(clause.start - 2))
    denials = [n for n in places_of(reading, before, "denies_plainly") if not is_limit(reading, n)]
    left_out = any(has(reading, before, use) for use in ("search_gone", "search_stops", "search_off"))
    return range(before.start, clause.stop) if len(denials) == 1 and left_out else _NONE


def _answered(reading: Reading, search: range, clause: range) -> range:
    """A search by itself, and a short answer that there is to be none: "Search? Not needed.", "Trials: none"."""
    alone = all(is_of(reading, n, "search_articles") for n in range(clause.start, search.start))
    begin = clause.stop + (clause.stop < len(reading.tokens) and reading.tokens[clause.stop].kind == "break")
    if not alone or search.stop != clause.stop or begin >= len(reading.tokens):
        return _NONE
    behind = range(begin, reading.clause(begin)[1])
    if not behind or len(behind) > _SHORT or not is_of(reading, behind.start, "search_says_none"):
        return _NONE
    beside = ("search_beside", "search_carries", "pleases", "search_says_none")
    return range(search.start, behind.stop) if all(any(is_of(reading, n, u) for u in beside) for n in behind) else _NONE


def _keys_left(reading: Reading, clause: range) -> range:
    """What a search would vary, and is not to: "hyperparameters must not be varied"."""
    for n in places_of(reading, clause, "search_keys"):
        if n not in reading.past and (found := _said_behind(reading, range(n, n + 1), clause, "search_varies")):
            return found
    return _NONE
