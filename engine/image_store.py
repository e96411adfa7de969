# SPDX-License-Identifier: Apache-2.0
"""Decoded pictures, each decoded once while memory allows."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import torch

from core.cores import usable_cores
from pairs.decoding import FULL_WHITE
from pairs.rgb_pixels import read_rgb

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from torch import Tensor

_MEBIBYTE = 1 << 20


class ImageStore:
    """Reads pictures of one size and keeps the first ones that fit into `limit_mb` of memory.

    `white` is the level that becomes 255 in 16-bit pictures, the same for all of a run. What is kept stays kept: with
    random draws, throwing out the oldest would lose more than it gains. One store serves all splits of a run, so that
    golden images they share are decoded once. With `own_sizes` pictures keep their size, and `height` and `width` are
    what they are taken to have when memory is planned.
    """

    def __init__(
        self, height: int, width: int, limit_mb: int, white: int = FULL_WHITE, *, own_sizes: bool = False
    ) -> None:
        self.height = height
        self.width = width
        self.limit_mb = limit_mb
        self.white = white
        self.own_sizes = own_sizes
        self._limit = limit_mb * _MEBIBYTE
        self._kept: dict[str, Tensor] = {}
        self._bytes = 0

    def read(self, path: str, where: str = "") -> Tensor:
        """The picture (3, H, W) uint8; `where` names its CSV row in errors.

        Raises:
            ImageError: as `read_rgb`.
        """
        kept = self._kept.get(path)
        if kept is not None:
            return kept
        size = (None, None) if self.own_sizes else (self.height, self.width)
        picture = torch.from_numpy(read_rgb(path, *size, where=where, white=self.white))
        if self._bytes + picture.nbytes <= self._limit:
            self._bytes += picture.nbytes
            self._kept[path] = picture
        return picture

    def share(self, readers: int) -> ImageStore:
        """An empty store for one of several processes that read the same pictures, with its share of the memory."""
        limit_mb = self.limit_mb // max(1, readers)
        return ImageStore(self.height, self.width, limit_mb, self.white, own_sizes=self.own_sizes)

    def fits(self, count: int) -> bool:
        """Whether `count` pictures more would all be kept."""
        return self._bytes + count * 3 * self.height * self.width <= self._limit

    def preload(self, files: Mapping[str, str], on_progress: Callable[[int], None]) -> None:
        """Decode all `files` (path to the CSV row it stands in) now.

        Raises:
            ImageError: the first broken picture.
        """
        with ThreadPoolExecutor(max_workers=usable_cores()) as pool:
            try:
                for done, _ in enumerate(pool.map(self.read, files.keys(), files.values()), start=1):
                    on_progress(done)
            except BaseException:
                pool.shutdown(cancel_futures=True)  # nobody waits for thousands of pictures after a broken one
                raise
