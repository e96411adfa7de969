# SPDX-License-Identifier: Apache-2.0
"""The shift by whole pixels that lays a test image on its golden one, as `engine.alignment` finds it, without PyTorch.

What belongs to the golden image alone is worked out once. The cost of a shift is the mean squared grey difference over
the overlap: two sums of squares, from running sums, and one correlation, at a size whose transform is quick.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Bytes = NDArray[np.uint8]
    Levels = NDArray[np.float32]
    Spectra = NDArray[np.complex64]

# Squared grey levels (of 0..1) that each squared pixel of shift costs: where nothing tells, the image stays.
PULL = 2.5e-5
_QUICK_FACTORS = (2, 3, 5)


def grey(pictures: Bytes) -> Levels:
    """The mean (M, H, W) in 0..1 over lightings and colours of pictures (M, L, 3, H, W)."""
    count = pictures.shape[1] * pictures.shape[2]
    return np.asarray(pictures.sum(axis=(1, 2), dtype=np.float32) / np.float32(255 * count), np.float32)


@dataclass(frozen=True, slots=True)
class GoldenLook:
    """What the search needs of a golden image (H, W): its mean, spectrum, and sums of squares over each overlap."""

    middle: np.float32
    spectrum: Spectra
    squares: Levels  # (2 * reach + 1, 2 * reach + 1)

    @classmethod
    def of(cls, golden: Levels, reach: int) -> GoldenLook:
        """Of a grey image, for shifts within `reach`, of which at most half a side is used."""
        height, width = golden.shape
        reach = _usable(reach, height, width)
        middle = golden.mean()
        levels = golden - middle
        spectrum = np.asarray(np.fft.rfft2(levels, s=_padded(height, width, reach)), np.complex64)
        return cls(middle, spectrum, _overlap_sums(np.square(levels)[None], reach, sign=1)[0])


def best_shift(test: Levels, golden: GoldenLook, reach: int) -> tuple[int, int]:
    """Pixels down and right, each within `reach`, that lay a test image on the golden one.

    The test image's pixel (y - down, x - right) belongs to the golden image's pixel (y, x).
    """
    height, width = test.shape
    reach = _usable(reach, height, width)
    size = _padded(height, width, reach)
    levels = test - golden.middle
    product = golden.spectrum * np.fft.rfft2(levels, s=size).conj()
    squares = golden.squares + _overlap_sums(np.square(levels)[None], reach, sign=-1)[0]
    steps = np.arange(-reach, reach + 1)
    correlation = np.fft.irfft2(product, s=size)[np.ix_(steps % size[0], steps % size[1])]
    overlap = (height - np.abs(steps))[:, None] * (width - np.abs(steps))[None, :]
    cost = (squares - 2 * correlation) / overlap + PULL * (steps[:, None] ** 2 + steps[None, :] ** 2)
    down, right = divmod(int(cost.argmin()), len(steps))
    return int(steps[down]), int(steps[right])


def moved(picture: Bytes, shift: tuple[int, int]) -> Bytes:
    """A picture (..., H, W) moved down and right; edges are repeated into what opens up."""
    if shift == (0, 0):
        return picture
    height, width = picture.shape[-2:]
    rows = (np.arange(height) - shift[0]).clip(0, height - 1)
    columns = (np.arange(width) - shift[1]).clip(0, width - 1)
    return picture.take(rows, axis=-2).take(columns, axis=-1)


def _usable(reach: int, height: int, width: int) -> int:
    return min(reach, (min(height, width) - 1) // 2)


@cache
def _padded(height: int, width: int, reach: int) -> tuple[int, int]:
    return _quick(height + reach), _quick(width + reach)


def _quick(length: int) -> int:
    """The next length whose Fourier transform is quick: even, with small prime factors."""
    while not _is_quick(length):
        length += 1
    return length


def _is_quick(length: int) -> bool:
    if length % 2:
        return False
    for factor in _QUICK_FACTORS:
        while length % factor == 0:
            length //= factor
    return length == 1


def _overlap_sums(squares: Levels, reach: int, sign: int) -> Levels:
    """Sums of (M, H, W) over what overlaps after each shift, for the image that moves (sign -1) or stays (1)."""
    height, width = squares.shape[-2:]
    running = np.zeros((len(squares), height + 1, width + 1), np.float64)
    np.cumsum(squares, axis=1, dtype=np.float64, out=running[:, 1:, 1:])
    np.cumsum(running[:, 1:, 1:], axis=2, out=running[:, 1:, 1:])
    steps = sign * np.arange(-reach, reach + 1)
    top, left = np.maximum(steps, 0)[:, None], np.maximum(steps, 0)
    bottom, right = height + np.minimum(steps, 0)[:, None], width + np.minimum(steps, 0)
    found = running[:, bottom, right] - running[:, top, right] - running[:, bottom, left] + running[:, top, left]
    return found.astype(np.float32)
