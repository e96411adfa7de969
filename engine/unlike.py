# SPDX-License-Identifier: Apache-2.0
"""Collects the pictures of a split that are unlike those a model was trained on, and tells of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.console import say
from pairs.appearance import appearance_of
from pairs.trained_on import size_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from pairs.trained_on import TrainedOn

UNLIKE_COLUMN = "unlike_training"
_MOST_TOLD = 5


class UnlikePictures:
    """What lies outside, in words, by the place of the picture in its list."""

    def __init__(self, trained_on: TrainedOn, times: tuple[float, float] = (1.0, 1.0)) -> None:
        self._trained_on, self._times = trained_on, times
        self.found: dict[int, str] = {}

    def look(self, place: int, picture: NDArray[np.uint8], path: str, where: str) -> None:
        """Look at a picture (3, H, W) as the network sees it; `where` names its row. The first ones are told."""
        if not self._trained_on.known:
            return
        words = self._trained_on.unlike(appearance_of(picture.transpose(1, 2, 0)), size_of(path), self._times)
        if not words:
            return
        self.found[place] = "; ".join(words)
        if len(self.found) <= _MOST_TOLD:
            say(f"WARNING {where}: {self.found[place]}")

    def tell(self, total: int) -> None:
        """Say how many there were."""
        if self.found:
            say(
                f"WARNING {len(self.found)} of {total} pictures are unlike all that the model was trained on: what it "
                "says of them is no verdict"
            )
