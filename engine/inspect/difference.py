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
BAND = 512  # rows


def plain_difference(threshold: float | None, least_area: int) -> Inspector:
    """Evidence without a model."""
    about = "plain difference of the registered pictures; no model was named, and nothing taught it what is harmless"
    value = THRESHOLD if threshold is None else threshold
    origin = {"kind": "default" if threshold is None else "given"}
    return Inspector(difference, value, about, origin, least_area, judges=False)


def difference(golden: Picture, test: Picture, residual: float, band: int = BAND) -> Levels:
    """Scores (H, W) in 0..1 for pictures (H, W, 3): the largest of the three colours.

    `band` rows are looked at at a time, which bounds the memory; the scores do not depend on it.
    """
    import cv2

    reach = min(_MOST_REACH, ceil(residual) + 1)
    margin = reach + _GRAIN // 2
    steps = [_step_of_light(golden[..., colour], test[..., colour]) for colour in range(3)]
    height, width = golden.shape[:2]
    scores = np.zeros((height, width), dtype=np.float32)
    for top in range(0, height, band):
        rows = slice(max(0, top - margin), min(height, top + band + margin))
        found = np.zeros((rows.stop - rows.start, width), dtype=np.float32)
        for colour, step in enumerate(steps):
            ours, theirs = golden[rows, :, colour], _in_light_of(test[rows, :, colour], step, rows, height)
            np.maximum(found, _outside(theirs, ours, reach), out=found)
            np.maximum(found, _outside(ours, theirs, reach), out=found)
        inner = cv2.medianBlur(found, _GRAIN)[top - rows.start : top - rows.start + band]
        scores[top : top + band] = inner / 255.0
    return scores


def _step_of_light(golden: Picture, test: Picture) -> Levels:
    """How much brighter the golden picture (H, W) is than the test picture: slow changes, at a quarter of the size."""
    soft = max(8.0, _LIGHT_SHARE * max(golden.shape))
    small = tuple(max(1, round(length / 4)) for length in golden.shape[::-1])
    step: Levels = _slow(golden, small, soft / 4) - _slow(test, small, soft / 4)
    return step


def _in_light_of(test: Picture, step: Levels, rows: slice, height: int) -> Picture:
    """Rows of the test picture with their slow brightness exchanged for the golden picture's."""
    import cv2

    places = (np.arange(rows.start, rows.stop) + 0.5) * (len(step) / height) - 0.5
    places = np.clip(places, 0, len(step) - 1)
    above = np.minimum(places.astype(int), max(0, len(step) - 2))
    share = (places - above).astype(np.float32)[:, None]
    part = step[above] * (1 - share) + step[np.minimum(above + 1, len(step) - 1)] * share
    whole = cv2.resize(part, test.shape[::-1], interpolation=cv2.INTER_LINEAR)
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
