# SPDX-License-Identifier: Apache-2.0
"""Where the parts of a board stand: circuits first, small parts around them and in rows, no courtyard over another."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from boards.catalogue import CIRCUIT_WEIGHTS, CIRCUITS, PARTS, SMALL, SMALL_WEIGHTS, Pad, Part
from boards.glyphs import text_width
from boards.view import Window

if TYPE_CHECKING:
    import numpy as np

_MARGIN = 0.35  # mm around body and pads that belong to a part alone
_LEGEND = 1.05  # mm above a part for its name
_INK = 0.15  # mm, the width of a printed line and a little more
_GRID = 0.25  # mm
_Box = tuple[float, float, float, float]
_Spot = tuple[float, float, int]  # x, y, quarters


@dataclass(frozen=True, slots=True)
class Placed:
    """A component of the design: which part, where, turned by how many quarters, named and marked how."""

    name: str
    part: Part
    x: float
    y: float
    quarter: int
    marking: str
    lands: tuple[Pad, ...]  # the part's pads in board coordinates
    extent: tuple[float, float]  # width and height on the board

    @property
    def angle(self) -> float:
        """The turn in radians."""
        return self.quarter * math.pi / 2

    @property
    def view_side(self) -> float:
        """The side of the window that an inspection crop of this component shows, mm."""
        return max(self.extent) * 1.28 + 0.55

    @property
    def legend(self) -> tuple[float, float, float, float]:
        """Where the name is printed: centre x and y, width and cap height, so that it keeps to the part's courtyard."""
        room = self.extent[0] + 2 * _MARGIN - _INK
        usual = 0.62 if max(self.extent) < 2.2 else 0.85
        size = round(usual * min(1.0, room / text_width(self.name, usual)), 3)
        return self.x, self.y - self.extent[1] / 2 - 0.22 - size / 2, text_width(self.name, size), size

    def view(self, pixels: int) -> Window:
        """The inspection crop's window, before any nuisance."""
        return Window(self.x, self.y, self.view_side, pixels)


def place(name: str, part: Part, spot: _Spot, marking: str = "") -> Placed:
    """Set a part down on a spot (x, y, quarters)."""
    x, y, quarter = spot
    lands = tuple(_on_board(pad, spot) for pad in part.pads)
    return Placed(name, part, x, y, quarter, marking, lands, _extent(part, quarter))


def _extent(part: Part, quarter: int) -> tuple[float, float]:
    across, along = part.extent
    return (along, across) if quarter % 2 else (across, along)


def _on_board(pad: Pad, spot: _Spot) -> Pad:
    (x, y), (exit_x, exit_y) = _turn(pad.x, pad.y, spot[2]), _turn(pad.exit_x, pad.exit_y, spot[2])
    width, height = (pad.height, pad.width) if spot[2] % 2 else (pad.width, pad.height)
    return Pad(spot[0] + x, spot[1] + y, width, height, exit_x, exit_y)


@dataclass(frozen=True, slots=True)
class Floorplan:
    """A board's outline (0,0)-(width,height) in millimetres and what stands on it."""

    width: float
    height: float
    placed: tuple[Placed, ...]


def _turn(x: float, y: float, quarter: int) -> tuple[float, float]:
    for _ in range(quarter % 4):
        x, y = -y, x
    return x, y


def draw_floorplan(rng: np.random.Generator, count: int) -> Floorplan:
    """Place exactly `count` components; the board grows until they fit."""
    parts = _choose(rng, count)
    area = sum((p.extent[0] + 2 * _MARGIN) * (p.extent[1] + 2 * _MARGIN + _LEGEND) for p in parts)
    side = math.sqrt(area / rng.uniform(0.36, 0.5))
    stretch = rng.uniform(1.0, 1.25)
    while True:
        placed = _place(rng, parts, side * stretch, side / stretch)
        if placed is not None:
            return Floorplan(side * stretch, side / stretch, placed)
        side *= 1.08


def _choose(rng: np.random.Generator, count: int) -> list[Part]:
    circuits = max(1, round(count * rng.uniform(0.08, 0.18)))
    kinds = list(rng.choice(CIRCUITS, circuits, p=CIRCUIT_WEIGHTS))
    kinds += sorted(rng.choice(SMALL, count - circuits, p=SMALL_WEIGHTS))
    return sorted((PARTS[str(kind)] for kind in kinds), key=lambda p: -p.length * p.width)


def _place(rng: np.random.Generator, parts: list[Part], width: float, height: float) -> tuple[Placed, ...] | None:
    boxes: list[_Box] = []
    placed: list[Placed] = []
    numbers: dict[str, int] = {}
    for part in parts:
        spot = _spot(rng, part, placed[-1] if placed else None, boxes, (width, height))
        if spot is None:
            return None
        numbers[part.prefix] = numbers.get(part.prefix, 0) + 1
        placed.append(place(f"{part.prefix}{numbers[part.prefix]}", part, spot, _marking(rng, part)))
        boxes.append(_courtyard(part, spot))
    return tuple(placed)


def _spot(
    rng: np.random.Generator, part: Part, last: Placed | None, boxes: list[_Box], board: tuple[float, float]
) -> _Spot | None:
    for trial in range(120):
        row = last is not None and last.part.kind == part.kind and trial < 8 and rng.random() < 0.75
        if row and last is not None:
            x, y, quarter = _beside(rng, last)
        else:
            x, y = (round(float(rng.uniform(0, side)) / _GRID) * _GRID for side in board)
            quarter = int(rng.integers(4))
        box = _courtyard(part, (x, y, quarter))
        inside = box[0] > 0.5 and box[1] > 0.5 and box[2] < board[0] - 0.5 and box[3] < board[1] - 0.5
        if inside and not any(_overlap(box, other) for other in boxes):
            return x, y, quarter
    return None


def _beside(rng: np.random.Generator, last: Placed) -> _Spot:
    across, along = last.extent
    step_x, step_y = across + 2 * _MARGIN + 0.1, along + 2 * _MARGIN + _LEGEND + 0.1
    way = int(rng.integers(4))
    dx, dy = ((step_x, 0), (-step_x, 0), (0, step_y), (0, -step_y))[way]
    return last.x + dx, last.y + dy, last.quarter


def _courtyard(part: Part, spot: _Spot) -> _Box:
    """The area that a part and its name need for themselves."""
    across, along = _extent(part, spot[2])
    a, b = across / 2 + _MARGIN, along / 2 + _MARGIN
    return spot[0] - a, spot[1] - b - _LEGEND, spot[0] + a, spot[1] + b


def _overlap(a: _Box, b: _Box) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


def _marking(rng: np.random.Generator, part: Part) -> str:
    if part.family == "resistor":
        return f"{rng.integers(10, 99)}{rng.integers(0, 6)}" if part.width >= 0.8 else ""
    if part.family == "tantalum":
        return f"{rng.choice((106, 226, 476, 107))}"
    if part.family == "gullwing" and part.polar:
        return f"{rng.choice(('LM', 'TL', 'MAX', 'AD', 'ST', 'PIC', 'SN', 'MC'))}{rng.integers(100, 9999)}"
    return (
        f"{rng.choice(('A', 'K', 'S', 'T', 'W'))}{rng.integers(1, 9)}" if part.family in {"gullwing", "diode"} else ""
    )
