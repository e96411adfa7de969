# SPDX-License-Identifier: Apache-2.0
"""Whether a score of 0.8 means a defect in eight of ten cases."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from scoring.scored import Scored, scored

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

BINS = 10


@dataclass(frozen=True, slots=True)
class ReliabilityBin:
    """The pairs whose score lies in (lower, upper], the first bin including 0."""

    lower: float
    upper: float
    pairs: int
    mean_score: float | None
    defect_rate: float | None


@dataclass(frozen=True, slots=True)
class Calibration:
    """Reliability of scores that are probabilities; all None, with the reason, for scores that are none.

    brier: the mean squared difference of score and label (Brier, 1950). expected_error: the mean over all pairs of the
    gap between mean score and defect rate of their bin (ECE; Naeini, Cooper, Hauskrecht, 2015).
    """

    bins: tuple[ReliabilityBin, ...]
    brier: float | None
    expected_error: float | None
    reason: str = ""

    def as_dict(self) -> dict[str, Any]:
        """The same as a JSON object."""
        return asdict(self) | {"bins": [asdict(reliability_bin) for reliability_bin in self.bins]}


def calibrate(labels: ArrayLike, scores: ArrayLike, bins: int = BINS) -> Calibration:
    """Hold scores against what they promise, in bins of equal width.

    Raises:
        DataError: lengths differ, or a label is neither 0 nor 1.
    """
    pairs = scored(labels, scores)
    reason = pairs.why_not(defects=False, passes=False)
    if not reason and (pairs.score.min() < 0 or pairs.score.max() > 1):
        reason = "the scores are distances, not probabilities from 0 to 1"
    if reason:
        return Calibration((), None, None, reason)
    found = _bins(pairs, bins)
    gaps = [
        b.pairs * abs(b.mean_score - b.defect_rate)
        for b in found
        if b.mean_score is not None and b.defect_rate is not None
    ]
    brier = float(np.mean((pairs.score - pairs.defect) ** 2))
    return Calibration(tuple(found), brier, sum(gaps) / pairs.rows)


def _bins(pairs: Scored, bins: int) -> list[ReliabilityBin]:
    edges = np.linspace(0, 1, bins + 1)
    member = np.clip(np.searchsorted(edges, pairs.score, side="left") - 1, 0, bins - 1)
    count = np.bincount(member, minlength=bins)
    total = np.bincount(member, weights=pairs.score, minlength=bins)
    defects = np.bincount(member, weights=pairs.defect, minlength=bins)
    return [
        ReliabilityBin(
            lower=float(edges[i]),
            upper=float(edges[i + 1]),
            pairs=int(count[i]),
            mean_score=float(total[i] / count[i]) if count[i] else None,
            defect_rate=float(defects[i] / count[i]) if count[i] else None,
        )
        for i in range(bins)
    ]
