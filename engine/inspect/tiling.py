# SPDX-License-Identifier: Apache-2.0
"""Where overlapping tiles lie on a picture."""

from __future__ import annotations


def starts_of(length: int, side: int, step: int) -> list[int]:
    """Starts of tiles of `side` along a picture of `length`, evenly, no more than `step` apart; of a shorter one: 0."""
    if length <= side:
        return [0]
    count = 1 + -(-(length - side) // step)
    return [round(i * (length - side) / (count - 1)) for i in range(count)]
