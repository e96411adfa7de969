# SPDX-License-Identifier: Apache-2.0
"""A training without a search that is said indirectly: nothing to try out, settled values, one run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from router.chosen_already import chosen_already
from router.next_clause import declined_next, refused_later
from router.refused_trying import is_conditional, refused_trying, tried
from router.search_is_over import search_is_over
from router.settled_values import settled_values
from router.single_run import single_run
from router.word_stems import has, is_of, uses_at

if TYPE_CHECKING:
    from router.reading import Reading

_TRIES = frozenset({"tries", "tries_values", "runs", "again_runs", "searches"})
_DENIES = frozenset({"denies_trying", "refuses_trying"})
_SETTLES = frozenset({"settles", "settled_by", "unsettles", "settles_all", "is_given", "is_so", "documents"})
KINDS = (
    (refused_trying, (_TRIES, _DENIES)),
    (settled_values, (_SETTLES,)),
    (single_run, (frozenset({"limits_to", "that_is_all", "runs_once"}),)),
    (chosen_already, (frozenset({"chooses", "tried_before", "tried_through", "found_before", "machines"}),)),
    (search_is_over, (frozenset({"is_past", "behind_us", "turns_given", "teaches", "plenty", "brings"}),)),
    (declined_next, (_TRIES, frozenset({"declines"}))),
    (refused_later, (_TRIES, frozenset({"refuses_it"}))),
)
"""Each kind with uses of words of which a request has to have one from each set."""


def indirect_refusal(reading: Reading, part: range) -> str:
    """The user's own words of the first kind that is found; else nothing."""
    uses = frozenset().union(*(uses_at(reading, n) for n in part))
    able = (kind for kind, needs in KINDS if not any(uses.isdisjoint(need) for need in needs))
    words = next((words for kind in able if (words := kind(reading, part))), "")
    return words if words and not _is_sought(reading, part) else ""


def _is_sought(reading: Reading, part: range) -> bool:
    """Whether a clause asks for trying out: "with our hand-picked values, so have it look for better ones"."""
    for place in (n for n in part if n not in reading.told and is_of(reading, n, "lets")):
        named = place > 0 and any(is_of(reading, place - 1, use) for use in ("articles", "the_last"))
        if named or is_of(reading, place, "tried_before"):
            continue  # "the last search", "probiert haben wir genug"
        clause = range(*reading.clause(place))
        if has(reading, clause, "denies_trying") or has(reading, clause, "refuses_trying"):
            continue
        if has(reading, clause, "unsure") or is_conditional(reading, place):
            continue
        if any(tried(reading, n) for n in range(place, clause.stop)):
            return True
    return False
