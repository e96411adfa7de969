# SPDX-License-Identifier: Apache-2.0
"""What the camera's window shows before any light falls on it: colour, height and gloss of every pixel."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Material:
    """How a substance looks: linear RGB, how much light it mirrors (metal near 1), how blurred the mirror is."""

    colour: tuple[float, float, float]
    mirror: float
    roughness: float  # radians: the spread of the highlight


@dataclass(slots=True)
class Surface:
    """Layers of one window, painted from the substrate upwards."""

    colour: Array  # (H,W,3) linear RGB
    height: Array  # (H,W) millimetres above the mask's plane
    mirror: Array  # (H,W) 0 to 1
    roughness: Array  # (H,W) radians

    @classmethod
    def blank(cls, pixels: int, material: Material) -> Surface:
        """A plane of one material."""
        shape = (pixels, pixels)
        return cls(
            np.broadcast_to(np.array(material.colour, dtype=np.float32), (*shape, 3)).copy(),
            np.zeros(shape, np.float32),
            np.full(shape, material.mirror, np.float32),
            np.full(shape, material.roughness, np.float32),
        )

    def paint(self, cover: Array, material: Material, shade: Array | float = 1.0, height: Array | None = None) -> None:
        """Lay a material over the covered share (H,W) of every pixel, its colour times `shade`, at a new height."""
        rows, columns = np.flatnonzero(cover.any(axis=1)), np.flatnonzero(cover.any(axis=0))
        if not len(rows):
            return
        at = slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)
        share, tone = cover[at], shade[at] if isinstance(shade, np.ndarray) else np.float32(shade)
        for channel, level in enumerate(material.colour):
            _blend(self.colour[(*at, channel)], share, np.float32(level) * tone)
        _blend(self.mirror[at], share, np.float32(material.mirror))
        _blend(self.roughness[at], share, np.float32(material.roughness))
        if height is not None:
            _blend(self.height[at], share, height[at])

    def part(self, rows: slice, columns: slice) -> Surface:
        """A view on a part of the window: painting it paints the whole."""
        at = (rows, columns)
        return Surface(self.colour[at], self.height[at], self.mirror[at], self.roughness[at])

    def copy(self) -> Surface:
        """A surface of its own."""
        return Surface(self.colour.copy(), self.height.copy(), self.mirror.copy(), self.roughness.copy())

    def differs(self, other: Surface) -> NDArray[np.bool_]:
        """Where two surfaces of the same window are not the same (H,W)."""
        colour = np.abs(self.colour - other.colour).max(axis=2) > 0.005
        shape = (np.abs(self.height - other.height) > 0.02) | (np.abs(self.mirror - other.mirror) > 0.06)
        return np.asarray(colour | shape)


def _blend(values: Array, share: Array, target: Array | np.float32) -> None:
    values += share * (target - values)
