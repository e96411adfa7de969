# SPDX-License-Identifier: Apache-2.0
"""The threshold above which a pixel counts as changed, as validation chooses it and checkpoints carry it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.checkpoints import read_threshold
from scoring.origin import SourcedThreshold, ThresholdOrigin
from scoring.pixels import best_threshold

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray
    from torch import Tensor

    from engine.checkpoints import Content
    from scoring.pixels import Matrix

EVEN = 0.5


class MaskThreshold(SourcedThreshold):
    """A threshold of the probability of change."""

    @classmethod
    def chosen(cls, counts: Matrix, epoch: int) -> MaskThreshold | None:
        """The best one for the pixels of a validation, as `scoring.pixels` counts them; None where none changed."""
        value = best_threshold(counts)
        origin = ThresholdOrigin("validation", "validation")
        return None if value is None else cls(value, f"best F1 of pixels on validation, epoch {epoch}", origin)

    @classmethod
    def of_checkpoint(cls, content: Content, path: Path) -> MaskThreshold:
        """The threshold that a checkpoint carries; even odds where it has none.

        Raises:
            CheckpointError: it is no number that a probability can lie above and below.
        """
        value = read_threshold(content, path, 1.0)
        if value is None:
            return cls(EVEN, "even odds: the checkpoint has no threshold", ThresholdOrigin())
        origin = ThresholdOrigin.from_json(content.get("threshold_origin"))
        return cls(value, str(content.get("threshold_source") or ""), origin)


def change_of(probabilities: Tensor) -> Tensor:
    """The probability (H, W) that a pixel changed, of those (classes, H, W) of each class."""
    return 1.0 - probabilities[0]


def mask_of(probabilities: Tensor, threshold: float) -> NDArray[np.uint8]:
    """Class ids (H, W): of pixels that changed the likeliest kind of change, 0 elsewhere."""
    kinds = probabilities[1:].argmax(dim=0) + 1
    return (kinds * (change_of(probabilities) > threshold)).byte().numpy()
