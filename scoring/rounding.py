# SPDX-License-Identifier: Apache-2.0
"""Rates as text that never claims more than was counted: one escape in a million is not a recall of 100 %."""

from __future__ import annotations

import math

_MOST_PLACES = 8


def plainly(value: float, places: int, whole: float) -> str:
    """A value from 0 to `whole` with decimals, and with more where it would read as 0 or `whole` without being so."""
    for more in range(places, _MOST_PLACES):
        text = f"{value:.{more}f}"
        if value in {0, whole} or float(text) not in {0, whole}:
            return text
    return f"{value:.{places}f}"


def as_percent(rate: float) -> str:
    """A rate from 0 to 1 as a percentage with two decimals, or more near its ends."""
    return f"{plainly(100 * rate, 2, 100)}%"


def at_least(rate: float) -> str:
    """A lower bound as a percentage, rounded down."""
    return f"{math.floor(1e4 * rate + 1e-9) / 100:.2f}%"


def at_most(rate: float) -> str:
    """An upper bound as a percentage, rounded up."""
    return f"{math.ceil(1e4 * rate - 1e-9) / 100:.2f}%"
