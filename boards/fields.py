# SPDX-License-Identifier: Apache-2.0
"""Small numpy tools on fields (H,W): distances, soft steps, blurs, cloudy noise."""

from __future__ import annotations

import math
from functools import cache

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]


def rounded_box(u: Array, v: Array, width: float, height: float, radius: float = 0.0) -> Array:
    """The signed distance (negative inside) to a rectangle with rounded corners, centred on the origin."""
    du, dv = np.abs(u) - (width / 2 - radius), np.abs(v) - (height / 2 - radius)
    outside = np.sqrt(np.maximum(du, 0) ** 2 + np.maximum(dv, 0) ** 2)
    return np.asarray(outside + np.minimum(np.maximum(du, dv), 0) - radius, dtype=np.float32)


def smooth(values: Array) -> Array:
    """A soft step from 0 to 1 over the unit interval."""
    t = np.clip(values, 0, 1)
    return np.asarray(t * t * (3 - 2 * t), dtype=np.float32)


def cover(distance: Array, scale: float) -> Array:
    """The share of every pixel inside a shape: signed distance in millimetres, scale in pixels per millimetre."""
    return np.asarray(np.clip(0.5 - distance * np.float32(scale), 0, 1), dtype=np.float32)


def blurred(values: Array, sigma: float) -> Array:
    """A Gaussian blur over the first two axes; `sigma` in pixels."""
    if sigma < 0.15:
        return values
    if sigma > 3:
        return _box(_box(values, round(sigma * 1.3)), round(sigma * 1.3))
    reach = max(1, round(sigma * 3))
    taps = np.exp(-0.5 * (np.arange(-reach, reach + 1) / sigma) ** 2).astype(np.float32)
    taps /= taps.sum()
    for axis in (0, 1):
        values = _weighted(values, taps, axis)
    return values


def _weighted(values: Array, taps: Array, axis: int) -> Array:
    reach, size = len(taps) // 2, values.shape[axis]
    padded = _extended(values, axis, reach, reach)
    out = np.zeros_like(values)
    for k, tap in enumerate(taps):
        out += (padded[k : k + size] if axis == 0 else padded[:, k : k + size]) * tap
    return out


def _extended(values: Array, axis: int, before: int, after: int) -> Array:
    """The field with its border repeated along one axis."""
    size = values.shape[axis]
    return np.take(values, np.arange(-before, size + after), axis=axis, mode="clip")


def _box(values: Array, reach: int) -> Array:
    reach = max(1, min(reach, min(values.shape[:2]) // 2))
    for axis in (0, 1):
        sums = np.cumsum(_extended(values, axis, reach + 1, reach), axis=axis, dtype=np.float64)
        size = values.shape[axis]
        start = 2 * reach + 1
        far = sums[start : start + size] if axis == 0 else sums[:, start : start + size]
        near = sums[:size] if axis == 0 else sums[:, :size]
        values = ((far - near) / (2 * reach + 1)).astype(np.float32)
    return values


def cloud(rng: np.random.Generator, shape: tuple[int, ...], grain: float) -> Array:
    """Smooth noise of a shape (H,W) and unit spread whose features are about `grain` pixels wide.

    It is cut at a random place out of one of a few large tiles: drawing it anew costs ten times as much.
    """
    rows, columns = int(shape[0]), int(shape[1])
    level = max(0, min(round(math.log2(max(grain, 1.0))), 6))
    side = max(512, 2 << (max(rows, columns) - 1).bit_length())
    tile = _tile(level, side)
    top, left = int(rng.integers(side - rows)), int(rng.integers(side - columns))
    cut = tile[top : top + rows, left : left + columns]
    return cut if rng.random() < 0.5 else -cut


@cache
def _tile(level: int, side: int) -> Array:
    rng, coarse = np.random.default_rng((level, side)), (side >> level) + 2
    knots = rng.standard_normal((coarse, coarse)).astype(np.float32)
    at = np.linspace(0, coarse - 1.001, side, dtype=np.float32)
    low = at.astype(np.intp)
    share = smooth(at - low)
    rows = knots[low] * (1 - share)[:, None] + knots[low + 1] * share[:, None]
    return np.asarray(rows[:, low] * (1 - share) + rows[:, low + 1] * share, dtype=np.float32)
