# SPDX-License-Identifier: Apache-2.0
"""The threshold with the best F measure. A pair is flagged iff its score is strictly above the threshold."""

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


def best_f1(labels: ArrayLike, scores: ArrayLike, escape_cost: float = 1.0) -> Threshold:
    """Choose the threshold with the highest F1 (among equals the one that catches most).

    `labels` (N,) are 1 for a defect, `scores` (N,) are higher for likelier defects. Candidates stand midway, by ratio,
    between neighbouring scores. With another `escape_cost` than 1 an escape weighs as much as that many false alarms
    in the F measure, and candidates stand that much nearer to the lower score. Without a defect, without pairs or with
    a score that is not finite there is none.

    Raises:
        DataError: lengths differ, or a label is neither 0 nor 1.
    """
    pairs = scored(labels, scores)
    reason = pairs.why_not(passes=False)
    if reason:
        return Threshold(None, None, None, None, reason)
    points = curve(pairs, escape_cost)
    worth = points.f_measure(escape_cost)
    best = len(worth) - 1 - int(np.argmax(worth[::-1]))
    caught, flagged = int(points.caught[best]), int(points.caught[best] + points.false_alarms[best])
    return Threshold(
        value=float(points.thresholds[best]),
        f1=2 * caught / (flagged + points.defects),
        precision=caught / flagged,
        recall=caught / points.defects,
    )
