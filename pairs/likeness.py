# SPDX-License-Identifier: Apache-2.0
"""Pictures that look almost exactly alike.

Inspection pictures of one part on many boards are alike by nature, so only what noise of a camera would already tell
apart counts as a near copy: the very same picture, encoded anew or changed by a grey level or two. Scaled, moved and
otherwise exposed copies are not found: a rule that finds them takes two units of one board for copies.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pairs.pictures import Look

DIFFERING_BITS = 3  # of the 64 of the outline
DIFFERING_LEVELS = 2  # grey levels in every cell of the 16x16 likeness
LIKENESS_CELLS = 16 * 16
LEAST_CONTRAST = 8.0  # flat pictures are all alike
BANDS = 4
NEIGHBOURS = 16


def near_copies(looks: list[Look]) -> list[tuple[int, int]]:
    """The places (earlier, later) of pictures that look almost alike; those with the very same pixels are left out.

    Outlines that differ in at most three bits agree in one of four bands, so only pictures that share a band are
    compared, each with its next 16 neighbours there.
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
            if np.abs(likeness[a].astype(np.int16) - likeness[b]).max() <= DIFFERING_LEVELS:
                found.add((min(a, b), max(a, b)))
    return sorted(found)


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
