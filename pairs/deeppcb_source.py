# SPDX-License-Identifier: Apache-2.0
"""DeepPCB as published: aligned golden and test scans of bare boards with a box around each defect.

Source: Tang, He, Huang, Yang, "Online PCB Defect Detector on a New PCB Defect Dataset", arXiv 1902.06197. A list
names per line `group/…/<board>.jpg` (the pictures are `<board>_temp.jpg` and `<board>_test.jpg`) and the box file,
whose lines are `x1 y1 x2 y2 type` in pixels.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from core.errors import DataError, ImageError
from core.files import read_ordinary
from pairs.layout import SPLITS

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    Grey = NDArray[np.uint8]

_LARGEST_LIST = 16 * 2**20
TYPES = {1: "open", 2: "short", 3: "mousebite", 4: "spur", 5: "copper", 6: "pin-hole"}
EXPECTED = "the folder PCBData of DeepPCB with train.txt, val.txt and test.txt (or trainval.txt and test.txt)"


@dataclass(frozen=True, slots=True)
class Box:
    """A published defect: pixels from (x1, y1) up to, not including, (x2, y2), and its type name."""

    x1: int
    y1: int
    x2: int
    y2: int
    kind: str

    def overlap(self, x: int, y: int, size: int) -> int:
        """The pixels that the box shares with the square window at (x, y)."""
        width = min(self.x2, x + size) - max(self.x1, x)
        height = min(self.y2, y + size) - max(self.y1, y)
        return max(0, width) * max(0, height)


@dataclass(frozen=True, slots=True)
class Board:
    """One pair of scans. `design` is the group that boards of one layout share."""

    name: str
    design: str
    golden: Path
    test: Path
    boxes: tuple[Box, ...]

    def read(self) -> tuple[Grey, Grey]:
        """The golden and the test scan as grey arrays (H, W).

        Raises:
            ImageError: a scan is missing or broken, or the two differ in size.
        """
        golden, test = _grey(self.golden), _grey(self.test)
        if golden.shape != test.shape:
            message = (
                f"the scan is {test.shape[1]}x{test.shape[0]} px, its golden image {golden.shape[1]}x{golden.shape[0]}"
            )
            raise ImageError(message, where=str(self.test), remedy="take the pair off the list")
        return golden, test


def read_splits(source: Path) -> dict[str, list[Board]]:
    """The boards of each split (train, val, test).

    The published lists know no validation split: then the smallest design of `trainval.txt` is held out for it.

    Raises:
        DataError: the folder, a list or a box file is not as expected.
    """
    root = source / "PCBData" if (source / "PCBData").is_dir() else source
    if (root / "train.txt").is_file() and (root / "val.txt").is_file() and (root / "test.txt").is_file():
        return {split: _read_list(root, f"{split}.txt") for split in SPLITS}
    if not ((root / "trainval.txt").is_file() and (root / "test.txt").is_file()):
        message = "this is no DeepPCB folder"
        raise DataError(message, code="data.no_deeppcb", where=str(source), remedy=f"give {EXPECTED}")
    return {**_hold_out_smallest_design(_read_list(root, "trainval.txt")), "test": _read_list(root, "test.txt")}


def _hold_out_smallest_design(boards: list[Board]) -> dict[str, list[Board]]:
    sizes = Counter(board.design for board in boards)
    held_out = min(sizes, key=lambda design: (sizes[design], design))
    return {
        "train": [board for board in boards if board.design != held_out],
        "val": [board for board in boards if board.design == held_out],
    }


def _read_list(root: Path, name: str) -> list[Board]:
    lines = _lines(root / name)
    if not lines:
        raise DataError("the list is empty", code="data.no_rows", where=str(root / name), remedy=f"give {EXPECTED}")
    return [_board(root, f"{root / name}:{number}", text) for number, text in lines]


def _board(root: Path, where: str, text: str) -> Board:
    parts = text.split()
    if len(parts) != 2 or any(part.startswith("/") or ".." in part.split("/") for part in parts):
        message = "a line names a picture and a box file below the list's folder"
        raise DataError(message, code="data.deeppcb_list", where=where, remedy="restore the published list")
    picture, boxes = root / parts[0], root / parts[1]
    golden, test = (picture.with_name(f"{picture.stem}_{kind}{picture.suffix}") for kind in ("temp", "test"))
    for needed in (golden, test, boxes):
        if not needed.is_file():
            remedy = "restore the file or take the line out"
            raise DataError(f"{needed} does not exist", code="data.deeppcb_file", where=where, remedy=remedy)
    return Board(picture.stem, parts[0].split("/")[0], golden, test, tuple(_boxes(boxes)))


def _boxes(path: Path) -> list[Box]:
    return [_box(f"{path}:{number}", text) for number, text in _lines(path)]


def _box(where: str, text: str) -> Box:
    parts = re.split(r"[,\s]+", text)
    numbers = [int(part) for part in parts if re.fullmatch(r"-?\d+", part)]
    if len(parts) != 5 or len(numbers) != 5 or numbers[4] not in TYPES or not _has_area(*numbers[:4]):
        message = f"{text!r} is no box: x1 y1 x2 y2 type, with a type from 1 to 6"
        raise DataError(message, code="data.deeppcb_box", where=where, remedy="restore the published file")
    x1, y1, x2, y2, kind = numbers
    return Box(x1, y1, x2, y2, TYPES[kind])


def _has_area(x1: int, y1: int, x2: int, y2: int) -> bool:
    return 0 <= x1 < x2 and 0 <= y1 < y2


def _lines(path: Path) -> list[tuple[int, str]]:
    try:
        text = read_ordinary(path, _LARGEST_LIST, DataError).decode("utf-8-sig")
    except (DataError, UnicodeDecodeError) as error:
        remedy = "restore the published file"
        raise DataError("the file can't be read", code="data.deeppcb_file", where=str(path), remedy=remedy) from error
    numbered = enumerate((line.strip() for line in text.splitlines()), start=1)
    return [(number, line) for number, line in numbered if line]


def _grey(path: Path) -> Grey:
    try:
        with Image.open(path) as image:
            return np.asarray(image.convert("L"))
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        remedy = "restore the picture or take its pair off the list"
        raise ImageError(f"the picture can't be read ({error})", where=str(path), remedy=remedy) from error
