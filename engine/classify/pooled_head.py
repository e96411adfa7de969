# SPDX-License-Identifier: Apache-2.0
"""The head of the laptop profile: what differs at each level, pooled to maxima and means."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from engine.classify.head_kinds import ClassifierHead, others, per_pair, repeated

if TYPE_CHECKING:
    from collections.abc import Sequence

    from engine.backbones.base import Backbone
    from engine.classify.head_kinds import Features

_POOLED_WIDTH = 32


class PooledHead(ClassifierHead):
    """A small head for small data: at each level test, golden and absolute difference through two convolutions.

    Each level is pooled to its channels' maxima and means: a defect is where one place differs (maximum), and how
    much differs in all tells nuisance from defect (mean). No weight belongs to a place, so any image size fits, and
    flips and rotations are seen alike.
    """

    explains_forward = True

    def __init__(self, channels: Sequence[int], classes: int) -> None:
        super().__init__()
        self.levels = nn.ModuleList(_pooled_level(level) for level in channels)
        self.classifier = nn.Linear(2 * _POOLED_WIDTH * len(channels), classes)

    def describe(self, backbone: Backbone, images: Tensor) -> Features:
        """The backbone's four maps."""
        return list(backbone(images))

    def compare(self, tests: Features, goldens: Features, count: int) -> Tensor:
        """Logits (B, classes)."""
        return self._conclude(self._differences(tests, goldens, count), count)

    def explain(self, tests: Features, goldens: Features, count: int) -> tuple[Tensor, list[Tensor]]:
        """Logits, and per level each place's margin if it alone were the maximum of every channel, (B, h, w).

        A class activation map (Zhou et al., "Learning deep features for discriminative localization", CVPR 2016). It
        needs no backward pass, and shows every defect of a picture, where slopes reach the largest place alone.
        """
        maps = self._differences(tests, goldens, count)
        output = self._conclude(maps, count)
        weights = _margin_slope(output) @ self.classifier.weight  # (B, what is pooled)
        of_maxima = weights.view(-1, len(maps), 2, _POOLED_WIDTH)[:, :, 0]
        places = [
            torch.einsum("bchw,bc->bhw", per_pair(level, count).amin(dim=1), of_maxima[:, i])
            for i, level in enumerate(maps)
        ]
        return output, places

    def _differences(self, tests: Features, goldens: Features, count: int) -> Features:
        """Per level what differs, (B * count, width, h, w)."""
        maps: Features = []
        for level, test, golden in zip(self.levels, tests, goldens, strict=True):
            tested = repeated(test, count)
            maps.append(level(torch.cat([tested, golden, (tested - golden).abs()], dim=1)))
        return maps

    def _conclude(self, maps: Features, count: int) -> Tensor:
        pooled = [part for level in maps for part in (level.amax(dim=(2, 3)), level.mean(dim=(2, 3)))]
        nearest = per_pair(torch.cat(pooled, dim=1), count).amin(dim=1)
        logits: Tensor = self.classifier(nearest)
        return logits


def _pooled_level(channels: int) -> nn.Sequential:
    width = _POOLED_WIDTH
    return nn.Sequential(
        *(nn.Conv2d(3 * channels, width, 3, padding=1, bias=False), nn.BatchNorm2d(width), nn.ReLU(inplace=True)),
        *(nn.Conv2d(width, width, 3, padding=1, bias=False), nn.BatchNorm2d(width), nn.ReLU(inplace=True)),
    )


def _margin_slope(logits: Tensor) -> Tensor:
    """How the margin changes with each logit, (B, classes)."""
    slopes = -others(logits).softmax(dim=1)
    return torch.cat([slopes[:, :1], torch.ones_like(slopes[:, :1]), slopes[:, 1:]], dim=1)
