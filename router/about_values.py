# SPDX-License-Identifier: Apache-2.0
"""One value alone that is fixed, so that a search may vary the others: "don't change my learning rate"."""

from __future__ import annotations

from typing import TYPE_CHECKING

from router.segments import orders_training
from router.word_stems import has, is_of, places_of

if TYPE_CHECKING:
    from router.reading import Reading

_MOST, _FEW = 14, 3
_MORE = ("all_values", "searches", "tries", "varied_at_all", "over_all_values")


def fixes_one_value(reading: Reading, places: range) -> bool:
    """Whether a stretch says of one value that it stays, and of nothing else."""
    named = [n for n in places if is_of(reading, n, "one_value") or is_of(reading, n, "not_searched")]
    if not named or len(places) > _MOST or orders_training(reading, places):
        return False
    if named[-1] - named[0] >= len(named) or _is_one_of_several(reading, places):
        return False  # "batch 16 and a rate of 1e-4 are settled"
    valued = {m.group for m in reading.of("value", negated=None) if m.start in places}
    beside = [n for n in places if n not in named]
    opens = named[0] - places.start < _FEW
    if opens and all(is_of(reading, n, "not_searched") for n in named) and _is_not_sought(reading, beside):
        return True  # "the threshold is not to be searched for"
    if len(valued) > 1 or any(has(reading, places, use) for use in _MORE):
        return False
    if any(is_of(reading, n, "denies_trying") for n in beside):
        return any(is_of(reading, n, "alters") for n in beside)
    return any(True for n in places_of(reading, places, "stays_put"))


def _is_not_sought(reading: Reading, beside: list[int]) -> bool:
    """Whether what no search is of is not to be looked for."""
    sought = any(is_of(reading, n, "looks_up") or is_of(reading, n, "been_searched") for n in beside)
    other = any(is_of(reading, n, use) for n in beside for use in ("varied", "search_by_name", "trials_by_name"))
    return sought and not other and any(is_of(reading, n, "denies_plainly") for n in beside)


def _is_one_of_several(reading: Reading, places: range) -> bool:
    """Whether a value ends a list of such: "learning rate, batch size and epochs are not to be changed"."""
    if is_of(reading, places.start, "joins_steps"):
        return is_of(reading, places.start - 1, "one_value")
    if places.start < _FEW or reading.tokens[places.start - 1].text != ",":
        return False
    before = range(*reading.clause(places.start - 2))
    return len(before) <= _FEW and (has(reading, before, "one_value") or has(reading, before, "varied"))
