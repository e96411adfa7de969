# SPDX-License-Identifier: Apache-2.0
"""Pairs as pixels: squares for training, whole pictures for scoring."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

import torch

from core.errors import DataError, ImageError
from engine.console import say
from engine.image_store import ImageStore
from engine.loading import make_loader, open_source
from engine.segment.labels import IGNORED, LabelStore
from engine.segment.tiles import change_centres, cut, draw_tile, padded
from pairs.decoding import FULL_WHITE, is_wide_file, white_level
from pairs.pictures import picture_size

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from torch import Tensor

    from deployed.tiling import Corner
    from engine.batch_samplers import Draw
    from engine.loading import Loader, Source
    from engine.segment.pair_list import PairList
    from spec.dataset_section import SegmentDataset

_LABEL_SHARE = 8  # labels get that part of the memory for pictures: a pair has six bytes a pixel, its label one


class SegmentBatch(NamedTuple):
    """B squares of as many pairs, as a training step takes them."""

    goldens: Tensor  # (B, 3, S, S) uint8
    tests: Tensor  # (B, 3, S, S) uint8
    labels: Tensor  # (B, S, S) uint8 class ids, 255 where nothing was labelled
    seeds: tuple[int | None, ...]  # (B,) of each square's augmentation

    def to(self, device: torch.device) -> SegmentBatch:
        """The batch on `device`."""
        return self._replace(
            goldens=self.goldens.to(device, non_blocking=True),
            tests=self.tests.to(device, non_blocking=True),
            labels=self.labels.to(device, non_blocking=True),
        )


class WholePair(NamedTuple):
    """One pair as it is scored: at its own size, or resized to the square that the network takes."""

    place: int  # in the list
    golden: Tensor  # (3, H, W) uint8
    test: Tensor  # (3, H, W) uint8
    label: Tensor | None  # (H, W) uint8 class ids, where labels are needed


@dataclass(frozen=True, slots=True)
class Pixels:
    """Where a run's pictures and labels come from; `side` is that of the network's input, `typical` of the pictures."""

    source: Source
    labels: LabelStore
    side: int
    tiled: bool
    typical: Corner
    changed_share: float

    def golden_and_test(self, pairs: PairList, index: int) -> tuple[Tensor, Tensor]:
        """Both pictures of a pair, (3, H, W) each.

        Raises:
            ImageError: one is broken, or they differ in size though neither is resized.
        """
        where, store = pairs.where(index), self.source.store
        golden, test = store.read(pairs.golden_file(index), where), store.read(pairs.test_file(index), where)
        if golden.shape != test.shape:
            raise _unequal(pairs, index, golden, test)
        return golden, test

    def label(self, pairs: PairList, index: int, size: tuple[int, ...]) -> Tensor:
        """The label of a pair whose pictures are of `size`.

        Raises:
            ImageError, DataError: it is broken, or of another size.
        """
        label = self.labels.read(pairs.label_file(index), pairs.where(index))
        if label.shape != size:
            raise _unequal(pairs, index, label, torch.empty(size))
        return label


def open_pixels(
    section: SegmentDataset, lists: Sequence[PairList], *, white: int | None = None, with_labels: bool = True
) -> Pixels:
    """The pictures of the lists: in memory, where all of them fit.

    `white` is the level that the model takes for white in 16-bit pictures; without it, the one that these use.

    Raises:
        ImageError, DataError: a picture or a label is broken.
    """
    side, tiled = section.img_size, section.tiles
    width, height = picture_size(_first_file(lists)) if tiled else (side, side)
    white = _white_used(lists) if white is None else white
    store = ImageStore(height, width, section.cache_images_mb, white, own_sizes=tiled)
    files = files_of(lists)
    source = open_source(store, section.workers, len(files), lambda: files)
    room = section.cache_images_mb // _LABEL_SHARE
    labels = LabelStore(None if tiled else side, section.label_transform, section.num_classes, room)
    if with_labels and source.in_memory:
        for pairs in lists:
            for index in range(len(pairs)):
                labels.read(pairs.label_file(index), pairs.where(index))
    return Pixels(source, labels, side, tiled, (height, width), section.changed_tiles)


def _first_file(lists: Sequence[PairList]) -> Any:
    return lists[0].source.root / lists[0].source.after / lists[0].names[0]


def _white_used(lists: Sequence[PairList]) -> int:
    if not is_wide_file(_first_file(lists)):
        return FULL_WHITE
    white, peak = white_level(files_of(lists))
    say(f"pictures have 16 bits a channel and use levels up to {peak}: {white} is taken for white")
    return white


def files_of(lists: Iterable[PairList]) -> dict[str, str]:
    """Every picture of the lists, with the line that names it first."""
    found: dict[str, str] = {}
    for pairs in lists:
        for index in range(len(pairs)):
            for path in (pairs.golden_file(index), pairs.test_file(index)):
                found.setdefault(path, pairs.where(index))
    return found


def _unequal(pairs: PairList, index: int, first: Tensor, second: Tensor) -> ImageError:
    sizes = " and ".join(f"{one.shape[-1]}x{one.shape[-2]}" for one in (first, second))
    return ImageError(
        f"the pictures of {pairs.names[index]!r} differ in size: {sizes} px",
        code="data.size_differs",
        where=pairs.where(index),
        remedy="cut all from one place, or set dataset.segment.tiles=false to resize them",
    )


class TrainingSquares(torch.utils.data.Dataset[Any]):
    """Reads a batch of draws as squares."""

    def __init__(self, pairs: PairList, pixels: Pixels) -> None:
        self._pairs = pairs
        self._pixels = pixels
        self._centres = cache(self._changes_of)

    def __getitem__(self, draws: list[Draw]) -> SegmentBatch | Exception:
        """Read one batch; in a worker process an error is handed on as the result, because it would lose its fields.

        Raises:
            ImageError, DataError: a picture or label is broken; with its file and line.
        """
        try:
            squares = [self._square(draw) for draw in draws]
        except (ImageError, DataError) as error:
            if torch.utils.data.get_worker_info() is None:
                raise
            return error
        goldens, tests, labels = (torch.stack(parts) for parts in zip(*squares, strict=True))
        return SegmentBatch(goldens, tests, labels, tuple(draw.seed for draw in draws))

    def __len__(self) -> int:
        """Pairs."""
        return len(self._pairs)

    def _square(self, draw: Draw) -> tuple[Tensor, Tensor, Tensor]:
        pixels, side = self._pixels, self._pixels.side
        golden, test = pixels.golden_and_test(self._pairs, draw.index)
        label = pixels.label(self._pairs, draw.index, tuple(golden.shape[-2:]))
        if not pixels.tiled:
            return golden, test, label
        size = (golden.shape[-2], golden.shape[-1])
        corner = draw_tile(size, self._centres(draw.index), pixels.changed_share, side, draw.seed or 0)
        whole = padded(golden, side), padded(test, side), padded(label, side, IGNORED)
        return cut(whole[0], corner, side), cut(whole[1], corner, side), cut(whole[2], corner, side)

    def _changes_of(self, index: int) -> tuple[Corner, ...]:
        label = self._pixels.labels.read(self._pairs.label_file(index), self._pairs.where(index))
        return change_centres(label, IGNORED)

    def __getstate__(self) -> dict[str, Any]:
        """What a worker process is given: the cache stays behind."""
        return {"_pairs": self._pairs, "_pixels": self._pixels}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Begin anew in a worker process."""
        self.__init__(state["_pairs"], state["_pixels"])  # type: ignore[misc]


class WholePairs(torch.utils.data.Dataset[Any]):
    """Reads a batch of pairs as they are scored."""

    def __init__(self, pairs: PairList, pixels: Pixels, *, with_labels: bool) -> None:
        self._pairs = pairs
        self._pixels = pixels
        self._with_labels = with_labels

    def __getitem__(self, draws: list[Draw]) -> list[WholePair] | Exception:
        """Read one batch, with errors as in `TrainingSquares`.

        Raises:
            ImageError, DataError: a picture or label is broken; with its file and line.
        """
        try:
            return [self._whole(draw.index) for draw in draws]
        except (ImageError, DataError) as error:
            if torch.utils.data.get_worker_info() is None:
                raise
            return error

    def __len__(self) -> int:
        """Pairs."""
        return len(self._pairs)

    def _whole(self, index: int) -> WholePair:
        golden, test = self._pixels.golden_and_test(self._pairs, index)
        size = tuple(golden.shape[-2:])
        label = self._pixels.label(self._pairs, index, size) if self._with_labels else None
        return WholePair(index, golden, test, label)


def training_loader(pairs: PairList, pixels: Pixels, draws: Iterable[list[Draw]]) -> Loader:
    """A loader of `SegmentBatch`; take what it yields through `loading.checked`."""
    return make_loader(TrainingSquares(pairs, pixels), pixels.source, draws)


def scoring_loader(pairs: PairList, pixels: Pixels, draws: Iterable[list[Draw]], *, with_labels: bool) -> Loader:
    """A loader of lists of `WholePair`; take what it yields through `loading.checked`."""
    return make_loader(WholePairs(pairs, pixels, with_labels=with_labels), pixels.source, draws)
