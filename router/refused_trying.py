# SPDX-License-Identifier: Apache-2.0
"""Trying out that is refused without the name of a search: "no variants", "don't go looking for better settings"."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from router.owners import is_of_others, takes_up_others
from router.word_stems import has, is_of, places_of, quoted, uses_at

if TYPE_CHECKING:
    from collections.abc import Iterator

    from router.reading import Reading

_WIDE = frozenset({"tries_values", "runs", "again_runs"})
_NEAR, _MANY, _POINTED, _BESIDE = 9, 2, 3, 4


def refused_trying(reading: Reading, part: range) -> str:
    """The user's own words that deny trying out in one clause; else nothing."""
    for place in part:
        if place in reading.past or not (found := tried(reading, place)):
            continue
        clause = range(*reading.clause(place))
        if any(has(reading, clause, use) for use in ("unsure", "formerly")) or speaks_of_things(reading, place):
            continue
        if is_conditional(reading, place) or _is_measured(reading, clause) or _is_stated(reading, place):
            continue
        if is_of_others(reading, found) or any(is_of_others(reading, (n,)) for n in found):
            continue
        if takes_up_others(reading, max(found)):
            continue
        plain = list(denials(reading, place, "denies_trying"))
        refuses = list(denials(reading, place, "refuses_trying"))
        limits = range(clause.start, min((place, *plain, *refuses)))
        if plain and all(_prefers_of_another(reading, n) for n in refuses):
            refuses = []
        if bool(plain) is not bool(refuses) and not has(reading, limits, "up_to"):
            return quoted(reading, *found, *plain[:1], *refuses[:1])
    return ""


def _prefers_of_another(reading: Reading, place: int) -> bool:
    """Whether "rather" speaks of what somebody else does: "I'd rather you didn't vary them"."""
    return reading.tokens[place].word in reading.grammar["prefers"] and is_of(reading, place + 1, "refers")


def is_conditional(reading: Reading, place: int) -> bool:
    """Whether a clause only names a case: "if no variants exist"."""
    start, _ = reading.clause(place)
    whether = places_of(reading, range(start, place), "whether")
    asked = any(not is_of(reading, max(n - 1, 0), "minds") for n in whether)  # "never mind whether"
    return asked or any(is_of(reading, n, "supposes") for n in range(start, min(start + 2, place)))


def speaks_of_things(reading: Reading, place: int) -> bool:
    """Whether files and pictures stand beside: "do not touch anything in the folder"."""
    start, stop = reading.clause(place)
    return has(reading, range(max(start, place - _BESIDE), min(stop, place + _BESIDE + 1)), "things")


def _is_stated(reading: Reading, place: int) -> bool:
    """Whether a clause only says what there is: "there are no experiments in the wiki", "es gibt nur eine Variante"."""
    start, _ = reading.clause(place)
    opening = [token.word for token in reading.tokens[start : start + 2]]
    return (opening[:1] == ["there"] and is_of(reading, place - 1, "denies_plainly")) or opening == ["es", "gibt"]


def _is_measured(reading: Reading, clause: range) -> bool:
    """Whether a clause says how long or how often: "stop searching after 30 hours" refuses nothing."""
    limits = {"value:hours", "value:trials", "value:parallel"}
    said = [m for m in reading.of("value", negated=None) if m.group in limits and m.start in clause]
    return any(not (m.negated and is_of(reading, m.start - 1, "not")) for m in said)  # "not twenty runs"


def denials(reading: Reading, place: int, use: str) -> Iterator[int]:
    """The words of a use that deny what stands at a place, nearest first, up to where the clause goes on otherwise."""
    start, stop = reading.clause(place)
    before, behind = range(place - 1, max(start, place - _NEAR) - 1, -1), range(place + 1, min(stop, place + _NEAR))
    for side, places in (("before", before), ("behind", behind)):
        for n in places:
            if is_of(reading, n, f"breaks_{side}") and not points_at(reading, n, place):
                yield from _denied_complement(reading, n, use) if side == "before" else ()
                break
            if side == "before" and _ends_in_colon(reading, n):
                break
            other = is_limit(reading, n) or _is_of_each_other(reading, n)
            other = other or (side == "behind" and _lacks_a_thing(reading, n, stop))
            if is_of(reading, n, use) and not other:
                yield n


def _is_of_each_other(reading: Reading, place: int) -> bool:
    """Whether a word refuses nothing beside the next ones: "race against each other", "fehlt uns noch ein Modell"."""
    behind = range(place + 1, min(place + 1 + _MANY, len(reading.tokens)))
    if (
        is_of(reading, place, "others_than_it")
        and reading.tokens[place - 1].text.lower() in reading.grammar["each_or_one"]
    ):
        return True
    if is_of(reading, place, "turns_barred"):
        both = {reading.tokens[n].text.lower() for n in behind} & reading.grammar["each_or_one"]
        return bool(both) and has(reading, behind, "others_than_it")
    return is_of(reading, place, "is_lacking") and has(reading, range(place, behind.stop + 1)[:_POINTED], "yet_to_come")


def _lacks_a_thing(reading: Reading, place: int, stop: int) -> bool:
    """Whether something else is lacking behind a word: "the variant without coating"."""
    lacks = reading.tokens[place].word in reading.grammar["lacking"] and place + 1 < stop
    behind = reading.tokens[place + 1].word if lacks else ""
    return lacks and behind not in reading.grammar["pleases"] | reading.grammar["adverbs"]


def points_at(reading: Reading, place: int, what: int) -> bool:
    """Whether `that` only points at what follows: "none of that tuning business"."""
    return place < what <= place + _POINTED and is_of(reading, place, "pointers")


def is_limit(reading: Reading, place: int) -> bool:
    """Whether a word denies no more than a measure or a doubt: "no more than", "not only", "no idea", "NO_PASS"."""
    behind = reading.tokens[place + 1 : place + 4]
    words = [token.word for token in behind]
    if set(words[:1]) & reading.grammar["denies_little"]:
        return True
    exceeds = set(words[:1]) & reading.grammar["compares"]
    return bool(exceeds) and (bool(set(words) & reading.grammar["than"]) or any(t.kind == "number" for t in behind))


def _denied_complement(reading: Reading, place: int, use: str) -> Iterator[int]:
    """The word that denies what a clause with `that` says: "ohne dass …", "ich will nicht, dass …"."""
    places = range(max(0, place - _POINTED), place) if is_of(reading, place, "complements") else range(0)
    return itertools.islice((n for n in reversed(places) if is_of(reading, n, use)), 1)


def _ends_in_colon(reading: Reading, place: int) -> bool:
    return reading.text[reading.tokens[place].end :][:1] == ":"


def names_task(reading: Reading, place: int) -> bool:
    """Whether a word belongs to the name of what is trained: "change masks"."""
    kinds = ("model", "task", "trade")
    return any(place in m.places for kind in kinds for m in reading.of(kind, negated=None))


def tried(reading: Reading, place: int) -> tuple[int, ...]:
    """The places of words for trying out: one such word, a wide one beside what is varied, or many runs."""
    uses = uses_at(reading, place)
    if "tries" in uses:
        return (place,)
    if _WIDE.isdisjoint(uses):
        return ()
    start, stop = reading.clause(place)
    near = range(max(start, place - _NEAR), min(stop, place + _NEAR))
    if is_of(reading, place, "tries_values") and not names_task(reading, place):
        values = [n for n in places_of(reading, near, "varied") if n != place]
        return (place, min(values, key=lambda n: abs(n - place))) if values else ()
    if is_of(reading, place, "again_runs") and place > start and is_of(reading, place - 1, "more"):
        return (place - 1, place)  # "no further attempts"
    if is_of(reading, place, "runs"):
        before = range(max(start, place - _MANY), place)
        many = next((n for n in before if is_of(reading, n, "many") or _counts_many(reading, n)), None)
        asked = many is not None and many > 0 and is_of(reading, many - 1, "how")  # "no matter how many runs"
        return (many, place) if many is not None and not asked else ()
    return ()


def _counts_many(reading: Reading, place: int) -> bool:
    token = reading.tokens[place]
    return token.kind == "number" and token.value >= _MANY
