# SPDX-License-Identifier: Apache-2.0
"""Squares that are cut out of large pictures: where they lie, and how predictions on them become one."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import torch
from torch import Tensor
from torch.nn import functional

from engine.inspect.tiling import starts_of
from scoring.regions import find_regions

if TYPE_CHECKING:
    from collections.abc import Sequence

Corner = tuple[int, int]  # top and left, in pixels

_OVERLAP = 4  # neighbouring tiles share a quarter of their side
_SPECKS_APART = 8  # pixels; nearer specks are one change, and count as one where a tile is drawn around a change
_SALT = 0x74696C65  # draws apart from those of the changes that the same seed decides


def tiles_of(height: int, width: int, side: int) -> list[Corner]:
    """Corners of squares that cover a picture, evenly, with an overlap of a quarter or more; smaller pictures: one."""
    step = side - side // _OVERLAP
    return [(top, left) for top in starts_of(height, side, step) for left in starts_of(width, side, step)]


def tiles_per_pair(height: int, width: int, side: int) -> int:
    """How many tiles one picture gives in an epoch of training: as many as its area holds, and one at least."""
    return max(1, round(height * width / side**2))


def padded(picture: Tensor, side: int, value: int | None = None) -> Tensor:
    """A picture (..., H, W) of at least `side` pixels each way: right and bottom repeat its edge, or are `value`."""
    height, width = picture.shape[-2:]
    missing = (0, max(0, side - width), 0, max(0, side - height))
    if not any(missing):
        return picture
    if value is not None:
        return functional.pad(picture, missing, value=value)
    flat = picture.reshape(1, -1, height, width).float()
    return (
        functional.pad(flat, missing, mode="replicate")
        .to(picture.dtype)
        .reshape(*picture.shape[:-2], *_at_least(picture, side))
    )


def _at_least(picture: Tensor, side: int) -> Corner:
    return max(side, picture.shape[-2]), max(side, picture.shape[-1])


def cut(picture: Tensor, corner: Corner, side: int) -> Tensor:
    """The square of a picture (..., H, W) at a corner."""
    top, left = corner
    return picture[..., top : top + side, left : left + side]


def change_centres(label: Tensor, ignored: int) -> tuple[Corner, ...]:
    """The middle of each changed region of a label (H, W)."""
    regions = find_regions(((label > 0) & (label != ignored)).numpy(), _SPECKS_APART).regions
    return tuple(((one.y1 + one.y2) // 2, (one.x1 + one.x2) // 2) for one in regions)


def draw_tile(size: Corner, centres: Sequence[Corner], changed_share: float, side: int, seed: int) -> Corner:
    """A tile of one training draw: around a change, somewhere off its middle, or anywhere."""
    chance = random.Random(seed ^ _SALT)  # noqa: S311 - repeatable, no secret
    highest = tuple(max(0, length - side) for length in size)
    if centres and chance.random() < changed_share:
        reach = side * 3 // 8
        place = [middle - side // 2 + chance.randint(-reach, reach) for middle in chance.choice(centres)]
    else:
        place = [chance.randint(0, last) for last in highest]
    top, left = (min(max(0, start), last) for start, last in zip(place, highest, strict=True))
    return top, left


def blend_weights(side: int) -> Tensor:
    """How much each pixel of a tile (side, side) counts where tiles overlap: most in the middle, which sees most."""
    steps = torch.arange(side, dtype=torch.float32) + 0.5
    ramp = torch.minimum(steps, side - steps) / (side / 2)
    line = ramp.clamp(max=2.0 / _OVERLAP)
    return line[:, None] * line[None, :]


class Canvas:
    """Sums the predictions (C, side, side) of the tiles of one picture; `size` is the picture's (H, W)."""

    def __init__(self, classes: int, size: Corner, side: int) -> None:
        height, width = max(side, size[0]), max(side, size[1])
        self._size = size
        self._side = side
        # Sums in 32 bit, whatever the format of the training that validates.
        self._sum = torch.zeros(classes, height, width, dtype=torch.float32)
        self._weight = torch.zeros(height, width, dtype=torch.float32)
        self._tile_weight = blend_weights(side)

    def add(self, corner: Corner, probabilities: Tensor) -> None:
        """Take in one tile."""
        cut(self._sum, corner, self._side).add_(probabilities * self._tile_weight)
        cut(self._weight, corner, self._side).add_(self._tile_weight)

    def whole(self) -> Tensor:
        """The picture's probabilities (C, H, W)."""
        height, width = self._size
        return (self._sum / self._weight)[:, :height, :width]
