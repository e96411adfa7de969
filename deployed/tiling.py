# SPDX-License-Identifier: Apache-2.0
"""Squares that cover large pictures: where they lie, and how predictions on them become one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Bytes = NDArray[np.uint8]
    Levels = NDArray[np.float32]

Corner = tuple[int, int]  # top and left, in pixels

_OVERLAP = 4  # neighbouring tiles share a quarter of their side


def starts_of(length: int, side: int, step: int) -> list[int]:
    """Starts of tiles of `side` along a picture of `length`, evenly, no more than `step` apart; of a shorter one: 0."""
    if length <= side:
        return [0]
    count = 1 + -(-(length - side) // step)
    return [round(i * (length - side) / (count - 1)) for i in range(count)]


def tiles_of(height: int, width: int, side: int) -> list[Corner]:
    """Corners of squares that cover a picture, evenly, with an overlap of a quarter or more; smaller pictures: one."""
    step = side - side // _OVERLAP
    return [(top, left) for top in starts_of(height, side, step) for left in starts_of(width, side, step)]


def at_least(picture: Bytes, side: int) -> Bytes:
    """A picture (..., H, W) of at least `side` pixels each way: right and bottom repeat its edge."""
    height, width = picture.shape[-2:]
    missing = (max(0, side - height), max(0, side - width))
    if not any(missing):
        return picture
    return np.pad(picture, [(0, 0)] * (picture.ndim - 2) + [(0, missing[0]), (0, missing[1])], mode="edge")


def blend_weights(side: int) -> Levels:
    """How much each pixel of a tile (side, side) counts where tiles overlap: most in the middle, which sees most."""
    steps = np.arange(side, dtype=np.float32) + np.float32(0.5)
    line = np.minimum(np.minimum(steps, side - steps) / (side / 2), 2.0 / _OVERLAP).astype(np.float32)
    return np.asarray(line[:, None] * line[None, :])


class Canvas:
    """Sums the predictions (C, side, side) of the tiles of one picture; `size` is the picture's (H, W)."""

    def __init__(self, classes: int, size: Corner, side: int) -> None:
        height, width = max(side, size[0]), max(side, size[1])
        self._size = size
        self._side = side
        self._sum = np.zeros((classes, height, width), np.float32)
        self._weight = np.zeros((height, width), np.float32)
        self._tile_weight = blend_weights(side)

    def add(self, corner: Corner, probabilities: Levels) -> None:
        """Take in one tile."""
        rows, columns = (slice(start, start + self._side) for start in corner)
        self._sum[:, rows, columns] += probabilities * self._tile_weight
        self._weight[rows, columns] += self._tile_weight

    def whole(self) -> Levels:
        """The picture's probabilities (C, H, W)."""
        height, width = self._size
        return np.asarray((self._sum / self._weight)[:, :height, :width])
