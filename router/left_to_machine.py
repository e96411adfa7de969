# SPDX-License-Identifier: Apache-2.0
"""Values that nobody sets by hand, so that they are searched for: "let the system discover which ones are best"."""

from __future__ import annotations

from typing import TYPE_CHECKING

from router.segments import denied
from router.vocabulary import AUTOML
from router.word_stems import has, is_of, places_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from router.reading import Reading

_NEAR, _SHORT, _SUBJECT = 9, 4, 5


def left_to_machine(reading: Reading, parts: Sequence[range]) -> set[int]:
    """The tokens that leave the choice to the search, or deny that anybody makes it by hand."""
    found: set[int] = set()
    for number, places in enumerate(parts):
        if hand := _denied_hand(reading, places):
            found.update(hand)
        elif number and _denies_alone(reading, parts[number - 1]) and _sets_by_hand(reading, places):
            found.update(parts[number - 1], places)
        elif _machine_chooses(reading, places):
            found.update(places)
    return found


def _denied_hand(reading: Reading, places: range) -> range:
    """A stretch, or its end, that denies work by hand: "nicht von Hand einstellen", "statt mit manuell gesetzten"."""
    for hand in places_of(reading, places, "by_hand"):
        before = range(max(places.start, hand - _NEAR), hand)
        instead = next(places_of(reading, before, "takes_place_of_it"), None)
        if instead is not None and not has(reading, range(instead, hand), "denies_trying"):
            return range(instead, places.stop)
        denied = next(places_of(reading, before, "denies_trying"), None)
        if denied is None or has(reading, range(denied, hand), "contrasts") or _is_either(reading, places):
            continue
        if has(reading, range(denied, hand), "searches") or is_of(reading, denied, "without"):
            continue
        if _leaves_as_set(reading, range(denied, hand)):
            continue
        if _sets_values(reading, places) or len(places) <= _SHORT:
            return places
    return range(0)


def _leaves_as_set(reading: Reading, between: range) -> bool:
    """Whether what somebody set by hand is to be left: "don't touch the values I set by hand"."""
    alters = next(places_of(reading, between, "alters"), None)
    return alters is not None and has(reading, range(alters, between.stop), "doers")


def _is_either(reading: Reading, places: range) -> bool:
    """Whether neither is wanted: "nothing by hand or automatic"."""
    return has(reading, places, "choice") or has(reading, places, "nor")


def _denies_alone(reading: Reading, places: range) -> bool:
    """Whether a stretch is no more than a denial that leads on: "kein Grund, …"."""
    return len(places) < _SHORT and has(reading, places, "denies_trying") and not has(reading, places, "machines")


def _sets_by_hand(reading: Reading, places: range) -> bool:
    return has(reading, places, "by_hand") and _sets_values(reading, places)


def _sets_values(reading: Reading, places: range) -> bool:
    return any(has(reading, places, use) for use in ("varied", "chooses", "sets_values"))


def _machine_chooses(reading: Reading, places: range) -> bool:
    """Whether a machine is who finds the values: "the system finds them", "das macht doch AutoML"."""
    refused = (n for n in places_of(reading, places, "refuses_trying") if not is_of(reading, n, "by_itself"))
    if any(True for _ in (*denied(reading, places), *refused)):
        return False
    if any(m.start in places and m.group == "policy:on" for m in reading.of("policy")):
        return False  # "let the tool pick them" is heard as it stands
    for n in places:
        if not (is_of(reading, n, "machines") or is_of(reading, n, "systems") or reading.tokens[n].word == AUTOML):
            continue
        near = range(n + 1, min(n + 1 + _SUBJECT, places.stop))
        if has(reading, near, "finds_out") and _sets_values(reading, places):
            return True
    return False
