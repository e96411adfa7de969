# SPDX-License-Identifier: Apache-2.0
"""What is said of a search and gives way to other words: a view that is disputed, how it was, what others do.

"My boss calls it a waste, I disagree", "last month without, today I want one", "they tune theirs; we want ours plain".
Such words are blanked before the policy is read, so that nothing else takes them for what is asked for.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from router.disputed import is_disputed, is_view
from router.next_clause import declining_clause
from router.no_refusal import blanked
from router.policy_mentions import state_of, turned
from router.refused_search import refused_search
from router.switched_search import leaves_it_out
from router.tokens import sentence_begin
from router.word_stems import has, is_of, places_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from router.patterns import Mention
    from router.reading import Reading

_OPENING, _NEAR, _LEAST = 4, 3, 3
_COUNTS = frozenset({"value:trials", "value:parallel"})
_OUTWEIGHS = ("dates_back", "thinks_so", "people", "practice_of", "whose_else")


def without_outweighed(reading: Reading, part: range, *states: str) -> Reading:
    """The reading with blanks for what gives way of what speaks `off` or `on`; itself where nothing does."""
    gone = outweighed(reading, part, states)
    return blanked(reading, gone)


def outweighed(reading: Reading, part: range, states: tuple[str, ...] = ("off", "on")) -> frozenset[int]:
    """The tokens of what gives way, of those that speak for or against a search."""
    if not any(has(reading, part, use) for use in _OUTWEIGHS):
        return frozenset()
    parts = list(_segments(reading, part))
    stated = [(places, _state(reading, places)) for places in parts]
    if not any(state for _, state in stated):
        return frozenset()
    return frozenset(
        n for places, state in stated if state in states and _gives_way(reading, places, state, stated) for n in places
    )


def _segments(reading: Reading, part: range) -> Iterator[range]:
    """The clauses, cut once more behind a colon and before "but I": "she thinks it a waste but I disagree"."""
    for clause in reading.clauses(part):
        turns = {
            n for n in clause[_LEAST:-1] if is_of(reading, n, "contrasts") and is_of(reading, n + 1, "first_person")
        }
        colons = {n + 1 for n in clause[:-1] if reading.text[reading.tokens[n].end :][:1] == ":"}
        cuts = sorted(turns | colons)
        bounds = [clause.start, *cuts, clause.stop]
        yield from (range(a, b) for a, b in pairwise(bounds))


def _state(reading: Reading, places: range) -> str:
    """`on` or `off` as a stretch speaks of a search by itself; nothing where it names none, or both."""
    said = [m for m in reading.of("policy", negated=None) if _first_word(reading, m) in places]
    states = {state for m in said if (state := state_of(reading, m))}
    if not states or states == {"on"}:
        if refused_search(reading, places):
            return "off"
        if not states and has(reading, places, "searches") and not _is_neutral(reading, places):
            return "on"
    return states.pop() if len(states) == 1 else ""


def _first_word(reading: Reading, mention: Mention) -> int:
    return next(n for n in mention.places if reading.tokens[n].kind != "break")


def _is_neutral(reading: Reading, places: range) -> bool:
    return any(m.group == "policy:neutral" and m.start in places for m in reading.of("policy", negated=None))


def _gives_way(reading: Reading, places: range, state: str, stated: Sequence[tuple[range, str]]) -> bool:
    """Whether what a stretch says of a search is outweighed by what other stretches say."""
    later = [one for one in stated if one[0].start > places.start]
    other = [one for one, said in later if said == turned(state) and not is_dated(reading, one)]
    wanted = is_view(reading, places) and any(_is_of_us(reading, one) for one in other)
    if state == "off" and (wanted or is_disputed(reading, places, [one for one, _ in later])):
        return True
    if is_dated(reading, places):
        left_out = state == "on" and any(leaves_it_out(reading, one) for one, _ in later)
        wanted = state == "off" and _is_wanted_now(reading, places, [one for one, _ in later])
        return bool(other) or left_out or wanted
    if _is_of_others(reading, places):
        if any(said == turned(state) and _is_said_by_us(reading, one, places) for one, said in stated):
            return True
        counted = [m for m in reading.of("value") if m.group in _COUNTS and m.start not in places]
        return state == "off" and bool(counted or _is_not_so_here(reading, places))
    return False


def is_dated(reading: Reading, places: range) -> bool:
    """Whether a stretch says how it was, or was first thought: "last month …", "erst dachte ich …", "bisher …"."""
    if has(reading, places, "as_of_now"):
        return False
    for n in places_of(reading, places, "dates_back"):
        if is_of(reading, n, "the_last"):
            if has(reading, range(n + 1, min(n + 2, places.stop)), "periods_back"):
                return True
        elif not is_of(reading, n, "begins_with") or has(reading, places, "was_thought"):
            return True
    return False


def _is_wanted_now(reading: Reading, places: range, later: Sequence[range]) -> bool:
    """Whether trials are counted later, where it only was so before, or later words say that it is otherwise now."""
    counted = [m for m in reading.of("value") if m.group in _COUNTS and m.start >= places.stop]
    if not counted:
        return any(_wants_one(reading, one) for one in later[:_NEAR])
    return not has(reading, places, "orders") or any(has(reading, one, "as_of_now") for one in later)


def _wants_one(reading: Reading, places: range) -> bool:
    """Whether a stretch ends with wishing for it: "today I want one", "ab jetzt bitte mit"."""
    last = places.stop - 1
    if not has(reading, places, "as_of_now") or has(reading, places, "denies_plainly"):
        return False
    if reading.tokens[last].word in {"with", "mit"}:
        return True
    return len(places) > 1 and is_of(reading, last, "points_back") and has(reading, places, "wishes_for")


def _is_of_others(reading: Reading, places: range) -> bool:
    """Whether a stretch tells how others do it, and hands on no order: "colleagues train theirs without tuning"."""
    if has(reading, places, "orders") or any(is_of(reading, n, "first_person") for n in places):
        return False
    opening = range(places.start, min(places.stop, places.start + _OPENING))
    return any(has(reading, opening, use) for use in ("people", "practice_of")) or (
        has(reading, places, "whose_else") and not _is_of_us(reading, places)
    )


def _is_not_so_here(reading: Reading, places: range) -> bool:
    """Whether the next clause says no more than that we do otherwise: "andere verzichten darauf, wir nicht"."""
    denied = any(has(reading, places, use) for use in ("denies_before", "denies_behind", "renounces"))
    declines = declining_clause(reading, places.start)
    return denied and bool(declines) and any(is_of(reading, n, "first_person") for n in declines)


def _is_said_by_us(reading: Reading, places: range, theirs: range) -> bool:
    """Whether a stretch goes on with what is ours, in another sentence or later: "we in Brno want ours, …, tuned"."""
    begin = sentence_begin(reading.tokens, places.start)
    own = range(max(begin, theirs.stop) if places.start > theirs.start else begin, places.stop)
    apart = places.stop <= theirs.start or places.start >= theirs.stop
    return apart and not _is_of_others(reading, places) and _is_of_us(reading, own)


def _is_of_us(reading: Reading, places: range) -> bool:
    return any(is_of(reading, n, use) for n in places for use in ("first_person", "ours_alone"))
