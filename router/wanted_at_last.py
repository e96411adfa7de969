# SPDX-License-Identifier: Apache-2.0
"""A search that is ordered or kept at last, whatever was said before it: "one run is poor, so tune", "…, it stays in".

What leads to such words names a training without a search as what is not wanted, and refuses none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from router.segments import orders_training
from router.switched_search import clauses_to_colons
from router.word_stems import has, is_of, places_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from router.reading import Reading

_BACK, _OPENING, _NEXT, _SHORT, _LONG = 3, 3, 2, 4, 9
_WITH = frozenset({"with", "mit"})
_NAMES = ("searches", "search_by_name", "turns_searches")
_SMALL = ("at_last_beside", "pleases", "concludes_search", "its_own", "points_back", "varied", "search_articles")


def wanted_at_last(reading: Reading, part: range) -> Iterator[range]:
    """The clauses from what is not wanted to the words that want a search."""
    if not has(reading, part, "at_last_orders"):
        return
    pieces = list(clauses_to_colons(reading, part))
    for number, piece in enumerate(pieces):
        before = pieces[max(0, number - _BACK) : number]
        if not before or not has(reading, piece, "at_last_orders") or _denies(reading, piece):
            continue
        if _is_concluded(reading, before, piece) or _is_kept(reading, before, piece):
            yield range(before[0].start, piece.stop)


def _denies(reading: Reading, piece: range) -> bool:
    """Whether a clause denies, or asks for one run or for values set by hand."""
    order = next(places_of(reading, piece, "at_last_orders"))
    if has(reading, range(piece.start, order), "turns_denied") or has(reading, range(order, piece.stop)[:_NEXT], "not"):
        return True
    if has(reading, piece, "by_hand") or has(reading, piece, "once_over") or has(reading, piece, "without"):
        return True
    off = [m for m in reading.of("policy") if m.start in piece and m.group == "policy:off"]
    return any(not any(is_of(reading, n, "at_last_keeps") for n in m.places) for m in off)


def _is_concluded(reading: Reading, before: Sequence[range], piece: range) -> bool:
    """Whether a clause draws a conclusion that orders a search, or has no words but such an order."""
    led = has(reading, piece[:_NEXT], "concludes_search")
    first = next((n for n in piece if not _is_small(reading, n, "at_last_beside", "pleases", "concludes_search")), -1)
    if first < 0 or (len(piece) > _LONG and not orders_training(reading, piece)):
        return False
    if is_of(reading, first, "at_last_lets"):
        return _lets_search(reading, range(first, piece.stop))
    rest = range(first + 1, piece.stop)
    if is_of(reading, first, "at_last_tunes"):
        sought = has(reading, rest, "looks_for") and not has(reading, rest, "varied")
        alone = led or (len(piece) <= _SHORT and not _is_heading(reading, piece))
        return alone and not sought and all(_is_small(reading, n, *_SMALL, "looks_for") for n in rest)
    if not led:
        return False
    if reading.tokens[first].word in _WITH:
        return all(_is_small(reading, n, *_SMALL) for n in rest)
    return _uses_it(reading, before, first, rest)


def _is_heading(reading: Reading, piece: range) -> bool:
    """Whether words name what follows or is asked, or train: "search: off", "tune?", "train it"."""
    last = piece.stop - 1
    end = reading.tokens[last].end
    return reading.text[end : end + 1] in {":", "?"} or orders_training(reading, piece)


def _is_small(reading: Reading, place: int, *uses: str) -> bool:
    return any(is_of(reading, place, use) for use in uses)


def _lets_search(reading: Reading, places: range) -> bool:
    """Whether a search, or a machine, is let do its work: "lass AutoML suchen"."""
    near = places[1 : 1 + _OPENING]
    who = any(has(reading, near, use) for use in ("searches", "machines", "systems"))
    return who and has(reading, places[_NEXT:], "at_last_tunes")


def _uses_it(reading: Reading, before: Sequence[range], verb: int, rest: range) -> bool:
    """Whether a search that is named before is taken up: "so use it", "also mach sie", "nimm es ruhig"."""
    if not is_of(reading, verb, "at_last_uses") or not has(reading, rest[:1], "at_last_it"):
        return False
    if not any(has(reading, one, use) for one in before for use in _NAMES):
        return False
    behind = rest[1:]
    return orders_training(reading, behind) or all(_is_small(reading, n, *_SMALL) for n in behind)


def _is_kept(reading: Reading, before: Sequence[range], piece: range) -> bool:
    """Whether a clause keeps a search that is named before it."""
    named = [one for one in (*before, piece) if any(has(reading, one, use) for use in _NAMES)]
    return bool(named) and (_stays_on(reading, piece) or _is_left_on(reading, named[0], piece))


def _stays_on(reading: Reading, piece: range) -> bool:
    """Whether a clause only says that it stays in, or on: "leave them in", "der bleibt an und nicht aus"."""
    for verb in places_of(reading, piece[: _OPENING + 1], "at_last_keeps"):
        beside = [n for n in (*piece[: verb - piece.start], verb + 1) if n in piece]
        subject = any(_is_small(reading, n, "at_last_it", *_NAMES) for n in beside)
        near = range(verb + 1, min(verb + 1 + _OPENING, piece.stop))
        on = next(places_of(reading, near, "at_last_on"), None)
        if subject and on is not None and _ends(reading, on + 1, piece):
            return True
    return False


def _ends(reading: Reading, place: int, piece: range) -> bool:
    return place >= piece.stop or _is_small(reading, place, "joins_steps", "pleases", "at_last_beside")


def _is_left_on(reading: Reading, state: range, piece: range) -> bool:
    """Whether a search is said to be on, and then to be left so: "AutoML is on, good, so leave it at that"."""
    if has(reading, state, "denies_trying") or not _is_on(reading, state):
        return False
    verb = next(places_of(reading, piece, "at_last_keeps"), None)
    if verb is None or has(reading, range(verb, piece.stop)[:_LONG], "turns_particles"):
        return False
    return has(reading, piece, "at_last_so") and has(reading, piece, "points_back")


def _is_on(reading: Reading, state: range) -> bool:
    return has(reading, state, "at_last_on") or has(reading, state, "at_last_default")
