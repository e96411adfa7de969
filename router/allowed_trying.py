# SPDX-License-Identifier: Apache-2.0
"""Trying out that a clause allows: "you may try various values", "das Training darf ruhig Lernraten durchprobieren"."""

from __future__ import annotations

from typing import TYPE_CHECKING

from router.refused_trying import is_conditional, is_limit, tried
from router.word_stems import has, is_of, places_of

if TYPE_CHECKING:
    from router.reading import Reading

_NEAR = 8


def allowed_trying(reading: Reading, part: range) -> range:
    """The clause that allows it; an empty one where none does."""
    for place in (n for n in part if is_of(reading, n, "allows")):
        clause = range(*reading.clause(place))
        if is_conditional(reading, place) or _is_denied(reading, clause):
            continue
        near = range(max(clause.start, place - _NEAR), min(clause.stop, place + _NEAR * 2))
        if any(tried(reading, n) or is_of(reading, n, "plays_with") for n in near) and has(reading, near, "varied"):
            return clause
    return range(0)


def _is_denied(reading: Reading, clause: range) -> bool:
    uses = ("denies_trying", "refuses_trying", "settles")
    return any(not is_limit(reading, n) for use in uses for n in places_of(reading, clause, use))
