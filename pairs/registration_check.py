# SPDX-License-Identifier: Apache-2.0
"""Whether a laid test picture really lies on its golden one, asked of what the registration did not use.

Patches are compared within a few pixels of where they are put, and boards repeat themselves: a picture that lies one
pitch off can fit patch by patch. The edges of the whole picture can't, for the outermost ones have no counterpart. So
they are correlated over all shifts up to a reach, for the picture as a whole and, on a grid, cell by cell.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Picture = NDArray[np.uint8]
    Edges = NDArray[np.float32]

_REACH = 48  # pixels at which the pictures are compared
_CELLS = 8  # in a row and in a column
_CELL_REACH = 10  # pixels
_LEAST_EDGES = 0.1  # of the mean strength of all cells; emptier ones say nothing
_NEAR = 2.5  # pixels: edges are blurred by as much
_LEAD = 0.01  # of the correlation elsewhere over that where it lies
_LEAST_SHOWN = 0.95  # of a cell


class Checked(NamedTuple):
    """What the edges say: `likeness` is their correlation as the picture lies.

    `better` is the shift (right, down), in pixels as they were compared, under which they agree clearly better, if any
    is. `agreeing` of `cells` cells agree best where they lie, or within `residual` pixels of it (root mean
    square).
    """

    likeness: float
    better: tuple[float, float] | None
    agreeing: int
    cells: int
    residual: float

    @property
    def share(self) -> float:
        """Of the cells with edges, those that agree."""
        return self.agreeing / self.cells if self.cells else 0.0


def edges_of(grey: Picture) -> Edges:
    """Strength of the edges, blurred, so that near misses count as near."""
    import cv2

    soft = cv2.GaussianBlur(grey.astype(np.float32), (0, 0), 1.0)
    strength = cv2.magnitude(cv2.Sobel(soft, cv2.CV_32F, 1, 0), cv2.Sobel(soft, cv2.CV_32F, 0, 1))
    return np.asarray(cv2.GaussianBlur(strength, (0, 0), 2.0), dtype=np.float32)


def check(golden: Picture, laid: Picture, shown: NDArray[np.bool_]) -> Checked:
    """Compare the edges of a golden picture (H, W) and a test picture that was laid on it, where that is `shown`."""
    ours, theirs = edges_of(golden), edges_of(laid)
    ours[~shown] = 0.0
    theirs[~shown] = 0.0
    likeness, better = _as_a_whole(ours, theirs)
    steps = _by_cells(ours, theirs, shown)
    agreeing = [step for step in steps if step is not None]
    residual = float(np.sqrt(np.mean(np.square(agreeing)))) if agreeing else 0.0
    return Checked(likeness, better, len(agreeing), len(steps), residual)


def _as_a_whole(ours: Edges, theirs: Edges) -> tuple[float, tuple[float, float] | None]:
    fits, reach = _fits(ours, theirs, _REACH)
    here = float(fits[reach[0], reach[1]])
    down, across = np.unravel_index(int(fits.argmax()), fits.shape)
    off = (float(across) - reach[1], float(down) - reach[0])
    is_better = float(fits.max()) > here + _LEAD and max(map(abs, off)) > _NEAR
    return here, (-off[0], -off[1]) if is_better else None


def _fits(ours: Edges, theirs: Edges, most: int) -> tuple[NDArray[np.float32], tuple[int, int]]:
    """Correlations for all shifts, and how far they reach down and right."""
    import cv2

    reach = (min(most, ours.shape[0] // 4), min(most, ours.shape[1] // 4))
    middle = ours[reach[0] : ours.shape[0] - reach[0], reach[1] : ours.shape[1] - reach[1]]
    return np.nan_to_num(cv2.matchTemplate(theirs, middle, cv2.TM_CCOEFF_NORMED)), reach


def _by_cells(ours: Edges, theirs: Edges, shown: NDArray[np.bool_]) -> list[float | None]:
    """How far from its place each cell with edges agrees best; None where that is elsewhere."""
    height, width = (length // _CELLS for length in ours.shape)
    if min(height, width) < 2 * _CELL_REACH:
        return []
    least = _LEAST_EDGES * float(ours[shown].mean()) if shown.any() else 0.0
    steps: list[float | None] = []
    for top in range(_CELL_REACH, ours.shape[0] - height - _CELL_REACH + 1, height):
        for left in range(_CELL_REACH, ours.shape[1] - width - _CELL_REACH + 1, width):
            around = np.s_[
                top - _CELL_REACH : top + height + _CELL_REACH, left - _CELL_REACH : left + width + _CELL_REACH
            ]
            if float(shown[around].mean()) < _LEAST_SHOWN or float(ours[around].mean()) <= least:
                continue
            steps.append(_step(ours[around], theirs[around]))
    return steps


def _step(ours: Edges, theirs: Edges) -> float | None:
    """How far off a cell agrees best; None where it agrees clearly better beyond: along a line all places are alike."""
    fits, reach = _fits(ours, theirs, _CELL_REACH)
    near = round(_NEAR)
    around = fits[reach[0] - near : reach[0] + near + 1, reach[1] - near : reach[1] + near + 1]
    here = float(around.max())
    if here <= 0 or here < float(fits.max()) - 2 * _LEAD:
        return None
    down, across = np.nonzero(around >= here - _LEAD / 10)
    return float(np.hypot(down - near, across - near).min())
