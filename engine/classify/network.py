# SPDX-License-Identifier: Apache-2.0
"""The classify network: one backbone for both images, and a difference head."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from engine.backbones.registry import build_backbone
from engine.classify.cell_centres import cell_shifts
from engine.classify.difference_heads import build_head
from engine.network_setup import in_quick_format, start_backbone

if TYPE_CHECKING:
    from engine.backbones.base import Backbone
    from engine.classify.cell_centres import Shift, Size
    from engine.classify.head_kinds import DifferenceHead, Features
    from spec.experiment import Experiment


class PairNetwork(nn.Module, ABC):
    """Scores pairs of a test image and its golden images: what scoring asks of a network, however it is run."""

    head: DifferenceHead
    can_explain = True  # whether it can tell where it sees a difference

    @property
    @abstractmethod
    def device(self) -> torch.device:
        """Where it computes."""

    def forward(self, tests: Tensor, goldens: Tensor) -> Tensor:
        """The output of B pairs: a distance (B,), or logits (B, classes).

        Args:
            tests: (B, 3, H, W).
            goldens: (B, N, 3, H, W).
        """
        pairs, count = goldens.shape[:2]
        # One pass over all images: batch statistics, where they are learnt, then treat test and golden images alike.
        features = self.describe(torch.cat([tests, goldens.flatten(0, 1)]))
        return self.head.compare([f[:pairs] for f in features], [f[pairs:] for f in features], count)

    @abstractmethod
    def describe(self, images: Tensor) -> Features:
        """Features of images (M, 3, H, W), each by itself."""

    @abstractmethod
    def off_centre(self, height: int, width: int) -> dict[Size, Shift]:
        """How many pixels the cells of its maps look past their middle, by the maps' sizes."""

    def score(self, output: Tensor) -> Tensor:
        """Scores (B,) of an output; the higher, the more likely a defect."""
        return self.head.score(output)


class ClassifyNetwork(PairNetwork):
    """A network of PyTorch modules, which can be trained."""

    def __init__(self, backbone: Backbone, head: DifferenceHead) -> None:
        super().__init__()
        self.backbone = backbone
        self.head = head

    @property
    def device(self) -> torch.device:
        """That of its weights."""
        return next(self.parameters()).device

    def describe(self, images: Tensor) -> Features:
        """Features of images (M, 3, H, W), each by itself."""
        # With weights of half or double width the pictures take theirs.
        return self.head.describe(self.backbone, images.to(next(self.parameters()).dtype))

    def off_centre(self, height: int, width: int) -> dict[Size, Shift]:
        """See `cell_shifts`; features without a place have none."""
        if not self.head.has_places:
            return {}
        return cell_shifts(self.backbone, lambda empty: self.describe(empty.to(self.device)), height, width)


def build_network(experiment: Experiment, image_size: tuple[int, int]) -> ClassifyNetwork:
    """The network of a spec with fresh weights, for pictures of `image_size` (height, width) with all lightings.

    Raises:
        SpecError: the backbone is unknown, can't take images of that size, or would be frozen without weights.
    """
    height, width = image_size
    model = experiment.model
    backbone = build_backbone(
        model.backbone.type,
        image_height=height,
        image_width=width,
        pyramid=model.classify.difference_module != "euclidean",
        use_summary_token=model.decode_head.use_summary_token,
        finest_stride=model.backbone.finest_stride,
    )
    head = build_head(experiment.model, backbone, image_size, experiment.dataset.classify.num_classes)
    network = ClassifyNetwork(backbone, head)
    in_quick_format(network)
    return network


def start_weights(network: ClassifyNetwork, experiment: Experiment) -> None:
    """Load the backbone's pretrained weights and freeze it, as the spec says.

    Raises:
        SpecError: it would be frozen without weights.
        CheckpointError: the weight file can't be used.
    """
    start_backbone(network.backbone, experiment.model.backbone)
