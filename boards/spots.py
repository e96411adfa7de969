# SPDX-License-Identifier: Apache-2.0
"""Where on a design copper lies open to view, so that a flaw in it can be seen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from boards.polylines import along

if TYPE_CHECKING:
    from boards.floorplan import Placed
    from boards.unit import Design

Points = NDArray[np.float64]

_NARROWEST = 3.0  # pixels: a flaw in a thinner trace would not be seen
_STEP = 0.1  # mm between samples


@dataclass(frozen=True, slots=True)
class Spots:
    """Samples of traces: place (N,2), unit normal (N,2), width, which trace, and whether it is hidden (N,)."""

    place: Points
    normal: Points
    width: NDArray[np.float64]
    trace: NDArray[np.intp]
    hidden: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.width)

    def chosen(self, where: NDArray[np.bool_]) -> Spots:
        """The samples that a mask (N,) picks."""
        return Spots(self.place[where], self.normal[where], self.width[where], self.trace[where], self.hidden[where])


def trace_spots(design: Design) -> Spots:
    """Samples of every trace; hidden are those that a body, a land, a via or a printed name covers."""
    traces = design.routed.traces
    pieces = [_samples(trace.points) for trace in traces]
    counts = [len(place) for place, _ in pieces]
    place = np.concatenate([np.empty((0, 2)), *(place for place, _ in pieces)])
    normal = np.concatenate([np.empty((0, 2)), *(normal for _, normal in pieces)])
    hidden = np.zeros(len(place), bool)
    for item in design.plan.placed:
        hidden |= _within(place, item.x, item.y, item.extent, 0.3) | _under_name(place, item)
    for via in design.routed.vias:
        hidden |= np.hypot(*(place - (via.x, via.y)).T) < via.ring + 0.15
    widths = np.repeat(np.array([trace.width for trace in traces]), counts)
    return Spots(place, normal, widths, np.repeat(np.arange(len(pieces)), counts), hidden)


def spots_in_view(spots: Spots, item: Placed, share: float = 0.8) -> Spots:
    """Those in the middle `share` of a component's crop."""
    reach = item.view_side * share
    return spots.chosen(_within(spots.place, item.x, item.y, (reach, reach), 0.0))


def clear_spots(spots: Spots, pixel: float) -> Spots:
    """Those in plain view on traces wide enough to be seen at `pixel` millimetres per pixel."""
    return spots.chosen(~spots.hidden & (spots.width >= _NARROWEST * pixel))


def free_places(design: Design, item: Placed, nearby: Spots, pixel: float, rng: np.random.Generator) -> Points:
    """Places (N,2) in a component's crop that no body, land or trace comes near; `nearby` holds all traces there."""
    half = item.view_side * 0.4
    places = rng.uniform(-half, half, (40, 2)) + np.array((item.x, item.y))
    taken = np.zeros(len(places), bool)
    for other in design.plan.placed:
        taken |= _within(places, other.x, other.y, other.extent, 0.2 + 5 * pixel) | _under_name(places, other)
    if len(nearby):
        gaps = np.hypot(*(places[:, None] - nearby.place[None]).transpose(2, 0, 1))
        taken |= (gaps < nearby.width[None] / 2 + 0.1 + 5 * pixel).any(axis=1)
    return np.asarray(places[~taken])


def _samples(points: Points) -> tuple[Points, Points]:
    place = along(points, _STEP)
    way = np.gradient(place, axis=0)
    way /= np.maximum(np.hypot(*way.T), 1e-9)[:, None]
    return place, np.stack([-way[:, 1], way[:, 0]], axis=1)


def _under_name(places: Points, item: Placed) -> NDArray[np.bool_]:
    x, y, width, height = item.legend
    return _within(places, x, y, (width, height), 0.1)


def _within(places: Points, x: float, y: float, extent: tuple[float, float], margin: float) -> NDArray[np.bool_]:
    off = np.abs(places - (x, y))
    return np.asarray((off[:, 0] < extent[0] / 2 + margin) & (off[:, 1] < extent[1] / 2 + margin))
