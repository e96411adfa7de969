# SPDX-License-Identifier: Apache-2.0
"""Labels and scores as arrays that were checked once, and the counts at every threshold that can make a difference."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from core.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

    Bools = NDArray[np.bool_]
    Floats = NDArray[np.float64]
    Counts = NDArray[np.int64]


_SURE = 0.05


@dataclass(frozen=True, slots=True)
class Scored:
    """Pairs with their verdict: `defect` (N,) true for a defect, `score` (N,) the higher the more likely a defect."""

    defect: Bools
    score: Floats

    @property
    def rows(self) -> int:
        """How many pairs."""
        return len(self.defect)

    @property
    def defects(self) -> int:
        """How many of them are defects."""
        return int(np.count_nonzero(self.defect))

    @property
    def passes(self) -> int:
        """How many of them are good."""
        return self.rows - self.defects

    def why_not(self, *, defects: bool = True, passes: bool = True) -> str:
        """Why no figure can be given that needs `defects` or `passes`; empty where it can."""
        if not self.rows:
            return "there are no pairs"
        broken = int(np.count_nonzero(~np.isfinite(self.score)))
        if broken:
            return f"{broken} of {self.rows} scores are not finite"
        if defects and not self.defects:
            return "there is no defect among the pairs"
        if passes and not self.passes:
            return "there is no PASS among the pairs"
        return ""


def scored(labels: ArrayLike | Sequence[bool], scores: ArrayLike) -> Scored:
    """Check and convert labels (0 or 1, true for a defect) and scores.

    Raises:
        DataError: the lengths differ, a label is neither 0 nor 1, or something is no number.
    """
    try:
        label, score = np.asarray(labels).reshape(-1), np.asarray(scores, dtype=np.float64).reshape(-1)
    except (TypeError, ValueError) as error:
        raise DataError("a score is no number", code="scoring.scores", remedy="pass one number per pair") from error
    if len(label) != len(score):
        message = f"there are {len(label)} labels and {len(score)} scores"
        raise DataError(message, code="scoring.lengths", remedy="pass one label and one score per pair")
    if len(label) and not np.isin(label, (0, 1)).all():
        remedy = "pass 0 for PASS and 1 for a defect"
        raise DataError("a label is neither 0 nor 1", code="scoring.labels", remedy=remedy)
    return Scored(label.astype(np.bool_), score)


@dataclass(frozen=True, slots=True)
class Curve:
    """What happens at every distinct threshold, from flagging nothing to flagging all: arrays (K + 1,) for K scores.

    A pair is flagged iff its score is strictly above the threshold. Thresholds stand midway, by ratio, between
    neighbouring scores, so that a score that moves by a rounding error keeps its verdict.
    """

    thresholds: Floats
    caught: Counts
    false_alarms: Counts
    defects: int
    passes: int

    def f_measure(self, escape_cost: float = 1.0) -> Floats:
        """The F measure at every point, in which an escape weighs as much as `escape_cost` false alarms; F1 where 1."""
        wrong = escape_cost * (self.defects - self.caught) + self.false_alarms
        right = (1 + escape_cost) * self.caught
        return np.asarray(right / (right + wrong), dtype=np.float64)


def curve(pairs: Scored, escape_cost: float = 1.0) -> Curve:
    """The operating points of scored pairs; every score must be finite and there must be at least one.

    Where escapes cost more than false alarms, thresholds stand lower between neighbouring scores.
    """
    order = np.argsort(-pairs.score, kind="stable")
    score, defect = pairs.score[order], pairs.defect[order]
    last_of_tie = np.flatnonzero(np.append(score[1:] != score[:-1], True))
    caught = np.cumsum(defect, dtype=np.int64)[last_of_tie]
    flagged = last_of_tie.astype(np.int64) + 1
    thresholds = _between(score[last_of_tie], 1 / (1 + escape_cost))
    return Curve(thresholds, _from_zero(caught), _from_zero(flagged - caught), pairs.defects, pairs.passes)


def _from_zero(counts: Counts) -> Counts:
    return np.concatenate(([0], counts)).astype(np.int64)


def _between(levels: Floats, up: float) -> Floats:
    """Thresholds around descending levels: the highest level itself, one in each gap, and one below all.

    `up` is how far up a gap a threshold stands, as a share of the gap: half where both kinds of error cost the same.

    Good pairs are alike, defects are not, so that those of another design lie far below the lowest of these: in a wide
    gap the geometric mean, which stands nearer to the good pairs, lets fewer of them pass than the arithmetic one does.
    A model that is sure of every good pair says little by how sure it is: scores below `_SURE` count as that. Designs
    that were left out chose both (benchmarks/README.md, "What chooses the threshold").
    """
    upper, lower = levels[:-1], levels[1:]
    by_ratio = np.maximum(lower, _SURE) ** (1 - up) * np.maximum(upper, _SURE) ** up
    middle = np.where(upper > _SURE, by_ratio, upper * up + lower * (1 - up))
    middle = np.where((middle < upper) & (middle >= lower), middle, lower)  # neighbours in float64 have no midpoint
    lowest = levels[-1] - 1e-6 * max(1.0, abs(float(levels[-1])))
    return np.concatenate((levels[:1], middle, [lowest]))
