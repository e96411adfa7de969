# SPDX-License-Identifier: Apache-2.0
"""Flat copper in pixels of a scan: shapes, the nets that they make up, and the areas that must not overlap."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from boards.view import Artwork

Points = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Line:
    """A polyline (N,2) of a width."""

    points: Points
    width: float


@dataclass(frozen=True, slots=True)
class Disc:
    """A round pad."""

    x: float
    y: float
    radius: float


def disc(at: Points, radius: float) -> Disc:
    """A round pad at a point (2,)."""
    return Disc(float(at[0]), float(at[1]), radius)


@dataclass(frozen=True, slots=True)
class Plate:
    """A filled polygon (N,2); rounded corners come from its own outline."""

    points: Points
    rounding: float = 0.0


Shape = Line | Disc | Plate


@dataclass(slots=True)
class Net:
    """Copper that belongs together; `gap` is its clearance, `hollow` turns it into a cut-out."""

    shapes: list[Shape]
    gap: float
    hollow: bool = False
    holes: list[Disc] = field(default_factory=list)


class Room:
    """Areas that rows of pads and letters have taken: they never lie across one another."""

    def __init__(self) -> None:
        self.boxes: list[tuple[float, float, float, float]] = []

    def take(self, points: Points, margin: float) -> bool:
        """Claim the box around points (N,2), if it is free."""
        (left, top), (right, bottom) = (points.min(axis=0) - margin).tolist(), (points.max(axis=0) + margin).tolist()
        if any(left < b[2] and b[0] < right and top < b[3] and b[1] < bottom for b in self.boxes):
            return False
        self.boxes.append((left, top, right, bottom))
        return True


def lay(art: Artwork, net: Net) -> None:
    """Draw a net in two passes: wipe its surroundings, then lay its copper down."""
    for shape in net.shapes:
        _draw(art, shape, net.gap, 0)
    for shape in net.shapes:
        _draw(art, shape, 0.0, 0 if net.hollow else 255)


def _draw(art: Artwork, shape: Shape, grow: float, value: int) -> None:
    if isinstance(shape, Line):
        art.line(shape.points, shape.width + 2 * grow, value)
    elif isinstance(shape, Disc):
        art.disc(shape.x, shape.y, shape.radius + grow, value)
    else:
        art.polygon(shape.points, value)
        if shape.rounding + grow > 0:
            art.line(np.concatenate([shape.points, shape.points[:1]]), 2 * (shape.rounding + grow), value)
