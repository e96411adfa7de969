# SPDX-License-Identifier: Apache-2.0
"""Pictures that look almost exactly alike.

Inspection pictures of one part on many boards are alike by nature, so only what noise of a camera and a board that lies
a little otherwise would already tell apart counts as a near copy: the very same picture, encoded anew, made brighter or
darker as a whole, or halved. Moved and slightly scaled copies are not found.

The limits were chosen by measurement. Of 120 pictures of synthetic boards 117 or more are found after JPEG of quality
60, 113 or more when 10 % brighter or darker, 96 or more when halved; of 120 black and white ones of DeepPCB 109 after
JPEG of quality 90, 17 after 60. Among 1,200 pictures of eight units of each board, and 1,500 of DeepPCB, no two are
taken for copies; among 3,000 tiles of DeepPCB one pair is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pairs.pictures import Look

DIFFERING_BITS = 6  # of the 64 of the outline
DIFFERING_LEVELS = 4  # grey levels in every cell of the 16x16 likeness, after the one factor that fits best
FACTORS = (0.75, 1.34)  # how much darker or brighter a copy may be
LIKENESS_CELLS = 16 * 16
LEAST_CONTRAST = 8.0  # flat pictures are all alike
BANDS = 4
NEIGHBOURS = 16


def near_copies(looks: list[Look]) -> list[tuple[int, int]]:
    """The places (earlier, later) of pictures that look almost alike; those with the very same pixels are left out.

    Outlines that differ in few bits mostly agree in one of four bands, so only pictures that share a band are compared,
    each with its next 16 neighbours there.
    """
    if len(looks) < 2:
        return []
    outlines = np.array([look.outline for look in looks], dtype=np.int64).view(np.uint64)
    likeness = np.frombuffer(b"".join(look.likeness for look in looks), dtype=np.uint8).reshape(len(looks), -1)
    content = np.array([look.content for look in looks], dtype=np.int64)
    worth = np.array([look.contrast >= LEAST_CONTRAST for look in looks])
    found: set[tuple[int, int]] = set()
    for first, second in _candidates(outlines):
        near = worth[first] & (content[first] != content[second])
        near &= np.bitwise_count(outlines[first] ^ outlines[second]) <= DIFFERING_BITS
        for a, b in zip(first[near].tolist(), second[near].tolist(), strict=True):
            if _is_copy(likeness[a].astype(np.float64), likeness[b].astype(np.float64)):
                found.add((min(a, b), max(a, b)))
    return sorted(found)


def _is_copy(one: NDArray[np.float64], other: NDArray[np.float64]) -> bool:
    """Whether two likenesses (256,) are the same but for brightness."""
    factor = float(one @ other) / max(float(one @ one), 1.0)
    return FACTORS[0] <= factor <= FACTORS[1] and bool(np.abs(factor * one - other).max() <= DIFFERING_LEVELS)


def _candidates(outlines: NDArray[np.uint64]) -> list[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Pairs of places whose outlines share a band of 16 bits."""
    pairs = []
    for band in range(BANDS):
        keys = (outlines >> np.uint64(16 * band)) & np.uint64(0xFFFF)
        order = np.lexsort((outlines, keys))
        for step in range(1, min(NEIGHBOURS, len(order) - 1) + 1):
            first, second = order[:-step], order[step:]
            same = keys[first] == keys[second]
            pairs.append((first[same], second[same]))
    return pairs
