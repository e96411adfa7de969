# SPDX-License-Identifier: Apache-2.0
"""Regions of a mask: an inspector counts defects, not pixels.

Pixels belong together when they touch, be it by a corner, or when no more than `gap` pixels lie between them: one
scratch often shows as several specks. A predicted region is right when a tenth of its pixels or
more are labelled as changed, and false otherwise; a labelled region is found when a right one overlaps it. So a mask
that covers everything finds nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Mask = NDArray[np.bool_]
    Numbers = NDArray[np.int32]


RIGHT_SHARE = 0.1


@dataclass(frozen=True, slots=True)
class Region:
    """One region: its number in the map, its pixels, and the box from (x1, y1) up to, not including, (x2, y2)."""

    number: int
    area: int
    x1: int
    y1: int
    x2: int
    y2: int


@dataclass(frozen=True, slots=True)
class RegionMap:
    """A mask by its regions: `numbers` (H, W) is 0 outside of them and the region's number, from 1, inside."""

    numbers: Numbers
    regions: tuple[Region, ...]

    def touching(self, mask: Mask) -> set[int]:
        """The numbers of the regions that share a pixel with a mask."""
        return set(np.unique(self.numbers[mask]).tolist()) - {0}

    def touching_box(self, x1: int, y1: int, x2: int, y2: int) -> set[int]:
        """The numbers of the regions that reach into a box, from (x1, y1) up to, not including, (x2, y2)."""
        return set(np.unique(self.numbers[y1:y2, x1:x2]).tolist()) - {0}


@dataclass(frozen=True, slots=True)
class RegionCounts:
    """What was found of the labelled regions, and how many predicted ones are false."""

    labelled: int = 0
    found: int = 0
    predicted: int = 0
    false: int = 0

    def __add__(self, other: RegionCounts) -> RegionCounts:
        """The counts of both."""
        return RegionCounts(
            self.labelled + other.labelled,
            self.found + other.found,
            self.predicted + other.predicted,
            self.false + other.false,
        )


def find_regions(mask: Mask, gap: int = 0) -> RegionMap:
    """The regions of a mask (H, W), numbered from the top; an odd `gap` is taken as the next even one."""
    grown = _grown(mask, -(-gap // 2))
    joined = np.zeros(mask.shape, dtype=np.int32)
    grown_runs = _runs(grown)
    for (row, start, end), root in zip(grown_runs, _joined(grown_runs), strict=True):
        joined[row, start:end] = root + 1
    numbers = np.zeros(mask.shape, dtype=np.int32)
    order: dict[int, int] = {}
    boxes: list[list[int]] = []
    for row, start, end in _runs(mask):
        number = order.setdefault(int(joined[row, start]), len(order) + 1)
        numbers[row, start:end] = number
        if number > len(boxes):
            boxes.append([0, start, row, end, row + 1])
        box = boxes[number - 1]
        box[:] = [box[0] + end - start, min(box[1], start), box[2], max(box[3], end), row + 1]
    return RegionMap(numbers, tuple(Region(i, *box) for i, box in enumerate(boxes, start=1)))


def _grown(mask: Mask, reach: int) -> Mask:
    """The mask with all pixels that are no more than `reach` rows and columns away from one of it."""
    grown = mask
    for axis in (0, 1) if reach else ():
        lines = np.moveaxis(grown, axis, 0)
        spread = lines.copy(order="K")
        for step in range(1, min(reach, len(lines) - 1) + 1):
            spread[step:] |= lines[:-step]
            spread[:-step] |= lines[step:]
        grown = np.moveaxis(spread, 0, axis)
    return grown


def match_regions(labelled: RegionMap, predicted: RegionMap) -> tuple[set[int], set[int]]:
    """The numbers of the labelled regions that were found, and of the predicted ones that are right."""
    covered = np.bincount(predicted.numbers[labelled.numbers > 0], minlength=len(predicted.regions) + 1)
    right = {one.number for one in predicted.regions if covered[one.number] >= RIGHT_SHARE * one.area}
    return labelled.touching(np.isin(predicted.numbers, list(right))), right


def count_regions(labelled: RegionMap, predicted: RegionMap, matched: tuple[set[int], set[int]]) -> RegionCounts:
    """How many regions there are, and how many of them meet, as `match_regions` says."""
    found, right = matched
    total = len(predicted.regions)
    return RegionCounts(len(labelled.regions), len(found), total, total - len(right))


def _runs(mask: Mask) -> list[tuple[int, int, int]]:
    """The stretches of set pixels, row by row: (row, first column, column after the last)."""
    filled = np.flatnonzero(mask.any(axis=1))  # few rows of a large mask are
    edges = np.diff(np.pad(mask[filled].astype(np.int8), ((0, 0), (1, 1))), axis=1)
    rows, starts = np.nonzero(edges == 1)
    ends = np.nonzero(edges == -1)[1]
    return list(zip(filled[rows].tolist(), starts.tolist(), ends.tolist(), strict=True))


def _joined(runs: Sequence[tuple[int, int, int]]) -> list[int]:
    """For each run the first run of its region, by union and find over neighbouring rows."""
    parent = list(range(len(runs)))

    def root(run: int) -> int:
        while parent[run] != run:
            parent[run] = parent[parent[run]]
            run = parent[run]
        return run

    above = 0
    for here, (row, start, end) in enumerate(runs):
        while runs[above][0] < row - 1 or (runs[above][0] == row - 1 and runs[above][2] < start):
            above += 1
        other = above
        while other < here and runs[other][0] == row - 1 and runs[other][1] <= end:
            first, second = sorted((root(other), root(here)))
            parent[second] = first
            other += 1
    return [root(run) for run in range(len(runs))]


def sheet_of(counts: RegionCounts) -> dict[str, Any]:
    """The counts by the names that result files have for them, with the shares that follow."""
    return {
        "defects": counts.labelled,
        "found": counts.found,
        "missed": counts.labelled - counts.found,
        "regions": counts.predicted,
        "false_regions": counts.false,
        "region_recall": counts.found / counts.labelled if counts.labelled else None,
        "region_precision": (counts.predicted - counts.false) / counts.predicted if counts.predicted else None,
    }
