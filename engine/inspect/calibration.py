# SPDX-License-Identifier: Apache-2.0
"""A threshold for a line of which there are good pairs alone, and what it would find.

Each good pair gives the lowest threshold at which nothing is found on it; of these the order statistic that leaves no
more than the stated share of pairs above is the least threshold. Defects of every kind are drawn into the same pairs,
and each gives the threshold up to which it is found. Between the least threshold and the one up to which as many of
them are found these pairs choose nothing: the middle, in log odds, leaves room on both sides.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from pairs.flaws.drawing import KINDS, draw_flaw, drawn_size
from scoring.binomial import cases_needed, clopper_pearson, upper_bound
from scoring.regions import find_regions

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from engine.inspect.evidence import Inspector
    from pairs.good_pairs import LaidPair

    Scores = NDArray[np.float32]
    Mask = NDArray[np.bool_]

FEWEST_PAIRS = 3
_DRAWN_PAIRS, _MOST_COPIES = 40, 4  # pairs with defects in all, and of one good pair at most
_MOST_FLAWS = 8  # in one picture
_SIZES = (10.0, 20.0, 40.0)  # pixels: bounds of the classes that recall is told by
_SELDOM = 0.8  # of the defects of a kind
_STEPS = 14  # halvings of the range of log odds: finer than scores are
_FARTHEST = 12.0  # log odds
_AROUND = 3  # pixels around a defect in which its region may lie


@dataclass(frozen=True, slots=True)
class Drawn:
    """A defect that was drawn: its kind and size in pixels, and the highest threshold at which it is found."""

    kind: str
    size: int
    score: float


@dataclass(frozen=True, slots=True)
class Calibration:
    """The threshold, what it does to the good pairs, and what it finds of the drawn defects."""

    threshold: float
    wanted: float
    pairs: int
    flagged: int
    drawn: tuple[Drawn, ...]

    def to_json(self) -> dict[str, Any]:
        """As a JSON object."""
        return {
            "threshold": self.threshold,
            "wanted_false_alarm_rate": self.wanted,
            "good_pairs": self.pairs,
            "flagged": self.flagged,
            "false_alarm_rate_interval": clopper_pearson(self.flagged, self.pairs).as_dict(),
            "false_alarm_rate_at_most": round(upper_bound(self.flagged, self.pairs), 6),
            "pairs_to_show_it": cases_needed(1.0 - self.wanted),
            "recall": self._recall(self.drawn),
            "recall_by_kind": {kind: self._recall(some) for kind, some in self._by_kind()},
            "recall_by_size": {name: self._recall(some) for name, some in self._by_size()},
            "drawn": [asdict(one) for one in self.drawn],
        }

    def sentences(self) -> list[str]:
        """The same for people."""
        bound, needed = upper_bound(self.flagged, self.pairs), cases_needed(1.0 - self.wanted)
        found = self._recall(self.drawn)
        lines = [
            f"threshold {self.threshold:.6g}: {self.flagged} of {self.pairs} good pairs are flagged",
            f"the rate of false alarms is at most {100 * bound:.1f} % (95 % confidence, exact)",
            f"{found['found']} of {found['drawn']} drawn defects are found; by size: {_told(self._by_size(), self)}",
        ]
        if needed:
            lines[1] += f"; to show that it is {100 * self.wanted:g} % at most takes {needed} good pairs without one"
        weak = [(kind, some) for kind, some in self._by_kind() if self._recall(some)["found"] < _SELDOM * len(some)]
        return [*lines, f"seldom found: {_told(weak, self)}"] if weak else lines

    def _by_kind(self) -> list[tuple[str, list[Drawn]]]:
        kinds = sorted({one.kind for one in self.drawn})
        return [(kind, [one for one in self.drawn if one.kind == kind]) for kind in kinds]

    def _recall(self, some: Sequence[Drawn]) -> dict[str, Any]:
        found = sum(one.score > self.threshold for one in some)
        return {"drawn": len(some), "found": found, "at_least": round(_least(found, len(some)), 4)}

    def _by_size(self) -> list[tuple[str, list[Drawn]]]:
        ends = (0.0, *_SIZES, math.inf)
        classes = [
            (_named(low, high), [one for one in self.drawn if low <= one.size < high]) for low, high in pairwise(ends)
        ]
        return [(name, some) for name, some in classes if some]

    def shown(self, some: Sequence[Drawn]) -> str:
        """How many of some defects are found, for people."""
        found = self._recall(some)
        return f"{found['found']} of {found['drawn']}"


def _named(low: float, high: float) -> str:
    if not low:
        return f"below {high:g} px"
    return f"{low:g} to {high:g} px" if high < math.inf else f"from {low:g} px"


def _told(classes: Sequence[tuple[str, Sequence[Drawn]]], calibration: Calibration) -> str:
    return ", ".join(f"{name} {calibration.shown(some)}" for name, some in classes)


def _least(found: int, drawn: int) -> float:
    return clopper_pearson(found, drawn).lower if drawn else 0.0


class Calibrator:
    """Takes good pairs one after the other; `gap` and `least_area` are those of the inspection, `sizes` in pixels."""

    def __init__(self, inspector: Inspector, gap: int, least_area: int, sizes: tuple[float, float], pairs: int) -> None:
        self._inspector, self._gap, self._area, self._sizes = inspector, gap, least_area, sizes
        self._copies = min(_MOST_COPIES, max(1, round(_DRAWN_PAIRS / max(1, pairs))))
        self._good: list[float] = []
        self._drawn: list[Drawn] = []

    def add(self, pair: LaidPair, seed: int) -> None:
        """Score a good pair as it is, and with defects drawn into its test picture."""
        self._good.append(self.highest_region(self._scores(pair, pair.test)))
        rng = np.random.default_rng(seed)
        for _ in range(self._copies):
            picture, taken = pair.test, pair.unknown
            flaws = []
            for _ in range(_MOST_FLAWS):
                drawn = draw_flaw(picture, str(rng.choice(KINDS)), drawn_size(rng, *self._sizes), rng, taken)
                if drawn:
                    picture, taken = drawn[0], taken | _grown(drawn[1].mask, _AROUND + self._gap)
                    flaws.append(drawn[1])
            scores = self._scores(pair, picture)
            for flaw in flaws:
                x, y, width, height = flaw.box
                around = np.s_[max(0, y - _AROUND) : y + height + _AROUND, max(0, x - _AROUND) : x + width + _AROUND]
                near = np.where(_grown(flaw.mask, _AROUND)[around], scores[around], 0.0)
                self._drawn.append(Drawn(flaw.kind, flaw.size, self.highest_region(near)))

    def result(self, wanted: float) -> Calibration:
        """The threshold that leaves no more than the share `wanted` of the good pairs above it."""
        allowed = math.floor(wanted * len(self._good) + 1e-9)
        low = sorted(self._good, reverse=True)[allowed]
        found = [one.score for one in self._drawn if one.score > low]
        threshold = _middle(low, min(found)) if found else low
        flagged = sum(score > threshold for score in self._good)
        return Calibration(threshold, wanted, len(self._good), flagged, tuple(self._drawn))

    def _scores(self, pair: LaidPair, test: NDArray[np.uint8]) -> Scores:
        scores = self._inspector.find(pair.golden, test, pair.residual)
        scores[pair.unknown] = 0.0
        return scores

    def highest_region(self, scores: Scores) -> float:
        """The lowest threshold at which no region is found any more, by halving the range of log odds."""
        low, high = -_FARTHEST, _FARTHEST
        if not self._finds(scores, _odds_of(low)):
            return 0.0
        for _ in range(_STEPS):
            middle = (low + high) / 2
            low, high = (middle, high) if self._finds(scores, _odds_of(middle)) else (low, middle)
        return _odds_of(high)

    def _finds(self, scores: Scores, threshold: float) -> bool:
        marked = scores > threshold
        if int(marked.sum()) < self._area:
            return False
        return any(one.area >= self._area for one in find_regions(marked, self._gap).regions)


def _odds_of(log_odds: float) -> float:
    return 1.0 / (1.0 + math.exp(-log_odds))


def _middle(low: float, high: float) -> float:
    """Between two thresholds, in log odds."""
    ends = [min(max(value, 1e-6), 1 - 1e-6) for value in (low, high)]
    return _odds_of(sum(math.log(value / (1 - value)) for value in ends) / 2)


def _grown(mask: Mask, reach: int) -> Mask:
    """A mask (H, W) with `reach` pixels around it."""
    import cv2

    square = np.ones((2 * reach + 1, 2 * reach + 1), np.uint8)
    return np.asarray(cv2.dilate(mask.astype(np.uint8), square)) > 0
