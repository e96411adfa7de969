# SPDX-License-Identifier: Apache-2.0
"""Where the square crops of a board lie, and what each is labelled."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.verdicts import PASS

if TYPE_CHECKING:
    from pairs.deeppcb_source import Board, Box, Grey

# A golden crop with less contrast than this (standard deviation in grey levels) shows bare laminate or bare copper.
BLANK_CONTRAST = 16.0
DRAWS_PER_CROP = 200
# A box that is smaller than a tile falls into at most four of them, so one holds at least this share of it.
ENOUGH_OF_A_BOX = 0.25


@dataclass(frozen=True, slots=True)
class Crop:
    """A square window at (x, y) in board pixels; `boxes` are those it shows, the one it is labelled for first."""

    x: int
    y: int
    label: str
    boxes: tuple[Box, ...] = ()

    def boxes_within(self, size: int) -> list[str]:
        """The boxes in the crop's own pixels, cut off at its border, as `x1 y1 x2 y2`."""
        corners = [
            (max(0, box.x1 - self.x), max(0, box.y1 - self.y), min(size, box.x2 - self.x), min(size, box.y2 - self.y))
            for box in self.boxes
        ]
        return [" ".join(map(str, corner)) for corner in corners]


def centred_crops(board: Board, golden: Grey, size: int, seed: int) -> list[Crop]:
    """One crop centred on each box, and as many PASS crops that touch no box and are not blank in the golden image.

    At the border the window is moved inside. PASS windows are drawn at random, seeded by board; a board without room
    yields fewer of them.
    """
    height, width = golden.shape
    defects = [_centred(board, box, size, width, height) for box in board.boxes]
    draw = random.Random(f"{seed}/{board.name}")  # noqa: S311 - a reproducible sample, no secret
    good: list[Crop] = []
    for _ in range(DRAWS_PER_CROP * len(board.boxes)):
        if len(good) == len(defects):
            break
        x, y = draw.randint(0, width - size), draw.randint(0, height - size)
        apart = all(max(abs(x - other.x), abs(y - other.y)) >= size // 4 for other in good)
        if apart and not _shown(board, x, y, size) and _informative(golden[y : y + size, x : x + size]):
            good.append(Crop(x, y, PASS))
    return defects + good


def grid_crops(board: Board, golden: Grey, size: int, stride: int) -> tuple[list[Crop], int]:
    """Tiles over the whole board, and how many were left out because they show only a scrap of a box.

    A tile is labelled for the box it shows most of, if that is at least a quarter of the box; PASS without any box.
    """
    height, width = golden.shape
    crops: list[Crop] = []
    scraps = 0
    for y in _starts(height, size, stride):
        for x in _starts(width, size, stride):
            shown = _shown(board, x, y, size)
            enough = [box for box in shown if _share(box, x, y, size) >= ENOUGH_OF_A_BOX]
            scraps += bool(shown) and not enough
            if enough or not shown:
                crops.append(Crop(x, y, enough[0].kind if enough else PASS, tuple(shown)))
    return crops, scraps


def _centred(board: Board, box: Box, size: int, width: int, height: int) -> Crop:
    x = min(max(0, (box.x1 + box.x2 - size) // 2), width - size)
    y = min(max(0, (box.y1 + box.y2 - size) // 2), height - size)
    others = tuple(other for other in _shown(board, x, y, size) if other != box)
    return Crop(x, y, box.kind, (box, *others))


def _shown(board: Board, x: int, y: int, size: int) -> list[Box]:
    """The boxes in a window, the one that shows most of itself first."""
    shown = [box for box in board.boxes if box.overlap(x, y, size)]
    return sorted(shown, key=lambda box: -_share(box, x, y, size))


def _share(box: Box, x: int, y: int, size: int) -> float:
    return box.overlap(x, y, size) / ((box.x2 - box.x1) * (box.y2 - box.y1))


def _informative(golden: Grey) -> bool:
    return float(golden.std()) >= BLANK_CONTRAST


def _starts(length: int, size: int, stride: int) -> list[int]:
    """Tile starts; the last tile is flush with the border."""
    starts = list(range(0, length - size + 1, stride))
    return starts if starts[-1] + size == length else [*starts, length - size]
