# SPDX-License-Identifier: Apache-2.0
"""Registration: where a test picture lies on its golden one, as a homography, and how well the two then agree.

Several first guesses are made (see `registration_starts`), the one under which the edges of both agree best is taken,
and small patches are then looked for around where it puts them, at half size and at full size. The perspective that
most patches share is the result; how far they lie from it is the residual. What the patches don't settle is refused.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from core.errors import DataError
from core.verdicts import UNREGISTERED
from pairs.registration_check import check, edges_of
from pairs.registration_edges import turns_and_shifts
from pairs.registration_patches import Patches, laid_by, look_around
from pairs.registration_starts import feature_guesses, plain_guesses, shrunk

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from numpy.typing import NDArray

    Picture = NDArray[np.uint8]
    Floats = NDArray[np.float64]
    Homography = NDArray[np.float64]

_COARSE_SIDE = 800  # pixels of the longer side on which guesses are compared
_SEARCHES = ((0.25, 12), (0.5, 8), (1.0, 6), (1.0, 4))  # scale of the pictures, and pixels of it to look around
_TOLERANCE, _TOLERANCE_SHARE = (
    2.0,
    0.0025,
)  # pixels, or share of the longer side, that a patch may lie off what is common
_LEAST_SPREAD = 0.12  # of the golden picture, that lies between the patches; around them nothing would be known
_REFINED_GUESSES = 2  # beside the best plain one
_SECOND_THOUGHTS = 2  # shifts that the edges ask for
_LEAST_COVERED_BY_EDGES = 0.85  # with few edges there is always some place where they fit
# Correlation of the edges, and share of the parts that agree, where edges alone are what a registration rests on: of
# 189 pairs of different boards none comes to more than .28 and .36.
_SURE_OF_EDGES = ((0.85, 0.65), (0.8, 0.8))
_LEAST_CELLS, _LEAST_SHARE_OF_CELLS = 6, 0.5
_SURE = 0.9  # of the patches, and of the parts of the picture, agree: no other guess is needed
_LEAST_PATCHES = 8
_FOR_PERSPECTIVE, _SPREAD_FOR_PERSPECTIVE = 60, 0.4  # patches and share of the area; else turn, scale and shift alone
_LEAST_SHARE = 0.35  # of the patches with texture; pictures of other boards stay below
_LEAST_COVERED = 0.3  # of the golden picture


@dataclass(frozen=True, slots=True)
class Registration:
    """How a test picture was laid on its golden one.

    `to_golden` takes (x, y, 1) of the test picture to the golden one. `residual` is the root mean square distance in
    pixels between `patches` of both once laid; `agreeing` is their share of those that have texture. Without patches
    the edges alone told, and the residual is theirs. `covered` is the
    share of the golden picture that the test picture shows. `likeness` is the correlation of the edges of both, which
    no patch had a part in, and `cells` the share of the parts of the picture where these agree.
    """

    to_golden: Homography
    residual: float
    patches: int
    agreeing: float
    covered: float
    likeness: float = 0.0
    cells: float = 0.0

    def to_json(self) -> dict[str, Any]:
        """As a JSON object."""
        one = self.to_golden
        turned = np.degrees(np.arctan2(one[1, 0], one[0, 0]))
        return {
            "residual_px": round(self.residual, 3),
            "patches": self.patches,
            "agreeing": round(self.agreeing, 4),
            "covered": round(self.covered, 4),
            "likeness": round(self.likeness, 4),
            "parts_agreeing": round(self.cells, 4),
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
    best: Registration | None = None
    why = ""
    for guess in _guesses(ours, theirs):
        found = _sure(ours, theirs, _attempt(ours, theirs, guess))
        if isinstance(found, str):
            why = why or found
        elif best is None or found.likeness > best.likeness:
            best = found
        if best is not None and best.agreeing >= _SURE and best.cells >= _SURE:
            break
    best = best or _by_edges(ours, theirs)
    if best is None:
        raise _refused(why, where)
    return best


def laid_on(test: Picture, registration: Registration, size: tuple[int, int]) -> tuple[Picture, NDArray[np.bool_]]:
    """The test picture in the golden picture's place and `size` (height, width), and where it shows anything."""
    return laid_by(test, registration.to_golden, size)


def _grey(picture: Picture) -> Picture:
    import cv2

    return np.asarray(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), dtype=np.uint8)


def _attempt(golden: Picture, test: Picture, guess: Homography) -> Registration | str:
    """The registration that a guess leads to, or why it leads to none."""
    tolerance, found = max(_TOLERANCE, _TOLERANCE_SHARE * max(golden.shape)), guess
    for scale, reach in _SEARCHES:
        patches = look_around(golden, test, found, scale, reach)
        correction = _common(patches, tolerance, golden.size) if len(patches.places) >= _LEAST_PATCHES else None
        if correction is not None:
            found = correction @ found
            found /= found[2, 2]
    return _checked(golden, test, found, tolerance)


def _sure(golden: Picture, test: Picture, found: Registration | str) -> Registration | str:
    """A registration that the edges confirm; where they agree better under another shift, the one from there on."""
    for _ in range(_SECOND_THOUGHTS + 1):
        if isinstance(found, str):
            return found
        scale = _coarse(golden, test)
        zoom = np.diag([scale, scale, 1.0])
        small = shrunk(golden, scale)
        laid, shown = laid_by(shrunk(test, scale), zoom @ found.to_golden @ np.linalg.inv(zoom), _size_of(small))
        checked = check(small, laid, shown)
        if checked.better is None:
            break
        shift = np.array(
            [[1.0, 0.0, checked.better[0] / scale], [0.0, 1.0, checked.better[1] / scale], [0.0, 0.0, 1.0]]
        )
        found = _attempt(golden, test, shift @ found.to_golden)
    if isinstance(found, str):
        return found
    if checked.better is not None:
        return "patches agree on one place, and the edges of the whole picture on another"
    if checked.cells >= _LEAST_CELLS and checked.share < _LEAST_SHARE_OF_CELLS:
        return f"the edges agree in {checked.agreeing} of {checked.cells} parts of the picture alone"
    return replace(found, likeness=checked.likeness, cells=checked.share)


def _by_edges(golden: Picture, test: Picture) -> Registration | None:
    """The registration by the edges alone, if nearly all parts of the picture that have any confirm it."""
    scale = _coarse(golden, test)
    zoom = np.diag([scale, scale, 1.0])
    small, other = shrunk(golden, scale), shrunk(test, scale)
    best: Registration | None = None
    for found in turns_and_shifts(small, other):
        laid, shown = laid_by(other, found, _size_of(small))
        if float(shown.mean()) < _LEAST_COVERED_BY_EDGES:
            continue
        checked = check(small, laid, shown)
        sure = any(checked.likeness >= likeness and checked.share >= share for likeness, share in _SURE_OF_EDGES)
        if checked.better or not sure or not checked.cells:
            continue
        if best is None or checked.likeness > best.likeness:
            whole = np.asarray(np.linalg.inv(zoom) @ found @ zoom)
            residual, covered = checked.residual / scale, float(shown.mean())
            best = Registration(whole, residual, 0, 0.0, covered, checked.likeness, checked.share)
    return best


def _size_of(picture: Picture) -> tuple[int, int]:
    return picture.shape[0], picture.shape[1]


def _coarse(golden: Picture, test: Picture) -> float:
    longest: int = max(*golden.shape, *test.shape)
    return min(1.0, _COARSE_SIDE / longest)


def _guesses(golden: Picture, test: Picture) -> Iterator[Homography]:
    """First guesses for the pictures at their own size: the best of the plain ones, then the best of all."""
    scale = _coarse(golden, test)
    small, other = shrunk(golden, scale), shrunk(test, scale)
    edges, size = edges_of(small), _size_of(small)
    zoom = np.diag([scale, scale, 1.0])

    def ranked(guesses: Iterable[Homography]) -> list[tuple[float, Homography]]:
        rated = [(float(_agreement(edges, laid_by(other, one, size))), one) for one in guesses]
        return sorted(rated, key=lambda pair: -pair[0])

    def at_own_size(guess: Homography) -> Homography:
        return np.asarray(np.linalg.inv(zoom) @ guess @ zoom)

    plain = ranked(plain_guesses(small, other))
    yield at_own_size(plain[0][1])
    every = sorted([*plain[1:], *ranked(feature_guesses(small, other))], key=lambda pair: -pair[0])
    for _, guess in every[:_REFINED_GUESSES]:
        yield at_own_size(guess)


def _agreement(edges: NDArray[np.float32], laid: tuple[Picture, NDArray[np.bool_]]) -> float:
    """Correlation of the edges where both show something, less where that is little."""
    picture, shown = laid
    share = float(shown.mean())
    if share < _LEAST_COVERED:
        return -1.0
    first, second = edges[shown].astype(np.float64), edges_of(picture)[shown].astype(np.float64)
    first, second = first - first.mean(), second - second.mean()
    likeness = float((first * second).sum() / max(np.sqrt((first**2).sum() * (second**2).sum()), 1e-9))
    return likeness * float(np.sqrt(share))


def _common(patches: Patches, tolerance: float, area: int) -> Homography | None:
    """The correction that most patches share, taking the laid picture to the golden one."""
    import cv2

    cv2.setRNGSeed(0)  # the same pictures are registered the same way
    theirs, ours = patches.found, patches.places
    if len(ours) >= _FOR_PERSPECTIVE and _spread(ours) >= _SPREAD_FOR_PERSPECTIVE * area:
        found, _ = cv2.findHomography(theirs, ours, cv2.USAC_MAGSAC, tolerance, maxIters=4000, confidence=0.999)
        return None if found is None else np.asarray(found, dtype=np.float64)
    part, _ = cv2.estimateAffinePartial2D(theirs, ours, ransacReprojThreshold=tolerance)
    return None if part is None else np.vstack([part, [0.0, 0.0, 1.0]])


def _checked(golden: Picture, test: Picture, found: Homography, tolerance: float) -> Registration | str:
    height, width = test.shape
    corners = np.array([[0, 0, 1], [width, 0, 1], [width, height, 1], [0, height, 1]], dtype=np.float64)
    if np.linalg.det(found[:2, :2]) <= 0 or (found @ corners.T)[2].min() <= 0:
        return "what they share would turn one of them over"
    covered = float(laid_by(test, found, (golden.shape[0], golden.shape[1]))[1].mean())
    if covered < _LEAST_COVERED:
        return f"they would share only {100 * covered:.0f} % of the golden picture"
    patches = look_around(golden, test, found, *_SEARCHES[-1])
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
    remedy = "check that both show the same board, sharp, well lit and whole, from nearly the same side"
    return DataError(f"the pictures can't be registered: {why}", code=UNREGISTERED, where=where, remedy=remedy)
