# SPDX-License-Identifier: Apache-2.0
"""Registration: where a test picture lies on its golden one, as a homography, and how well the two then agree.

Several first guesses are made (see `registration_starts`), the one under which the edges of both agree best is taken,
and small patches are then looked for around where it puts them, at half size and at full size. The perspective that
most patches share is the result; how far they lie from it is the residual. What the patches don't settle is refused.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from core.errors import DataError
from pairs.registration_starts import first_guesses, shrunk

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Picture = NDArray[np.uint8]
    Floats = NDArray[np.float64]
    Homography = NDArray[np.float64]

_COARSE_SIDE = 800  # pixels of the longer side on which guesses are compared
_PATCHES = 24  # in a row and in a column of the golden picture
_PATCH = 64  # pixels
_SOFT = 1.5  # pixels of blur before patches are compared: scratches and grain belong to one picture alone
_SEARCHES = ((0.25, 12), (0.5, 8), (1.0, 6), (1.0, 4))  # scale of the pictures, and pixels of it to look around
_LEAST_TEXTURE = 6.0  # grey levels of standard deviation; flatter patches fit anywhere
_LEAST_FIT = 0.5  # correlation of a patch with what it is found on
_LEAST_LEAD = 0.03  # of that place over all that are 3 pixels and more away: along an edge, or in a row, many fit alike
_AROUND_PEAK = 2  # pixels
_TOLERANCE, _TOLERANCE_SHARE = (
    2.0,
    0.0025,
)  # pixels, or share of the longer side, that a patch may lie off what is common
_LEAST_SPREAD = 0.12  # of the golden picture, that lies between the patches; around them nothing would be known
_REFINED_GUESSES = 2
_SURE = 0.9  # of the patches agree: no other guess is needed
_LEAST_PATCHES, _FOR_PERSPECTIVE = 8, 40  # with fewer than the second, rotation, scale and shift alone are fitted
_LEAST_SHARE = 0.35  # of the patches with texture; pictures of other boards stay below
_LEAST_COVERED = 0.3  # of the golden picture


@dataclass(frozen=True, slots=True)
class Registration:
    """How a test picture was laid on its golden one.

    `to_golden` takes (x, y, 1) of the test picture to the golden one. `residual` is the root mean square distance in
    pixels between `patches` of both once laid; `agreeing` is their share of those that have texture. `covered` is the
    share of the golden picture that the test picture shows.
    """

    to_golden: Homography
    residual: float
    patches: int
    agreeing: float
    covered: float

    def to_json(self) -> dict[str, Any]:
        """As a JSON object."""
        one = self.to_golden
        turned = np.degrees(np.arctan2(one[1, 0], one[0, 0]))
        return {
            "residual_px": round(self.residual, 3),
            "patches": self.patches,
            "agreeing": round(self.agreeing, 4),
            "covered": round(self.covered, 4),
            "rotation_degrees": round(float(turned), 3),
            "scale": round(float(np.sqrt(abs(np.linalg.det(one[:2, :2])))), 5),
            "shift_px": [round(float(one[0, 2]), 2), round(float(one[1, 2]), 2)],
            "to_golden": [[float(f"{value:.9g}") for value in row] for row in one.tolist()],
        }


def register(golden: Picture, test: Picture, where: str) -> Registration:
    """Lay a test picture (H, W, 3) on a golden one (H', W', 3).

    Raises:
        DataError: they can't be registered, with why.
    """
    ours, theirs = _grey(golden), _grey(test)
    tried: list[Registration | str] = []
    for guess in _best_guesses(ours, theirs):
        tried.append(_attempt(ours, theirs, guess))
        if isinstance(tried[-1], Registration) and tried[-1].agreeing >= _SURE:
            break
    best = max((one for one in tried if not isinstance(one, str)), key=lambda one: one.patches, default=None)
    if best is None:
        raise _refused(str(tried[0]), where)
    return best


def laid_on(test: Picture, registration: Registration, size: tuple[int, int]) -> tuple[Picture, NDArray[np.bool_]]:
    """The test picture in the golden picture's place and `size` (height, width), and where it shows anything."""
    return _laid(test, registration.to_golden, size)


def _laid(picture: Picture, one: Homography, size: tuple[int, int]) -> tuple[Picture, NDArray[np.bool_]]:
    import cv2

    across = (size[1], size[0])
    laid = cv2.warpPerspective(picture, one, across, flags=cv2.INTER_LINEAR)
    shown = cv2.warpPerspective(np.full(picture.shape[:2], 255, np.uint8), one, across, flags=cv2.INTER_NEAREST)
    return np.asarray(laid, dtype=np.uint8), np.asarray(shown) > 0


def _grey(picture: Picture) -> Picture:
    import cv2

    return np.asarray(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), dtype=np.uint8)


def _attempt(golden: Picture, test: Picture, guess: Homography) -> Registration | str:
    """The registration that a guess leads to, or why it leads to none."""
    tolerance, found = max(_TOLERANCE, _TOLERANCE_SHARE * max(golden.shape)), guess
    for scale, reach in _SEARCHES:
        patches = _look_around(golden, test, found, scale, reach)
        correction = _common(patches, tolerance) if len(patches.places) >= _LEAST_PATCHES else None
        if correction is not None:
            found = correction @ found
            found /= found[2, 2]
    return _checked(golden, test, found, tolerance)


def _best_guesses(golden: Picture, test: Picture) -> list[Homography]:
    """The first guesses under which the edges of both agree best, for the pictures at their own size."""
    scale = min(1.0, _COARSE_SIDE / max(*golden.shape, *test.shape))
    small, other = shrunk(golden, scale), shrunk(test, scale)
    edges = _edges(small)
    size = (small.shape[0], small.shape[1])
    guesses = sorted(first_guesses(small, other), key=lambda one: -_agreement(edges, _laid(other, one, size)))
    zoom = np.diag([scale, scale, 1.0])
    return [np.asarray(np.linalg.inv(zoom) @ guess @ zoom) for guess in guesses[:_REFINED_GUESSES]]


def _edges(grey: Picture) -> NDArray[np.float32]:
    """Strength of the edges, blurred, so that near misses count as near."""
    import cv2

    soft = cv2.GaussianBlur(grey.astype(np.float32), (0, 0), 1.0)
    strength = cv2.magnitude(cv2.Sobel(soft, cv2.CV_32F, 1, 0), cv2.Sobel(soft, cv2.CV_32F, 0, 1))
    return np.asarray(cv2.GaussianBlur(strength, (0, 0), 2.0), dtype=np.float32)


def _agreement(edges: NDArray[np.float32], laid: tuple[Picture, NDArray[np.bool_]]) -> float:
    """Correlation of the edges where both show something, less where that is little."""
    picture, shown = laid
    share = float(shown.mean())
    if share < _LEAST_COVERED:
        return -1.0
    first, second = edges[shown].astype(np.float64), _edges(picture)[shown].astype(np.float64)
    first, second = first - first.mean(), second - second.mean()
    likeness = float((first * second).sum() / max(np.sqrt((first**2).sum() * (second**2).sum()), 1e-9))
    return likeness * float(np.sqrt(share))


@dataclass(frozen=True, slots=True)
class _Patches:
    """Where patches of the golden picture lie (N, 2), and where the laid test picture has them, in its full pixels."""

    places: Floats
    found: Floats
    textured: int


def _look_around(golden: Picture, test: Picture, one: Homography, scale: float, reach: int) -> _Patches:
    """Look for each patch around its place; `reach` in pixels of the pictures at `scale`."""
    zoom = np.diag([scale, scale, 1.0])
    ours, side = _soft(shrunk(golden, scale)), _PATCH
    laid, shown = _laid(shrunk(test, scale), zoom @ one @ np.linalg.inv(zoom), (ours.shape[0], ours.shape[1]))
    laid = _soft(laid)
    places, found, textured = [], [], 0
    for top in _starts(ours.shape[0], side, reach):
        for left in _starts(ours.shape[1], side, reach):
            patch = ours[top : top + side, left : left + side]
            around = np.s_[top - reach : top + side + reach, left - reach : left + side + reach]
            if patch.std() < _LEAST_TEXTURE or not shown[around].all():
                continue
            if not _is_distinct(ours[around], patch):
                continue
            textured += 1
            step = _step_of(patch, laid[around], reach)
            if step is not None:
                middle = (left + side / 2, top + side / 2)
                places.append(middle)
                found.append((middle[0] + step[0], middle[1] + step[1]))
    return _Patches(np.array(places).reshape(-1, 2) / scale, np.array(found).reshape(-1, 2) / scale, textured)


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


def _starts(length: int, side: int, reach: int) -> list[int]:
    last = length - side - reach
    return sorted({round(start) for start in np.linspace(reach, last, _PATCHES)}) if last > reach else []


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


def _common(patches: _Patches, tolerance: float) -> Homography | None:
    """The correction that most patches share, taking the laid picture to the golden one."""
    import cv2

    cv2.setRNGSeed(0)  # the same pictures are registered the same way
    theirs, ours = patches.found, patches.places
    if len(ours) >= _FOR_PERSPECTIVE:
        found, _ = cv2.findHomography(theirs, ours, cv2.USAC_MAGSAC, tolerance, maxIters=4000, confidence=0.999)
        return None if found is None else np.asarray(found, dtype=np.float64)
    part, _ = cv2.estimateAffinePartial2D(theirs, ours, ransacReprojThreshold=tolerance)
    return None if part is None else np.vstack([part, [0.0, 0.0, 1.0]])


def _checked(golden: Picture, test: Picture, found: Homography, tolerance: float) -> Registration | str:
    height, width = test.shape
    corners = np.array([[0, 0, 1], [width, 0, 1], [width, height, 1], [0, height, 1]], dtype=np.float64)
    if np.linalg.det(found[:2, :2]) <= 0 or (found @ corners.T)[2].min() <= 0:
        return "what they share would turn one of them over"
    covered = float(_laid(test, found, (golden.shape[0], golden.shape[1]))[1].mean())
    if covered < _LEAST_COVERED:
        return f"they would share only {100 * covered:.0f} % of the golden picture"
    patches = _look_around(golden, test, found, *_SEARCHES[-1])
    off = np.sqrt(np.sum((patches.found - patches.places) ** 2, axis=1))
    agreeing = off[off <= tolerance]
    if len(agreeing) < max(_LEAST_PATCHES, _LEAST_SHARE * patches.textured):
        return f"only {len(agreeing)} of {patches.textured} patches agree on how they lie"
    if (spread := _spread(patches.places[off <= tolerance]) / golden.size) < _LEAST_SPREAD:
        return f"the patches that agree all lie in {100 * spread:.0f} % of the golden picture"
    residual = float(np.sqrt(np.mean(agreeing**2)))
    return Registration(found, residual, len(agreeing), len(agreeing) / patches.textured, covered)


def _spread(places: Floats) -> float:
    """The area of the hull of places (N, 2)."""
    import cv2

    return float(cv2.contourArea(cv2.convexHull(places.astype(np.float32))))


def _refused(why: str, where: str) -> DataError:
    remedy = "check that both show the same board, sharp and whole, from nearly the same side"
    return DataError(f"the pictures can't be registered: {why}", code="data.registration", where=where, remedy=remedy)
