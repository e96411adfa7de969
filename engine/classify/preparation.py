# SPDX-License-Identifier: Apache-2.0
"""From pixels to what the network sees: augmentation, normalisation, and the lightings of an object in one picture."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch.nn import functional

from engine.alignment import align, moved, shifts_onto
from engine.augmentation import apply_change, draw_change
from engine.backbones.info import effective_mean_std
from engine.classify.network_input import NetworkInput, layout_of
from engine.classify.test_time_augmentation import doubtful_pairs, mean_of_views, mean_with_larger
from engine.nuisance import disturb

if TYPE_CHECKING:
    from torch import Tensor

    from engine.classify.network import PairNetwork
    from engine.classify.pair_images import PairBatch
    from spec.augmentation_section import RandomChanges
    from spec.experiment import Experiment


_SIDE = 32  # pixels: what the coarsest stride of a timm backbone divides


class Preparation:
    """Prepares batches on whichever device they are on."""

    def __init__(self, experiment: Experiment) -> None:
        data = experiment.dataset.classify
        config = data.augmentation_config
        mean, std = effective_mean_std(experiment.model.backbone.type, config.rgb_input_mean, config.rgb_input_std)
        self.layout = layout_of(experiment)
        self.height = data.image_height * self.layout.rows
        self.width = data.image_width * self.layout.columns
        self.mean, self.std = mean, std
        self._scale = 1.0 / torch.tensor(std).view(3, 1, 1)
        self._offset = -torch.tensor(mean).view(3, 1, 1) * self._scale
        self._changes: RandomChanges | None = config if config.augment else None
        self._nuisance = config.nuisance if config.augment and config.nuisance.enable else None
        self._reach = data.align_pixels
        self._doubtful = experiment.model.classify.second_look
        self._scale_up = experiment.model.classify.second_look_scale

    def for_scoring(self, batch: PairBatch) -> NetworkInput:
        """Pixels as they are, each set of golden images once."""
        tests, goldens = batch.tests / 255.0, batch.goldens / 255.0
        # Of several golden images the first is laid on: they are registered to each other.
        shifts = shifts_onto(tests, goldens[batch.golden_of, 0], self._reach)
        tests, goldens = self._finish(moved(tests, shifts)), self._finish(goldens)
        return NetworkInput(tests, goldens, batch.golden_of, batch.golden_names, shifts)

    def augmented(self, network: PairNetwork, inputs: NetworkInput, output: Tensor) -> Tensor:
        """The output of pictures that were prepared for scoring, with test-time augmentation of the doubtful pairs."""
        mean = mean_of_views(network, inputs, output, self.layout, self._doubtful)
        if self._scale_up == 1:
            return mean
        doubtful = doubtful_pairs(network, output, self._doubtful)
        goldens = inputs.goldens[inputs.golden_of[doubtful]]
        larger = self.enlarged(NetworkInput(inputs.tests[doubtful], goldens, torch.arange(len(doubtful)), ()))
        return mean_with_larger(network, larger, mean, doubtful)

    def enlarged(self, inputs: NetworkInput) -> NetworkInput:
        """The same pairs as a look at the larger size sees them; shifts stay in pixels of the usual size."""
        if len(inputs.tests) == 0:
            return inputs
        return inputs._replace(tests=self._enlarged(inputs.tests), goldens=self._enlarged(inputs.goldens))

    def _enlarged(self, pictures: Tensor) -> Tensor:
        """Pictures (..., 3, H, W), each lighting by itself, to sides that every timm backbone takes."""
        lights = self.layout.split(pictures)
        size = [_SIDE * max(1, round(side * self._scale_up / _SIDE)) for side in lights.shape[-2:]]
        larger = functional.interpolate(lights.flatten(0, -4), size, mode="bilinear", align_corners=False)
        return self.layout.combine(larger.view(*lights.shape[:-2], *size))

    def for_training(self, batch: PairBatch) -> NetworkInput:
        """Each pair with its own draw of the augmentation, so that every pair gets golden images of its own."""
        own = batch.goldens[batch.golden_of] / 255.0  # (B, N, L, 3, H, W)
        tests = align(self._disturb(batch), own[:, 0], self._reach)
        pictures = torch.cat([tests.unsqueeze(1), own], dim=1)  # (B, 1 + N, L, 3, H, W)
        if self._changes:
            pictures = torch.stack([self._change(pair, seed) for pair, seed in zip(pictures, batch.seeds, strict=True)])
        finished = self._finish(pictures)
        everyone = torch.arange(len(batch.labels), device=finished.device)
        return NetworkInput(finished[:, 0], finished[:, 1:], everyone, ())

    def _disturb(self, batch: PairBatch) -> Tensor:
        tests = batch.tests / 255.0
        return disturb(tests, self._nuisance, batch.seeds) if self._nuisance else tests

    def _change(self, pair: Tensor, seed: int | None) -> Tensor:
        if self._changes is None or seed is None:
            return pair
        change = draw_change(self._changes, seed, *pair.shape[-2:])
        return apply_change(pair.flatten(0, 1), change).view_as(pair)

    def _finish(self, pictures: Tensor) -> Tensor:
        scale, offset = self._scale.to(pictures.device), self._offset.to(pictures.device)
        return self.layout.combine((pictures * scale).add_(offset))
