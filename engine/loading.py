# SPDX-License-Identifier: Apache-2.0
"""Loaders: decoded pictures from memory where they fit, from worker processes where they don't."""

from __future__ import annotations

import signal
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import torch

from core.cores import usable_cores
from engine.console import ProgressLine

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from engine.batch_samplers import Draw
    from engine.image_store import ImageStore

Loader = torch.utils.data.DataLoader[Any]
Images = torch.utils.data.Dataset[Any]
Batch = TypeVar("Batch")


@dataclass(frozen=True, slots=True)
class Source:
    """Where a run's pictures come from. With all of them in memory there are no workers: handing on costs more."""

    store: ImageStore
    workers: int
    in_memory: bool


def open_source(store: ImageStore, workers: int, at_least: int, name_files: Callable[[], Mapping[str, str]]) -> Source:
    """Decode all pictures if they fit into the store, and so find broken ones before anything starts.

    Args:
        store: the empty store of a run's pictures.
        workers: processes that read pictures, where they don't fit.
        at_least: how many pictures there are at least. Counting comes first: naming every file of millions of rows
            would take the memory that is meant for pictures.
        name_files: gives the path of every picture, with the row it stands in.

    Raises:
        ImageError: a picture is broken.
    """
    files = name_files() if store.fits(at_least) else {}
    if files and store.fits(len(files)):
        with ProgressLine("reading pictures", len(files), "files") as line:
            store.preload(files, line.update)
        return Source(store, 0, in_memory=True)
    workers = min(workers, usable_cores())
    return Source(store.share(workers), workers, in_memory=False)  # every worker keeps its own


def make_loader(images: Images, source: Source, batches: Iterable[list[Draw]]) -> Loader:
    """A loader of batches; a worker that meets a broken picture yields the error itself (see `checked`)."""
    return torch.utils.data.DataLoader(
        images,
        batch_size=None,
        sampler=batches,
        num_workers=source.workers,
        worker_init_fn=_leave_signals_to_parent if source.workers else None,
        persistent_workers=source.workers > 0,
    )


def checked(batch: Batch | Exception) -> Batch:
    """The batch, or the error that a worker met: exceptions lose their fields on their way out of a worker."""
    if isinstance(batch, Exception):
        raise batch
    return batch


def _leave_signals_to_parent(_worker: int) -> None:
    """Ctrl-C reaches every process of the terminal; the parent alone decides what then happens to its workers."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
