# SPDX-License-Identifier: Apache-2.0
"""The losses of the segment task; pixels whose label is 255 have no part in any of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor
from torch.nn import functional

from engine.segment.labels import IGNORED

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from spec.experiment import Experiment

    PixelLoss = Callable[[Tensor, Tensor], Tensor]

_FOCUS = 2.0


def cross_entropy(logits: Tensor, labels: Tensor) -> Tensor:
    """Cross-entropy of logits (B, classes, H, W) and labels (B, H, W); 0 where nothing is labelled."""
    losses = functional.cross_entropy(logits, labels, ignore_index=IGNORED, reduction="sum")
    return losses / (labels != IGNORED).sum().clamp_min(1)


def focal(logits: Tensor, labels: Tensor) -> Tensor:
    """Cross-entropy times (1 - p)^2: what is right already hardly counts (Lin et al., arXiv 1708.02002)."""
    losses = functional.cross_entropy(logits, labels, ignore_index=IGNORED, reduction="none")
    weights = (1.0 - torch.exp(-losses)) ** _FOCUS
    return (weights * losses).sum() / (labels != IGNORED).sum().clamp_min(1)


def mean_iou(logits: Tensor, labels: Tensor) -> Tensor:
    """1 - mean IoU of soft masks (Rahman and Wang, ISVC 2016) plus cross-entropy, without which it starts badly."""
    known = labels != IGNORED
    truth = functional.one_hot(labels.where(known, 0), logits.shape[1]).movedim(-1, 1) * known.unsqueeze(1)
    soft = logits.softmax(dim=1) * known.unsqueeze(1)
    overlap = (soft * truth).sum(dim=(0, 2, 3))
    union = (soft + truth - soft * truth).sum(dim=(0, 2, 3))
    there = truth.sum(dim=(0, 2, 3)) > 0
    shares = (overlap / union.clamp_min(1e-6))[there]
    overlap_loss = 1.0 - shares.mean() if len(shares) else logits.new_zeros(())
    return overlap_loss + cross_entropy(logits, labels)


_LOSSES: dict[str, PixelLoss] = {"ce": cross_entropy, "focal": focal, "miou": mean_iou}


class SegmentLoss:
    """The loss of five predictions: of the last one, or with `multi_scale_train` of all of them, weighted."""

    def __init__(self, experiment: Experiment) -> None:
        section = experiment.train.segment
        self.of_one = _LOSSES[section.loss]
        self._weights = section.weights if experiment.dataset.segment.multi_scale_train else None

    def __call__(self, predictions: Sequence[Tensor], labels: Tensor) -> Tensor:
        """The loss of logits (B, classes, h, w), coarsest first, and labels (B, H, W)."""
        ids = labels.long()
        if self._weights is None:
            return self.of_one(predictions[-1].float(), ids)
        parts = [
            weight * self.of_one(logits.float(), _resized(labels, logits).long())
            for weight, logits in zip(self._weights, predictions, strict=True)
        ]
        return torch.stack(parts).sum()


def _resized(labels: Tensor, logits: Tensor) -> Tensor:
    size = logits.shape[2:]
    if labels.shape[1:] == size:
        return labels
    return functional.interpolate(labels.unsqueeze(1).float(), size, mode="nearest").squeeze(1)
