# SPDX-License-Identifier: Apache-2.0
"""Copper between the pads: traces that run at 0, 45 and 90 degrees, keep their distance, and end in pads or vias."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from operator import itemgetter
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from boards.polylines import along, corners, gentle_length, octilinear, parallel

if TYPE_CHECKING:
    from boards.catalogue import Pad
    from boards.floorplan import Floorplan
    from boards.themes import Theme

Points = NDArray[np.float64]

_CELL = 0.1  # mm of the occupancy grid
_LEGS = ((0.5, 0.5), (1.1, 0.5), (0.5, 1.1), (1.6, 1.6))  # mm that a trace runs straight on at either end
_FREE = 0  # the grid's value where no copper is near


@dataclass(frozen=True, slots=True)
class Trace:
    """A polyline (N,2) of copper of one width, mm."""

    points: Points
    width: float
    box: tuple[float, float, float, float]  # x1 y1 x2 y2 around its middle line


@dataclass(frozen=True, slots=True)
class Via:
    """A plated hole: position, radius of its ring and of its drill, mm."""

    x: float
    y: float
    ring: float
    drill: float


@dataclass(slots=True)
class Routed:
    """The copper of a board beside its pads."""

    traces: list[Trace] = field(default_factory=list)
    vias: list[Via] = field(default_factory=list)


class _Occupancy:
    """Which net's copper, with its clearance, lies in every cell."""

    def __init__(self, width: float, height: float) -> None:
        self.grid = np.zeros((math.ceil(height / _CELL) + 2, math.ceil(width / _CELL) + 2), np.int32)

    def free(self, points: Points, net: int) -> NDArray[np.bool_]:
        """For every point (N,2) whether it is on the board and clear of other nets."""
        cells = np.round(points / _CELL).astype(np.intp)
        limit = np.array((self.grid.shape[1], self.grid.shape[0])) - 4
        inside = ((cells > 3) & (cells < limit)).all(axis=1)
        cells = np.clip(cells, 0, limit)
        found = self.grid[cells[:, 1], cells[:, 0]]
        return np.asarray(inside & ((found == _FREE) | (found == net)))

    def claim(self, points: Points, radius: float, net: int) -> None:
        """Mark everything within `radius` of the points (N,2)."""
        reach = math.ceil(radius / _CELL)
        v, u = np.mgrid[-reach : reach + 1, -reach : reach + 1]
        near = np.hypot(u, v) * _CELL <= radius + _CELL / 2
        cells = np.round(points / _CELL).astype(np.intp)
        x = np.clip(cells[:, :1] + u[near], 0, self.grid.shape[1] - 1)
        y = np.clip(cells[:, 1:] + v[near], 0, self.grid.shape[0] - 1)
        self.grid[y, x] = net

    def claim_box(self, pad: Pad, margin: float, net: int) -> None:
        """Mark a pad and its clearance."""
        a, b = pad.width / 2 + margin, pad.height / 2 + margin
        rows = slice(max(0, round((pad.y - b) / _CELL)), max(0, round((pad.y + b) / _CELL) + 1))
        columns = slice(max(0, round((pad.x - a) / _CELL)), max(0, round((pad.x + a) / _CELL) + 1))
        self.grid[rows, columns] = net


def route(rng: np.random.Generator, plan: Floorplan, theme: Theme) -> Routed:
    """Connect the pads: neighbours by traces where there is room, the others to a via, then buses across the board."""
    router = _Router(rng, plan, theme)
    for net in router.join_neighbours():
        router.fan_out(net)
    for bundle in range(round(plan.width * plan.height / 60) + 2):
        router.bus(len(router.pads) + 1 + bundle * 16)
    return router.routed


class _Router:
    """A board that is being routed. Net k + 1 belongs to pad k; further nets are buses."""

    def __init__(self, rng: np.random.Generator, plan: Floorplan, theme: Theme) -> None:
        self.pads = [land for item in plan.placed for land in item.lands]
        self.routed = Routed()
        self._rng, self._plan, self._theme = rng, plan, theme
        self._owners = np.array([k for k, item in enumerate(plan.placed) for _ in item.part.pads])
        self._room = _Occupancy(plan.width, plan.height)
        for net, pad in enumerate(self.pads, start=1):
            self._room.claim_box(pad, theme.clearance + theme.trace / 2, net)

    def join_neighbours(self) -> list[int]:
        """Connect pads of different components that lie near each other; return the pads that stay open."""
        at = np.array([(p.x, p.y) for p in self.pads])
        left = set(range(len(self.pads)))
        for pad in self._rng.permutation(len(self.pads)).tolist():
            if pad not in left:
                continue
            away = np.hypot(*(at - at[pad]).T) + np.where(self._owners == self._owners[pad], 1e6, 0.0)
            for other in np.argsort(away)[:3].tolist():
                if other in left and away[other] < 12 and self._connect(pad, other):
                    left -= {pad, other}
                    break
        return sorted(left)

    def _connect(self, first: int, second: int) -> bool:
        a, b = self.pads[first], self.pads[second]
        width = self._width(a, b)
        for path in _paths(a, b):
            points = along(path)
            near_end = np.hypot(*(points - path[-1]).T) < max(b.width, b.height) / 2 + self._theme.clearance + width
            clear = self._room.free(points, first + 1) | (self._room.free(points, second + 1) & near_end)
            if clear.all():
                self._lay(path, width, first + 1)
                return True
        return False

    def fan_out(self, pad_number: int) -> None:
        """Lead an open pad to a via near it, where there is room for one."""
        pad, ring = self.pads[pad_number], float(self._rng.uniform(0.26, 0.34))
        start, way = np.array((pad.x, pad.y)), np.array((pad.exit_x, pad.exit_y))
        for leg in self._rng.permutation(np.array((0.35, 0.7, 1.1, 1.6, 2.2))).tolist():
            bend = way + np.array((way[1], -way[0])) * float(self._rng.choice((-1, 0, 1)))
            corner = start + way * (max(pad.width, pad.height) / 2 + leg)
            path = np.array([start, corner, corner + bend * float(self._rng.uniform(0.4, 0.9))])
            if self._room.free(np.concatenate([along(path), _circle(path[-1], ring)]), pad_number + 1).all():
                self._lay(path, self._width(pad), pad_number + 1)
                self._drill(path[-1], ring, pad_number + 1)
                return

    def bus(self, net: int) -> None:
        """Parallel traces that cross the board and dive through vias where something is in their way."""
        start, end = self._rng.uniform(0.05, 0.95, (2, 2)) * np.array((self._plan.width, self._plan.height))
        path = np.array([start, *octilinear(start, end, int(self._rng.integers(3))), end])
        pitch = self._theme.trace + self._theme.clearance + 0.05
        for lane in range(int(self._rng.integers(1, 6))):
            piece = _longest_free(along(parallel(path, lane * pitch)), self._room, net + lane)
            if piece is None:
                continue
            self._lay(piece, self._theme.trace, net + lane)
            for tip in (piece[0], piece[-1]):
                if self._room.free(_circle(tip, 0.26), net + lane).all():
                    self._drill(tip, 0.26, net + lane)

    def _width(self, *ends: Pad) -> float:
        limit = min(min(p.width, p.height) for p in ends)
        return min(self._theme.trace * float(self._rng.choice((1.0, 1.0, 1.0, 1.6, 2.4))), limit * 0.8)

    def _lay(self, path: Points, width: float, net: int) -> None:
        self._room.claim(along(path), self._theme.clearance + width / 2 + self._theme.trace / 2, net)
        (left, top), (right, bottom) = path.min(axis=0).tolist(), path.max(axis=0).tolist()
        self.routed.traces.append(Trace(path, width, (left, top, right, bottom)))

    def _drill(self, at: Points, ring: float, net: int) -> None:
        self._room.claim(at[None], self._theme.clearance + ring + self._theme.trace / 2, net)
        self.routed.vias.append(Via(float(at[0]), float(at[1]), ring, ring * 0.5))


def _circle(at: Points, radius: float) -> Points:
    return np.asarray(at + radius * np.array([(0, 0), (1, 0), (-1, 0), (0, 1), (0, -1)]))


def _paths(a: Pad, b: Pad) -> list[Points]:
    """Ways between two pads that leave each along its exit, the shortest first."""
    start, end = np.array((a.x, a.y)), np.array((b.x, b.y))
    found: list[tuple[float, Points]] = []
    for first, last in _LEGS:
        p = start + np.array((a.exit_x, a.exit_y)) * (first + max(a.width, a.height) / 2)
        q = end + np.array((b.exit_x, b.exit_y)) * (last + max(b.width, b.height) / 2)
        for kind in (0, 1, 2):
            path = np.array([start, p, *octilinear(p, q, kind), q, end])
            length = gentle_length(path.tolist())
            if length is not None:
                found.append((length, path))
    return [path for _, path in sorted(found, key=itemgetter(0))]


def _longest_free(points: Points, room: _Occupancy, net: int) -> Points | None:
    free = room.free(points, net)
    edges = np.flatnonzero(np.diff(np.concatenate([[0], free.astype(np.int8), [0]])))
    if not len(edges):
        return None
    runs = edges.reshape(-1, 2)
    first, last = runs[np.argmax(runs[:, 1] - runs[:, 0])] + (4, -4)
    return corners(points[first:last]) if last - first > 32 else None
