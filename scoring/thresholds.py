# SPDX-License-Identifier: Apache-2.0
"""The threshold with the best F1. A pair is flagged as a defect iff its score is strictly above the threshold."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from scoring.scored import curve, scored

if TYPE_CHECKING:
    from numpy.typing import ArrayLike


@dataclass(frozen=True, slots=True)
class Threshold:
    """A threshold and what it gives on the pairs it was chosen on; all None, with the reason, where there is none."""

    value: float | None
    f1: float | None
    precision: float | None
    recall: float | None
    reason: str = ""


def best_f1(labels: ArrayLike, scores: ArrayLike) -> Threshold:
    """Choose the threshold with the highest F1 (among equals the one that catches most).

    `labels` (N,) are 1 for a defect, `scores` (N,) are higher for likelier defects. Candidates stand midway, by ratio,
    between neighbouring scores. Without a defect, without pairs or with a score that is not finite there is none.

    Raises:
        DataError: lengths differ, or a label is neither 0 nor 1.
    """
    pairs = scored(labels, scores)
    reason = pairs.why_not(passes=False)
    if reason:
        return Threshold(None, None, None, None, reason)
    points = curve(pairs)
    flagged = points.caught + points.false_alarms
    f1 = 2 * points.caught / (flagged + points.defects)
    best = len(f1) - 1 - int(np.argmax(f1[::-1]))
    caught = int(points.caught[best])
    return Threshold(
        value=float(points.thresholds[best]),
        f1=float(f1[best]),
        precision=caught / int(flagged[best]),
        recall=caught / points.defects,
    )
