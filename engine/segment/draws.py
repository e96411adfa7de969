# SPDX-License-Identifier: Apache-2.0
"""Which pairs a training step sees. Every draw follows from (seed, epoch, rank), as in `engine.batch_samplers`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from engine.batch_samplers import DeviceShare, Draw, derived_seed

if TYPE_CHECKING:
    from collections.abc import Iterator


class EpochDraws:
    """Batches of an epoch in which each pair comes `repeats` times; the last batch is dropped when it is not full.

    Args:
        pairs: how many there are.
        repeats: how often each comes in an epoch: as many tiles as it has.
        batch_size: draws per batch of one device.
        shuffle: whether each epoch has an order of its own.
        seed: the run's seed.
        device: which device draws.
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
        self._pairs, self._repeats, self._batch_size, self._shuffle = pairs, repeats, batch_size, shuffle
        self._seed = (seed, 0 if device.shared else device.rank)
        self._turn = slice(device.rank, None, device.world_size) if device.shared else slice(None)
        self._length = pairs * repeats // (device.world_size if device.shared else 1) // batch_size
        self._epoch = self._first_batch = 0

    def set_epoch(self, epoch: int) -> None:
        """Choose the epoch whose draws come next; Lightning calls this before each."""
        if epoch != self._epoch:
            self._epoch, self._first_batch = epoch, 0

    def resume_at(self, epoch: int, batch: int) -> None:
        """Go on within `epoch`, leaving out the batches before `batch`."""
        self._epoch, self._first_batch = epoch, batch

    def __len__(self) -> int:
        """Batches in an epoch."""
        return self._length

    def __iter__(self) -> Iterator[list[Draw]]:
        """Yield the epoch's batches."""
        random = torch.Generator().manual_seed(derived_seed(*self._seed, self._epoch))
        total = self._pairs * self._repeats
        order = torch.randperm(total, generator=random) if self._shuffle else torch.arange(total)
        seeds = torch.randint(1 << 62, (total,), generator=random).tolist()
        draws = [Draw(i % self._pairs, s) for i, s in zip(order.tolist(), seeds, strict=True)][self._turn]
        for start in range(self._first_batch * self._batch_size, self._length * self._batch_size, self._batch_size):
            yield draws[start : start + self._batch_size]
