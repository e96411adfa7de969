# SPDX-License-Identifier: Apache-2.0
"""The camera's window on a board, and layers of flat artwork drawn in it.

Board coordinates are millimetres, x to the right and y downwards; angles are radians, turning x towards y.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

Array = NDArray[np.float32]
Points = NDArray[np.float64]

_SUPERSAMPLE = 3  # artwork is drawn this many times finer, then averaged: smooth edges


@dataclass(frozen=True, slots=True)
class Window:
    """A square view: its centre and side in millimetres, its turn in radians, its side in pixels."""

    x: float
    y: float
    side: float
    pixels: int
    angle: float = 0.0

    @property
    def scale(self) -> float:
        """Pixels per millimetre."""
        return self.pixels / self.side

    def to_pixels(self, points: Points, scale: float = 1.0) -> Points:
        """Board points (N,2) as pixel positions (N,2), times `scale`."""
        cos, sin = math.cos(self.angle), math.sin(self.angle)
        dx, dy = points[:, 0] - self.x, points[:, 1] - self.y
        out = np.stack([cos * dx + sin * dy, cos * dy - sin * dx], axis=1)
        return (out * self.scale + self.pixels / 2) * scale

    def grid(self) -> tuple[Array, Array]:
        """The board position of every pixel's centre: x (H,W), y (H,W)."""
        cos, sin = math.cos(self.angle), math.sin(self.angle)
        steps = ((np.arange(self.pixels, dtype=np.float32) + 0.5) / self.pixels - 0.5) * np.float32(self.side)
        u, v = np.meshgrid(steps, steps)
        return (u * cos - v * sin + self.x).astype(np.float32), (u * sin + v * cos + self.y).astype(np.float32)

    def sees(self, x: float, y: float, reach: float) -> bool:
        """Whether anything within `reach` of a board point can be in the view."""
        half = self.side * (0.5 if self.angle == 0 else 0.53) + reach
        return abs(x - self.x) < half and abs(y - self.y) < half

    def sees_box(self, box: tuple[float, float, float, float]) -> bool:
        """Whether any of an upright box x1 y1 x2 y2 can be in the view."""
        half = self.side * 0.53
        left, right, top, bottom = self.x - half, self.x + half, self.y - half, self.y + half
        return box[0] < right and box[2] > left and box[1] < bottom and box[3] > top


class Artwork:
    """One layer of flat shapes in a window, with smooth edges."""

    def __init__(self, window: Window, fineness: int = _SUPERSAMPLE) -> None:
        self.window = window
        self._image = Image.new("L", (window.pixels * fineness,) * 2)
        self._draw = ImageDraw.Draw(self._image)
        self._scale = window.scale * fineness
        # Artwork is drawn stroke by stroke, so the way from board to picture is one product and one sum.
        self._offset = window.to_pixels(np.zeros((1, 2)), fineness)
        self._matrix = window.to_pixels(np.eye(2), fineness) - self._offset

    def line(self, points: Points, width: float, value: int = 255) -> None:
        """A polyline (N,2) of a width in millimetres with round ends and corners."""
        spots = points @ self._matrix + self._offset
        if not self._visible(spots, width * self._scale):
            return
        thickness = max(width * self._scale, 1.0)
        corners = spots.tolist()
        self._draw.line([(x, y) for x, y in corners], fill=value, width=max(round(thickness), 1))
        if thickness >= 3:
            for x, y in corners:
                self._disc(x, y, thickness / 2, value)

    def polygon(self, points: Points, value: int = 255) -> None:
        """A filled polygon (N,2)."""
        spots = points @ self._matrix + self._offset
        if self._visible(spots, 0.0):
            self._draw.polygon([tuple(p) for p in spots.tolist()], fill=value)

    def disc(self, x: float, y: float, radius: float, value: int = 255) -> None:
        """A filled circle."""
        if self.window.sees(x, y, radius):
            spot = (np.array([[x, y]]) @ self._matrix + self._offset)[0]
            self._disc(float(spot[0]), float(spot[1]), radius * self._scale, value)

    def coverage(self) -> Array:
        """How much of every pixel is covered, 0 to 1 (H,W)."""
        small = self._image.reduce(self._image.width // self.window.pixels)
        return np.asarray(small, dtype=np.float32) / np.float32(255)

    def _disc(self, x: float, y: float, radius: float, value: int) -> None:
        self._draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=value)

    def _visible(self, spots: Points, margin: float) -> bool:
        (left, top), (right, bottom) = spots.min(axis=0).tolist(), spots.max(axis=0).tolist()
        far = self._image.width + margin
        return bool(right > -margin and bottom > -margin and left < far and top < far)


def rectangle(centre: tuple[float, float], size: tuple[float, float], grow: float = 0.0) -> Points:
    """The corners (4,2) of an upright rectangle about its centre, grown by a margin on every side."""
    (x, y), a, b = centre, size[0] / 2 + grow, size[1] / 2 + grow
    return np.array([(x - a, y - b), (x + a, y - b), (x + a, y + b), (x - a, y + b)])


def turned(points: Points, angle: float) -> Points:
    """Points (N,2) turned about the origin."""
    cos, sin = math.cos(angle), math.sin(angle)
    return np.stack([points[:, 0] * cos - points[:, 1] * sin, points[:, 0] * sin + points[:, 1] * cos], axis=1)


def moved(points: Points, x: float, y: float) -> Points:
    """Points (N,2) displaced."""
    return np.asarray(points + np.array((x, y)))
