# SPDX-License-Identifier: Apache-2.0
"""The shift by whole pixels that lays a test image on its golden one, as `engine.alignment` finds it, without PyTorch.

What belongs to the golden image alone is worked out once. The cost of a shift is the mean squared grey difference over
the overlap: two sums of squares, and one correlation, by a transform of a quick size that is turned back for the few
shifts alone that are asked for.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Bytes = NDArray[np.uint8]
    Levels = NDArray[np.float32]
    Spectra = NDArray[np.complex64]

# Squared grey levels (of 0..1) that each squared pixel of shift costs: where nothing tells, the image stays.
PULL = 2.5e-5
_QUICK_FACTORS = (2, 3, 5, 7, 11)  # those that NumPy's transform has code of its own for


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
        search = _search(*golden.shape, reach)
        middle = golden.mean()
        levels = golden - middle
        return cls(middle, search.spectrum_of(levels), search.overlap_sums(np.square(levels)))


def best_shift(test: Levels, golden: GoldenLook, reach: int) -> tuple[int, int]:
    """Pixels down and right, each within `reach`, that lay a test image on the golden one.

    The test image's pixel (y - down, x - right) belongs to the golden image's pixel (y, x).
    """
    search = _search(*test.shape, reach)
    levels = test - golden.middle
    product = golden.spectrum * search.spectrum_of(levels).conj()
    squares = golden.squares + search.overlap_sums(np.square(levels))[::-1, ::-1]
    cost = (squares - 2 * search.correlation(product)) / search.overlap + search.pull
    steps = search.steps
    down, right = divmod(int(cost.argmin()), len(steps))
    return int(steps[down]), int(steps[right])


def moved(picture: Bytes, shift: tuple[int, int]) -> Bytes:
    """A picture (..., H, W) moved down and right; edges are repeated into what opens up."""
    if shift == (0, 0):
        return picture
    down, right = shift
    height = picture.shape[-2]
    lower = picture.take((np.arange(height) - down).clip(0, height - 1), axis=-2)
    if right == 0:
        return lower
    # Rows are copied in one piece each, where columns that are taken one by one would be copied pixel by pixel.
    found = np.empty_like(lower)
    kept, opened = (np.s_[right:], np.s_[:right]) if right > 0 else (np.s_[:right], np.s_[right:])
    found[..., kept] = lower[..., :-right] if right > 0 else lower[..., -right:]
    found[..., opened] = lower[..., :1] if right > 0 else lower[..., -1:]
    return found


class _Search:
    """What all searches within images of one size have in common.

    Nothing here is a product of matrices: the library that NumPy takes for these wakes all cores for a small one, which
    wait for the next by spinning.
    """

    def __init__(self, height: int, width: int, reach: int) -> None:
        steps = np.arange(-reach, reach + 1)
        self.reach, self.steps = reach, steps
        self.overlap = ((height - np.abs(steps))[:, None] * (width - np.abs(steps))).astype(np.float32)
        self.pull = (PULL * (steps[:, None] ** 2 + steps**2)).astype(np.float32)
        self._size = (quick_length(height + reach), quick_length(width + reach))

    def spectrum_of(self, levels: Levels) -> Spectra:
        return np.asarray(np.fft.rfft2(levels, s=self._size), np.complex64)

    def correlation(self, product: Spectra) -> Levels:
        """The inverse transform at the shifts alone."""
        rows = np.fft.ifft(product, axis=0)[self.steps]
        return np.asarray(np.fft.irfft(rows, n=self._size[1], axis=1)[:, self.steps], np.float32)

    def overlap_sums(self, levels: Levels) -> Levels:
        """Sums of an image over what overlaps after each shift of another one, (2 * reach + 1, 2 * reach + 1)."""
        bands = _without_edges(levels, self.reach)
        return _without_edges(bands.T, self.reach).T.astype(np.float32)


def _without_edges(levels: NDArray[Any], reach: int) -> NDArray[np.float64]:
    """Sums over lines (L, N): without the last `reach`, ..., the last one, none, the first, ..., the first `reach`."""
    first, last = (np.cumsum(lines[:reach], axis=0, dtype=np.float64) for lines in (levels, levels[::-1]))
    total = levels.sum(axis=0, dtype=np.float64)
    return np.concatenate([total - last[::-1], total[None], total - first])


@cache
def _search(height: int, width: int, reach: int) -> _Search:
    return _Search(height, width, min(reach, (min(height, width) - 1) // 2))


def quick_length(length: int) -> int:
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
