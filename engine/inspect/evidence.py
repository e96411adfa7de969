# SPDX-License-Identifier: Apache-2.0
"""What inspection asks of a model: where two registered pictures differ. Imports nothing heavy."""

from __future__ import annotations

from dataclasses import dataclass
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


@dataclass(frozen=True, slots=True)
class Inspector:
    """A source of evidence: `about` says in words what it is, `threshold` is the score from which a pixel changed.

    Only what `judges` can say PASS: it was taught, and measured, what a defect is.
    """

    find: FindsDifferences
    threshold: float
    about: str
    origin: dict[str, Any]
    judges: bool = True
