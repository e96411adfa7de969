# SPDX-License-Identifier: Apache-2.0
"""The difference heads of the container, and which head a spec names."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch.nn import functional

from engine.classify.head_kinds import ClassifierHead, DistanceHead, per_pair, repeated
from engine.classify.pooled_head import PooledHead

if TYPE_CHECKING:
    from collections.abc import Sequence

    from engine.backbones.base import Backbone
    from engine.classify.head_kinds import DifferenceHead, Features
    from spec.model_section import Model

_EUCLIDEAN_WIDTH = 512


class EuclideanHead(DistanceHead):
    """The distance of two embeddings."""

    def __init__(self, features: int, embedding: int) -> None:
        super().__init__()
        width = _EUCLIDEAN_WIDTH
        self.embedding = nn.Sequential(
            *(nn.Linear(features, width), nn.ReLU(), nn.BatchNorm1d(width)),
            *(nn.Linear(width, width), nn.ReLU(), nn.BatchNorm1d(width)),
            nn.Linear(width, embedding),
        )

    def describe(self, backbone: Backbone, images: Tensor) -> Features:
        """One embedding per image, (M, embedding)."""
        return [self.embedding(backbone.final_features(images))]

    def compare(self, tests: Features, goldens: Features, count: int) -> Tensor:
        """The distance to the nearest golden image, (B,)."""
        each = per_pair(goldens[0], count)  # (B, N, embedding)
        distances: Tensor = torch.linalg.vector_norm(tests[0].unsqueeze(1) - each, dim=-1)
        return distances.amin(dim=1)


class LearnableHead(ClassifierHead):
    """The container's learnable difference module, which flattens the fused difference map.

    Args:
        channels: of the backbone's four maps, finest first.
        map_size: height and width of the finest map; the classifier fits this size only.
        model: the spec's `model` section.
        classes: outputs.
    """

    def __init__(self, channels: Sequence[int], map_size: tuple[int, int], model: Model, classes: int) -> None:
        super().__init__()
        width, hidden = model.decode_head.decoder_params.embed_dim, model.classify.embed_dec
        self._levels = model.classify.learnable_difference_modules
        self._selected = list(model.decode_head.in_index)
        self._align_corners = model.decode_head.align_corners
        self.project = nn.ModuleList(nn.Linear(channels[i], width) for i in self._selected)
        self.difference = nn.ModuleList(_difference_block(2 * width, width) for _ in self._selected)
        self.fuse = nn.Sequential(nn.Conv2d(width * self._levels, width, 1), nn.BatchNorm2d(width))
        self.classifier = nn.Sequential(
            *(nn.Linear(width * map_size[0] * map_size[1], hidden), nn.ReLU(), nn.BatchNorm1d(hidden)),
            *(nn.Linear(hidden, hidden), nn.ReLU(), nn.BatchNorm1d(hidden)),
            nn.Linear(hidden, classes),
        )

    def describe(self, backbone: Backbone, images: Tensor) -> Features:
        """Four maps (M, embed_dim, H/stride, W/stride), finest first."""
        maps = backbone(images)
        return [
            project(maps[i].permute(0, 2, 3, 1)).permute(0, 3, 1, 2)
            for i, project in zip(self._selected, self.project, strict=True)
        ]

    def compare(self, tests: Features, goldens: Features, count: int) -> Tensor:
        """Logits (B, classes)."""
        above: Tensor | None = None
        fused: list[Tensor] = []
        for level in reversed(range(len(tests))):
            pair = torch.cat([repeated(tests[level], count), goldens[level]], dim=1)
            here: Tensor = self.difference[level](pair)
            above = here if above is None else here + self._resize(above, here)
            fused.append(above)
        nearest = [per_pair(level, count).amin(dim=1) for level in fused[: self._levels]]
        finest = fused[-1]
        joined: Tensor = self.fuse(torch.cat([self._resize(level, finest) for level in nearest], dim=1))
        logits: Tensor = self.classifier(joined.flatten(1))
        return logits

    def _resize(self, small: Tensor, like: Tensor) -> Tensor:
        if small.shape[2:] == like.shape[2:]:
            return small
        return functional.interpolate(small, like.shape[2:], mode="bilinear", align_corners=self._align_corners)


def _difference_block(inputs: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(
        *(nn.Conv2d(inputs, outputs, 3, padding=1), nn.ReLU(), nn.BatchNorm2d(outputs)),
        *(nn.Conv2d(outputs, outputs, 3, padding=1), nn.ReLU()),
    )


def build_head(model: Model, backbone: Backbone, image_size: tuple[int, int], classes: int) -> DifferenceHead:
    """The difference head that the spec names, for images of `image_size` (height, width) with all lightings."""
    classify = model.classify
    if classify.difference_module == "euclidean":
        return EuclideanHead(backbone.embed_dim, classify.embedding_vectors)
    if classify.difference_head == "pooled":
        return PooledHead(backbone.channels, classes)
    finest = backbone.strides[model.decode_head.in_index[0]]
    map_size = (image_size[0] // finest, image_size[1] // finest)
    return LearnableHead(backbone.channels, map_size, model, classes)
