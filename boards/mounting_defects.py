# SPDX-License-Identifier: Apache-2.0
"""Defects of assembly: how a component lies, its solder, and what was dropped or dragged on the board beside it."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from boards.site import Site, between, scrawl
from boards.surface import Material
from boards.unit import Marks, Stroke, Unit
from boards.view import moved, turned

if TYPE_CHECKING:
    from collections.abc import Callable

    from boards.catalogue import Part

Points = NDArray[np.float64]

_FIBRE = Material((0.30, 0.28, 0.26), 0.05, 0.3)
_DARK = Material((0.03, 0.025, 0.02), 0.05, 0.3)
_FLAKE = Material((0.45, 0.33, 0.16), 0.10, 0.25)
_BALL = Material((0.80, 0.80, 0.80), 0.88, 0.12)


def _remount(site: Site, **changes: object) -> Unit:
    return site.unit.with_mounting(site.index, replace(site.mounting, **changes))  # type: ignore[arg-type]


def _missing(_rng: np.random.Generator, site: Site, _severity: float) -> Unit:
    return _remount(site, present=False)


def _shifted(rng: np.random.Generator, site: Site, severity: float) -> Unit:
    part = site.item.part
    land = min(min(p.width, p.height) for p in part.pads)
    reach = between(0.4, 0.85, severity) * (part.width if part.chip else max(land, 0.4))
    way = float(rng.uniform(0, 2 * math.pi))
    return _remount(site, dx=site.mounting.dx + reach * math.cos(way), dy=site.mounting.dy + reach * math.sin(way))


def _rotated(rng: np.random.Generator, site: Site, severity: float) -> Unit:
    low, high = (10, 45) if site.item.part.two_ended else (4, 11)
    turn = math.radians(between(low, high, severity)) * float(rng.choice((-1, 1)))
    return _remount(site, turn=site.mounting.turn + turn)


def _tombstone(rng: np.random.Generator, site: Site, severity: float) -> Unit:
    return _remount(site, lift=math.radians(between(30, 84, severity)), lifted_end=int(rng.choice((-1, 1))))


def _wrong_polarity(_rng: np.random.Generator, site: Site, _severity: float) -> Unit:
    return _remount(site, turn=site.mounting.turn + math.pi)


def _insufficient(rng: np.random.Generator, site: Site, severity: float) -> Unit:
    pads = len(site.item.part.pads)
    starved = rng.permutation(pads)[: max(1, round(pads * float(rng.uniform(0.15, 0.6))))]
    fill = np.ones(pads)
    fill[starved] = between(0.42, 0.08, severity)
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
    width = between(0.3, 0.62, severity) * min(gap, 0.7)
    stroke = Stroke(moved(turned(path, item.angle), item.x, item.y), max(width, 4 * site.pixel), 0.16)
    return site.unit.with_marks(Marks(solder=(stroke,)))


def _adjacent_pads(rng: np.random.Generator, part: Part) -> tuple[int, int]:
    if len(part.pads) <= 3:
        return 0, 1
    pairs = [(k, k + 1) for k in range(len(part.pads) - 1) if part.pads[k].exit_x == part.pads[k + 1].exit_x]
    pairs = [(a, b) for a, b in pairs if part.pads[a].exit_y == part.pads[b].exit_y]
    return pairs[int(rng.integers(len(pairs)))]


def _beside(rng: np.random.Generator, site: Site) -> tuple[Points, float]:
    """A place between a component's middle and its crop's edge, and the direction in which that lies."""
    way = float(rng.uniform(0, 2 * math.pi))
    reach = site.item.view_side * float(rng.uniform(0.22, 0.38))
    return np.array((site.item.x + reach * math.cos(way), site.item.y + reach * math.sin(way))), way


def _scratch(rng: np.random.Generator, site: Site, severity: float) -> Unit:
    place, way = _beside(rng, site)
    length = site.item.view_side * between(0.3, 0.7, severity)
    path = scrawl(rng, place, (way + math.pi / 2 + float(rng.normal(0, 0.4)), length), 0.06)
    width = site.pixel * between(1.8, 3.2, severity)
    return site.unit.with_marks(Marks(scratches=(Stroke(path, width),)))


def _foreign(rng: np.random.Generator, site: Site, severity: float) -> Unit:
    place, way = _beside(rng, site)
    view, pixel, shape = site.item.view_side, site.pixel, rng.integers(3)
    if shape == 0:
        path = scrawl(rng, place, (way, view * between(0.25, 0.6, severity)), 0.5)
        stroke, material = Stroke(path, pixel * 2.4, 0.04), (_FIBRE, _DARK)[int(rng.integers(2))]
    elif shape == 1:
        radius = pixel * between(3.5, 8, severity)
        stroke, material = Stroke(np.stack([place, place + 1e-3]), 2 * radius, radius), _BALL
    else:
        path = scrawl(rng, place, (way, pixel * between(5, 14, severity)), 0.8)
        stroke, material = Stroke(path, pixel * between(4, 9, severity), 0.1), (_FLAKE, _DARK)[int(rng.integers(2))]
    return site.unit.with_marks(Marks(objects=((stroke, material),)))


MAKERS: dict[str, Callable[[np.random.Generator, Site, float], Unit]] = {
    "missing": _missing,
    "shifted": _shifted,
    "rotated": _rotated,
    "tombstone": _tombstone,
    "wrong_polarity": _wrong_polarity,
    "bridge": _bridge,
    "insufficient_solder": _insufficient,
    "scratch": _scratch,
    "foreign_object": _foreign,
}
