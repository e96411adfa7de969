# SPDX-License-Identifier: Apache-2.0
"""A search that is kept after all, or called off with what was said of it: "don't skip it", "no AutoML after all"."""

from __future__ import annotations

from typing import TYPE_CHECKING

from router.outweighed import outweighed
from router.word_stems import has, is_of, quoted

if TYPE_CHECKING:
    from router.patterns import Mention
    from router.reading import Reading
    from router.stated import Stated

_NEAR, _CLOSE = 4, 3
_OF_SEARCH = frozenset({"trials", "parallel"})


def kept_after_all(reading: Reading, part: range) -> str:
    """The user's own words that keep a search spoken of before: "we used to skip the tuning … now don't skip it"."""
    searched = next((n for n in part if is_of(reading, n, "searches")), None)
    if searched is None:
        return ""
    for place in part:
        clause = range(*reading.clause(place))
        if place < searched or searched in clause or not is_of(reading, place, "leaves_out_it"):
            continue
        near = range(max(clause.start, place - _NEAR), min(clause.stop, place + _NEAR))
        denied = [n for n in near if is_of(reading, n, "denies_plainly")]
        meant = has(reading, near, "points_back") or has(reading, near, "its_own") or has(reading, clause, "now")
        if denied and meant and not _names_other(reading, near):
            return quoted(reading, *denied[:1], place)
    return ""


def _names_other(reading: Reading, places: range) -> bool:
    """Whether what is not to be left out is named, and is another thing: "don't skip the validation"."""
    named = [m for kind in ("action", "noun", "value") for m in reading.of(kind, negated=None)]
    return any(m.start in places and not m.group.endswith(":train") for m in named)


def without_search_called_off(reading: Reading, stated: list[Stated]) -> list[Stated]:
    """The values without those of a search which a correction calls off: "10 trials. Correction: no AutoML"."""
    if not any(one.name in _OF_SEARCH for one in stated):
        return stated
    off = [m for m in reading.of("policy", negated=None) if _is_off(m)]
    gone = outweighed(reading, range(len(reading.tokens)), ("on",))
    stated = [one for one in stated if one.place not in gone or one.name not in _OF_SEARCH]
    called_off = [m.end for m in off if _names_trials(reading, m)] + [
        m.start for m in reading.of("correction", negated=None) if any(_leads_to(reading, m, o) for o in off)
    ]
    return [one for one in stated if one.name not in _OF_SEARCH or not any(one.place < n for n in called_off)]


def _is_off(mention: Mention) -> bool:
    return mention.group == ("policy:named" if mention.negated else "policy:off") or (
        mention.negated and mention.group == "policy:on"
    )


def _names_trials(reading: Reading, off: Mention) -> bool:
    """Whether it is the trials that are called off: "20 trials … but forget the trials"."""
    return any(is_of(reading, n, "trials_by_name") for n in off.places) and not any(
        reading.tokens[n].kind == "number" for n in off.places
    )


def _leads_to(reading: Reading, correction: Mention, off: Mention) -> bool:
    """Whether a correction says no more than that there is to be no search."""
    between = range(correction.end, off.start)
    breaks = sum(reading.tokens[n].kind == "break" for n in between)
    other = any(reading.tokens[n].kind in {"number", "path", "job"} for n in between)
    return correction.start <= off.start and len(between) <= _CLOSE and breaks <= 1 and not other
