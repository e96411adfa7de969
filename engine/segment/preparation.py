# SPDX-License-Identifier: Apache-2.0
"""From pixels to what the network sees: disturbance, alignment, augmentation, normalisation.

The golden image is the one that is disturbed and moved: labels lie on the test image.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from engine.alignment import align
from engine.augmentation import apply_change, apply_change_to_labels, draw_change
from engine.backbones.info import effective_mean_std
from engine.nuisance import disturb
from engine.segment.labels import IGNORED

if TYPE_CHECKING:
    from torch import Tensor

    from engine.segment.pictures import SegmentBatch
    from spec.experiment import Experiment


class Preparation:
    """Prepares squares on whichever device they are on."""

    def __init__(self, experiment: Experiment) -> None:
        section = experiment.dataset.segment
        changes = section.augmentation
        mean, std = effective_mean_std(experiment.model.backbone.type, changes.mean, changes.std)
        self.mean, self.std = mean, std
        self.side = section.img_size
        self._scale = 1.0 / torch.tensor(std).view(3, 1, 1)
        self._offset = -torch.tensor(mean).view(3, 1, 1) * self._scale
        self._changes = changes
        self._nuisance = changes.nuisance if changes.nuisance.enable else None
        self._reach = section.align_pixels

    def for_scoring(self, goldens: Tensor, tests: Tensor) -> tuple[Tensor, Tensor]:
        """Pictures (B, 3, S, S) of bytes, the golden ones laid on the test ones, normalised."""
        golden, test = goldens / 255.0, tests / 255.0
        return self._finish(self._aligned(golden, test)), self._finish(test)

    def for_training(self, batch: SegmentBatch) -> tuple[Tensor, Tensor, Tensor]:
        """Golden and test pictures (B, 3, S, S) and labels (B, S, S), each pair with its own draw of changes."""
        golden, test = batch.goldens / 255.0, batch.tests / 255.0
        if self._nuisance:
            golden = disturb(golden.unsqueeze(1), self._nuisance, batch.seeds).squeeze(1)
        pictures = torch.stack([self._aligned(golden, test), test], dim=1)
        changed = [self._changed(*one) for one in zip(pictures, batch.labels.unsqueeze(1), batch.seeds, strict=True)]
        both = self._finish(torch.stack([pair for pair, _ in changed]))
        return both[:, 0], both[:, 1], torch.cat([label for _, label in changed])

    def _changed(self, pair: Tensor, label: Tensor, seed: int | None) -> tuple[Tensor, Tensor]:
        if seed is None:
            return pair, label
        change = draw_change(self._changes, seed, *pair.shape[-2:])
        return apply_change(pair, change), apply_change_to_labels(label, change, IGNORED)

    def _aligned(self, golden: Tensor, test: Tensor) -> Tensor:
        return align(golden.unsqueeze(1), test.unsqueeze(1), self._reach).squeeze(1)

    def _finish(self, pictures: Tensor) -> Tensor:
        scale, offset = self._scale.to(pictures.device), self._offset.to(pictures.device)
        return pictures * scale + offset
