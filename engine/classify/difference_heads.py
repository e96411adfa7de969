# SPDX-License-Identifier: Apache-2.0
"""How two images are compared, from the features of a shared backbone to a score.

Every head works in two halves, so that what belongs to a golden image alone is computed once however many pairs share
it: `describe` turns images into features, `compare` turns the features of test and golden images into an output.

Every head also explains itself: `explain` tells, beside the output, which places speak for a defect.

With several golden images per pair, differences are taken to each of them and the smallest one counts, feature by
feature: a part is good when it looks like one of its golden images.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch.nn import functional

from engine.classify.attribution import first_order

if TYPE_CHECKING:
    from collections.abc import Sequence

    from engine.backbones.base import Backbone
    from spec.model_section import Model

Features = list[Tensor]  # one tensor per level (or one embedding); the first dimension counts images
_EUCLIDEAN_WIDTH = 512
_POOLED_WIDTH = 32


class DifferenceHead(nn.Module, ABC):
    """What all heads offer."""

    has_places = True  # whether features are maps of the picture, (M, channels, height, width)
    explains_forward = False  # whether `explain` needs no slopes, and so can be exported

    @abstractmethod
    def describe(self, backbone: Backbone, images: Tensor) -> Features:
        """Features of images (M, 3, H, W)."""

    @abstractmethod
    def compare(self, tests: Features, goldens: Features, count: int) -> Tensor:
        """The output for B pairs: `tests` hold B images, `goldens` B * count, the images of a pair in a row."""

    @abstractmethod
    def score(self, output: Tensor) -> Tensor:
        """The score (B,) of an output; the higher, the more likely a defect."""

    @abstractmethod
    def margin(self, output: Tensor) -> Tensor:
        """What rises and falls with the score, (B,), but does not level off, so that its slopes tell."""

    def explain(self, tests: Features, goldens: Features, count: int) -> tuple[Tensor, list[Tensor]]:
        """The output as `compare` gives it, and for each level what each place adds to the margin, (B, h, w)."""
        return first_order(lambda points: self.compare(points, goldens, count), self.margin, tests, goldens, count)


class DistanceHead(DifferenceHead):
    """Heads whose output (B,) is the score: a distance of embeddings, which belong to no place."""

    has_places = False

    def score(self, output: Tensor) -> Tensor:
        """The distance itself."""
        return output

    def margin(self, output: Tensor) -> Tensor:
        """The distance itself."""
        return output


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
        each = _per_pair(goldens[0], count)  # (B, N, embedding)
        distances: Tensor = torch.linalg.vector_norm(tests[0].unsqueeze(1) - each, dim=-1)
        return distances.amin(dim=1)


class ClassifierHead(DifferenceHead):
    """Heads that end in logits (B, classes); the score is the probability of the second class, NO_PASS."""

    def score(self, output: Tensor) -> Tensor:
        """The probability of NO_PASS."""
        return torch.softmax(output.float(), dim=1)[:, 1]

    def margin(self, output: Tensor) -> Tensor:
        """The logarithm of the odds of NO_PASS."""
        return output[:, 1] - _others(output).logsumexp(dim=1)


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
            pair = torch.cat([_repeated(tests[level], count), goldens[level]], dim=1)
            here: Tensor = self.difference[level](pair)
            above = here if above is None else here + self._resize(above, here)
            fused.append(above)
        nearest = [_per_pair(level, count).amin(dim=1) for level in fused[: self._levels]]
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
            torch.einsum("bchw,bc->bhw", _per_pair(level, count).amin(dim=1), of_maxima[:, i])
            for i, level in enumerate(maps)
        ]
        return output, places

    def _differences(self, tests: Features, goldens: Features, count: int) -> Features:
        """Per level what differs, (B * count, width, h, w)."""
        maps: Features = []
        for level, test, golden in zip(self.levels, tests, goldens, strict=True):
            repeated = _repeated(test, count)
            maps.append(level(torch.cat([repeated, golden, (repeated - golden).abs()], dim=1)))
        return maps

    def _conclude(self, maps: Features, count: int) -> Tensor:
        pooled = [part for level in maps for part in (level.amax(dim=(2, 3)), level.mean(dim=(2, 3)))]
        nearest = _per_pair(torch.cat(pooled, dim=1), count).amin(dim=1)
        logits: Tensor = self.classifier(nearest)
        return logits


def _pooled_level(channels: int) -> nn.Sequential:
    width = _POOLED_WIDTH
    return nn.Sequential(
        *(nn.Conv2d(3 * channels, width, 3, padding=1, bias=False), nn.BatchNorm2d(width), nn.ReLU(inplace=True)),
        *(nn.Conv2d(width, width, 3, padding=1, bias=False), nn.BatchNorm2d(width), nn.ReLU(inplace=True)),
    )


def _others(logits: Tensor) -> Tensor:
    """The logits (B, classes - 1) of all classes but NO_PASS."""
    return torch.cat([logits[:, :1], logits[:, 2:]], dim=1)


def _margin_slope(logits: Tensor) -> Tensor:
    """How the margin changes with each logit, (B, classes)."""
    others = -_others(logits).softmax(dim=1)
    return torch.cat([others[:, :1], torch.ones_like(others[:, :1]), others[:, 1:]], dim=1)


def _repeated(tests: Tensor, count: int) -> Tensor:
    """(B, ...) as (B * count, ...), a test image for each of its golden images."""
    return tests if count == 1 else tests.repeat_interleave(count, 0)


def _per_pair(values: Tensor, count: int) -> Tensor:
    """(B * count, ...) as (B, count, ...)."""
    return values.reshape(-1, count, *values.shape[1:])


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
