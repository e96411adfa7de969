# SPDX-License-Identifier: Apache-2.0
"""The words that name a search, whatever it is called: "the auto tuner", "hyperparameter stuff", "Suchautomatik"."""

from __future__ import annotations

from typing import TYPE_CHECKING

from router.owners import is_known, is_of_others
from router.tokens import QUOTE
from router.vocabulary import AUTOML
from router.word_stems import has, is_of, uses_at

if TYPE_CHECKING:
    from collections.abc import Iterator

    from router.reading import Reading

_NAMES = frozenset({"searches", "search_nouns"})
_THINGS = frozenset({"plant", "not_searched", "papers", "things"})
_OWNERS = ("belongs_to", "genitive", "search_is_for")
_OURS = frozenset({"model", "task", "trade", "action", "noun"})
_FAR = 4


def names_any(reading: Reading, part: range) -> bool:
    """Whether any word may name a search."""
    return any(
        not _NAMES.isdisjoint(uses_at(reading, n))
        or is_of(reading, n, "search_kinds")
        or reading.tokens[n].word == QUOTE
        for n in part
    )


def named_searches(reading: Reading, places: range, *, told: bool = False) -> Iterator[range]:
    """The words of each search that is ours, with what they say of its kind and without the article.

    One that is only `told` of counts where asked for: "I had asked for a search", which later words call off.
    """
    stop = places.start
    for place in places:
        if place < stop or not (_is_name(reading, place, places) or _is_kind_of(reading, place, places)):
            continue
        start, stop = place, place + 1
        while stop < places.stop and is_of(reading, stop, "search_heads"):
            stop += 1
        while start > places.start and is_of(reading, start - 1, "search_kinds"):
            start -= 1
        found = range(start, stop)
        of_past = not told and any(n in reading.past or n in reading.theirs for n in found)
        if not of_past and not _is_of_something_else(reading, found, places):
            yield found


def _is_name(reading: Reading, place: int, places: range) -> bool:
    """Whether a word is a noun for a search, and no verb: "tuning", "auto-tune", "das Optimieren"; not "tune it"."""
    if reading.tokens[place].kind != "word" or _NAMES.isdisjoint(uses_at(reading, place)):
        return False
    if not is_of(reading, place, "search_verbs"):
        return True
    before = place - 1
    return before >= places.start and any(is_of(reading, before, use) for use in ("search_kinds", "search_articles"))


def _is_kind_of(reading: Reading, place: int, places: range) -> bool:
    """Whether a kind of search stands before a word that may be anything: "hyperparameter stuff", "parameter hunt"."""
    behind = place + 1
    joined = behind < places.stop and is_of(reading, behind, "search_heads")
    rarely = joined and is_of(reading, behind, "search_rarely") and not is_of(reading, place, "search_by_name")
    return joined and is_of(reading, place, "search_kinds") and not rarely


def _is_of_something_else(reading: Reading, found: range, places: range) -> bool:
    """Whether it is done by others, or of other things: "camera tuning", "search results"."""
    before, behind = found.start - 1, found.stop
    if before >= places.start and not _THINGS.isdisjoint(uses_at(reading, before)):
        return True
    if behind < places.stop and is_of(reading, behind, "search_modified"):
        return True
    if is_of_others(reading, found):
        return True
    return reading.tokens[found.start].word != AUTOML and _belongs_to_things(reading, behind, places)


def _belongs_to_things(reading: Reading, behind: int, places: range) -> bool:
    """Whether the words go on with what it is of: "search for a supplier", "Optimierung des Ofens"."""
    if behind >= places.stop or not any(is_of(reading, behind, use) for use in _OWNERS):
        return False
    near = range(behind + 1, min(places.stop, behind + 1 + _FAR))
    if has(reading, near, "varied") or has(reading, near[:2], "search_our_own") or not near:
        return False
    if any(not _THINGS.isdisjoint(uses_at(reading, n)) for n in near):
        return True
    ours = any(m.start in near and m.group.partition(":")[0] in _OURS for m in reading.mentions)
    looks = is_of(reading, behind, "search_is_for")
    return not ours and (looks or any(not is_known(reading, n) for n in near[:3]))
