# SPDX-License-Identifier: Apache-2.0
"""Flaws of lines, pads and parts: they need two tones beneath, a figure on a ground. Makers as in `matter`."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from pairs.flaws.shapes import blob, line, rectangle, softness
from pairs.flaws.tones import Tones, grain_of, grained, mixed, shape_of, two_tones

if TYPE_CHECKING:
    from collections.abc import Callable

    from pairs.flaws.matter import Place

Array = NDArray[np.float32]
Mask = NDArray[np.bool_]

_LEAST_CONTRAST = 40.0  # levels between figure and ground
_DIRECTIONS = 12  # in which a way across is looked for


def bridge(rng: np.random.Generator, place: Place) -> Array | None:
    """Matter of the figure from one of its pieces to another."""
    return _across(rng, place, lambda tones: (tones.figure, tones.figure_colour))


def gap(rng: np.random.Generator, place: Place) -> Array | None:
    """A line of the figure that is interrupted."""
    return _across(rng, place, lambda tones: (~tones.figure, tones.ground_colour))


def bite(rng: np.random.Generator, place: Place) -> Array | None:
    """A piece out of the figure's edge."""
    return _at_edge(rng, place, lambda tones: (tones.figure, tones.ground_colour))


def spur(rng: np.random.Generator, place: Place) -> Array | None:
    """A piece that stands out from the figure's edge."""
    return _at_edge(rng, place, lambda tones: (~tones.figure, tones.figure_colour))


def shift(rng: np.random.Generator, place: Place) -> Array | None:
    """A piece that lies off its place; the ground shows where it was."""
    tones = _tones(place)
    if tones is None or not place.has_structure():
        return None
    size = place.size * 0.75
    alpha = (rectangle if rng.random() < 0.6 else blob)(rng, place.side, size)
    turn, far = rng.uniform(0, 2 * math.pi), max(2.0, place.size * rng.uniform(0.2, 0.35))
    step = (round(math.sin(turn) * far), round(math.cos(turn) * far))
    ground = grained(rng, tones.ground_colour, place.side, grain_of(place.window))
    emptied = mixed(place.window, ground, alpha)
    return mixed(emptied, np.roll(place.window, step, (0, 1)), np.roll(alpha, step, (0, 1)))


MAKERS: dict[str, Callable[[np.random.Generator, Place], Array | None]] = {
    "bridge": bridge,
    "gap": gap,
    "bite": bite,
    "spur": spur,
    "shift": shift,
}


def _tones(place: Place) -> Tones | None:
    tones = two_tones(place.window)
    return tones if tones is not None and tones.contrast >= _LEAST_CONTRAST else None


def _across(rng: np.random.Generator, place: Place, ends: Callable[[Tones], tuple[Mask, Array]]) -> Array | None:
    """A stroke through the middle, between two places where `ends` lies, over what is not."""
    tones = _tones(place)
    if tones is None:
        return None
    there, colour = ends(tones)
    way = _shortest_way(rng, there, place)
    if way is None:
        return None
    width = max(1.6, place.size * rng.uniform(0.2, 0.55))
    alpha = line(place.side, way, width, softness(rng))
    matter = grained(rng, colour, place.side, grain_of(place.window))
    return mixed(place.window, matter, shape_of(~there, alpha))


def _shortest_way(rng: np.random.Generator, there: Mask, place: Place) -> NDArray[np.float64] | None:
    """From the middle both ways to where `there` begins, as points (2, 2) about it; None where it is too far."""
    middle, turn = place.side // 2, rng.uniform(0, math.pi)
    if there[middle, middle]:
        return None
    best: tuple[float, NDArray[np.float64]] | None = None
    for angle in turn + np.arange(_DIRECTIONS) * math.pi / _DIRECTIONS:
        step = np.array((math.cos(angle), math.sin(angle)))
        reach = [_steps_until(there, middle, step * sign, place.size) for sign in (-1, 1)]
        if None in reach:
            continue
        back, forth = (float(one or 0) for one in reach)
        if not 0.25 * place.size <= back + forth <= 1.2 * place.size:
            continue
        if best is None or back + forth < best[0]:
            best = back + forth, np.stack([-step * (back + 1.5), step * (forth + 1.5)])
    return None if best is None else best[1]


def _steps_until(there: Mask, middle: int, step: NDArray[np.float64], most: float) -> int | None:
    for count in range(1, math.ceil(most) + 2):
        x, y = (round(middle + count * float(part)) for part in step)
        if not (0 <= x < there.shape[1] and 0 <= y < there.shape[0]):
            return None
        if there[y, x]:
            return count
    return None


def _at_edge(rng: np.random.Generator, place: Place, between: Callable[[Tones], tuple[Mask, Array]]) -> Array | None:
    """A patch on the edge nearest to the middle, of what `between` says to be taken, in the colour it gives."""
    tones = _tones(place)
    if tones is None:
        return None
    taken, colour = between(tones)
    edge = _edge_near_middle(tones.figure, place.size)
    if edge is None:
        return None
    alpha = np.roll(blob(rng, place.side, place.size * rng.uniform(1.0, 1.5)), edge, (0, 1))
    matter = grained(rng, colour, place.side, grain_of(place.window))
    return mixed(place.window, matter, shape_of(taken, alpha))


def _edge_near_middle(figure: Mask, size: float) -> tuple[int, int] | None:
    """How far down and right of the middle the nearest edge lies; None where it is beyond the flaw's size."""
    edges = (figure[1:-1, 1:-1] != figure[1:-1, :-2]) | (figure[1:-1, 1:-1] != figure[:-2, 1:-1])
    rows, columns = np.nonzero(edges)
    if not len(rows):
        return None
    middle = figure.shape[0] // 2
    down, right = rows + 1 - middle, columns + 1 - middle
    nearest = int(np.argmin(down**2 + right**2))
    far = math.hypot(float(down[nearest]), float(right[nearest]))
    return (int(down[nearest]), int(right[nearest])) if far <= size else None
