# SPDX-License-Identifier: Apache-2.0
"""What a Gaussian process of the results proposes to try next: the points with the highest expected improvement."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from automl.coordinates import Coordinates
from automl.gaussian_process import GaussianProcess

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from automl.coordinates import Rows
    from automl.space import Space
    from automl.types import Point

_EVEN = 800  # rows drawn evenly
_BEST, _NEAR = 5, 40  # so many of the best results, and so many rows near each of them for every spread
_SPREADS = (0.2, 0.05, 0.02)
_STEPS = (0.1, 0.05, 0.02, 0.01, 0.004)  # spreads of the search around what is best by then
_KEPT, _AROUND = 5, 50
_FAR = 2.0  # times the median's distance from the best result


def propose(
    space: Space, tried: Sequence[Point], values: Sequence[float], running: Sequence[Point], seed: int
) -> Iterator[Point]:
    """Points to try, the most promising first; `values` are the results of `tried`, lower is better.

    What is running counts as if it had the value that is expected of it.
    """
    coordinates, random = Coordinates(space), np.random.default_rng(seed)
    rows, standard = coordinates.rows(tried), _standardised(values)
    process = GaussianProcess(coordinates, rows, standard)
    promising = rows[np.argsort(process.expected(rows), kind="stable")[:_BEST]]
    best = float(standard.min())
    if running:
        beside = coordinates.rows(running)
        best = min(best, float(process.expected(beside).min()))
        process = process.believing(beside)
    found = _search(coordinates, promising, random, lambda some: process.log_expected_improvement(some, best))
    return (space.canonical(coordinates.point(row)) for row in found)


def _search(
    coordinates: Coordinates, promising: Rows, random: np.random.Generator, worth: Callable[[Rows], Rows]
) -> Rows:
    """The rows worth most: among even draws and near the best results, then closer and closer around those."""
    spreads = np.tile(np.repeat(_SPREADS, _NEAR), len(promising))[:, None]
    near = coordinates.near(random, np.repeat(promising, len(_SPREADS) * _NEAR, axis=0), spreads)
    rows = np.concatenate([coordinates.draw(random, _EVEN), near])
    worths = worth(rows)
    for spread in _STEPS:
        kept = np.argsort(-worths, kind="stable")[:_KEPT]
        around = coordinates.near(random, np.repeat(rows[kept], _AROUND, axis=0), spread)
        rows, worths = np.concatenate([rows[kept], around]), np.concatenate([worths[kept], worth(around)])
    return rows[np.argsort(-worths, kind="stable")]


def _standardised(values: Sequence[float]) -> Rows:
    """Mean 0 and deviation 1; what is not finite counts as the worst that is.

    How far a result lies behind the best one is measured by the median's distance, and goes on by its logarithm beyond
    twice that: a few bad trials would hide by their size what sets the good ones apart.
    """
    found = np.array(values, dtype=np.float64)
    finite = found[np.isfinite(found)]
    found = np.where(np.isfinite(found), found, finite.max() if len(finite) else 0.0)
    behind = (found - found.min()) / max(1e-12, float(np.median(found) - found.min()))
    eased = np.where(behind > _FAR, _FAR * (1 + np.log(np.maximum(behind, _FAR) / _FAR)), behind)
    return np.asarray((eased - eased.mean()) / max(1e-12, float(eased.std())))
