# SPDX-License-Identifier: Apache-2.0
"""One unit of a design: how every component came to lie, and what happened to the board."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from boards.floorplan import Floorplan, draw_floorplan
from boards.routing import Routed, route
from boards.themes import Theme, draw_theme

if TYPE_CHECKING:
    from boards.surface import Material

Points = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Design:
    """A board as its designer drew it."""

    theme: Theme
    plan: Floorplan
    routed: Routed


@dataclass(frozen=True, slots=True)
class Mounting:
    """How one component lies on its footprint: offset in mm, turn in radians, solder per joint."""

    dx: float = 0.0
    dy: float = 0.0
    turn: float = 0.0
    present: bool = True
    lift: float = 0.0  # radians; a tombstone stands up about one end
    lifted_end: int = 1  # which end stays on its pad: +1 or -1
    fill: tuple[float, ...] = ()  # share of the usual solder per pad; empty: all of it


@dataclass(frozen=True, slots=True)
class Stroke:
    """Matter laid along a polyline (N,2): its width and its height above the board, mm."""

    points: Points
    width: float
    height: float = 0.0


@dataclass(frozen=True, slots=True)
class Marks:
    """What should not be there, or is gone: copper added and cut, solder bridges, scratches, foreign matter."""

    copper: tuple[Stroke, ...] = ()
    cuts: tuple[Stroke, ...] = ()
    solder: tuple[Stroke, ...] = ()
    scratches: tuple[Stroke, ...] = ()
    objects: tuple[tuple[Stroke, Material], ...] = ()

    def __add__(self, other: Marks) -> Marks:
        """Both together."""
        return Marks(
            self.copper + other.copper,
            self.cuts + other.cuts,
            self.solder + other.solder,
            self.scratches + other.scratches,
            self.objects + other.objects,
        )


@dataclass(frozen=True, slots=True)
class Unit:
    """A board that stands under the camera; `seed` decides its grain, its ink and its joints."""

    design: Design
    mountings: tuple[Mounting, ...]
    seed: int
    marks: Marks = field(default_factory=Marks)

    def with_mounting(self, index: int, mounting: Mounting) -> Unit:
        """The same unit with one component lying otherwise."""
        changed = list(self.mountings)
        changed[index] = mounting
        return replace(self, mountings=tuple(changed))

    def with_marks(self, marks: Marks) -> Unit:
        """The same unit with more marks."""
        return replace(self, marks=self.marks + marks)


def draw_design(rng: np.random.Generator, components: int) -> Design:
    """Draw materials, placement and routing of one board."""
    theme = draw_theme(rng)
    plan = draw_floorplan(rng, components)
    return Design(theme, plan, route(rng, plan, theme))


def draw_unit(rng: np.random.Generator, design: Design, tolerance: float) -> Unit:
    """Assemble one unit with the usual placement tolerance, times `tolerance`."""
    mountings = tuple(_settle(rng, min(item.part.length, item.part.width), tolerance) for item in design.plan.placed)
    return Unit(design, mountings, int(rng.integers(2**62)))


def _settle(rng: np.random.Generator, small_side: float, tolerance: float) -> Mounting:
    """A pick-and-place machine's error: a few hundredths of a millimetre, a degree or so for the smallest parts."""
    reach = tolerance * min(0.025 * (1 + small_side), 0.07)
    dx, dy = np.clip(rng.normal(0, reach / 2, 2), -reach, reach)
    turn = np.clip(rng.normal(0, 0.012), -0.03, 0.03) * tolerance / (1 + 0.5 * small_side)
    return Mounting(float(dx), float(dy), float(turn))
