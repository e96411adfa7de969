# SPDX-License-Identifier: Apache-2.0
"""Views of doubtful pairs: turned and mirrored, as `engine.classify.test_time_augmentation` takes them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from deployed.layout import Tiling

    Inputs = NDArray[np.float32]

View = tuple[int, bool]  # quarter turns counter-clockwise, then whether left and right are swapped
SQUARE: tuple[View, ...] = tuple((turns, mirrored) for mirrored in (False, True) for turns in range(4))[1:]
OBLONG: tuple[View, ...] = ((2, False), (0, True), (2, True))  # those that keep the size


def views_of(height: int, width: int) -> tuple[View, ...]:
    """The views of a lighting of that size, beside the one that was taken."""
    return SQUARE if height == width else OBLONG


def seen(pictures: Inputs, view: View, tiling: Tiling) -> Inputs:
    """Pictures (M, 3, H, W) turned, each lighting in its place."""
    turns, mirrored = view
    lightings = np.rot90(tiling.split(pictures), turns, (-2, -1))
    return np.ascontiguousarray(tiling.combine(lightings[..., ::-1] if mirrored else lightings))
