# SPDX-License-Identifier: Apache-2.0
"""Pairs that use few of the levels that a picture can have: too little light, or hardly any contrast.

What differs by a few levels is passed over by a network that learned from pictures with many, without a word. Where a
model tells from how many levels on it was measured, both pictures of a pair with fewer are stretched by one map.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from engine.inspect.evidence import FindsDifferences, Picture, Scores

_WHOLE = 256  # levels
_STRETCHED_TO, _FROM = 160.0, 20.0  # levels, and the one that the darkest becomes
_TRIMMED = 0.005  # of the pixels at either end: glare and dead pixels are not the board
_MOST_LOOKED_AT = 1 << 20  # pixels of each picture
_LOST = 10  # levels of both pictures; with fewer, rounding alone hides and feigns defects (benchmarks/README.md)


def with_enough_levels(find: FindsDifferences, fewest: float) -> FindsDifferences:
    """`find` on pairs that are stretched where they use fewer levels than the share `fewest` of all."""
    if not fewest:
        return find

    def stretched(golden: Picture, test: Picture, residual: float) -> Scores:
        low, used = _levels_of(golden, test)
        if used >= fewest * _WHOLE:
            return find(golden, test, residual)
        gain = _STRETCHED_TO / max(used, 1)
        map_of = np.clip((np.arange(_WHOLE) - low) * gain + _FROM, 0, _WHOLE - 1).round().astype(np.uint8)
        return find(map_of[golden], map_of[test], residual)

    return stretched


def few_levels(golden: Picture, test: Picture, fewest: float) -> tuple[str, bool]:
    """What is to be told of how few levels a pair uses, empty where enough; and whether a verdict is worth nothing."""
    used = _levels_of(golden, test)[1] if fewest else _WHOLE
    if used >= fewest * _WHOLE:
        return "", False
    told = f"both pictures use {used} of {_WHOLE} levels, and the model was measured from {fewest * _WHOLE:.0f} on"
    if used < _LOST:
        return f"{told}: defects are lost in so few, more light or contrast is needed", True
    return f"{told}: they were stretched; faint marks show better with more light or contrast", False


def _levels_of(golden: Picture, test: Picture) -> tuple[int, int]:
    """The darkest level of the grey values of both pictures (H, W, 3), and how many there are up to the brightest."""
    counts = np.zeros(_WHOLE, dtype=np.int64)
    for picture in (golden, test):
        step = max(1, int(np.sqrt(picture.shape[0] * picture.shape[1] / _MOST_LOOKED_AT)))
        grey = picture[::step, ::step].mean(axis=2, dtype=np.float32)
        counts += np.bincount(grey.astype(np.uint8).ravel(), minlength=_WHOLE)
    share = np.cumsum(counts) / counts.sum()
    low, high = np.searchsorted(share, (_TRIMMED, 1 - _TRIMMED)).tolist()
    return low, high - low + 1
