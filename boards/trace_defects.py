# SPDX-License-Identifier: Apache-2.0
"""Flaws in the copper of an assembled board, seen through its solder mask."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from boards.site import Site, between, scrawl
from boards.spots import free_places
from boards.unit import Marks, Stroke, Unit

if TYPE_CHECKING:
    from collections.abc import Callable

Points = NDArray[np.float64]

_FARTHEST = 1.2  # mm between two traces that are shorted


def has_room(site: Site, kind: str) -> bool:
    """Whether copper is in view for a flaw of this type."""
    if kind == "spurious_copper":
        return not site.unit.design.theme.pour and len(_free(np.random.default_rng(0), site)) > 0
    if kind == "short" and not site.unit.design.theme.pour:
        return len(_neighbours(site)[0]) > 0
    return len(site.spots) > 0


def _spot(rng: np.random.Generator, site: Site) -> tuple[Points, Points, float]:
    k = int(rng.integers(len(site.spots)))
    return site.spots.place[k], site.spots.normal[k] * float(rng.choice((-1, 1))), float(site.spots.width[k])


def _open(rng: np.random.Generator, site: Site, severity: float) -> Unit:
    place, normal, width = _spot(rng, site)
    gap = max(width * between(0.7, 1.8, severity), 4.5 * site.pixel)
    across = np.stack([place - normal * width * 0.6, place + normal * width * 0.6])
    across += rng.normal(0, 0.12 * width, (2, 2))
    return site.unit.with_marks(Marks(cuts=(Stroke(across, gap),)))


def _neighbours(site: Site) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Pairs of samples of different traces that face each other near enough to be shorted."""
    spots = site.spots
    gaps = np.hypot(*(spots.place[:, None] - spots.place[None]).transpose(2, 0, 1))
    gaps[spots.trace[:, None] == spots.trace[None]] = np.inf
    near = (gaps < _FARTHEST) & (gaps <= 1.2 * gaps.min(axis=1, keepdims=True, initial=np.inf))
    first, second = np.nonzero(near)
    return first, second


def _short(rng: np.random.Generator, site: Site, severity: float) -> Unit:
    first, second = _neighbours(site)
    if len(first):
        k = int(rng.integers(len(first)))
        a, b, width = site.spots.place[first[k]], site.spots.place[second[k]], float(site.spots.width[first[k]])
    else:
        a, normal, width = _spot(rng, site)
        b = a + normal * (width + site.unit.design.theme.clearance)
    bar = Stroke(np.stack([a, b]), max(width * between(0.6, 1.5, severity), 4.5 * site.pixel))
    return site.unit.with_marks(Marks(copper=(bar,)))


def _mousebite(rng: np.random.Generator, site: Site, severity: float) -> Unit:
    place, normal, width = _spot(rng, site)
    radius = max(width * between(0.3, 0.5, severity), 3 * site.pixel)
    path = scrawl(rng, place + normal * width * 0.5, (float(rng.uniform(0, 6.3)), radius * 0.8), 0.8)
    return site.unit.with_marks(Marks(cuts=(Stroke(path, 2 * radius),)))


def _spur(rng: np.random.Generator, site: Site, severity: float) -> Unit:
    place, normal, width = _spot(rng, site)
    length = max(width * between(0.5, 1.3, severity), 4.5 * site.pixel)
    tip = place + normal * (width / 2 + length) + rng.normal(0, 0.2 * length, 2)
    thick = max(width * between(0.45, 0.8, severity), 3.5 * site.pixel)
    return site.unit.with_marks(Marks(copper=(Stroke(np.stack([place, tip]), thick),)))


def _pin_hole(rng: np.random.Generator, site: Site, severity: float) -> Unit:
    place, normal, width = _spot(rng, site)
    room = width * 0.32
    if site.unit.design.theme.pour and rng.random() < 0.5:
        place, room = place + normal * (width / 2 + site.unit.design.theme.clearance + 6 * site.pixel), 9 * site.pixel
    radius = min(max(room * between(0.6, 1.0, severity), 2.5 * site.pixel), 6 * site.pixel)
    path = scrawl(rng, place, (float(rng.uniform(0, 6.3)), radius * 0.5), 0.8)
    return site.unit.with_marks(Marks(cuts=(Stroke(path, 2 * radius),)))


def _free(rng: np.random.Generator, site: Site) -> Points:
    return free_places(site.unit.design, site.item, site.nearby, site.pixel, rng)


def _spurious(rng: np.random.Generator, site: Site, severity: float) -> Unit:
    places = _free(rng, site)
    place = (places if len(places) else _free(np.random.default_rng(0), site))[0]
    size = site.pixel * between(3.5, 7, severity)
    path = scrawl(rng, place, (float(rng.uniform(0, 6.3)), size * 2), 0.9)
    return site.unit.with_marks(Marks(copper=(Stroke(path, size * 1.6),)))


MAKERS: dict[str, Callable[[np.random.Generator, Site, float], Unit]] = {
    "open": _open,
    "short": _short,
    "mousebite": _mousebite,
    "spur": _spur,
    "pin_hole": _pin_hole,
    "spurious_copper": _spurious,
}
