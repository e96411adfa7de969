# SPDX-License-Identifier: Apache-2.0
"""What inspection asks of a model: where two registered pictures differ. Imports nothing heavy."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Picture = NDArray[np.uint8]
    Scores = NDArray[np.float32]


class FindsDifferences(Protocol):
    """Gives scores (H, W) in 0..1 for a golden picture and a test picture (H, W, 3) that lies on it."""

    def __call__(self, golden: Picture, test: Picture, residual: float, /) -> Scores:
        """`residual` is what the registration left, in pixels."""


class ComparesWithTraining(Protocol):
    """Tells in words in what a picture (H, W, 3) lies outside of all that a model was trained on."""

    def __call__(self, picture: Picture, /) -> list[str]:
        """Empty where it is like them, and where nobody knows what they were like."""


@dataclass(frozen=True, slots=True)
class Inspector:
    """A source of evidence: `about` says in words what it is, `threshold` is the score from which a pixel changed.

    Regions of fewer than `least_area` changed pixels are left out. Only what `judges` can say PASS: it was taught, and
    measured, what a defect is. `tile` is the width and height of what it looks at at a time, `warnings` what is to be
    told of it whatever the board. A pair has to use the share `fewest_levels` of the range, or is told of.
    """

    find: FindsDifferences
    threshold: float
    about: str
    origin: dict[str, Any]
    least_area: int = 1
    judges: bool = True
    unlike: ComparesWithTraining = field(default=lambda _picture: [])
    tile: tuple[int, int] | None = None
    warnings: tuple[str, ...] = ()
    fewest_levels: float = 0.0

    def to_json(self) -> dict[str, Any]:
        """As `inspection.json` holds it."""
        return {
            "about": self.about,
            "threshold": self.threshold,
            "threshold_origin": self.origin,
            "tile": list(self.tile) if self.tile else None,
            "warnings": list(self.warnings),
        }
