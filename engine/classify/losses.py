# SPDX-License-Identifier: Apache-2.0
"""The two losses of the classify task."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch.nn import functional

from core.errors import SpecError

if TYPE_CHECKING:
    from spec.experiment import Experiment

_PARTNER = {"ce": "learnable", "contrastive": "euclidean"}


class ContrastiveLoss(nn.Module):
    """Draws PASS pairs together and pushes defective ones apart up to `margin`.

    mean((1 - y) * d^2 + y * max(0, margin - d)^2), each sample with its own label, after Hadsell, Chopra and LeCun,
    "Dimensionality reduction by learning an invariant mapping" (2006).
    """

    def __init__(self, margin: float) -> None:
        super().__init__()
        self.margin = margin

    def forward(self, distances: Tensor, labels: Tensor) -> Tensor:
        """The loss of distances (B,) and labels (B,), 1 for a defect."""
        defect = labels.to(distances.dtype)
        apart = functional.relu(self.margin - distances)
        return torch.mean((1 - defect) * distances.square() + defect * apart.square())


class WeightedCrossEntropy(nn.Module):
    """Cross-entropy of logits (B, classes) with a weight per class."""

    weights: Tensor

    def __init__(self, weights: list[float]) -> None:
        super().__init__()
        self.register_buffer("weights", torch.tensor(weights), persistent=False)

    def forward(self, logits: Tensor, labels: Tensor) -> Tensor:
        """The loss of logits and labels (B,), 1 for a defect."""
        return functional.cross_entropy(logits.float(), labels, weight=self.weights.float())


def build_loss(experiment: Experiment) -> ContrastiveLoss | WeightedCrossEntropy:
    """The loss that the spec names.

    Raises:
        SpecError: the loss belongs to the other difference module, or there is not one weight per class.
    """
    section, model = experiment.train.classify, experiment.model.classify
    check_loss(section.loss, model.difference_module)
    if section.loss == "contrastive":
        return ContrastiveLoss(model.train_margin_euclid)
    classes = experiment.dataset.classify.num_classes
    if len(section.cls_weight) != classes:
        raise SpecError(
            f"there are {len(section.cls_weight)} class weights for {classes} classes",
            code="spec.cls_weight",
            where="train.classify.cls_weight",
            remedy="give one weight per class, that of PASS first",
        )
    return WeightedCrossEntropy(section.cls_weight)


def check_loss(loss: str, difference_module: str) -> None:
    """Refuse a loss that can't be computed from the difference module's output.

    Raises:
        SpecError: contrastive with learnable, or ce with euclidean.
    """
    if _PARTNER[loss] != difference_module:
        raise SpecError(
            f"the loss '{loss}' needs the difference module '{_PARTNER[loss]}', not '{difference_module}'",
            code="spec.loss",
            where="train.classify.loss",
            remedy=f"set model.classify.difference_module={_PARTNER[loss]}, or the other loss",
        )
