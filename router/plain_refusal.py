# SPDX-License-Identifier: Apache-2.0
"""A search that a clause turns off, forbids or lets rest: "turn the auto tuner off", "AutoML must rest", "zero tuning".

The verb stands before it ("bypassing the AutoML") or behind ("the tuning leave out"), or what is denied is that it is
done ("parameter search shall not be done"). A clause that denies this once more refuses nothing, and is left to others.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from router.named_search import named_searches, names_any
from router.refused_trying import is_limit
from router.refusing_verbs import denied_before, goes_on_with_of, is_only_limited, verb_before
from router.switched_search import clauses_to_colons
from router.taken_up_refusal import declined_later, ends_there, refused_by_pronoun, taken_up
from router.tokens import sentence_begin
from router.word_stems import has, is_of, places_of

if TYPE_CHECKING:
    from router.reading import Reading

_BEHIND, _NEXT, _SHORT, _BRIEF = 11, 2, 5, 4
_NONE = range(0)


def plain_refusal(reading: Reading, part: range) -> range:
    """The tokens from the first to the last word that refuse a search; none where no words do so plainly."""
    if not names_any(reading, part):
        return _NONE
    for clause in clauses_to_colons(reading, part):
        if not names_any(reading, clause) or only_supposes(reading, clause):
            continue
        for search in named_searches(reading, clause, told=_tells_verdict(reading, clause)):
            forms = (verb_before, _said_behind, _as_the_other, _answered, _answered_at_once)
            if found := next((one for form in forms if (one := form(reading, search, clause))), _NONE):
                return found
        if found := _keys_left(reading, clause) or _no_method(reading, clause):
            return found
    return _taken_up(reading, part) or refused_by_pronoun(reading, part) or declined_later(reading, part)


def _taken_up(reading: Reading, part: range) -> range:
    """A search that a later clause refuses by a pronoun, as it would by its name: "…; that can be omitted"."""
    for search, pronoun, clause in taken_up(reading, part):
        if only_supposes(reading, clause):
            continue
        before = verb_before(reading, pronoun, clause)
        if before and ends_there(reading, before.stop, clause):
            return range(search.start, before.stop)
        if behind := _said_behind(reading, pronoun, clause):
            return range(search.start, behind.stop)
    return _NONE


def _tells_verdict(reading: Reading, clause: range) -> bool:
    """Whether what a clause tells holds from then on: "the search was ruled out by the boss", "sweep left out"."""
    if any(n in reading.theirs for n in clause):
        return False
    if any(has(reading, clause, use) for use in ("dates_back", "formerly", "search_by_mistake")):
        return False
    if clause.stop + 1 < len(reading.tokens):
        behind = range(*reading.clause(clause.stop + 1))
        if has(reading, behind, "turns_regrets"):
            return False  # "die Suche wurde gestrichen, das nehme ich zurück"
    brief = len(clause) <= _BRIEF and has(reading, clause, "search_off")
    return brief or has(reading, clause, "search_verdicts")


def only_supposes(reading: Reading, clause: range) -> bool:
    """Whether a clause asks, names a case, tells of the past or calls it untrue; "if it could be cut" is an order."""
    asks = clause.stop < len(reading.tokens) and reading.tokens[clause.stop].text == "?"
    begin = sentence_begin(reading.tokens, clause.start)
    polite = has(reading, range(begin, begin + _NEXT), "search_politely_asks")
    polite = polite or has(reading, range(begin, min(begin + _BRIEF, clause.stop)), "search_asks_if_so")
    if asks and len(clause) > _NEXT and not polite:
        return True
    if has(reading, clause[:_NEXT], "search_supposes"):
        return not (is_of(reading, clause.start, "search_wishes_if") and has(reading, clause, "search_would"))
    return has(reading, clause, "formerly") or has(reading, clause, "untrue")


def _said_behind(reading: Reading, search: range, clause: range, carries: str = "search_carries") -> range:
    """What is said of a search behind it, over small words: "must rest", "please skip", "is not to be executed"."""
    if denied_before(reading, search.start, clause.start) or _is_handed_on(reading, search, clause):
        return _NONE
    no, begin = -1, _behind_object(reading, search, clause)
    for n in range(begin, min(clause.stop, begin + _BEHIND)):
        said = range(begin, n)
        if _refuses(reading, n, said, search, clause) if no < 0 else is_of(reading, n, carries):
            return _NONE if no >= 0 and _is_qualified(reading, n, clause) else range(search.start, n + 1)
        denies = is_of(reading, n, "denies_trying")
        if (denies and (no >= 0 or is_limit(reading, n))) or not (denies or _is_beside(reading, n, clause)):
            break
        no = n if denies else no
    return _NONE


def _behind_object(reading: Reading, search: range, clause: range) -> int:
    """Behind a search with what it varies: "tuning of the hyperparameters", "Herumprobieren an den Parametern"."""
    near = range(search.stop, min(clause.stop, search.stop + _BRIEF))
    leads = near and any(is_of(reading, near.start, use) for use in ("prepositions", "belongs_to", "genitive"))
    varied = next(places_of(reading, near[1:], "varied"), None) if leads else None
    return search.stop if varied is None else varied + 1


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
        behind_it = has(reading, range(behind, min(behind + _NEXT, clause.stop)), "search_must")  # "außen vor lassen"
        return (let or behind_it or has(reading, said, "search_must")) and not upon
    if is_of(reading, place, "search_gone"):
        if behind < clause.stop and is_of(reading, behind, "search_was_done"):
            return False  # "weil jemand die Suche abgeschaltet hat"
        return not is_only_limited(reading, place, clause) and not _denied_behind(reading, place, clause)
    if is_of(reading, place, "search_off") and _is_particle(reading, place, said):
        return not goes_on_with_of(reading, place, clause) and not _denied_behind(reading, place, clause)
    if not is_of(reading, place, "search_stops") or is_only_limited(reading, place, clause):
        return False
    ends = behind == clause.stop or any(is_of(reading, behind, use) for use in ("search_beside", "search_goes_on"))
    return (ends or is_of(reading, behind, "prepositions")) and not _denied_behind(reading, place, clause)


def _is_particle(reading: Reading, place: int, said: range) -> bool:
    """Whether a particle belongs to a verb before it: "die Suche lassen wir bleiben", not "die soll so bleiben"."""
    if is_of(reading, place, "search_must"):
        near = (*said, *range(place + 1, min(place + 2, len(reading.tokens))))  # "sein lassen", not "muss sein"
        return any(is_of(reading, n, "search_lets") for n in near) and not has(reading, said, "search_so")
    return has(reading, said, "search_turns") or has(reading, said, "search_must")


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
    if is_of(reading, place, "search_belongs"):
        return False  # "it has no place in this one"
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


def _answered_at_once(reading: Reading, search: range, clause: range) -> range:
    """A search by itself with a short answer in the same clause: "HPO nope", "Tuning: nö"."""
    behind = range(search.stop, clause.stop)
    if has(reading, range(clause.stop, len(reading.tokens)), "searches"):
        return _NONE  # "AutoML no. Wait, AutoML yes"
    if not 0 < len(behind) <= _NEXT or any(
        not is_of(reading, n, "search_articles") for n in clause if n < search.start
    ):
        return _NONE
    ends = all(any(is_of(reading, n, use) for use in ("search_short_no", "pleases")) for n in behind)
    return range(search.start, clause.stop) if ends and has(reading, behind, "search_short_no") else _NONE


def _no_method(reading: Reading, clause: range) -> range:
    """A method of searching alone that is denied, and no other one wanted behind it: "no bayesian, no hyperband"."""
    method = clause.stop - 1
    alone = len(clause) == _NEXT and is_of(reading, method, "search_methods")
    if not alone or not is_of(reading, clause.start, "denies_plainly"):
        return _NONE
    behind = range(clause.stop, len(reading.tokens))
    others = (n for use in ("search_methods", "searches") for n in places_of(reading, behind, use))
    denied = all(is_of(reading, n - 1, "denies_plainly") for n in others)
    return clause if denied else _NONE


def _keys_left(reading: Reading, clause: range) -> range:
    """What a search would vary, and is not to: "hyperparameters must not be varied"."""
    for n in places_of(reading, clause, "search_keys"):
        if n not in reading.past and (found := _said_behind(reading, range(n, n + 1), clause, "search_varies")):
            return found
    return _NONE
