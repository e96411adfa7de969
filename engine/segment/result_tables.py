# SPDX-License-Identifier: Apache-2.0
"""The tables that scoring leaves behind: a row for each pair, and one for each region."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from core.file_names import PICTURES_FILE, REGIONS_FILE
from pairs.classify_csv import write_csv
from scoring.regions import RegionCounts, count_regions, find_regions, match_regions

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from scoring.regions import Region, RegionMap

    Bytes = NDArray[np.uint8]
    Floats = NDArray[np.float32]

Kind = Literal["marked", "hit", "false", "missed"]
_PICTURE_COLUMNS = ("name", "mask", "height", "width", "changed_pixels", "regions", "score", "threshold")
_JUDGED_COLUMNS = ("labelled_pixels", "right_pixels", "defects", "found", "false_regions")
_REGION_COLUMNS = ("name", "kind", "class_id", "area", "x1", "y1", "x2", "y2", "score")


@dataclass(frozen=True, slots=True)
class Scored:
    """One pair: class ids (H, W) and the probability of change as the network saw it, and the size of its file."""

    name: str
    mask: Bytes
    change: Floats
    size: tuple[int, int]  # height and width


@dataclass(slots=True)
class ResultTables:
    """Collects the rows, in pixels of the files; `judged` where there are labels."""

    judged: bool
    threshold: float
    gap: int  # pixels between what belongs together
    pictures: list[tuple[Any, ...]] = field(default_factory=list)
    regions: list[tuple[Any, ...]] = field(default_factory=list)

    def add(self, scored: Scored, mask_name: str, label: Bytes | None) -> RegionCounts:
        """Take in one pair; `label` is 0 where nothing changed, with nothing left to be ignored."""
        predicted = find_regions(scored.mask > 0, self.gap)
        labelled = None if label is None else find_regions(label > 0, self.gap)
        counts = self._add_regions(scored, predicted, labelled, label)
        scale = self._scale(scored)
        changed = int(np.count_nonzero(scored.mask))
        row: tuple[Any, ...] = (scored.name, mask_name, *scored.size, round(changed * scale[0] * scale[1]))
        row += (len(predicted.regions), f"{float(scored.change.max()):.6g}", self.threshold)
        if label is not None:
            right = int(np.count_nonzero((label > 0) & (scored.mask > 0)))
            pixels = [round(n * scale[0] * scale[1]) for n in (int(np.count_nonzero(label)), right)]
            row += (*pixels, counts.labelled, counts.found, counts.false)
        self.pictures.append(row)
        return counts

    def _add_regions(
        self, scored: Scored, predicted: RegionMap, labelled: RegionMap | None, label: Bytes | None
    ) -> RegionCounts:
        if labelled is None or label is None:
            for region in predicted.regions:
                self._add_region(scored, "marked", region, predicted, scored.mask)
            return RegionCounts(predicted=len(predicted.regions))
        found, right = matched = match_regions(labelled, predicted)
        for region in predicted.regions:
            self._add_region(scored, "hit" if region.number in right else "false", region, predicted, scored.mask)
        for region in labelled.regions:
            if region.number not in found:
                self._add_region(scored, "missed", region, labelled, label)
        return count_regions(labelled, predicted, matched)

    def _add_region(self, scored: Scored, kind: Kind, region: Region, of: RegionMap, ids: Bytes) -> None:
        box = np.s_[region.y1 : region.y2, region.x1 : region.x2]
        inside = of.numbers[box] == region.number
        class_id = int(np.bincount(ids[box][inside]).argmax())
        down, right = self._scale(scored)
        corners = (region.x1 * right, region.y1 * down, region.x2 * right, region.y2 * down)
        area, score = round(region.area * down * right), float(scored.change[box][inside].max())
        self.regions.append((scored.name, kind, class_id, area, *map(round, corners), f"{score:.6g}"))

    @staticmethod
    def _scale(scored: Scored) -> tuple[float, float]:
        height, width = scored.mask.shape
        return scored.size[0] / height, scored.size[1] / width

    def write(self, folder: Path) -> None:
        """Write both tables."""
        columns = (*_PICTURE_COLUMNS, *(_JUDGED_COLUMNS if self.judged else ()))
        write_csv(folder / PICTURES_FILE, columns, self.pictures)
        write_csv(folder / REGIONS_FILE, _REGION_COLUMNS, self.regions)
