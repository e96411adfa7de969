# SPDX-License-Identifier: Apache-2.0
"""Flaws in a bare copper pattern: each cuts or adds copper in a piece of the board around a given place."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from boards.fields import blurred
from boards.polylines import wander
from boards.view import Artwork, Window

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

Points = NDArray[np.float64]
Array = NDArray[np.float32]
_Strokes = list[tuple[Points, float]]

_WIDEST = 90  # pixels: a broader conductor is not cut through
_REACH = 90  # pixels: the farthest that a short reaches
_EDGES_TRIED = 24  # places drawn until a flaw finds room


class Piece:
    """A piece of a board around the place where a flaw is wanted."""

    def __init__(self, copper: Array, drilled: Array, around: float) -> None:
        """Take the copper (H,W) before and after drilling; a flaw starts within `around` pixels of the middle."""
        self.copper, self.drilled, self.around = copper, drilled, around
        self.middle = copper.shape[0] / 2

    @cached_property
    def edges(self) -> _Edges:
        """Where copper ends before it is drilled: whatever is added in a hole would be drilled away."""
        return _edges(self.copper, self.middle, self.around)

    @cached_property
    def drilled_edges(self) -> _Edges:
        """Where copper ends, at holes too."""
        return _edges(self.drilled, self.middle, self.around)

    def near(self, where: NDArray[np.bool_], rng: np.random.Generator) -> Points | None:
        """A random pixel (x, y) of a mask (H,W) within the flaw's area."""
        low, high = int(self.middle - self.around), int(self.middle + self.around) + 1
        rows, columns = np.nonzero(where[low:high, low:high])
        if not len(rows):
            return None
        pick = int(rng.integers(len(rows)))
        return np.array((columns[pick] + low + 0.5, rows[pick] + low + 0.5))


@dataclass(frozen=True, slots=True)
class _Edges:
    """Points on copper edges (N,2) and the unit normals that leave the copper (N,2)."""

    places: Points
    normals: Points

    def draw(self, rng: np.random.Generator) -> Iterator[tuple[Points, Points]]:
        """A few of them, at random."""
        for k in rng.permutation(len(self.places))[:_EDGES_TRIED].tolist():
            yield self.places[k], self.normals[k]


def _edges(copper: Array, middle: float, around: float) -> _Edges:
    low, high = max(1, int(middle - around) - 6), int(middle + around) + 7
    soft = blurred(copper[low:high, low:high], 2.0)
    slope = np.stack([np.gradient(soft, axis=1), np.gradient(soft, axis=0)])  # (2,H,W): to the right, downwards
    steep = np.hypot(slope[0], slope[1])
    border = (np.abs(soft - 0.5) < 0.12) & (steep > 0.03)
    border[:6] = border[-6:] = border[:, :6] = border[:, -6:] = False
    rows, columns = np.nonzero(border)
    normals = (-slope[:, border] / steep[border]).T.astype(np.float64)
    places = (np.stack([columns, rows], axis=1) + (low + 0.5)).astype(np.float64)
    return _Edges(places, normals)


@dataclass(frozen=True, slots=True)
class Flaw:
    """Strokes (points, width) that add copper or cut it, and how severe that is, from 0 to 1."""

    strokes: tuple[tuple[Points, float], ...]
    adds: bool
    severity: float

    def applied(self, copper: Array) -> Array:
        """The copper (H,W) with the flaw."""
        spots = np.concatenate([points for points, _ in self.strokes])
        margin = max(width for _, width in self.strokes) + 2
        low = np.clip(np.floor(spots.min(axis=0) - margin), 0, None).astype(int)
        out, span = copper.copy(), int(np.ceil((spots.max(axis=0) + margin - low).max()))
        art = Artwork(Window(float(low[0]) + span / 2, float(low[1]) + span / 2, span, span), 2)
        for points, width in self.strokes:
            art.line(points, width)
        at = slice(low[1], low[1] + span), slice(low[0], low[0] + span)
        share = art.coverage()[: out[at].shape[0], : out[at].shape[1]]
        out[at] = np.maximum(out[at], share) if self.adds else out[at] * (1 - share)
        return out


def draw_flaw(rng: np.random.Generator, piece: Piece, kind: str) -> Flaw | None:
    """A flaw of a type near the piece's middle, or None where the pattern has no room for one."""
    severity = float(rng.uniform(0, 1))
    found = _MAKERS[kind](rng, piece, severity)
    if found is None:
        return None
    return Flaw(tuple(found), kind in {"short", "spur", "spurious_copper"}, severity)


def _inside(field: Array, reach: float) -> NDArray[np.bool_]:
    """Where everything within about `reach` pixels is copper."""
    return np.asarray(_box_mean(field, max(1, round(reach))) > 0.995)


def _box_mean(field: Array, reach: int) -> Array:
    padded = np.pad(field, ((reach + 1, reach), (reach + 1, reach)), mode="edge")
    sums = padded.cumsum(axis=0, dtype=np.float64).cumsum(axis=1)
    span, (rows, columns) = 2 * reach + 1, field.shape
    whole = sums[span : span + rows, span : span + columns] + sums[:rows, :columns]
    inner = whole - sums[span : span + rows, :columns] - sums[:rows, span : span + columns]
    return np.asarray(inner / span**2, dtype=np.float32)


def _march(copper: Array, start: Points, way: Points, farthest: int) -> float | None:
    """How far the state at the start goes on along a way, in pixels; None where it goes on too far or off the piece."""
    steps = np.arange(2, farthest)
    places = np.round(start[None] + way[None] * steps[:, None] - 0.5).astype(int)
    inside = ((places >= 0) & (places < np.array(copper.shape)[::-1])).all(axis=1)
    places = places[inside]
    if len(places) < 2:
        return None
    seen = copper[places[:, 1], places[:, 0]] > 0.5
    changes = np.flatnonzero(seen != seen[0])
    return float(steps[changes[0]]) if len(changes) else None


def _blob(rng: np.random.Generator, centre: Points, size: float) -> _Strokes:
    """An irregular spot of about `size` pixels: strokes of several widths that wander off from its middle."""
    strokes = []
    for _ in range(int(rng.integers(1, 4))):
        path = wander(rng, centre, (float(rng.uniform(0, 2 * math.pi)), size * float(rng.uniform(0.2, 0.8))), 0.6, 5)
        strokes.append((path, size * float(rng.uniform(0.25, 0.65))))
    return strokes


def _open(rng: np.random.Generator, piece: Piece, severity: float) -> _Strokes | None:
    for place, normal in piece.drilled_edges.draw(rng):
        width = _march(piece.drilled, place, -normal, _WIDEST)
        if width is None:
            continue
        side = np.array((-normal[1], normal[0])) * width
        path = np.stack([place + normal * 2.5, place - normal * (width + 2.5) + side * rng.normal(0, 0.15)])
        middle = (path[0] + path[1]) / 2 + side * rng.normal(0, 0.1)
        return [(np.stack([path[0], middle, path[1]]), 4 + 9 * severity)]
    return None


def _short(rng: np.random.Generator, piece: Piece, severity: float) -> _Strokes | None:
    for place, normal in piece.edges.draw(rng):
        gap = _march(piece.copper, place, normal, _REACH)
        if gap is None or gap < 4:
            continue
        side = np.array((-normal[1], normal[0])) * float(rng.normal(0, 0.12 * gap))
        path = np.stack([place - normal * 2.5, place + normal * gap / 2 + side, place + normal * (gap + 2.5)])
        return [(path, 4 + 7 * severity)]
    return None


def _mousebite(rng: np.random.Generator, piece: Piece, severity: float) -> _Strokes | None:
    for place, normal in piece.drilled_edges.draw(rng):
        size = 6 + 10 * severity
        width = _march(piece.drilled, place, -normal, _WIDEST)
        depth = size if width is None else min(size, 0.75 * width)
        inward = math.atan2(-normal[1], -normal[0]) + float(rng.normal(0, 0.4))
        path = wander(rng, place + normal, (inward, depth), 0.35, 5)
        mouth = np.stack([place + normal, place + normal])
        return [(path, max(3.0, depth * float(rng.uniform(0.35, 0.8)))), (mouth, size * 0.45)]
    return None


def _spur(rng: np.random.Generator, piece: Piece, severity: float) -> _Strokes | None:
    for place, normal in piece.edges.draw(rng):
        length = 6 + 11 * severity
        gap = _march(piece.copper, place, normal, _REACH)
        if gap is not None and gap <= length + 4:
            continue
        outward = math.atan2(normal[1], normal[0]) + float(rng.normal(0, 0.45))
        path = wander(rng, place - normal * 2, (outward, length + 2), 0.3, 5)
        knob = _blob(rng, path[-1], 0.5 * length) if rng.random() < 0.3 else []
        return [(path, 3 + 3.5 * float(rng.uniform(0, 1))), *knob]
    return None


def _pin_hole(rng: np.random.Generator, piece: Piece, severity: float) -> _Strokes | None:
    for size in (6 + 13 * severity, 8.0, 5.5):
        place = piece.near(_inside(piece.drilled, 0.55 * size + 1.5), rng)
        if place is not None:
            return _blob(rng, place, size)
    return None


def _spurious(rng: np.random.Generator, piece: Piece, severity: float) -> _Strokes | None:
    size = 7 + 14 * severity
    place = piece.near(_inside(1 - piece.copper, 0.6 * size + 2), rng)
    return None if place is None else _blob(rng, place, size)


_MAKERS: dict[str, Callable[[np.random.Generator, Piece, float], _Strokes | None]] = {
    "open": _open,
    "short": _short,
    "mousebite": _mousebite,
    "spur": _spur,
    "pin_hole": _pin_hole,
    "spurious_copper": _spurious,
}
