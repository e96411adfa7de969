# SPDX-License-Identifier: Apache-2.0
"""What is remembered of golden images that pairs may come back to, within a number of bytes."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from deployed.pixel_alignment import GoldenLook
    from deployed.second_look import View

    Inputs = NDArray[np.float32]
    Features = list[NDArray[np.float32]]

_MOST_BYTES = 512 << 20


class Golden(NamedTuple):
    """What is remembered of a set of N golden images."""

    inputs: Inputs  # (N, 3, H, W) normalised, lightings combined
    features: Features  # (N, ...) each, as `Halves.golden` gives them
    look: GoldenLook | None
    turned: dict[View, Features]

    @property
    def size(self) -> int:
        """Bytes, with room for one turned copy of the features."""
        return self.inputs.nbytes + 2 * sum(level.nbytes for level in self.features)


class GoldenMemory:
    """Sets of golden images by name, the latest used of them; a set without a name is not kept."""

    def __init__(self) -> None:
        self._known: OrderedDict[str, Golden] = OrderedDict()
        self._bytes = 0

    def __len__(self) -> int:
        """How many are remembered."""
        return len(self._known)

    def get(self, name: str) -> Golden | None:
        """What is remembered of a set."""
        return self._known.get(name)

    def keep(self, name: str, golden: Golden) -> None:
        """Remember a set that was used, and forget those not used for longest."""
        if not name:
            return
        if name in self._known:
            self._known.move_to_end(name)
            return
        self._known[name] = golden
        self._bytes += golden.size
        while self._bytes > _MOST_BYTES and len(self._known) > 1:
            self._bytes -= self._known.popitem(last=False)[1].size

    def forget(self) -> None:
        """Forget all."""
        self._known.clear()
        self._bytes = 0
