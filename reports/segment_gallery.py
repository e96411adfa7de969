# SPDX-License-Identifier: Apache-2.0
"""Which pairs the page of a segment action shows, and their pictures: those with mistakes first.

Pictures are larger than in the gallery of classify pairs, because what was marked may be a few pixels of a board.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from reports.gallery import Shot
from reports.pictures import Picture, PictureFolder, data_uri, difference, outlined

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from reports.segment_tables import PictureRow, RegionRow, SegmentTables

SIDE = 480
MOST_PAIRS = 120
PICTURE_BYTES = 14_000_000
MOST_BOXES = 60  # of one pair, as dashed lines over its pictures
_FOR_WHITE = 100  # pictures in which the bit depth of 16-bit files shows


@dataclass(frozen=True, slots=True)
class Places:
    """Where the pictures lie: folders of golden and test images and labels, ending of labels, folder of masks."""

    golden: Path | None
    test: Path | None
    label: Path | None
    label_suffix: str
    masks: Path


@dataclass(frozen=True, slots=True)
class SegmentCard:
    """One pair of the gallery; `sort` is missed, false, marked or clean; `boxes` by kind of region."""

    sort: str
    row: PictureRow
    shots: tuple[Shot, ...]
    boxes: tuple[tuple[str, tuple[int, int, int, int]], ...]

    @property
    def picture_bytes(self) -> int:
        """The length of all data URIs."""
        return sum(len(shot.uri) for shot in self.shots)


@dataclass(frozen=True, slots=True)
class SegmentGallery:
    """The pairs shown, how many of each sort there are in all, and whether the folder of pictures is there."""

    cards: tuple[SegmentCard, ...]
    counts: dict[str, int]
    folder_there: bool

    @property
    def unreadable(self) -> int:
        """Pictures that could not be shown."""
        return sum(bool(shot.reason) for card in self.cards for shot in card.shots if shot.view != "difference")


SORTS = ("missed", "false", "marked", "clean")


def build_segment_gallery(tables: SegmentTables, places: Places) -> SegmentGallery:
    """Choose pairs and load their pictures until a limit is reached."""
    album = _Album(places, tables)
    ordered = sorted(tables.pictures, key=_worst_first)
    counts = {sort: sum(_sort_of(row) == sort for row in ordered) for sort in SORTS}
    cards: list[SegmentCard] = []
    used = 0
    for row in ordered[:MOST_PAIRS]:
        card = album.card(row)
        used += card.picture_bytes
        if used > PICTURE_BYTES and cards:
            break
        cards.append(card)
    return SegmentGallery(tuple(cards), counts, album.there)


def _sort_of(row: PictureRow) -> str:
    if row.missed:
        return "missed"
    if row.false_regions:
        return "false"
    return "marked" if row.regions else "clean"


def _worst_first(row: PictureRow) -> tuple[int, int, int, float, str]:
    return SORTS.index(_sort_of(row)), -row.missed, -row.false_regions, -row.score, row.name


class _Album:
    """The pictures of one action."""

    def __init__(self, places: Places, tables: SegmentTables) -> None:
        self._golden, self._test = PictureFolder(places.golden), PictureFolder(places.test)
        self._label, self._masks = PictureFolder(places.label), PictureFolder(places.masks)
        self._suffix = places.label_suffix
        self._regions: Mapping[str, list[RegionRow]] = _by_name(tables)
        self.there = self._golden.there and self._test.there
        some = [row.name for row in tables.pictures[:: max(1, len(tables.pictures) // _FOR_WHITE)]]
        self._white = self._test.white_level(some)

    def card(self, row: PictureRow) -> SegmentCard:
        shots = tuple(self._shots(row)) if self.there else ()
        regions = self._regions.get(row.name, [])[:MOST_BOXES]
        return SegmentCard(_sort_of(row), row, shots, tuple((one.kind, one.box) for one in regions))

    def _shots(self, row: PictureRow) -> Iterator[Shot]:
        golden, test = (folder.read(row.name, self._white, SIDE) for folder in (self._golden, self._test))
        mask = self._masks.read_mask(row.mask, SIDE)
        label = self._labels(row) if row.judged else Picture()
        yield _shot("golden", golden)
        yield _shot("test", test)
        if test.image is None or mask.image is None:
            yield Shot("prediction", reason=mask.reason or test.reason)
        else:
            yield _shot("prediction", Picture(outlined(test.image, mask.image, label.image)))
        if golden.image is None or test.image is None:
            yield Shot("difference", reason="needs both")
        else:
            yield _shot("difference", Picture(difference(golden.image, test.image)))

    def _labels(self, row: PictureRow) -> Picture:
        name = PurePosixPath(row.name).stem + self._suffix
        return self._label.read_mask(name, SIDE)


def _by_name(tables: SegmentTables) -> dict[str, list[RegionRow]]:
    found: dict[str, list[RegionRow]] = {}
    for region in tables.regions:
        found.setdefault(region.name, []).append(region)
    return found


def _shot(view: str, picture: Picture) -> Shot:
    if picture.image is None:
        return Shot(view, reason=picture.reason)
    return Shot(view, data_uri(picture.image), *picture.image.size)
