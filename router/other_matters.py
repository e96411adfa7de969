# SPDX-License-Identifier: Apache-2.0
"""What denies or settles something else than the search of this training, blanked before the policy is read.

A stretch may be about a thing of the line, one value alone, another action, another model or run, or what somebody said
and the next words deny: "camera settings are not to be touched", "evaluate it just once", "our YOLO has no AutoML".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from router.about_others import about_others
from router.about_things import is_about_things, of_other_matters
from router.about_values import fixes_one_value
from router.contrasted_models import contrasted_models
from router.left_to_machine import left_to_machine
from router.no_refusal import blanked
from router.segments import denies_search, follows_on, names_search_itself, orders_training, same_sentence, segments
from router.told_otherwise import told_otherwise
from router.word_stems import has, is_of, uses_at

if TYPE_CHECKING:
    from collections.abc import Sequence

    from router.reading import Reading

_DENIES = frozenset(
    {"denies_trying", "refuses_trying", "settles", "settled_by", "unsettles", "limits_to", "machines", "once_over"}
)

_FAR = 2


def without_other_matters(reading: Reading) -> Reading:
    """The reading with blanks for what is of other matters; itself where nothing is."""
    if not _may_refuse(reading):
        return reading
    parts = segments(reading)
    numbers = _of_others(reading, parts) | _of_actions(reading, parts)
    gone = {n for number in numbers for n in parts[number]} | left_to_machine(reading, parts)
    gone |= {n for places in parts for n in of_other_matters(reading, places)} | _of_another_place(reading, parts)
    return blanked(reading, gone)


def _of_others(reading: Reading, parts: Sequence[range]) -> set[int]:
    others = about_others(reading, parts) | contrasted_models(reading, parts)
    return others | told_otherwise(reading, parts) | _of_things(reading, parts)


def _may_refuse(reading: Reading) -> bool:
    """Whether any word or phrase may refuse a search, of whatever it is."""
    if any(m.negated or m.group == "policy:off" for m in reading.of("policy", negated=None)):
        return True
    return any(not _DENIES.isdisjoint(uses_at(reading, n)) for n in range(len(reading.tokens)))


def _of_things(reading: Reading, parts: Sequence[range]) -> set[int]:
    """The numbers of the stretches about a thing or one value, with those that go on with it."""
    found: set[int] = set()
    for number, places in enumerate(parts):
        goes_on = number - 1 in found and same_sentence(reading, parts[number - 1], places)
        of_it = goes_on and follows_on(reading, places)
        if of_it or is_about_things(reading, places) or fixes_one_value(reading, places):
            found.add(number)
    return {n for n in found if denies_search(reading, parts[n])}


def _of_actions(reading: Reading, parts: Sequence[range]) -> set[int]:
    """The numbers of the stretches about another action than a training: "and afterwards export it directly"."""
    found: set[int] = set()
    for number, places in enumerate(parts):
        if names_search_itself(reading, places) or has(reading, places, "searches") or orders_training(reading, places):
            continue
        goes_on = number - 1 in found and same_sentence(reading, parts[number - 1], places)
        if has(reading, places, "other_work"):
            found.update(_from_then_on(reading, parts, number))
        elif goes_on and has(reading, places[:2], "relative_object"):
            found.add(number)
    return found


def _from_then_on(reading: Reading, parts: Sequence[range], number: int) -> range:
    """The stretches from the one that begins a step: "danach, da braucht es keine Suche mehr, auf ./b auswerten"."""
    for n in range(number - 1, max(-1, number - 1 - _FAR), -1):
        if orders_training(reading, parts[n]) or not same_sentence(reading, parts[n], parts[number]):
            break
        if len(parts[n]) == 1 and is_of(reading, parts[n].start, "leads_on"):
            return range(n, number + 1)
    return range(number, number + 1)


def _of_another_place(reading: Reading, parts: Sequence[range]) -> set[int]:
    """The words for an ordinary run that say where: "don't run on slurm, run a normal training here"."""
    if not any(m.negated for m in reading.of("runner", negated=None)) and not _denies_runner(reading, parts):
        return set()
    return {
        n
        for places in parts
        if has(reading, places, "right_here")
        for n in places
        if is_of(reading, n, "as_usual") or is_of(reading, n, "restricts_to")
    }


def _denies_runner(reading: Reading, parts: Sequence[range]) -> bool:
    runners = [m.start for m in reading.of("runner", negated=None)]
    return any(n in places and has(reading, places, "denies_plainly") for n in runners for places in parts)
