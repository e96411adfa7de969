# SPDX-License-Identifier: Apache-2.0
"""How far a test picture is shifted against its golden image.

Source: Kuglin and Hines, "The phase correlation image alignment method", 1975. Boards are full of repeated patterns, so
a peak is believed only if moving the picture by it takes away a good part of the difference.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Grey = NDArray[np.uint8]
    Floats = NDArray[np.float32]

MOST_PIXELS = 256  # the middle of a larger picture is enough, and keeps the transform quick
DIFFERENCE_LEFT = 0.7
LEAST_CONTRAST = 4.0
NEAR = 4  # px in which every shift is tried
LEAST_DIFFERENCE = 1.5  # grey levels on average; less is the jitter of an edge

NEAR_SHIFTS = tuple((x, y) for x in range(-NEAR, NEAR + 1) for y in range(-NEAR, NEAR + 1))


def estimate_shift(golden: Grey, test: Grey) -> tuple[int, int]:
    """The shift (dx, dy) in whole pixels of a test picture against its golden image, both (H, W).

    Shifts of up to a quarter of the picture (at most 64 px) are found; rotation and scale are not looked for. (0, 0)
    where no shift is clear.
    """
    if golden.shape != test.shape or min(golden.shape) < 16:
        return 0, 0
    before, after = _middle(golden), _middle(test)
    if min(before.std(), after.std()) < LEAST_CONTRAST:
        return 0, 0
    whole = _difference(before, after, (0, 0))
    if whole < LEAST_DIFFERENCE:
        return 0, 0
    dx, dy = _peak(before, after)
    left = _difference(before, after, (dx, dy))
    if left >= DIFFERENCE_LEFT * whole:
        return 0, 0
    # Along a straight edge, or from track to track, other shifts fit as well: the smallest of them is meant.
    smaller = (shift for shift in (*NEAR_SHIFTS, (dx, 0), (0, dy)) if _length(shift) < _length((dx, dy)))
    as_good = (shift for shift in smaller if _difference(before, after, shift) <= 1.15 * left + 0.3)
    return min(as_good, key=_length, default=(dx, dy))


def _length(shift: tuple[int, int]) -> int:
    return shift[0] ** 2 + shift[1] ** 2


def _middle(picture: Grey) -> Floats:
    height, width = picture.shape
    y, x = max(0, height - MOST_PIXELS) // 2, max(0, width - MOST_PIXELS) // 2
    return picture[y : y + MOST_PIXELS, x : x + MOST_PIXELS].astype(np.float32)


def _peak(before: Floats, after: Floats) -> tuple[int, int]:
    height, width = before.shape
    window = np.hanning(height)[:, None] * np.hanning(width)[None]
    spectra = [np.fft.rfft2((picture - picture.mean()) * window) for picture in (before, after)]
    cross = spectra[1] * np.conj(spectra[0])
    surface = np.fft.irfft2(cross / np.maximum(np.abs(cross), 1e-9), s=before.shape)
    reach_y, reach_x = height // 4, width // 4
    near = np.roll(surface, (reach_y, reach_x), axis=(0, 1))[: 2 * reach_y + 1, : 2 * reach_x + 1]
    y, x = np.unravel_index(int(np.argmax(near)), near.shape)
    return int(x) - reach_x, int(y) - reach_y


def _difference(before: Floats, after: Floats, shift: tuple[int, int]) -> float:
    """The mean difference in grey levels where the pictures overlap once `after` is moved back by `shift`."""
    dx, dy = shift
    height, width = before.shape
    still = before[max(0, -dy) : height - max(0, dy), max(0, -dx) : width - max(0, dx)]
    moved = after[max(0, dy) : height - max(0, -dy), max(0, dx) : width - max(0, -dx)]
    return float(np.abs(still - moved).mean())
