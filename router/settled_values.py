# SPDX-License-Identifier: Apache-2.0
"""Values that are settled, so that nothing is left to search: "the numbers are signed off", "Lernrate bleibt so"."""

from __future__ import annotations

from typing import TYPE_CHECKING

from router.owners import is_of_others, takes_up_others
from router.refused_trying import is_conditional, is_limit, names_task, speaks_of_things
from router.word_stems import has, is_of, places_of, quoted, uses_at

if TYPE_CHECKING:
    from router.reading import Reading

_TRIGGERS = frozenset({"varied", "settles", "unsettles", "settles_all", "as_it", "what_is"})
_FILLS = frozenset({"refers", "finite", "articles", "prepositions", "got"})
_BEFORE, _NEAR, _SHORT, _BRIEF = 8, 16, 4, 6


def settled_values(reading: Reading, part: range) -> str:
    """The user's own words that say in one clause of values that they are settled; else nothing."""
    for place in (n for n in part if not _TRIGGERS.isdisjoint(uses_at(reading, n))):
        clause = range(*reading.clause(place))
        near = range(max(clause.start, place - _BEFORE), min(clause.stop, place + _NEAR))
        if is_conditional(reading, place) or _leaves_open(reading, clause) or speaks_of_things(reading, place):
            continue
        others = any(is_of_others(reading, (n,)) for n in places_of(reading, near, "varied"))
        if others or takes_up_others(reading, place):
            continue
        if (found := _as_given(reading, place, near)) or (found := _settled(reading, place, near)):
            return quoted(reading, *found)
        if found := _said_of_last(reading, place, clause):
            return quoted(reading, *found)
    return ""


def _leaves_open(reading: Reading, clause: range) -> bool:
    """Whether the rest may vary: "only the batch size is fixed, the rest may vary"."""
    if settles_one(reading, clause):
        return True
    behind = range(clause.stop, min(clause.stop + _BEFORE, len(reading.tokens)))
    if has(reading, clause, "leaves_free") or has(reading, behind, "left_open"):
        return True
    rest = places_of(reading, range(clause.stop, len(reading.tokens)), "remainder")
    return any(_is_searched(reading, range(n, reading.clause(n)[1])) for n in rest)


def settles_one(reading: Reading, clause: range) -> bool:
    """Whether a clause begins with the only value that is settled: "nur die Epochenzahl bleibt bei 20"."""
    if not is_of(reading, clause.start, "only_this"):
        return False
    named = range(clause.start + 1, min(clause.start + _SHORT, clause.stop))
    return has(reading, named, "one_value") and not has(reading, named, "all_values")


def _is_searched(reading: Reading, places: range) -> bool:
    """Whether a search is what the rest is left to: "the rest is up to the search", "alles andere darf variieren"."""
    sought = any(has(reading, places, use) for use in ("searches", "tries", "left_open", "leaves_free", "chooses"))
    return sought and all(is_limit(reading, n) for n in places_of(reading, places, "denies_plainly"))


def _settled(reading: Reading, place: int, near: range) -> tuple[int, ...]:
    """A word for values beside one that settles them; "not fixed" settles none, and "not negotiable" does."""
    if not is_of(reading, place, "varied"):
        return ()
    denied = any(is_of(reading, n, "denies_trying") and not is_limit(reading, n) for n in near)
    uses = ("unsettles",) if denied else ("settles", "settled_by")
    found = (n for n in near if any(is_of(reading, n, use) for use in uses))
    settles = [n for n in found if n != place and not names_task(reading, n)]
    return (place, settles[0]) if settles else ()


def _said_of_last(reading: Reading, place: int, clause: range) -> tuple[int, ...]:
    """A short clause that settles the values of the clause before: "…, batch 12 - so und nicht anders"."""
    if len(clause) > _BRIEF or clause.start < _SHORT or has(reading, clause, "titles"):
        return ()
    denied = [n for n in places_of(reading, clause, "denies_trying") if not is_limit(reading, n)]
    if not is_of(reading, place, "unsettles" if denied else "settles") or names_task(reading, place):
        return ()
    alone = len(clause) == 1 and not is_of(reading, place, "settles_all")  # "Signed, Ada"
    if alone or is_of(reading, place, "changes"):
        return ()
    before = range(*reading.clause(clause.start - 2))
    valued = any(m.start in before for m in reading.of("value")) or has(reading, before, "varied")
    return (clause.start, place, *denied) if valued else ()


def _as_given(reading: Reading, place: int, near: range) -> tuple[int, ...]:
    """Words that settle all values by themselves: "train it unmodified", "as configured", "so und nicht anders"."""
    if is_of(reading, place, "settles_all"):
        orders = any(m.start in near for m in reading.of("action") if m.group.endswith("train"))
        return (place,) if orders else ()
    if is_of(reading, place, "what_is"):
        return _what_is_set(reading, place)
    if is_of(reading, place, "as_it"):
        behind = [*range(place + 1, min(near.stop, place + _SHORT))]
        while len(behind) > 1 and is_of(reading, behind[0], "refers"):
            behind.pop(0)
        given = bool(behind) and is_of(reading, behind[0], "is_given")
        given = given or (has(reading, near, "varied") and bool(behind) and is_of(reading, behind[0], "is_so"))
        return (place, behind[0]) if given else ()
    return ()


def _what_is_set(reading: Reading, place: int) -> tuple[int, ...]:
    """What is given, by where it stands: "with what is on the sheet", "mit dem, was eingestellt ist"."""
    _, stop = reading.clause(place)
    before = range(max(0, place - 2), place)
    if not has(reading, before, "takes_what") or any(reading.tokens[n].kind == "path" for n in range(place, stop)):
        return ()
    for n in range(place + 1, min(stop, place + _BRIEF)):
        if any(is_of(reading, n, use) for use in ("is_given", "documents")):
            return (place, n)
        if _FILLS.isdisjoint(uses_at(reading, n)):
            break
    return ()
