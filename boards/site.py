# SPDX-License-Identifier: Apache-2.0
"""Where a defect goes, and what its makers share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from boards.polylines import wander
from boards.spots import Spots, clear_spots, spots_in_view

if TYPE_CHECKING:
    from boards.floorplan import Placed
    from boards.unit import Mounting, Unit

Points = NDArray[np.float64]


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


def between(low: float, high: float, severity: float) -> float:
    """The value at a severity from 0 to 1."""
    return low + (high - low) * severity


def scrawl(rng: np.random.Generator, middle: Points, heading: tuple[float, float], curl: float) -> Points:
    """A wandering path (13,2) about its middle, of a direction in radians and a length in millimetres."""
    path = wander(rng, np.zeros(2), heading, curl, 12)
    return np.asarray(path - path.mean(axis=0) + middle)
