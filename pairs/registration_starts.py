# SPDX-License-Identifier: Apache-2.0
"""First guesses of how a test picture lies on its golden one: as they are, shifted, or as their features say.

Features are SIFT (Lowe, IJCV 2004), matched by the ratio test; MAGSAC++ (Barath et al., CVPR 2020) finds what most of
them share. Boards repeat themselves, so that few features may fit each other alone: all guesses are tried.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    Picture = NDArray[np.uint8]
    Homography = NDArray[np.float64]

_MOST_FEATURES = 4000
_RATIOS = (0.75, 0.9)  # of the distances to the nearest and the second nearest descriptor
_REACH = 3.0  # pixels that a match may lie off what most share
_LEAST_MATCHES = 8


def shrunk(grey: Picture, scale: float) -> Picture:
    """A picture made smaller, each pixel the mean of those that it stands for."""
    import cv2

    if scale >= 1:
        return grey
    return np.asarray(cv2.resize(grey, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), dtype=np.uint8)


def plain_guesses(golden: Picture, test: Picture) -> Iterator[Homography]:
    """Homographies (3, 3) that take pixels of the test picture (H, W) to the golden one: as it is, or shifted."""
    stretch = np.diag([golden.shape[1] / test.shape[1], golden.shape[0] / test.shape[0], 1.0])
    yield np.eye(3)
    yield stretch
    for start in (np.eye(3), stretch):
        yield _shifted(golden, test, start) @ start


def _shifted(golden: Picture, test: Picture, start: Homography) -> Homography:
    """The shift by phase correlation that is left after `start`."""
    import cv2

    laid = cv2.warpPerspective(test, start, (golden.shape[1], golden.shape[0]), borderMode=cv2.BORDER_REPLICATE)
    window = cv2.createHanningWindow((golden.shape[1], golden.shape[0]), cv2.CV_32F)
    (across, down), _ = cv2.phaseCorrelate(laid.astype(np.float32), golden.astype(np.float32), window)
    return np.array([[1.0, 0.0, across], [0.0, 1.0, down], [0.0, 0.0, 1.0]])


def feature_guesses(golden: Picture, test: Picture) -> Iterator[Homography]:
    """Homographies that features of both suggest."""
    import cv2

    finder = cv2.SIFT.create(_MOST_FEATURES)
    (our_points, ours), (their_points, theirs) = (finder.detectAndCompute(grey, None) for grey in (golden, test))
    if len(our_points) < _LEAST_MATCHES or len(their_points) < _LEAST_MATCHES:
        return
    pairs = [pair for pair in cv2.BFMatcher(cv2.NORM_L2).knnMatch(theirs, ours, k=2) if len(pair) == 2]
    for ratio in _RATIOS:
        good = [first for first, second in pairs if first.distance < ratio * second.distance]
        if len(good) < _LEAST_MATCHES:
            continue
        to = np.array([our_points[match.trainIdx].pt for match in good])
        of = np.array([their_points[match.queryIdx].pt for match in good])
        cv2.setRNGSeed(0)  # the same pictures are registered the same way
        whole, _ = cv2.findHomography(of, to, cv2.USAC_MAGSAC, _REACH, maxIters=5000, confidence=0.9999)
        if whole is not None:
            yield np.asarray(whole, dtype=np.float64)
        part, _ = cv2.estimateAffinePartial2D(of, to, ransacReprojThreshold=_REACH, maxIters=5000, confidence=0.9999)
        if part is not None:
            yield np.vstack([part, [0.0, 0.0, 1.0]])
