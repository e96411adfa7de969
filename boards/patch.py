# SPDX-License-Identifier: Apache-2.0
"""The part of a window around one thing, in which that thing is painted."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from boards.surface import Surface
    from boards.view import Window

Array = NDArray[np.float32]


@dataclass(slots=True)
class Patch:
    """A view on a surface with the board position of its pixels."""

    surface: Surface
    x: Array
    y: Array
    scale: float  # pixels per millimetre

    def local(self, x: float, y: float, angle: float) -> tuple[Array, Array]:
        """Every pixel's position in a frame at (x, y), turned by `angle`."""
        cos, sin = np.float32(math.cos(angle)), np.float32(math.sin(angle))
        dx, dy = self.x - np.float32(x), self.y - np.float32(y)
        return dx * cos + dy * sin, dy * cos - dx * sin


@dataclass(slots=True)
class Stage:
    """A window's surface with its grid, computed once."""

    window: Window
    surface: Surface
    x: Array
    y: Array

    @classmethod
    def over(cls, window: Window, surface: Surface) -> Stage:
        """The stage of a window."""
        return cls(window, surface, *window.grid())

    def patch(self, x: float, y: float, reach: float) -> Patch | None:
        """The pixels within `reach` millimetres (as a square) of a board point, or None where none are in view."""
        at = self.window.to_pixels(np.array([[x, y]]))[0]
        half = reach * self.window.scale * (1.0 if self.window.angle == 0 else 1.1) + 2
        low = np.clip(np.floor(at - half), 0, self.window.pixels).astype(int)
        high = np.clip(np.ceil(at + half), 0, self.window.pixels).astype(int)
        if (high <= low).any():
            return None
        rows, columns = slice(low[1], high[1]), slice(low[0], high[0])
        return Patch(self.surface.part(rows, columns), self.x[rows, columns], self.y[rows, columns], self.window.scale)
