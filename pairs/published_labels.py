# SPDX-License-Identifier: Apache-2.0
"""What the labels of a set mean, by the values in all of them, and their pixels as class ids or as 0 and 255."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from PIL import Image

from core.errors import DataError
from pairs.decoding import BROKEN, broken_told, require_ordinary

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from numpy.typing import NDArray

    Bytes = NDArray[np.uint8]

Meaning = Literal["mask", "ones", "smeared", "ids"]
_MOST_IDS = 32
_MIDDLE = 128
_DOUBT = 64  # grey values within so many levels of the middle are neither changed nor unchanged


@dataclass(frozen=True, slots=True)
class LabelMeaning:
    """How values are read: 0 and 255, 0 and 1, 0 and 255 smeared by lossy coding, or class ids."""

    kind: Meaning
    classes: int = 2

    @property
    def transform(self) -> str:
        """The label_transform that the written labels need."""
        return "None" if self.kind == "ids" else "norm"

    def apply(self, values: Bytes) -> Bytes:
        """Grey values as they are written: class ids, or 0 and 255."""
        if self.kind == "ids":
            return values
        least = 1 if self.kind == "ones" else _MIDDLE
        return np.where(values >= least, 255, 0).astype(np.uint8)


def read_values(path: Path) -> Bytes:
    """The grey values (H, W) of a label.

    Raises:
        ImageError: it can't be read.
    """
    try:
        require_ordinary(path)
        with Image.open(path) as image:
            return np.asarray(image.convert("L"))
    except (FileNotFoundError, *BROKEN) as problem:
        raise broken_told(problem, str(path)) from None


def meaning_of(labels: Iterable[Path]) -> LabelMeaning:
    """What the values of a set of labels mean.

    Raises:
        ImageError: a label can't be read.
        DataError: the values are neither two kinds nor class ids.
    """
    counts = np.zeros(256, dtype=np.int64)
    first: dict[int, Path] = {}
    for path in labels:
        own = np.bincount(read_values(path).ravel(), minlength=256)
        for value in np.flatnonzero((own > 0) & (counts == 0)).tolist():
            first[value] = path
        counts += own
    values = set(first)
    if values <= {0, 255}:
        return LabelMeaning("mask")
    if values <= {0, 1}:
        return LabelMeaning("ones")
    if max(values - {255}) < _MOST_IDS:
        return LabelMeaning("ids", max(values - {255}) + 1)
    doubtful = counts[_MIDDLE - _DOUBT : _MIDDLE + _DOUBT].sum()
    if doubtful * 20 < counts[_MIDDLE:].sum():
        return LabelMeaning("smeared")
    odd = max(values - {255})
    raise DataError(
        f"the labels hold {len(values)} grey values, as {odd}, which are neither two kinds nor ids below {_MOST_IDS}",
        code="data.label_value",
        where=str(first[odd]),
        remedy="save masks in grey: 0 for unchanged and 255 for changed, or a class id for each kind of change",
    )
