# SPDX-License-Identifier: Apache-2.0
"""Registration of boards with little on them, whose few edges no set of patches agrees on: a turn and a shift.

The edges are compared at a small size under a fan of turns and all shifts, and the best is refined by maximising their
correlation (ECC: Evangelidis and Psarakis, IEEE TPAMI 2008).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pairs.registration_check import edges_of
from pairs.registration_starts import shrunk

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Picture = NDArray[np.uint8]
    Homography = NDArray[np.float64]

_SIDE = 240  # pixels of the longer side where turns are compared
_TURNS = np.arange(-4.0, 4.01, 0.5)  # degrees
_REACH = 0.12  # of the sides
_TRIED = 3  # turns
_ROUNDS, _ENOUGH = 60, 1e-5


def turns_and_shifts(golden: Picture, test: Picture) -> list[Homography]:
    """Ways to take a test picture (H, W) to the golden one by a turn and a shift, from several starts."""
    scale = min(1.0, _SIDE / max(*golden.shape, *test.shape))
    zoom = np.diag([scale, scale, 1.0])
    fan = _best_turns(edges_of(shrunk(golden, scale)), shrunk(test, scale))
    starts = [np.eye(3), *(np.asarray(np.linalg.inv(zoom) @ start @ zoom) for start in fan)]
    ours, theirs = edges_of(golden), edges_of(test)
    return [one for start in starts if (one := _refined(ours, theirs, start)) is not None]


def _best_turns(ours: NDArray[np.float32], test: Picture) -> list[Homography]:
    """Turn and shift, from the test picture to the golden one, of the turns under which the edges agree best."""
    import cv2

    height, width = ours.shape
    reach = (round(_REACH * height), round(_REACH * width))
    middle = ours[reach[0] : height - reach[0], reach[1] : width - reach[1]]
    found: list[tuple[float, Homography]] = []
    for turn in _TURNS:
        whole = np.vstack([cv2.getRotationMatrix2D((width / 2, height / 2), float(turn), 1.0), [0.0, 0.0, 1.0]])
        laid = cv2.warpPerspective(test, whole, (width, height), borderMode=cv2.BORDER_REPLICATE)
        fits = np.nan_to_num(cv2.matchTemplate(edges_of(np.asarray(laid)), middle, cv2.TM_CCOEFF_NORMED))
        down, across = np.unravel_index(int(fits.argmax()), fits.shape)
        shift = np.eye(3)
        shift[:2, 2] = (reach[1] - across, reach[0] - down)
        found.append((float(fits.max()), shift @ whole))
    return [one for _, one in sorted(found, key=lambda pair: -pair[0])[:_TRIED]]


def _refined(ours: NDArray[np.float32], theirs: NDArray[np.float32], start: Homography) -> Homography | None:
    import cv2

    criteria = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, _ROUNDS, _ENOUGH)
    back = np.linalg.inv(start)[:2].astype(np.float32)  # ECC looks for the way from the golden picture to the other
    try:
        _, found = cv2.findTransformECC(ours, theirs, np.ascontiguousarray(back), cv2.MOTION_EUCLIDEAN, criteria)
    except cv2.error:  # it says by that that nothing correlates
        return None
    return np.linalg.inv(np.vstack([np.asarray(found, dtype=np.float64), [0.0, 0.0, 1.0]]))
