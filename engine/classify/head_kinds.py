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

from engine.classify.attribution import first_order

if TYPE_CHECKING:
    from engine.backbones.base import Backbone

Features = list[Tensor]  # one tensor per level (or one embedding); the first dimension counts images


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


class ClassifierHead(DifferenceHead):
    """Heads that end in logits (B, classes); the score is the probability of the second class, NO_PASS."""

    def score(self, output: Tensor) -> Tensor:
        """The probability of NO_PASS."""
        return torch.softmax(output.float(), dim=1)[:, 1]

    def margin(self, output: Tensor) -> Tensor:
        """The logarithm of the odds of NO_PASS."""
        return output[:, 1] - others(output).logsumexp(dim=1)


def others(logits: Tensor) -> Tensor:
    """The logits (B, classes - 1) of all classes but NO_PASS."""
    return torch.cat([logits[:, :1], logits[:, 2:]], dim=1)


def repeated(tests: Tensor, count: int) -> Tensor:
    """(B, ...) as (B * count, ...), a test image for each of its golden images."""
    return tests if count == 1 else tests.repeat_interleave(count, 0)


def per_pair(values: Tensor, count: int) -> Tensor:
    """(B * count, ...) as (B, count, ...)."""
    return values.reshape(-1, count, *values.shape[1:])
