# SPDX-License-Identifier: Apache-2.0
"""One flaw in a picture: a place is found where its kind can be, it is drawn there, and what changed is its mask."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from pairs.flaws import matter, structure
from pairs.flaws.matter import Place

if TYPE_CHECKING:
    from pairs.flaws.tones import Array

Picture = NDArray[np.uint8]
Mask = NDArray[np.bool_]
Box = tuple[int, int, int, int]  # x, y, width, height in pixels

_MAKERS = matter.MAKERS | structure.MAKERS
KINDS = tuple(sorted(_MAKERS))
SMALLEST, LARGEST = 4.0, 400.0  # pixels
_TRIES = 40
_CHANGED = 14  # levels from which a pixel counts as changed
_FEWEST = 6  # pixels
_LEAST_DEPTH = 26.0  # levels, on average over what changed
_LEAST_EXTENT, _MOST_EXTENT = 0.5, 1.6  # of the size that was asked for
_AROUND = 1.1  # of the size, that a window shows on each side of the middle
_MARGIN = 6  # pixels


@dataclass(frozen=True, slots=True)
class Flaw:
    """A flaw in a picture: its kind, the longer side of its box in pixels, the box, and what it changed (H, W)."""

    kind: str
    size: int
    box: Box
    mask: Mask


def draw_flaw(
    picture: Picture, kind: str, size: float, rng: np.random.Generator, kept: Mask | None = None
) -> tuple[Picture, Flaw] | None:
    """Draw a flaw of about `size` pixels somewhere into a picture (H, W, 3).

    What is set in `kept` (H, W) is not touched. None where the picture has no room for such a flaw.
    """
    reach = math.ceil(_AROUND * size) + _MARGIN
    height, width = picture.shape[:2]
    if min(height, width) <= 2 * reach:
        return None
    for _ in range(_TRIES):
        top, left = int(rng.integers(height - 2 * reach)), int(rng.integers(width - 2 * reach))
        inside = np.s_[top : top + 2 * reach, left : left + 2 * reach]
        if kept is not None and kept[inside].any():
            continue
        window = picture[inside].astype(np.float32)
        drawn = _coloured_alike(_MAKERS[kind](rng, Place(window, picture, size)), window)
        changed = None if drawn is None else _changed(window, drawn, size)
        if drawn is not None and changed is not None:
            return _result(picture, drawn, changed, kind, (top, left))
    return None


def _coloured_alike(drawn: Array | None, window: Array) -> Array | None:
    """What was drawn without colour, where the picture has none."""
    if drawn is None or np.ptp(window, axis=2).max() > 0:
        return drawn
    return np.broadcast_to(drawn.mean(axis=2, keepdims=True), drawn.shape)


def _changed(window: Array, drawn: Array, size: float) -> Mask | None:
    """What a flaw changed of a window; None where it hardly shows, or has another size than was wanted."""
    depth = np.abs(np.clip(drawn, 0, 255) - window).max(axis=2)
    changed = depth > _CHANGED
    if changed.sum() < _FEWEST or float(depth[changed].mean()) < _LEAST_DEPTH:
        return None
    rows, columns = np.flatnonzero(changed.any(axis=1)), np.flatnonzero(changed.any(axis=0))
    extent = max(int(rows[-1] - rows[0]), int(columns[-1] - columns[0])) + 1
    return changed if _LEAST_EXTENT * size <= extent <= _MOST_EXTENT * size + 2 else None


def _result(picture: Picture, drawn: Array, changed: Mask, kind: str, corner: tuple[int, int]) -> tuple[Picture, Flaw]:
    top, left = corner
    side = changed.shape[0]
    inside = np.s_[top : top + side, left : left + side]
    result, mask = picture.copy(), np.zeros(picture.shape[:2], dtype=bool)
    result[inside] = np.clip(np.round(drawn), 0, 255).astype(np.uint8)
    mask[inside] = changed
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    box = (int(columns[0]), int(rows[0]), int(columns[-1] - columns[0]) + 1, int(rows[-1] - rows[0]) + 1)
    return result, Flaw(kind, max(box[2], box[3]), box, mask)


def drawn_size(rng: np.random.Generator, smallest: float, largest: float) -> float:
    """A size in pixels between both; halves and doubles are as frequent as one another."""
    return float(np.exp(rng.uniform(math.log(smallest), math.log(largest))))
