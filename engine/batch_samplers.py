# SPDX-License-Identifier: Apache-2.0
"""Which pairs a step sees. Every draw follows from (seed, epoch, rank): a resumed run needs no generator's state."""

from __future__ import annotations

import math
from abc import abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


HARD = 0.3  # of the pairs are hard ones, where these are drawn more often


@dataclass(frozen=True, slots=True)
class Draw:
    """One pair of one step. `seed` decides its golden images and its augmentation; None takes the first ones as is."""

    index: int
    seed: int | None


@dataclass(frozen=True, slots=True)
class DeviceShare:
    """One of several devices; `shared` ones take turns with one series of draws, others draw a whole epoch each."""

    rank: int = 0
    world_size: int = 1
    shared: bool = False


def derived_seed(*numbers: int) -> int:
    """A 63-bit seed that differs wherever one of the numbers does."""
    return int(np.random.SeedSequence(numbers).generate_state(1, np.uint64)[0] >> np.uint64(1))


class EpochBatches:
    """Batches of the draws of an epoch; the last one is dropped when it is not full.

    Args:
        count: draws of an epoch, of all devices together where they share them.
        batch_size: draws per batch of one device.
        seed: the run's seed.
        device: which device draws.
    """

    def __init__(self, count: int, batch_size: int, *, seed: int, device: DeviceShare) -> None:
        self._count, self._batch_size = count, batch_size
        self._seed = (seed, 0 if device.shared else device.rank)
        self._turn = slice(device.rank, None, device.world_size) if device.shared else slice(None)
        self._length = count // (device.world_size if device.shared else 1) // batch_size
        self._epoch = self._first_batch = 0

    @abstractmethod
    def pairs(self, random: torch.Generator) -> list[int]:
        """The pairs of an epoch's draws, in their order."""

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
        pairs = self.pairs(random)
        seeds = torch.randint(1 << 62, (self._count,), generator=random).tolist()
        draws = [Draw(i, s) for i, s in zip(pairs, seeds, strict=True)][self._turn]
        for start in range(self._first_batch * self._batch_size, self._length * self._batch_size, self._batch_size):
            yield draws[start : start + self._batch_size]


class WeightedBatches(EpochBatches):
    """Batches of weighted draws with replacement, N in an epoch.

    A PASS pair weighs 1, a defective pair n_pass / n_defect * `defects_per_pass`, so that about `defects_per_pass`
    defects come with each PASS.

    Args:
        labels: 0 or 1 for each pair, both of them there.
        batch_size, seed, device: as in `EpochBatches`.
        defects_per_pass: the spec's fpratio_sampling.
    """

    def __init__(
        self, labels: Sequence[int], batch_size: int, defects_per_pass: float, *, seed: int, device: DeviceShare
    ) -> None:
        super().__init__(len(labels), batch_size, seed=seed, device=device)
        self._weights = _weights(labels, defects_per_pass)

    def pairs(self, random: torch.Generator) -> list[int]:
        """Drawn by weight."""
        found: list[int] = torch.multinomial(self._weights, self._count, replacement=True, generator=random).tolist()
        return found


def _weights(labels: Sequence[int], defects_per_pass: float) -> torch.Tensor:
    defect = torch.as_tensor(labels, dtype=torch.bool)
    defects = int(defect.sum())
    weight = (len(labels) - defects) / defects * defects_per_pass
    return torch.where(defect, weight, 1.0).to(torch.float64)


class HardBatches(EpochBatches):
    """Batches of draws with replacement, N in an epoch, a `share` of them from the hardest 30 % of the pairs.

    Args:
        certainty: of each pair, how sure a model is of its label: the log odds of that, lowest where it is most wrong.
        batch_size, seed, device: as in `EpochBatches`.
        share: the spec's hard_mining.
    """

    def __init__(
        self, certainty: torch.Tensor, batch_size: int, share: float, *, seed: int, device: DeviceShare
    ) -> None:
        super().__init__(len(certainty), batch_size, seed=seed, device=device)
        hard = max(1, int(HARD * len(certainty)))
        others = max(1, len(certainty) - hard)
        self._weights = torch.full((len(certainty),), (1.0 - share) / others, dtype=torch.float64)
        self._weights[certainty.argsort(stable=True)[:hard]] = share / hard

    def pairs(self, random: torch.Generator) -> list[int]:
        """Drawn by weight."""
        found: list[int] = torch.multinomial(self._weights, self._count, replacement=True, generator=random).tolist()
        return found


class OrderedBatches:
    """Batches of given indices in their order, each pair once; nothing is random."""

    def __init__(self, indices: Sequence[int], batch_size: int) -> None:
        self._indices = indices
        self._batch_size = batch_size

    def __len__(self) -> int:
        """Batches."""
        return math.ceil(len(self._indices) / self._batch_size)

    def __iter__(self) -> Iterator[list[Draw]]:
        """Yield the batches; the last one may be smaller."""
        for start in range(0, len(self._indices), self._batch_size):
            yield [Draw(index, None) for index in self._indices[start : start + self._batch_size]]
