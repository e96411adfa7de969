# SPDX-License-Identifier: Apache-2.0
"""Batches of pairs as pixels: what a loader hands to the training and scoring loops."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any, NamedTuple

import torch

from core.errors import ImageError
from engine.console import say
from engine.image_store import ImageStore
from engine.loading import make_loader, open_source
from pairs.decoding import FULL_WHITE, is_wide_file, white_level
from pairs.trained_on import MOST_PICTURES, spread

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from torch import Tensor

    from engine.batch_samplers import Draw
    from engine.classify.pair_table import Files, PairTable
    from engine.loading import Loader, Source
    from spec.dataset_section import ClassifyDataset

GoldenSet = tuple["Files", ...]  # the golden images that one test picture is compared with


class PairBatch(NamedTuple):
    """B pairs that refer to U sets of N golden images; L lightings each.

    Pairs that share their golden images refer to the same set, so that its features are computed once.
    """

    tests: Tensor  # (B, L, 3, H, W) uint8
    goldens: Tensor  # (U, N, L, 3, H, W) uint8
    golden_of: Tensor  # (B,) int64, the set of each pair
    golden_names: tuple[str, ...]  # (U,) what tells a set from those of other batches
    labels: Tensor  # (B,) int64, 0 PASS, 1 defect
    indices: Tensor  # (B,) int64, the pairs' places in the table
    seeds: tuple[int | None, ...]  # (B,) of each pair's augmentation; None for none

    def to(self, device: torch.device) -> PairBatch:
        """The batch with what is computed on on `device`."""
        return self._replace(
            tests=self.tests.to(device, non_blocking=True),
            goldens=self.goldens.to(device, non_blocking=True),
            golden_of=self.golden_of.to(device, non_blocking=True),
            labels=self.labels.to(device, non_blocking=True),
        )


class PairImages(torch.utils.data.Dataset[Any]):
    """Reads the pictures of a split, a batch of draws at a time."""

    def __init__(self, table: PairTable, store: ImageStore) -> None:
        self.table = table
        self.store = store

    def __len__(self) -> int:
        """Pairs."""
        return len(self.table)

    def __getitem__(self, draws: list[Draw]) -> PairBatch | ImageError:
        """Read one batch; in a worker process an error is handed on as the result, because it would lose its fields.

        Raises:
            ImageError: a picture is broken; with its file and CSV row.
        """
        try:
            return self._batch(draws)
        except ImageError as error:
            if torch.utils.data.get_worker_info() is None:
                raise
            return error

    def _batch(self, draws: list[Draw]) -> PairBatch:
        sets: dict[GoldenSet, int] = {}
        golden_of = [sets.setdefault(self._golden_set(draw), len(sets)) for draw in draws]
        owner = {number: draw.index for draw, number in zip(reversed(draws), reversed(golden_of), strict=True)}
        goldens = [
            torch.stack([self._read(files, owner[number]) for files in chosen]) for chosen, number in sets.items()
        ]
        return PairBatch(
            tests=torch.stack([self._read(self.table.test_files(draw.index), draw.index) for draw in draws]),
            goldens=torch.stack(goldens),
            golden_of=torch.tensor(golden_of),
            golden_names=tuple("\n".join(name for files in chosen for name in files) for chosen in sets),
            labels=torch.tensor([self.table.labels[draw.index] for draw in draws]),
            indices=torch.tensor([draw.index for draw in draws]),
            seeds=tuple(draw.seed for draw in draws),
        )

    def _read(self, files: Files, index: int) -> Tensor:
        where = self.table.where(index)
        return torch.stack([self.store.read(path, where) for path in files])

    def _golden_set(self, draw: Draw) -> GoldenSet:
        names = choose_golden(self.table.golden_names(draw.index), self.table.source.num_golden, draw.seed)
        return tuple(self.table.golden_files(draw.index, name) for name in names)


def choose_golden(names: Sequence[str], count: int, seed: int | None) -> Sequence[str]:
    """`count` of the golden images: drawn at random with a seed, the first ones in sorted order without.

    Names are repeated only where there are fewer than `count`.
    """
    if count == len(names) == 1:
        return names
    if seed is None:
        return [names[i % len(names)] for i in range(count)]
    chance = random.Random(seed)  # noqa: S311 - repeatable, no secret
    return chance.sample(names, count) if count <= len(names) else chance.choices(names, k=count)


def open_pairs(data: ClassifyDataset, tables: Sequence[PairTable], white: int | None = None) -> Source:
    """Where the pictures of the tables come from: from memory, where all of them fit.

    `white` is the level that the model takes for white in 16-bit pictures; without it, the one that these use.

    Raises:
        ImageError: a picture is broken.
    """
    white = _white_used(tables) if white is None else white
    store = ImageStore(data.image_height, data.image_width, data.cache_images_mb, white)
    return open_source(store, data.workers, sum(table.distinct_tests() for table in tables), lambda: files_of(tables))


def _white_used(tables: Sequence[PairTable]) -> int:
    first = next((table.test_files(0)[0] for table in tables if len(table)), None)
    if first is None or not is_wide_file(first):
        return FULL_WHITE
    white, peak = white_level(files_of(tables))
    say(f"pictures have 16 bits a channel and use levels up to {peak}: {white} is taken for white")
    return white


def pair_loader(table: PairTable, source: Source, batches: Iterable[list[Draw]]) -> Loader:
    """A loader of `PairBatch`; take what it yields through `loading.checked`."""
    return make_loader(PairImages(table, source.store), source, batches)


def files_of(tables: Iterable[PairTable]) -> dict[str, str]:
    """Every picture file of the tables, with the CSV row it stands in first."""
    found: dict[str, str] = {}
    for table in tables:
        listed: set[tuple[str, str]] = set()  # a folder of golden images stands in many rows
        for index, row in enumerate(table.rows):
            goldens = [name for name in table.golden_names(index) if (row.golden_path, name) not in listed]
            listed |= {(row.golden_path, name) for name in goldens}
            for files in (table.test_files(index), *(table.golden_files(index, name) for name in goldens)):
                for path in files:
                    found.setdefault(path, table.where(index))
    return found


def files_of_some(table: PairTable) -> list[str]:
    """Test and golden picture of rows that are spread over a table, as many as say what its pictures are like."""
    files: list[str] = []
    for index in spread(len(table), MOST_PICTURES // 2):
        files += (*table.test_files(index), *table.golden_files(index, table.golden_names(index)[0]))
    return list(dict.fromkeys(files))
