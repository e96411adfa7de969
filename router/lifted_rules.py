# SPDX-License-Identifier: Apache-2.0
"""A rule or a remark against a search that no longer holds: "the ban on tuning is over", "scrap the plan to …"."""

from __future__ import annotations

from typing import TYPE_CHECKING

from router.tokens import SENTENCE_ENDS
from router.turned_words import turns
from router.word_stems import has, is_of, places_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from router.reading import Reading

_OPENING, _NEAR, _SHORT, _MOST = 5, 3, 8, 22


def lifted_rules(reading: Reading, part: range) -> Iterator[range]:
    """The sentences, up to a colon, that lift what refuses a search."""
    if not (has(reading, part, "rules") and any(has(reading, part, use) for use in ("lifts", "lifted", "holds"))):
        return
    for sentence in _sentences(reading, part):
        rule = next(places_of(reading, sentence[:_OPENING], "rules"), None)
        if rule is None:
            continue
        behind = range(rule, sentence.stop)
        lifts = has(reading, range(sentence.start, rule), "lifts")
        if lifts and not has(reading, range(sentence.start, rule), "turns_denied"):
            if refuses(reading, behind):
                yield sentence
        elif (holds := _lifted_at(reading, behind)) and refuses(reading, range(sentence.start, holds)):
            yield sentence


def refuses(reading: Reading, places: range) -> bool:
    """Whether words name a training without a search, or refuse or ban one."""
    policy = reading.of("policy", negated=None)
    if any(
        m.start in places and (m.group == "policy:off" or (m.group == "policy:named" and m.negated)) for m in policy
    ):
        return True
    if not any(has(reading, places, use) for use in ("searches", "turns_searches", "search_by_name", "bans_search")):
        return False
    if any(has(reading, places, use) for use in ("bans", "bans_search", "without")):
        return True
    found = turns(reading, places)
    return len(found) == 1 and found[0].kind in {"refuses", "bars", "denies"}


def is_lifted(reading: Reading, places: range) -> bool:
    """Whether a short clause says of what stands before it that it is no longer so: "that is over now"."""
    if len(places) > _SHORT or has(reading, places, "searches"):
        return False
    return any(_points(reading, n, places) for n in places[: _OPENING + 1]) and bool(_lifted_at(reading, places))


def _points(reading: Reading, place: int, places: range) -> bool:
    """Whether a word points back and is no article: "that is over now", "für das neue gilt das nicht mehr"."""
    points = is_of(reading, place, "points_to_it") or is_of(reading, place, "rules")
    if not points or place + 1 >= places.stop:
        return False
    return any(is_of(reading, place + 1, use) for use in ("finite", "be", "turns_denied", "holds", "has_done"))


def _lifted_at(reading: Reading, places: range) -> int:
    """The place of what says that a rule holds no more; 0 where it holds, or was not lifted: "is not over"."""
    for n in places[1:]:
        before = range(max(places.start, n - _NEAR), n)
        denied = next(places_of(reading, before, "turns_denied"), None)
        if is_of(reading, n, "lifted"):
            return n if denied is None else 0
        if is_of(reading, n, "holds"):
            near = range(max(places.start, n - _NEAR), min(n + _NEAR + 1, places.stop))
            no = next(places_of(reading, near, "turns_denied"), None)
            if no is not None:
                return min(n, no)
    return 0


def _sentences(reading: Reading, part: range) -> Iterator[range]:
    """The sentences, cut at colons and semicolons."""
    start = part.start
    for n in part:
        token = reading.tokens[n]
        ends = token.kind == "break" and (token.text in SENTENCE_ENDS or token.text == ";")
        colon = reading.text[token.end :][:1] == ":"
        if ends or colon or n == part.stop - 1:
            stop = n + (not ends)
            if 0 < stop - start <= _MOST:
                yield range(start, stop)
            start = n + 1
