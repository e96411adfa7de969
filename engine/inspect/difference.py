# SPDX-License-Identifier: Apache-2.0
"""The plain difference of two registered pictures: what stands in where no model is named.

It knows nothing of what is harmless on a line. Slow differences of light are taken off; a level counts as far as it
lies outside all levels that the other picture has within reach, so that what the registration left is forgiven.
"""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING

import numpy as np

from engine.inspect.evidence import Inspector

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Picture = NDArray[np.uint8]
    Levels = NDArray[np.float32]

THRESHOLD = 0.2  # of the range of levels
_LIGHT_SHARE = 0.05  # of the longer side: slower changes of brightness are light, not the board
_MOST_REACH = 6  # pixels
_GRAIN = 3  # pixels: smaller specks are grain


def plain_difference(threshold: float | None, least_area: int) -> Inspector:
    """Evidence without a model."""
    about = "plain difference of the registered pictures; no model was named, and nothing taught it what is harmless"
    value = THRESHOLD if threshold is None else threshold
    origin = {"kind": "default" if threshold is None else "given"}
    return Inspector(difference, value, about, origin, least_area, judges=False)


def difference(golden: Picture, test: Picture, residual: float) -> Levels:
    """Scores (H, W) in 0..1 for pictures (H, W, 3): the largest of the three colours."""
    import cv2

    reach = min(_MOST_REACH, ceil(residual) + 1)
    found = np.zeros(golden.shape[:2], dtype=np.float32)
    for colour in range(3):
        ours, theirs = golden[..., colour], _in_light_of(golden[..., colour], test[..., colour])
        np.maximum(found, _outside(theirs, ours, reach), out=found)
        np.maximum(found, _outside(ours, theirs, reach), out=found)
    return np.asarray(cv2.medianBlur(found, _GRAIN) / 255.0, dtype=np.float32)


def _in_light_of(golden: Picture, test: Picture) -> Picture:
    """The test picture's levels (H, W) with its slow brightness exchanged for the golden picture's."""
    import cv2

    soft = max(8.0, _LIGHT_SHARE * max(golden.shape))
    small = tuple(max(1, round(length / 4)) for length in golden.shape[::-1])
    step = (_slow(golden, small, soft / 4) - _slow(test, small, soft / 4)).astype(np.float32)
    whole = cv2.resize(step, golden.shape[::-1], interpolation=cv2.INTER_LINEAR)
    return np.asarray(np.clip(test.astype(np.float32) + whole, 0, 255), dtype=np.uint8)


def _slow(levels: Picture, size: tuple[int, ...], soft: float) -> Levels:
    import cv2

    small = cv2.resize(levels, size, interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.GaussianBlur(small.astype(np.float32), (0, 0), soft, borderType=cv2.BORDER_REPLICATE))


def _outside(levels: Picture, other: Picture, reach: int) -> Levels:
    """How far levels (H, W) lie outside those of the other picture within `reach` pixels."""
    import cv2

    window = np.ones((2 * reach + 1, 2 * reach + 1), dtype=np.uint8)
    above = cv2.subtract(levels, cv2.dilate(other, window))
    below = cv2.subtract(cv2.erode(other, window), levels)
    return np.asarray(cv2.max(above, below), dtype=np.float32)
