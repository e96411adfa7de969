# SPDX-License-Identifier: Apache-2.0
"""Small patches of the golden picture, and where a test picture laid on it has them, to a fraction of a pixel."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from core.cores import usable_cores
from pairs.registration_starts import shrunk

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Picture = NDArray[np.uint8]
    Floats = NDArray[np.float64]
    Homography = NDArray[np.float64]
    Place = tuple[float, float]

_PATCHES = 24  # in a row and in a column of the golden picture, at most
_APART, _LEAST_APART = 32, 8  # pixels of the pictures at their own size, and as they are compared
_PATCH = 64  # pixels
_SOFT = 1.5  # pixels of blur before patches are compared: scratches and grain belong to one picture alone
_LEAST_TEXTURE = 6.0  # grey levels of standard deviation; flatter patches fit anywhere
_LEAST_FIT = 0.5  # correlation of a patch with what it is found on
_LEAST_LEAD = 0.03  # of that place over all that are 3 pixels and more away: along an edge, or in a row, many fit alike
_AROUND_PEAK = 2  # pixels


@dataclass(frozen=True, slots=True)
class Patches:
    """Where patches of the golden picture lie (N, 2), and where the laid test picture has them, in its full pixels."""

    places: Floats
    found: Floats
    textured: int


def look_around(golden: Picture, test: Picture, one: Homography, scale: float, reach: int) -> Patches:
    """Look for each patch around its place; `reach` in pixels of the pictures at `scale`."""
    zoom = np.diag([scale, scale, 1.0])
    ours, side = _soft(shrunk(golden, scale)), _PATCH
    laid, shown = laid_by(shrunk(test, scale), zoom @ one @ np.linalg.inv(zoom), (ours.shape[0], ours.shape[1]))
    laid = _soft(laid)
    lefts = _starts(ours.shape[1], reach, max(_LEAST_APART, round(_APART * scale)))

    def looked_for(top: int) -> list[tuple[Place, Place | None]]:
        """Each textured patch of a row, and its place in the test picture where it is found."""
        row: list[tuple[Place, Place | None]] = []
        for left in lefts:
            patch = ours[top : top + side, left : left + side]
            around = np.s_[top - reach : top + side + reach, left - reach : left + side + reach]
            if _texture(patch) < _LEAST_TEXTURE or not shown[around].all() or not _is_distinct(ours[around], patch):
                continue
            middle, step = (left + side / 2, top + side / 2), _step_of(patch, laid[around], reach)
            row.append((middle, (middle[0] + step[0], middle[1] + step[1]) if step else None))
        return row

    tops = _starts(ours.shape[0], reach, max(_LEAST_APART, round(_APART * scale)))
    with ThreadPoolExecutor(usable_cores()) as pool:
        every = [one for row in pool.map(looked_for, tops) for one in row]
    both = [(place, found) for place, found in every if found]
    places, found = ([one[n] for one in both] for n in (0, 1))
    return Patches(np.array(places).reshape(-1, 2) / scale, np.array(found).reshape(-1, 2) / scale, len(every))


def _texture(patch: Picture) -> float:
    """Standard deviation in grey levels."""
    import cv2

    return float(cv2.meanStdDev(patch)[1][0, 0])


def _soft(picture: Picture) -> Picture:
    import cv2

    return np.asarray(cv2.GaussianBlur(picture, (0, 0), _SOFT), dtype=np.uint8)


def _is_distinct(around: Picture, patch: Picture) -> bool:
    """Whether a patch of the golden picture fits its own place alone."""
    import cv2

    fits = np.array(cv2.matchTemplate(around, patch, cv2.TM_CCOEFF_NORMED))
    middle = fits.shape[0] // 2
    near = np.s_[middle - _AROUND_PEAK : middle + _AROUND_PEAK + 1]
    fits[near, near] = -1.0
    return float(fits.max()) < 1.0 - _LEAST_LEAD


def _starts(length: int, reach: int, apart: int) -> list[int]:
    last = length - _PATCH - reach
    count = min(_PATCHES, 1 + (last - reach) // apart)
    return sorted({round(start) for start in np.linspace(reach, last, count)}) if last > reach else []


def _step_of(patch: Picture, around: Picture, reach: int) -> tuple[float, float] | None:
    """How far right and down the patch lies off the middle of what is around it, to a fraction of a pixel."""
    import cv2

    fits = np.asarray(cv2.matchTemplate(around, patch, cv2.TM_CCOEFF_NORMED))
    row, column = np.unravel_index(int(fits.argmax()), fits.shape)
    last = fits.shape[0] - 1
    if fits[row, column] < _LEAST_FIT or not (0 < row < last and 0 < column < last):
        return None
    across = _peak(*fits[row, column - 1 : column + 2].tolist())
    down = _peak(*fits[row - 1 : row + 2, column].tolist())
    return float(column) - reach + across, float(row) - reach + down


def _peak(before: float, at: float, after: float) -> float:
    """Where a parabola through three neighbours peaks, from the middle one."""
    bend = before - 2 * at + after
    return 0.0 if abs(bend) < 1e-9 else float(np.clip(0.5 * (before - after) / bend, -0.5, 0.5))


def laid_by(picture: Picture, one: Homography, size: tuple[int, int]) -> tuple[Picture, NDArray[np.bool_]]:
    """A picture as a homography lays it on one of `size` (height, width), and where there is any of it."""
    import cv2

    across = (size[1], size[0])
    laid = cv2.warpPerspective(picture, one, across, flags=cv2.INTER_LINEAR)
    shown = cv2.warpPerspective(np.full(picture.shape[:2], 255, np.uint8), one, across, flags=cv2.INTER_NEAREST)
    return np.asarray(laid, dtype=np.uint8), np.asarray(shown) > 0
