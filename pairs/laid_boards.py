# SPDX-License-Identifier: Apache-2.0
"""A marked pair laid into its golden picture's pixels, marks and masks along with the test picture."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from core.errors import DataError, ImageError
from pairs.deeppcb_source import Box
from pairs.registration import laid_on, register
from pairs.whole_picture import read_whole, read_whole_pair

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from pairs.annotation_formats import Mark, Marked
    from pairs.marked_boards import MarkedPair

    Picture = NDArray[np.uint8]
    Mask = NDArray[np.bool_]

_KIND = "defect"
_SPECKS_APART = 8  # pixels of a mask: nearer ones are one defect
_LEAST_INSIDE = 0.5  # of a mark that has to lie on the golden picture
_LEAST_CHANGE = 24  # levels, in a box: less is grain
_SHARE_OF_CHANGE = 0.5  # of the strongest change in a box, from which a pixel belongs to the defect


@dataclass(frozen=True, slots=True)
class LaidPair:
    """A pair in the golden picture's pixels: `label` (H, W) is what changed, and where; `shown` is what is known.

    `outside` counts marks that lie beyond the golden picture.
    """

    golden: Picture
    test: Picture
    shown: Mask
    label: Mask
    boxes: tuple[Box, ...]
    outside: int


def lay(pair: MarkedPair) -> LaidPair:
    """Both pictures in the golden one's place, with what was marked.

    Raises:
        ImageError: a picture is missing or broken.
        DataError: they can't be registered, or a mark is for a picture of another size.
    """
    golden, test = read_whole_pair(pair.golden, pair.test)
    size = (test.shape[1], test.shape[0])
    for one in pair.marked:
        if one.size and one.size != size:
            message = (
                f"{one.source} is for a picture of {one.size[0]} x {one.size[1]} px, this has {size[0]} x {size[1]}"
            )
            remedy = "annotate the pictures as they are, upright by their EXIF orientation"
            raise DataError(message, code="data.annotation", where=str(pair.test), remedy=remedy)
    registration = register(golden, test, str(pair.test))
    area = (golden.shape[0], golden.shape[1])
    laid, shown = laid_on(test, registration, area)
    laid = np.where(shown[..., None], laid, golden)
    label, boxes, outside = np.zeros(area, dtype=np.bool_), [], 0
    for one in pair.marked:
        for mark in one.marks:
            ring = _on_golden(mark, one, size, registration.to_golden)
            box = _box_of(ring, mark.kind, area)
            if box is None:
                outside += 1
                continue
            boxes.append(box)
            label |= _changed(golden, laid, box) if mark.is_box else _filled(ring, area)
    if pair.mask:
        label |= _mask_on_golden(pair.mask, size, registration.to_golden, area)
        boxes += _boxes_of(label)
    return LaidPair(golden, laid, shown, label, tuple(boxes), outside)


def _on_golden(mark: Mark, of: Marked, size: tuple[int, int], one: NDArray[np.float64]) -> NDArray[np.float64]:
    ring = np.array(mark.ring, dtype=np.float64) * (size if of.in_shares else (1, 1))
    there = one @ np.column_stack([ring, np.ones(len(ring))]).T
    return np.asarray((there[:2] / there[2]).T)


def _box_of(ring: NDArray[np.float64], kind: str, area: tuple[int, int]) -> Box | None:
    """The box around a ring, cut off at the golden picture's border; None where too little of it lies inside."""
    low, high = np.floor(ring.min(axis=0)), np.ceil(ring.max(axis=0))
    x1, y1 = np.maximum(low, 0).astype(int).tolist()
    x2, y2 = np.minimum(high, (area[1], area[0])).astype(int).tolist()
    whole = float(np.prod(np.maximum(high - low, 1)))
    if x2 <= x1 or y2 <= y1 or (x2 - x1) * (y2 - y1) < _LEAST_INSIDE * whole:
        return None
    return Box(x1, y1, x2, y2, kind)


def _changed(golden: Picture, test: Picture, box: Box) -> Mask:
    """The pixels of a box that differ clearly; all of it where none does."""
    found = np.zeros(golden.shape[:2], dtype=np.bool_)
    inside = np.s_[box.y1 : box.y2, box.x1 : box.x2]
    change = np.abs(golden[inside].astype(np.int16) - test[inside].astype(np.int16)).max(axis=2)
    least = max(_LEAST_CHANGE, _SHARE_OF_CHANGE * float(np.percentile(change, 99)))
    found[inside] = change >= least if bool((change >= least).any()) else True
    return found


def _filled(ring: NDArray[np.float64], area: tuple[int, int]) -> Mask:
    import cv2

    canvas = np.zeros(area, dtype=np.uint8)
    cv2.fillPoly(canvas, [np.round(ring).astype(np.int32)], 1)
    return canvas > 0


def _mask_on_golden(path: Path, size: tuple[int, int], one: NDArray[np.float64], area: tuple[int, int]) -> Mask:
    import cv2

    mask = (read_whole(path).max(axis=2) > 0).astype(np.uint8)
    if (mask.shape[1], mask.shape[0]) != size:
        message = f"the mask has {mask.shape[1]} x {mask.shape[0]} px, its picture {size[0]} x {size[1]}"
        raise ImageError(message, code="data.size_differs", where=str(path), remedy="draw it on the picture as it is")
    return np.asarray(cv2.warpPerspective(mask, one, (area[1], area[0]), flags=cv2.INTER_NEAREST)) > 0


def _boxes_of(label: Mask) -> list[Box]:
    """A box around each defect of a mask."""
    import cv2

    window = np.ones((_SPECKS_APART + 1, _SPECKS_APART + 1), dtype=np.uint8)
    grown = cv2.dilate(label.astype(np.uint8), window)
    numbers = np.asarray(cv2.connectedComponents(grown)[1])
    numbers[~label] = 0
    found = []
    for number in np.unique(numbers[numbers > 0]).tolist():
        rows, columns = np.nonzero(numbers == number)
        found.append(Box(int(columns.min()), int(rows.min()), int(columns.max()) + 1, int(rows.max()) + 1, _KIND))
    return found
