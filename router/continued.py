# SPDX-License-Identifier: Apache-2.0
"""A training without a search that is to stay as it was: "so far without a search, and it stays that way"."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from router.switched_search import clauses_to_colons
from router.word_stems import has, places_of, quoted

if TYPE_CHECKING:
    from router.reading import Reading

_BRIEF = 8


def stays_without(reading: Reading, part: range) -> str:
    """The user's own words for a search that was left out, and is to be again; else nothing."""
    if not has(reading, part, "goes_on_so"):
        return ""
    for clause, behind in pairwise(clauses_to_colons(reading, part)):
        searched = next(places_of(reading, clause, "searches"), None)
        left_out = (
            searched is not None
            and has(reading, range(clause.start, searched), "denies_before")
            and has(reading, clause, "dates_back")
        )
        if left_out and len(behind) <= _BRIEF and _stays_so(reading, behind):
            return quoted(reading, clause.start, behind.stop - 1)
    return ""


def _stays_so(reading: Reading, clause: range) -> bool:
    said = has(reading, clause, "goes_on_so") and has(reading, clause, "that_way")
    return said and not has(reading, clause, "denies_plainly")
