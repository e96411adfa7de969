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


def pressed(costs: Sequence[float]) -> list[float]:
    """The costs (lower is better) with those above the median on a logarithmic scale; their order stays.

    A process of one scale for all results sees no difference between the good ones once a few have gone far astray, as
    trainings with a learning rate that is too high do. The scale is the spread of the better half: what lies within it
    above the median hardly moves. Measured by benchmarks/automl_surfaces.py.
    """
    if len(costs) < LEAST:
        return list(costs)
    middle = statistics.median(costs)
    spread = middle - statistics.quantiles(costs, n=10, method="inclusive")[0]
    if not spread > 0:
        return list(costs)
    return [middle + spread * math.log1p((cost - middle) / spread) if cost > middle else cost for cost in costs]
