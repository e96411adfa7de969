# SPDX-License-Identifier: Apache-2.0
"""Label images as class ids, each decoded once while memory allows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from PIL import Image

from core.errors import DataError, ImageError
from pairs.decoding import BROKEN, broken_told, require_ordinary

if TYPE_CHECKING:
    from torch import Tensor

IGNORED = 255  # the class id of pixels that nobody labelled
_NORM = 255
_MEBIBYTE = 1 << 20


class LabelStore:
    """Reads labels (H, W) uint8 of class ids; `side` resizes them to a square, by the nearest pixel."""

    def __init__(self, side: int | None, transform: str, classes: int, limit_mb: int) -> None:
        self._side = side
        self._transform = transform
        self._classes = classes
        self._limit = limit_mb * _MEBIBYTE
        self._kept: dict[str, Tensor] = {}
        self._bytes = 0

    def read(self, path: str, where: str = "") -> Tensor:
        """The label; `where` names its line of the list in errors.

        Raises:
            ImageError: it can't be decoded.
            DataError: it holds a value that is no class.
        """
        kept = self._kept.get(path)
        if kept is not None:
            return kept
        label = torch.from_numpy(self._decode(path, where))
        if self._bytes + label.nbytes <= self._limit:
            self._bytes += label.nbytes
            self._kept[path] = label
        return label

    def _decode(self, path: str, where: str) -> np.ndarray[tuple[int, int], np.dtype[np.uint8]]:
        place = f"{path} ({where})" if where else path
        try:
            require_ordinary(path)
            with Image.open(path) as image:
                grey = image.convert("L")
        except FileNotFoundError:
            raise ImageError("there is no such label", code="data.image_missing", where=place) from None
        except BROKEN as problem:
            raise broken_told(problem, place) from None
        if self._side and grey.size != (self._side, self._side):
            grey = grey.resize((self._side, self._side), Image.Resampling.NEAREST)
        values = np.array(grey, dtype=np.uint8)
        return values // _NORM if self._transform == "norm" else self._checked(values, place)

    def _checked(
        self, values: np.ndarray[tuple[int, int], np.dtype[np.uint8]], place: str
    ) -> np.ndarray[tuple[int, int], np.dtype[np.uint8]]:
        odd = np.unique(values[(values >= self._classes) & (values != IGNORED)]).tolist()
        if odd:
            shown = ", ".join(map(str, odd[:8]))
            raise DataError(
                f"the label holds the values {shown}, but class ids are below {self._classes}",
                code="data.label_value",
                where=place,
                remedy="set dataset.segment.num_classes, or label_transform to norm where 0 and 255 are meant",
            )
        return values
