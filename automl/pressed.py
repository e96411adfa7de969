# SPDX-License-Identifier: Apache-2.0
"""Results as a Gaussian process is told of them: how good the good ones are counts, how bad the bad ones are hardly."""

from __future__ import annotations

import math
import statistics
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

LEAST = 4
"""Fewer results have no tail."""


def pressed(costs: Sequence[float], even: int) -> list[float]:
    """The costs (lower is better) with those above the median on a logarithmic scale; their order stays.

    A process of one scale for all results sees no difference between the good ones once a few have gone far astray, as
    trainings with a learning rate that is too high do. What lies within the scale above the median hardly moves. The
    scale lies halfway, by factors, between the spread of the better half of all results, which shrinks down to their
    noise as a search closes in, and that of the first `even` ones, which were drawn evenly and stay. Measured by
    benchmarks/automl_surfaces.py.
    """
    if len(costs) < LEAST:
        return list(costs)
    middle = statistics.median(costs)
    scale = math.sqrt(_spread(costs) * _spread(costs[: max(even, LEAST)]))
    if not scale > 0:
        return list(costs)
    return [middle + scale * math.log1p((cost - middle) / scale) if cost > middle else cost for cost in costs]


def _spread(costs: Sequence[float]) -> float:
    """From the median down to the lowest tenth."""
    return statistics.median(costs) - statistics.quantiles(costs, n=10, method="inclusive")[0]
