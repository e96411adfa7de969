# SPDX-License-Identifier: Apache-2.0
"""Values that somebody chose, so that no machine is to: "she tried all combinations", "picking them is my job"."""

from __future__ import annotations

from typing import TYPE_CHECKING

from router.owners import is_known, names_others
from router.refused_trying import is_conditional, is_limit
from router.refused_trying import tried as tried_out
from router.word_stems import has, is_of, places_of, quoted

if TYPE_CHECKING:
    from router.reading import Reading

_BRIEF = 4


def chosen_already(reading: Reading, part: range) -> str:
    """The user's own words for a choice that is made already, or kept from a machine; else nothing."""
    for clause in reading.clauses(part):
        if is_conditional(reading, clause.stop):
            continue
        if found := _kept_from_machine(reading, clause) or _by_hand(reading, clause) or _done_before(reading, clause):
            return quoted(reading, *found)
    return ""


def _kept_from_machine(reading: Reading, clause: range) -> tuple[int, ...]:
    """A machine, a choice or values, and a denial: "nothing gets chosen by an optimiser"."""
    machine = [*places_of(reading, clause, "machines")]
    choice = [*places_of(reading, clause, "chooses")]
    denied = [
        n
        for use in ("denies_trying", "refuses_trying")
        for n in places_of(reading, clause, use)
        if not is_limit(reading, n)
    ]
    if not choice and machine and len(clause) <= _BRIEF and clause.start > 1:
        before = range(*reading.clause(clause.start - 2))
        chosen = has(reading, before, "chooses") and has(reading, before, "varied")
        choice = [clause.start] if chosen else []  # "our engineer picks the values, not the computer"
    if not choice and has(reading, clause, "keeps_out"):
        choice = [*places_of(reading, clause, "varied")]
    if not (machine and choice and len(denied) == 1):
        return ()
    return (machine[0], choice[0], denied[0])


def _by_hand(reading: Reading, clause: range) -> tuple[int, ...]:
    """Values and the people who set them: "picking hyperparameters is my job", "I set them by hand"."""
    people = [*places_of(reading, clause, "by_people")]
    choice = [*places_of(reading, clause, "chooses")]
    values = [*places_of(reading, clause, "varied"), *places_of(reading, clause, "them")]
    if not (people and choice and values) or has(reading, clause, "denies_trying"):
        return ()
    return (people[0], choice[0], values[0])


def _done_before(reading: Reading, clause: range) -> tuple[int, ...]:
    """Trying out that is over: "she went through all the combinations", "es wurde schon alles ausprobiert"."""
    went = [*places_of(reading, clause, "tried_through")]
    if went and clause.start in reading.told and (found := _named_before(reading, clause)):
        return (went[0], *found)
    tried = [*places_of(reading, clause, "tried_before")]
    whole = [*places_of(reading, clause, "all_of_it")]
    if not (tried and whole) or has(reading, clause, "denies_trying"):
        return _found_before(reading, clause)
    if names_others(reading, clause) or _tries_a_name(reading, clause, tried[0], whole):
        return ()
    aim = range(whole[0] + 1, min(whole[0] + 1 + _BRIEF, clause.stop))  # "tried everything to get the lamp quiet"
    to = range(tried[0] + 1, min(tried[0] + 2, clause.stop))  # "tuned to green boards"
    return () if has(reading, aim, "aimed_at") or has(reading, to, "aimed_at") else (tried[0], whole[0])


def _tries_a_name(reading: Reading, clause: range, tried: int, whole: list[int]) -> bool:
    """Whether what was tried already is a name that nothing knows: "we tried Keyence already"."""
    if not all(is_of(reading, n, "already") for n in whole) or is_of(reading, clause.start, "its_own"):
        return False
    begin = tried if tried < whole[0] else next(places_of(reading, clause, "finite"), clause.stop)
    return any(not is_known(reading, n) for n in range(begin + 1, whole[0]))


def _found_before(reading: Reading, clause: range) -> tuple[int, ...]:
    """Values that are known: "wir haben die Lernrate schon ermittelt", "we already know the best values"."""
    found = [*places_of(reading, clause, "found_before")]
    values = [*places_of(reading, clause, "varied")]
    already = [*places_of(reading, clause, "already")]
    if not (found and values and already) or has(reading, clause, "denies_trying"):
        return ()
    return (found[0], values[0], already[0])


def _named_before(reading: Reading, clause: range) -> tuple[int, ...]:
    """A search, or what stands for one, and when it was: "we did the tuning in spring"."""
    named = [n for n in clause if tried_out(reading, n) or is_of(reading, n, "searches")]
    before = [*places_of(reading, clause, "in_the_past")]
    denied = has(reading, clause, "denies_trying")
    return (named[0], before[0]) if named and before and not denied else ()
