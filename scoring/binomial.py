# SPDX-License-Identifier: Apache-2.0
"""How sure a rate is that was counted on few cases: exact binomial (Clopper-Pearson) bounds, without scipy."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from functools import lru_cache

CONFIDENCE = 0.95


@dataclass(frozen=True, slots=True)
class Interval:
    """Where the true value lies with the given confidence, and how that was found."""

    lower: float
    upper: float
    confidence: float
    method: str

    def as_dict(self) -> dict[str, float | str]:
        """The same as a JSON object."""
        return asdict(self)


def clopper_pearson(hits: int, cases: int, confidence: float = CONFIDENCE) -> Interval:
    """The two-sided exact interval of a rate of which `hits` in `cases` were counted (Clopper and Pearson, 1934)."""
    one_side = (1 + confidence) / 2
    lower, upper = lower_bound(hits, cases, one_side), upper_bound(hits, cases, one_side)
    return Interval(lower, upper, confidence, "exact binomial")


@lru_cache(maxsize=65536)  # boards by the thousand share few distinct counts
def lower_bound(hits: int, cases: int, confidence: float = CONFIDENCE) -> float:
    """The rate that the true one exceeds with the given confidence; with all hits this is the rule of three's bound."""
    if hits == 0 or cases == 0:
        return 0.0
    if hits == cases:
        return float((1 - confidence) ** (1 / cases))
    return _beta_quantile(1 - confidence, hits, cases - hits + 1)


def upper_bound(hits: int, cases: int, confidence: float = CONFIDENCE) -> float:
    """The rate that the true one stays below with the given confidence."""
    return 1 - lower_bound(cases - hits, cases, confidence)


def cases_needed(rate: float, confidence: float = CONFIDENCE) -> int | None:
    """How many cases without a single miss show that a rate is at least `rate`; none suffice for 100 %."""
    if rate >= 1:
        return None
    return max(1, math.ceil(math.log(1 - confidence) / math.log(rate) - 1e-9)) if rate > 0 else 1


def _beta_quantile(probability: float, a: float, b: float) -> float:
    """The x at which the regularised incomplete beta function I_x(a, b) takes `probability`, by bisection."""
    low, high = 0.0, 1.0
    for _ in range(200):
        middle = (low + high) / 2
        if middle in {low, high}:
            break
        if incomplete_beta(middle, a, b) < probability:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def incomplete_beta(x: float, a: float, b: float) -> float:
    """The regularised incomplete beta function I_x(a, b), for 0 < x < 1 (DLMF 8.17.22 and 8.17.4)."""
    if x > (a + 1) / (a + b + 2):  # the fraction converges quickly only on this side
        return 1 - incomplete_beta(1 - x, b, a)
    log_front = math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x)
    return math.exp(log_front) * _beta_fraction(x, a, b) / a


def _beta_fraction(x: float, a: float, b: float) -> float:
    """The continued fraction of DLMF 8.17.22, evaluated from the front (modified Lentz)."""
    tiny = 1e-300
    value, c, d = 1.0, 1 / tiny, 1.0
    for step in range(1, 100_000):
        m = step // 2
        if step % 2:
            term = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        else:
            term = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        d = 1 / (1 + term * d or tiny)
        c = 1 + term / c or tiny
        value *= c * d
        if abs(c * d - 1) < 1e-15:
            break
    return value
