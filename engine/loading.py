# SPDX-License-Identifier: Apache-2.0
"""Loaders: decoded pictures from memory where they fit, from worker processes where they don't."""

from __future__ import annotations

import signal
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch

from engine.console import ProgressLine
from engine.image_store import ImageStore, usable_cores
from engine.pair_images import PairImages, files_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from engine.draws import Draw
    from engine.pair_images import PairBatch
    from engine.pair_table import PairTable
    from spec.dataset_section import ClassifyDataset

Loader = torch.utils.data.DataLoader[Any]


@dataclass(frozen=True, slots=True)
class Source:
    """Where a run's pictures come from. With all of them in memory there are no workers: handing on costs more."""

    store: ImageStore
    workers: int
    in_memory: bool


def open_source(data: ClassifyDataset, tables: Sequence[PairTable]) -> Source:
    """Decode all pictures of the tables if they fit into the cache, and so find broken ones before anything starts.

    Raises:
        ImageError: a picture is broken.
    """
    store = ImageStore(data.image_height, data.image_width, data.cache_images_mb)
    # Counting comes first: naming every file of millions of rows would take the memory that is meant for pictures.
    files = files_of(tables) if store.fits(sum(table.distinct_tests() for table in tables)) else {}
    if files and store.fits(len(files)):
        with ProgressLine("reading pictures", len(files), "files") as line:
            store.preload(files, line.update)
        return Source(store, 0, in_memory=True)
    workers = min(data.workers, usable_cores())
    share = data.cache_images_mb // max(1, workers)  # every worker keeps its own
    return Source(ImageStore(data.image_height, data.image_width, share), workers, in_memory=False)


def make_loader(table: PairTable, source: Source, batches: Iterable[list[Draw]]) -> Loader:
    """A loader of `PairBatch`; a worker that meets a broken picture yields the error itself (see `checked`)."""
    return torch.utils.data.DataLoader(
        PairImages(table, source.store),
        batch_size=None,
        sampler=batches,
        num_workers=source.workers,
        worker_init_fn=_leave_signals_to_parent if source.workers else None,
        persistent_workers=source.workers > 0,
    )


def checked(batch: PairBatch | Exception) -> PairBatch:
    """The batch, or the error that a worker met: exceptions lose their fields on their way out of a worker."""
    if isinstance(batch, Exception):
        raise batch
    return batch


def _leave_signals_to_parent(_worker: int) -> None:
    """Ctrl-C reaches every process of the terminal; the parent alone decides what then happens to its workers."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
