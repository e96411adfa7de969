# SPDX-License-Identifier: Apache-2.0
"""A search that has been, or does not pay: "past the stage of trying", "the last sweep told us all", "tuned enough"."""

from __future__ import annotations

from typing import TYPE_CHECKING

from router.owners import is_known, names_others
from router.refused_trying import is_conditional, is_limit, tried
from router.word_stems import has, is_of, places_of, quoted

if TYPE_CHECKING:
    from router.reading import Reading

_CLOSE, _NEAR = 3, 6


def search_is_over(reading: Reading, part: range) -> str:
    """The user's own words by which a search is behind us, or not worth it; else nothing."""
    for clause in reading.clauses(part):
        if is_conditional(reading, clause.stop) or _waits(reading, clause) or names_others(reading, clause):
            continue
        found = _left_behind(reading, clause) or _had_its_turn(reading, clause)
        if found := found or _tried_enough(reading, clause) or _does_not_pay(reading, clause):
            return quoted(reading, *found)
    return ""


def _waits(reading: Reading, clause: range) -> bool:
    """Whether a clause says when, or asks: "once you're done with tuning", "is it tuned enough?"."""
    asked = [token.text for token in reading.tokens[clause.stop : clause.stop + 1]] == ["?"]
    return asked or any(reading.tokens[n].word in reading.grammar["on_condition"] for n in clause)


def _named(reading: Reading, places: range) -> list[int]:
    """The places of words for a search, or for trying out."""
    return [n for n in places if is_of(reading, n, "searches") or tried(reading, n) or is_of(reading, n, "squeezes")]


def _denied(reading: Reading, places: range) -> list[int]:
    denied = (n for n in places_of(reading, places, "denies_trying") if not is_limit(reading, n))
    return [n for n in denied if not is_of(reading, n - 1, "denies_trying")]  # "isn't" are two


def _left_behind(reading: Reading, clause: range) -> tuple[int, ...]:
    """We are past it: "we're beyond experimenting", "done with tuning", "über das Probieren sind wir hinaus"."""
    if _denied(reading, clause):
        return ()
    for n in places_of(reading, clause, "is_past"):
        before = range(max(clause.start, n - _CLOSE), n)
        behind = range(n + 1, min(clause.stop, n + _NEAR))
        if has(reading, before, "be_past") and (found := _named(reading, behind)):
            return (n, found[0])
    for n in places_of(reading, clause, "behind_us"):
        before = range(max(clause.start, n - _NEAR), n)
        if has(reading, before, "be_past") and (found := _named(reading, before)):
            return (found[0], n)
    return ()


def _had_its_turn(reading: Reading, clause: range) -> tuple[int, ...]:
    """A search that had its chance, or told all: "the sweep had its turn", "die letzte Suche hat alles gezeigt"."""
    named = _named(reading, clause)
    if not named or _denied(reading, clause) or not has(reading, clause, "has_had"):
        return ()
    turns = [*places_of(reading, clause, "turns_given")]
    taught = [*places_of(reading, clause, "teaches")]
    whole = [*places_of(reading, clause, "all_of_it"), *places_of(reading, clause, "plenty")]
    if turns and has(reading, clause, "had_turn"):
        return (named[0], turns[-1])
    if taught and whole:
        return (named[0], taught[0], whole[0])
    winners = [*places_of(reading, clause, "winners")]
    return (winners[0], named[0]) if winners and has(reading, clause, "the_last") else ()


def _tried_enough(reading: Reading, clause: range) -> tuple[int, ...]:
    """What was tried is enough: "we've tuned plenty", "the last search was dear enough", "gesucht haben wir genug"."""
    if not has(reading, clause, "has_had") or any(True for _ in places_of(reading, clause, "denies_plainly")):
        return ()
    for n in places_of(reading, clause, "plenty"):
        near = range(max(clause.start, n - _NEAR), min(clause.stop, n + _CLOSE + 1))
        tried_out = [m for m in near if is_of(reading, m, "tried_before") or is_of(reading, m, "searched")]
        dated = any(has(reading, clause, use) for use in ("the_last", "in_the_past"))
        former = _named(reading, range(clause.start, n)) if dated else []
        if _has_object(reading, clause, n):
            continue
        if found := tried_out or former:
            return (n, found[0])
    return ()


def _has_object(reading: Reading, clause: range, plenty: int) -> bool:
    """Whether it is things that were searched: "searched enough drawers", "lange genug nach den Bildern gesucht"."""
    if plenty + 1 < clause.stop and not is_known(reading, plenty + 1):
        return True
    aims = (n for n in places_of(reading, clause, "looks_for") if reading.tokens[n].word != "for")
    return any(not has(reading, range(n, min(n + _CLOSE, clause.stop)), "varied") for n in aims)


def _does_not_pay(reading: Reading, clause: range) -> tuple[int, ...]:
    """A search that brings nothing: "another round of tuning won't help", "a third time won't help"."""
    brings = [*places_of(reading, clause, "brings")]
    denied = _denied(reading, clause)
    if not brings or len(denied) != 1 or has(reading, clause, "reverses") or abs(brings[0] - denied[0]) > _CLOSE:
        return ()
    named = _named(reading, clause)
    again = [*places_of(reading, clause, "once_more")]
    if not named and again:
        before = range(max(0, again[0] - _NEAR * 2), again[0])
        named = again if any(has(reading, before, use) for use in ("searched", "tried_before", "searches")) else []
    return (named[0], brings[0], denied[0]) if named else ()
