# SPDX-License-Identifier: Apache-2.0
"""The tables of a segment action, read so that one bad row never costs the report: what can't be used is told."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from core.errors import DataError
from core.file_names import PICTURES_FILE, REGIONS_FILE
from pairs.findings import Tally

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from core.problem import Problem

_LONGEST_TABLE = 256 * 2**20
Row = TypeVar("Row")
KINDS = ("missed", "false", "hit", "marked")  # of regions, those first that an inspector looks at first


@dataclass(frozen=True, slots=True)
class PictureRow:
    """One pair: what was marked in it, and, where it has a label (`judged`), how that fits."""

    name: str
    mask: str
    height: int
    width: int
    changed_pixels: int
    regions: int
    score: float
    judged: bool = False
    labelled_pixels: int = 0
    right_pixels: int = 0
    defects: int = 0
    found: int = 0
    false_regions: int = 0

    @property
    def missed(self) -> int:
        """Labelled regions that nobody found."""
        return self.defects - self.found

    @property
    def f1(self) -> float | None:
        """F1 of its pixels; None where nothing is marked and nothing labelled."""
        total = self.labelled_pixels + self.changed_pixels
        return 2 * self.right_pixels / total if self.judged and total else None


@dataclass(frozen=True, slots=True)
class RegionRow:
    """One region; `box` is x, y, width and height in pixels of the file."""

    name: str
    kind: str
    class_id: int
    area: int
    box: tuple[int, int, int, int]
    score: float


@dataclass(frozen=True, slots=True)
class SegmentTables:
    """Both tables; `notes` say what could not be read."""

    pictures: tuple[PictureRow, ...]
    regions: tuple[RegionRow, ...]
    notes: tuple[Problem, ...]


def read_segment_tables(results: Path) -> SegmentTables:
    """Read what a segment action left in its results folder.

    Raises:
        DataError: there is no table, or it is none.
    """
    pictures, told = _rows(results / PICTURES_FILE, _picture)
    regions, more = _rows(results / REGIONS_FILE, _region)
    return SegmentTables(pictures, regions, (*told, *more))


def _rows(path: Path, read: Callable[[Mapping[str, str]], Row]) -> tuple[tuple[Row, ...], list[Problem]]:
    tally = Tally(path.name)
    found: list[Row] = []
    for line, cells in _lines(path):
        try:
            found.append(read(cells))
        except (KeyError, ValueError, TypeError):
            message = "a row was left out: a number is missing or none"
            tally.note("report.row_skipped", "error", message, "run the action again", line)
    return tuple(found), tally.findings()


def _lines(path: Path) -> Iterator[tuple[int, dict[str, str]]]:
    remedy = "give the folder of a finished evaluate or inference job"
    try:
        if path.stat().st_size > _LONGEST_TABLE:
            raise DataError("the table is too long", code="report.table", where=str(path), remedy=remedy)
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError as problem:
        reason = problem.strerror or str(problem)
        raise DataError(f"can't be read: {reason}", code="report.no_table", where=str(path), remedy=remedy) from None
    try:
        yield from enumerate(csv.DictReader(text.splitlines()), start=2)
    except csv.Error as problem:
        raise DataError(f"this is no CSV ({problem})", code="report.table", where=str(path), remedy=remedy) from None


def _picture(cells: Mapping[str, Any]) -> PictureRow:
    judged = bool(cells.get("defects"))
    names = ("labelled_pixels", "right_pixels", "defects", "found", "false_regions")
    counts = {name: int(cells[name]) for name in names} if judged else {}
    whole = {name: int(cells[name]) for name in ("height", "width", "changed_pixels", "regions")}
    return PictureRow(cells["name"], cells["mask"], score=float(cells["score"]), judged=judged, **whole, **counts)


def _region(cells: Mapping[str, Any]) -> RegionRow:
    x1, y1, x2, y2 = (int(cells[name]) for name in ("x1", "y1", "x2", "y2"))
    if cells["kind"] not in KINDS:
        raise ValueError(cells["kind"])
    class_id, area = int(cells["class_id"]), int(cells["area"])
    return RegionRow(cells["name"], cells["kind"], class_id, area, (x1, y1, x2 - x1, y2 - y1), float(cells["score"]))
