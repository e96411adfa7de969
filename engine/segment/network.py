# SPDX-License-Identifier: Apache-2.0
"""The segment network: one backbone for both images, and a decoder that marks what changed."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch.nn import functional

from engine.backbones.registry import build_backbone
from engine.network_setup import in_quick_format
from engine.segment.decoders import build_decoder

if TYPE_CHECKING:
    from engine.backbones.base import Backbone
    from engine.segment.decoders import Decoder
    from spec.experiment import Experiment


class MaskNetwork(nn.Module, ABC):
    """Predicts a mask for pairs of a golden and a test picture, however it is run.

    Args:
        all_scales: whether `probabilities` are the mean of all five predictions.
    """

    def __init__(self, *, all_scales: bool = False) -> None:
        super().__init__()
        self._all_scales = all_scales

    @property
    @abstractmethod
    def device(self) -> torch.device:
        """Where it computes."""

    def probabilities(self, goldens: Tensor, tests: Tensor) -> Tensor:
        """Probabilities (B, classes, H, W) of pictures (B, 3, H, W)."""
        predictions = self(goldens, tests)
        if not self._all_scales:
            last: Tensor = predictions[-1]
            return last.float().softmax(dim=1)
        size = predictions[-1].shape[2:]
        enlarged = [functional.interpolate(one.float(), size, mode="nearest") for one in predictions]
        return torch.stack(enlarged).mean(dim=0).softmax(dim=1)


class SegmentNetwork(MaskNetwork):
    """A network of PyTorch modules, which can be trained.

    Args:
        backbone: gives four maps of each picture.
        decoder: makes predictions of five sizes.
        all_scales: whether `probabilities` are the mean of all five.
    """

    def __init__(self, backbone: Backbone, decoder: Decoder, *, all_scales: bool = False) -> None:
        super().__init__(all_scales=all_scales)
        self.backbone = backbone
        self.head = decoder

    @property
    def device(self) -> torch.device:
        """That of its weights."""
        return next(self.parameters()).device

    def forward(self, goldens: Tensor, tests: Tensor) -> list[Tensor]:
        """Logits (B, classes, h, w) of five sizes for pictures (B, 3, H, W), the last of the input's size."""
        pairs = len(goldens)
        # One pass over all images: batch statistics, where they are learnt, then treat test and golden images alike.
        pictures = torch.cat([goldens, tests]).to(next(self.parameters()).dtype)
        maps: list[Tensor] = self.backbone(pictures)
        predictions: list[Tensor] = self.head(
            [level[:pairs] for level in maps],
            [level[pairs:] for level in maps],
            (pictures[:pairs], pictures[pairs:]),
        )
        return predictions


def build_network(experiment: Experiment) -> SegmentNetwork:
    """The network of a spec with fresh weights.

    Raises:
        SpecError: the backbone is unknown, can't take images of that size, or would be frozen without weights.
    """
    model, section = experiment.model, experiment.dataset.segment
    backbone = build_backbone(
        model.backbone.type,
        image_height=section.img_size,
        image_width=section.img_size,
        use_summary_token=model.decode_head.use_summary_token,
        finest_stride=model.backbone.finest_stride,
    )
    decoder = build_decoder(model, backbone, section.num_classes)
    network = SegmentNetwork(backbone, decoder, all_scales=section.multi_scale_infer)
    in_quick_format(network)
    return network
