# SPDX-License-Identifier: Apache-2.0
"""Squares that are cut out of large pictures to train on, and the edges of pictures that are smaller."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from torch.nn import functional

from scoring.regions import find_regions

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor

    from deployed.tiling import Corner


_SPECKS_APART = 8  # pixels; nearer specks are one change, and count as one where a tile is drawn around a change
_SALT = 0x74696C65  # draws apart from those of the changes that the same seed decides


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
