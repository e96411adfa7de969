# SPDX-License-Identifier: Apache-2.0
"""Which pairs a training step sees."""

from __future__ import annotations

import torch

from engine.batch_samplers import DeviceShare, EpochBatches


class EpochDraws(EpochBatches):
    """Batches of an epoch in which each pair comes `repeats` times.

    Args:
        pairs: how many there are.
        repeats: how often each comes in an epoch: as many tiles as it has.
        batch_size, seed, device: as in `EpochBatches`.
        shuffle: whether each epoch has an order of its own.
    """

    def __init__(  # noqa: PLR0913 - the facts of an epoch
        self,
        pairs: int,
        repeats: int,
        batch_size: int,
        *,
        shuffle: bool,
        seed: int,
        device: DeviceShare = DeviceShare(),  # noqa: B008 - frozen
    ) -> None:
        super().__init__(pairs * repeats, batch_size, seed=seed, device=device)
        self._pairs, self._shuffle = pairs, shuffle

    def pairs(self, random: torch.Generator) -> list[int]:
        """Each pair as often as it is to come."""
        order = torch.randperm(self._count, generator=random) if self._shuffle else torch.arange(self._count)
        return [place % self._pairs for place in order.tolist()]
