# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from scoring.regions import RegionCounts, count_regions, find_regions, match_regions, sheet_of


def mask(text: str) -> Any:
    return np.array([[letter == "#" for letter in line] for line in text.split()])


def flooded(pixels: Any) -> list[set[tuple[int, int]]]:
    """The regions by flooding, the plain way."""
    left = {(int(y), int(x)) for y, x in zip(*np.nonzero(pixels), strict=True)}
    found = []
    while left:
        region, waiting = set(), [left.pop()]
        while waiting:
            y, x = waiting.pop()
            region.add((y, x))
            near = {(y + dy, x + dx) for dy in (-1, 0, 1) for dx in (-1, 0, 1)} & left
            left -= near
            waiting += near
        found.append(region)
    return found


@pytest.mark.parametrize("share", [0.02, 0.2, 0.4, 0.6, 0.95])
def test_regions_are_those_of_flooding_with_their_boxes_and_areas(share: float) -> None:
    chance = np.random.default_rng(int(100 * share))
    for shape in ((1, 1), (1, 30), (30, 1), (24, 31)):
        pixels = chance.random(shape) < share
        found = find_regions(pixels)
        expected = {frozenset(region) for region in flooded(pixels)}
        drawn = {
            frozenset((int(y), int(x)) for y, x in zip(*np.nonzero(found.numbers == one.number), strict=True))
            for one in found.regions
        }
        assert drawn == expected
        for one in found.regions:
            rows, columns = np.nonzero(found.numbers == one.number)
            assert one.area == len(rows)
            assert (one.x1, one.y1, one.x2, one.y2) == (
                columns.min(),
                rows.min(),
                columns.max() + 1,
                rows.max() + 1,
            )


@pytest.mark.parametrize("gap", [1, 2, 5, 8])
def test_specks_with_a_small_gap_between_them_are_one_region(gap: int) -> None:
    even = gap + gap % 2
    for apart, count in ((even, 1), (even + 1, 2)):
        pixels = np.zeros((20, 30), dtype=bool)
        pixels[4, 4] = pixels[4 + apart + 1, 4 + apart + 1] = True
        found = find_regions(pixels, gap)
        assert len(found.regions) == count
        assert sum(one.area for one in found.regions) == 2
        assert (found.numbers > 0).tolist() == pixels.tolist()
    assert [(one.x1, one.y2) for one in found.regions] == [(4, 5), (4 + even + 2, 4 + even + 3)]


def test_found_false_and_missed() -> None:
    label = find_regions(mask("##.... ##.... ....## ......"))
    marked = find_regions(mask(".#.... ...... ...... #...#."))
    counts = count_regions(label, marked, match_regions(label, marked))
    assert counts == RegionCounts(labelled=2, found=1, predicted=3, false=2)
    assert sheet_of(counts) == {
        "defects": 2,
        "found": 1,
        "missed": 1,
        "regions": 3,
        "false_regions": 2,
        "region_recall": 0.5,
        "region_precision": pytest.approx(1 / 3),
    }


def test_a_mask_that_covers_everything_finds_nothing() -> None:
    label = np.zeros((20, 20), dtype=bool)
    label[3:6, 3:6] = True
    small, whole = find_regions(label), find_regions(np.ones_like(label))
    assert count_regions(small, whole, match_regions(small, whole)) == RegionCounts(1, 0, 1, 1)


def test_counts_of_several_pictures_add_up_and_nothing_has_no_share() -> None:
    assert RegionCounts(1, 1, 2, 1) + RegionCounts(3, 2, 4, 0) == RegionCounts(4, 3, 6, 1)
    assert sheet_of(RegionCounts())["region_recall"] is None
