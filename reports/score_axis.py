# SPDX-License-Identifier: Apache-2.0
"""The axis along which scores are drawn and the threshold is moved.

Probabilities of a confident model crowd at 0 and 1; on a log-odds axis they spread out, so that a threshold of 0.001
can be told from one of 0.01. The page's script repeats these two mappings.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

CROWDED = 0.02
SHARE = 0.5
LEAST_ODDS, MOST_ODDS = 2.0, 6.0  # powers of ten
LARGEST = 1e150  # what is larger stands at the end: differences of such numbers may leave the range of float64
LETTER = 0.0185  # of the axis: the widest that a letter of a mark is, on a phone
AT_END = 0.022  # of the axis: marks so near an end are written inwards from it
LOG_ODDS_TICKS = (1e-6, 1e-5, 1e-4, 1e-3, 0.01, 0.1, 0.5, 0.9, 0.99, 0.999, 0.9999, 0.99999, 0.999999)


@dataclass(frozen=True, slots=True)
class ScoreAxis:
    """`kind` is linear or logodds; `low` and `high` are the ends in the kind's own unit, low < high."""

    kind: str
    low: float
    high: float

    def place(self, scores: Floats) -> Floats:
        """Where scores stand, from 0 to 1; those beyond the ends stand at the ends."""
        values = np.clip(_log_odds(scores) if self.kind == "logodds" else scores, self.low, self.high)
        places: Floats = np.clip((values - self.low) / (self.high - self.low), 0.0, 1.0)
        return places

    def ticks(self) -> list[tuple[float, str]]:
        """Places and texts of the marks below the axis."""
        if self.kind == "logodds":
            values = [v for v in LOG_ODDS_TICKS if self.low - 1e-9 <= math.log10(v / (1 - v)) <= self.high + 1e-9]
        else:
            values = _round_values(self.low, self.high)
        places = self.place(np.array(values, dtype=np.float64)).tolist()
        return _apart([(place, f"{value:.10g}") for place, value in zip(places, values, strict=True)])


def score_axis(scores: Floats, threshold: float | None) -> ScoreAxis:
    """An axis that shows finite scores (N,) and the threshold."""
    values = np.append(scores, [] if threshold is None else [threshold])
    if not len(values):
        return ScoreAxis("linear", 0.0, 1.0)
    probabilities = len(scores) > 0 and bool(values.min() >= 0) and bool(values.max() <= 1)
    if probabilities:
        crowded = float(np.mean((scores < CROWDED) | (scores > 1 - CROWDED)))
        return _log_odds_axis(values) if crowded > SHARE else ScoreAxis("linear", 0.0, 1.0)
    return _linear_axis(values)


def _log_odds_axis(values: Floats) -> ScoreAxis:
    odds = np.clip(_log_odds(values), -MOST_ODDS, MOST_ODDS)
    return ScoreAxis("logodds", min(-LEAST_ODDS, math.floor(odds.min())), max(LEAST_ODDS, math.ceil(odds.max())))


def _linear_axis(values: Floats) -> ScoreAxis:
    """From the lowest to the highest value, leaving out far stragglers that would squeeze the rest together."""
    values = np.clip(values, -LARGEST, LARGEST)
    low, high = float(values.min()), float(values.max())
    first, last = (float(q) for q in np.quantile(values, (0.01, 0.99)))
    reach = max(last - first, 1e-12 * max(1.0, abs(first), abs(last))) * 2
    low, high = max(low, first - reach), min(high, last + reach)
    low = 0.0 if 0 <= low <= high / 2 else low
    if not high > low:
        room = max(1.0, abs(low)) / 2
        low, high = low - room, low + room
    return ScoreAxis("linear", low, high)


def _log_odds(scores: Floats) -> Floats:
    with np.errstate(divide="ignore"):
        values: Floats = np.log10(scores) - np.log10(1 - scores)
    return values


def _apart(ticks: list[tuple[float, str]]) -> list[tuple[float, str]]:
    """The marks that have room: the middle one of log odds first, then outwards."""
    kept: list[tuple[float, str]] = []
    for tick in sorted(ticks, key=lambda tick: (tick[1] != "0.5", tick[0] > 0.5, abs(tick[0] - 0.5))):
        left, right = _extent(*tick)
        if all(right + LETTER <= other[0] or other[1] + LETTER <= left for other in (_extent(*mark) for mark in kept)):
            kept.append(tick)
    return sorted(kept)


def _extent(place: float, text: str) -> tuple[float, float]:
    """Where a mark's text begins and ends, from 0 to 1."""
    width = LETTER * len(text)
    left = place if place < AT_END else place - width if place > 1 - AT_END else place - width / 2
    return left, left + width


def _round_values(low: float, high: float) -> list[float]:
    rough = (high - low) / 5
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(factor * power for factor in (1, 2, 2.5, 5, 10) if factor * power >= rough * 0.999)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [round(i * step, 12) + 0.0 for i in range(first, last + 1)] if last - first < 20 else [low, high]
