# SPDX-License-Identifier: Apache-2.0
"""Defects of assembly and of the bare copper below, put on one component of a unit."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from pairs.boards.settings import COPPER_DEFECTS
from pairs.boards.spots import Spots, clear_spots, free_places, spots_in_view
from pairs.boards.surface import Material
from pairs.boards.unit import Marks, Mounting, Stroke, Unit
from pairs.boards.view import moved, turned

if TYPE_CHECKING:
    from collections.abc import Callable

    from pairs.boards.catalogue import Part
    from pairs.boards.floorplan import Placed

Points = NDArray[np.float64]

_FIBRE = Material((0.30, 0.28, 0.26), 0.05, 0.3)
_DARK = Material((0.03, 0.025, 0.02), 0.05, 0.3)
_FLAKE = Material((0.45, 0.33, 0.16), 0.10, 0.25)
_BALL = Material((0.80, 0.80, 0.80), 0.88, 0.12)


@dataclass(frozen=True, slots=True)
class Site:
    """Where a defect goes: a component of a unit, what copper can be seen there, millimetres per pixel."""

    unit: Unit
    index: int
    nearby: Spots  # all traces in view
    spots: Spots  # those where a flaw would be seen
    pixel: float

    @property
    def item(self) -> Placed:
        """The component."""
        return self.unit.design.plan.placed[self.index]

    @property
    def mounting(self) -> Mounting:
        """How it lies so far."""
        return self.unit.mountings[self.index]


def site_of(unit: Unit, index: int, spots: Spots, pixel: float) -> Site:
    """The site of one component; `spots` are those of the whole design."""
    nearby = spots_in_view(spots, unit.design.plan.placed[index])
    return Site(unit, index, nearby, clear_spots(nearby, pixel), pixel)


def possible(site: Site, kinds: tuple[str, ...]) -> tuple[str, ...]:
    """Those of the defect types that this component can have and a camera can see."""
    return tuple(kind for kind in kinds if _fits(site, kind))


def _fits(site: Site, kind: str) -> bool:
    part = site.item.part
    if kind == "tombstone":
        return part.chip
    if kind == "wrong_polarity":
        return part.polar
    if kind == "spurious_copper":
        return not site.unit.design.theme.pour and len(_free(np.random.default_rng(0), site)) > 0
    if kind == "short":
        return len(site.spots) > 0 and (site.unit.design.theme.pour or len(_neighbours(site)[0]) > 0)
    return len(site.spots) > 0 if kind in COPPER_DEFECTS else True


def damage(rng: np.random.Generator, site: Site, kind: str) -> tuple[Unit, float]:
    """The unit with one defect, and the defect's severity from 0 (as slight as they come) to 1."""
    severity = float(rng.uniform(0, 1))
    return _MAKERS[kind](rng, site, severity), severity


def _between(low: float, high: float, severity: float) -> float:
    return low + (high - low) * severity


def _remount(site: Site, **changes: object) -> Unit:
    return site.unit.with_mounting(site.index, replace(site.mounting, **changes))  # type: ignore[arg-type]


def _missing(_rng: np.random.Generator, site: Site, _severity: float) -> Unit:
    return _remount(site, present=False)


def _shifted(rng: np.random.Generator, site: Site, severity: float) -> Unit:
    part = site.item.part
    land = min(min(p.width, p.height) for p in part.pads)
    reach = _between(0.4, 0.85, severity) * (part.width if part.chip else max(land, 0.4))
    way = float(rng.uniform(0, 2 * math.pi))
    return _remount(site, dx=site.mounting.dx + reach * math.cos(way), dy=site.mounting.dy + reach * math.sin(way))


def _rotated(rng: np.random.Generator, site: Site, severity: float) -> Unit:
    low, high = (10, 45) if site.item.part.two_ended else (4, 11)
    turn = math.radians(_between(low, high, severity)) * float(rng.choice((-1, 1)))
    return _remount(site, turn=site.mounting.turn + turn)


def _tombstone(rng: np.random.Generator, site: Site, severity: float) -> Unit:
    return _remount(site, lift=math.radians(_between(30, 84, severity)), lifted_end=int(rng.choice((-1, 1))))


def _wrong_polarity(_rng: np.random.Generator, site: Site, _severity: float) -> Unit:
    return _remount(site, turn=site.mounting.turn + math.pi)


def _insufficient(rng: np.random.Generator, site: Site, severity: float) -> Unit:
    pads = len(site.item.part.pads)
    starved = rng.permutation(pads)[: max(1, round(pads * float(rng.uniform(0.15, 0.6))))]
    fill = np.ones(pads)
    fill[starved] = _between(0.42, 0.08, severity)
    return _remount(site, fill=tuple(fill.tolist()))


def _bridge(rng: np.random.Generator, site: Site, severity: float) -> Unit:
    part, item = site.item.part, site.item
    first, second = _adjacent_pads(rng, part)
    a, b = part.pads[first], part.pads[second]
    aside = 0.0
    if part.two_ended:
        aside = (part.width / 2 + 0.06) * float(rng.choice((-1, 1)))
    elif a.exit_x or a.exit_y:
        aside = float(rng.uniform(-0.1, 0.25))
    path = np.array([(a.x, a.y), (b.x, b.y)]) + aside * np.array(
        (a.exit_x if not part.two_ended else 0.0, 1.0 if part.two_ended else a.exit_y)
    )
    gap = math.dist((a.x, a.y), (b.x, b.y))
    width = _between(0.3, 0.62, severity) * min(gap, 0.7)
    stroke = Stroke(moved(turned(path, item.angle), item.x, item.y), max(width, 4 * site.pixel), 0.16)
    return site.unit.with_marks(Marks(solder=(stroke,)))


def _adjacent_pads(rng: np.random.Generator, part: Part) -> tuple[int, int]:
    if len(part.pads) <= 3:
        return 0, 1
    pairs = [(k, k + 1) for k in range(len(part.pads) - 1) if part.pads[k].exit_x == part.pads[k + 1].exit_x]
    pairs = [(a, b) for a, b in pairs if part.pads[a].exit_y == part.pads[b].exit_y]
    return pairs[int(rng.integers(len(pairs)))]


def _wander(rng: np.random.Generator, start: Points, way: float, length: float, curl: float) -> Points:
    """A curved path of 12 steps."""
    turns = np.cumsum(rng.normal(0, curl, 12)) + way
    steps = np.stack([np.cos(turns), np.sin(turns)], axis=1) * (length / 12)
    path = np.cumsum(np.concatenate([[[0.0, 0.0]], steps]), axis=0)
    return np.asarray(path - path.mean(axis=0) + start)


def _beside(rng: np.random.Generator, site: Site) -> tuple[Points, float]:
    """A place between a component's middle and its crop's edge, and the direction in which that lies."""
    way = float(rng.uniform(0, 2 * math.pi))
    reach = site.item.view_side * float(rng.uniform(0.22, 0.38))
    return np.array((site.item.x + reach * math.cos(way), site.item.y + reach * math.sin(way))), way


def _scratch(rng: np.random.Generator, site: Site, severity: float) -> Unit:
    place, way = _beside(rng, site)
    length = site.item.view_side * _between(0.3, 0.7, severity)
    path = _wander(rng, place, way + math.pi / 2 + float(rng.normal(0, 0.4)), length, 0.06)
    width = site.pixel * _between(1.8, 3.2, severity)
    return site.unit.with_marks(Marks(scratches=(Stroke(path, width),)))


def _foreign(rng: np.random.Generator, site: Site, severity: float) -> Unit:
    place, way = _beside(rng, site)
    view, pixel, shape = site.item.view_side, site.pixel, rng.integers(3)
    if shape == 0:
        path = _wander(rng, place, way, view * _between(0.25, 0.6, severity), 0.5)
        stroke, material = Stroke(path, pixel * 2.4, 0.04), (_FIBRE, _DARK)[int(rng.integers(2))]
    elif shape == 1:
        radius = pixel * _between(3.5, 8, severity)
        stroke, material = Stroke(np.stack([place, place + 1e-3]), 2 * radius, radius), _BALL
    else:
        path = _wander(rng, place, way, pixel * _between(5, 14, severity), 0.8)
        stroke, material = Stroke(path, pixel * _between(4, 9, severity), 0.1), (_FLAKE, _DARK)[int(rng.integers(2))]
    return site.unit.with_marks(Marks(objects=((stroke, material),)))


def _spot(rng: np.random.Generator, site: Site) -> tuple[Points, Points, float]:
    k = int(rng.integers(len(site.spots)))
    return site.spots.place[k], site.spots.normal[k] * float(rng.choice((-1, 1))), float(site.spots.width[k])


def _open(rng: np.random.Generator, site: Site, severity: float) -> Unit:
    place, normal, width = _spot(rng, site)
    gap = max(width * _between(0.7, 1.8, severity), 4.5 * site.pixel)
    across = np.stack([place - normal * width * 0.6, place + normal * width * 0.6])
    across += rng.normal(0, 0.12 * width, (2, 2))
    return site.unit.with_marks(Marks(cuts=(Stroke(across, gap),)))


def _neighbours(site: Site) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Pairs of samples of different traces that lie near enough to be shorted."""
    spots = site.spots
    gaps = np.hypot(*(spots.place[:, None] - spots.place[None]).transpose(2, 0, 1))
    near = (gaps < 1.2) & (spots.trace[:, None] < spots.trace[None])
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
    bar = Stroke(np.stack([a, b]), max(width * _between(0.6, 1.5, severity), 4.5 * site.pixel))
    return site.unit.with_marks(Marks(copper=(bar,)))


def _mousebite(rng: np.random.Generator, site: Site, severity: float) -> Unit:
    place, normal, width = _spot(rng, site)
    radius = max(width * _between(0.3, 0.5, severity), 3 * site.pixel)
    path = _wander(rng, place + normal * width * 0.5, float(rng.uniform(0, 6.3)), radius * 0.8, 0.8)
    return site.unit.with_marks(Marks(cuts=(Stroke(path, 2 * radius),)))


def _spur(rng: np.random.Generator, site: Site, severity: float) -> Unit:
    place, normal, width = _spot(rng, site)
    length = max(width * _between(0.5, 1.3, severity), 4.5 * site.pixel)
    tip = place + normal * (width / 2 + length) + rng.normal(0, 0.2 * length, 2)
    thick = max(width * _between(0.45, 0.8, severity), 3.5 * site.pixel)
    return site.unit.with_marks(Marks(copper=(Stroke(np.stack([place, tip]), thick),)))


def _pin_hole(rng: np.random.Generator, site: Site, severity: float) -> Unit:
    place, normal, width = _spot(rng, site)
    room = width * 0.32
    if site.unit.design.theme.pour and rng.random() < 0.5:
        place, room = place + normal * (width / 2 + site.unit.design.theme.clearance + 6 * site.pixel), 9 * site.pixel
    radius = min(max(room * _between(0.6, 1.0, severity), 2.5 * site.pixel), 6 * site.pixel)
    path = _wander(rng, place, float(rng.uniform(0, 6.3)), radius * 0.5, 0.8)
    return site.unit.with_marks(Marks(cuts=(Stroke(path, 2 * radius),)))


def _free(rng: np.random.Generator, site: Site) -> Points:
    return free_places(site.unit.design, site.item, site.nearby, site.pixel, rng)


def _spurious(rng: np.random.Generator, site: Site, severity: float) -> Unit:
    places = _free(rng, site)
    place = places[0] if len(places) else _beside(rng, site)[0]
    size = site.pixel * _between(3.5, 7, severity)
    path = _wander(rng, place, float(rng.uniform(0, 6.3)), size * 2, 0.9)
    return site.unit.with_marks(Marks(copper=(Stroke(path, size * 1.6),)))


_MAKERS: dict[str, Callable[[np.random.Generator, Site, float], Unit]] = {
    "missing": _missing,
    "shifted": _shifted,
    "rotated": _rotated,
    "tombstone": _tombstone,
    "wrong_polarity": _wrong_polarity,
    "bridge": _bridge,
    "insufficient_solder": _insufficient,
    "scratch": _scratch,
    "foreign_object": _foreign,
    "open": _open,
    "short": _short,
    "mousebite": _mousebite,
    "spur": _spur,
    "pin_hole": _pin_hole,
    "spurious_copper": _spurious,
}
