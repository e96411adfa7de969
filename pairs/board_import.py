# SPDX-License-Identifier: Apache-2.0
"""Import whole golden and test photos with marks as a classify data set (crops) or as a segment data set (tiles).

Each test picture is registered on its golden one, as inspection does it, and crops and tiles are cut from both at the
golden picture's own scale. Classify: `OUT/{train,val,test}/dataset.csv` and `OUT/images/GROUP/BOARD/{test,golden}`,
with the extra columns board, design, crop and box of `pairs.deeppcb`. Segment: `OUT/{A,B,label,list}`; in a box that is
no outline, the pixels that differ clearly are labelled.

Pictures of one golden picture (of one `board` or `group` of the table) stay in one split; where all have the same
golden picture, those of one test picture do. What is not used stands in `OUT/not_used.csv`, with the reason.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from PIL import Image

from core.errors import DataError, ImageError
from core.files import real_path, write_json, write_text
from core.verdicts import PASS
from pairs.board_shares import share_out
from pairs.classify_csv import COLUMNS, write_csv
from pairs.deeppcb import EXTRA_COLUMNS, MARKER, SEED
from pairs.deeppcb_crops import Crop, centred_crops, grid_crops
from pairs.deeppcb_source import Board
from pairs.laid_boards import lay
from pairs.layout import SPLITS
from pairs.marked_boards import read_marked_pairs
from pairs.new_folder import new_folder
from pairs.pair_writer import as_name

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from pairs.laid_boards import LaidPair
    from pairs.marked_boards import MarkedPair

    Pixels = NDArray[Any]

SIDES = {"classify": 128, "segment": 512}
_MOST_OF_GOOD = 16  # crops of a board on which nothing was marked
_LEAST_SHOWN = 0.5  # of a tile


@dataclass(slots=True)
class BoardSummary:
    """What an import wrote; the same stands in `OUT/import.json`. `rows` counts crops, or tiles, per split."""

    source: str
    task: str
    size: int
    boards: dict[str, int] = field(default_factory=dict)
    rows: dict[str, int] = field(default_factory=dict)
    labels: dict[str, dict[str, int]] = field(default_factory=dict)
    groups: dict[str, list[str]] = field(default_factory=dict)
    not_used: dict[str, int] = field(default_factory=dict)
    image_ext: str = ".png"

    def as_dict(self) -> dict[str, Any]:
        """The same as a JSON object."""
        return asdict(self)


def import_boards(  # noqa: PLR0913 - the choices of `changenet data import pairs`
    source: Path,
    out: Path,
    *,
    task: Literal["classify", "segment"] = "classify",
    crops: Literal["centred", "grid"] = "centred",
    size: int | None = None,
    force: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> BoardSummary:
    """Write marked whole pictures as a data set at `out`, new or empty (or, with `force`, an earlier import).

    `size` is the side of a crop or tile in pixels of the golden picture. The same arguments give the same bytes.

    Raises:
        DataError: there are no marked pairs, none can be registered, or `out` is occupied.
    """
    side = size or SIDES[task]
    if not 16 <= side <= 8192:
        remedy = "choose a size from 16 to 8192"
        raise DataError(f"crops of {side} px can't be cut", code="data.import_option", where="--size", remedy=remedy)
    searched = real_path(source if source.is_dir() else source.parent)
    if real_path(out).is_relative_to(searched):
        remedy = "choose a folder outside of it, or put the table into a folder of its own beside its pictures"
        message = f"the output lies inside {searched}, which is searched for marks"
        raise DataError(message, code="data.occupied", where=str(out), remedy=remedy)
    pairs, unused = read_marked_pairs(source)
    splits = _splits(pairs, source)
    with new_folder(out, marker=MARKER, force=force) as folder:
        writer = (_Crops if task == "classify" else _Tiles)(folder, side, crops, BoardSummary(source.name, task, side))
        for done, pair in enumerate(pairs, start=1):
            try:
                laid = lay(pair)
                writer.add(splits[pair.group], pair, laid)
            except (DataError, ImageError) as error:
                unused.append((str(pair.test), error.message))
            else:
                unused += [(str(pair.test), "a mark lies beyond the golden picture")] * laid.outside
            if progress:
                progress(done, len(pairs))
        return writer.finish([*unused, *writer.unused])


def _splits(pairs: Sequence[MarkedPair], source: Path) -> dict[str, str]:
    """The split of each group: as the table says where it says it of all, else shared out."""
    if all(pair.split in SPLITS for pair in pairs):
        found: dict[str, str] = {}
        for pair in pairs:
            if found.setdefault(pair.group, pair.split) != pair.split:
                message = f"the group {pair.group!r} stands in the splits {found[pair.group]} and {pair.split}"
                remedy = "put all pictures of a group into one split"
                raise DataError(message, code="data.import_option", where=str(source), remedy=remedy)
        return found
    groups: dict[str, tuple[int, bool]] = {}
    for pair in pairs:
        rows, has_defects = groups.get(pair.group, (0, False))
        groups[pair.group] = (rows + 1, has_defects or not pair.is_good)
    return share_out(groups, str(source))


class _Writer(ABC):
    """Writes one pair after the other, and the lists at the end."""

    def __init__(self, folder: Path, side: int, crops: str, summary: BoardSummary) -> None:
        self.folder, self.side, self.crops, self.summary = folder, side, crops, summary
        self.unused: list[tuple[str, str]] = []
        self._lines: dict[str, list[Any]] = {}

    def add(self, split: str, pair: MarkedPair, laid: LaidPair) -> None:
        """Take in one pair.

        Raises:
            DataError: it is smaller than what is cut out of it.
        """
        height, width = laid.golden.shape[:2]
        if min(height, width) < self.side:
            message = f"the golden picture of {width} x {height} px is smaller than {self.side} px"
            raise DataError(
                message, code="data.import_option", where=str(pair.golden), remedy="choose a smaller --size"
            )
        rows, labels = self._cut(pair, laid)
        self._lines.setdefault(split, []).extend(rows)
        summary = self.summary
        summary.boards[split] = summary.boards.get(split, 0) + 1
        summary.rows[split] = summary.rows.get(split, 0) + len(rows)
        summary.labels[split] = dict(Counter(summary.labels.get(split, {})) + Counter(labels))
        groups = summary.groups.setdefault(split, [])
        groups += [] if pair.group in groups else [pair.group]

    def finish(self, unused: list[tuple[str, str]]) -> BoardSummary:
        """Write the lists.

        Raises:
            DataError: no pair could be used; the first reason.
        """
        if not self._lines:
            raise DataError(f"no pair can be used: {unused[0][1]}", code="data.no_rows", where=unused[0][0])
        self._write_lists()
        if unused:
            write_csv(self.folder / "not_used.csv", ("file", "reason"), unused)
        self.summary.not_used = dict(Counter(reason for _, reason in unused))
        for name in ("boards", "rows", "labels", "groups"):
            known = getattr(self.summary, name)
            setattr(self.summary, name, {split: known[split] for split in SPLITS if split in known})
        write_json(self.folder / MARKER, self.summary.as_dict())
        return self.summary

    @abstractmethod
    def _cut(self, pair: MarkedPair, laid: LaidPair) -> tuple[list[Any], list[str]]:
        """Write the crops or tiles of a pair; returns their rows and labels."""

    @abstractmethod
    def _write_lists(self) -> None:
        """Write the table or the lists of the splits."""

    def _save(self, place: str, pixels: Pixels, x: int, y: int) -> None:
        path = self.folder / place
        path.parent.mkdir(parents=True, exist_ok=True)
        part = np.ascontiguousarray(pixels[y : y + self.side, x : x + self.side])
        Image.fromarray(part).save(path, compress_level=1)


class _Crops(_Writer):
    def _cut(self, pair: MarkedPair, laid: LaidPair) -> tuple[list[Any], list[str]]:
        board = Board(pair.name, pair.group, pair.golden, pair.test, laid.boxes)
        grey = laid.golden.mean(axis=2).astype(np.uint8)
        found = self._crops_of(board, grey, laid)
        place = f"{as_name(pair.group)}/{as_name(pair.name)}"
        rows = []
        for number, crop in enumerate(found):
            name = f"c{number:03d}"
            for kind, pixels in (("test", laid.test), ("golden", laid.golden)):
                self._save(f"images/{place}/{kind}/{name}.png", pixels, crop.x, crop.y)
            boxes = ";".join(crop.boxes_within(self.side))
            rows.append(
                (
                    f"{place}/test",
                    f"{place}/golden",
                    crop.label,
                    name,
                    pair.name,
                    pair.group,
                    f"{crop.x} {crop.y}",
                    boxes,
                )
            )
        return rows, [crop.label for crop in found]

    def _crops_of(self, board: Board, grey: Pixels, laid: LaidPair) -> list[Crop]:
        if self.crops == "grid":
            crops, scraps = grid_crops(board, grey, self.side, self.side)
            self.unused += [(str(board.test), "a crop shows only a scrap of a mark")] * scraps
        elif board.boxes:
            crops = centred_crops(board, grey, self.side, SEED)
        else:
            crops = grid_crops(board, grey, self.side, self.side)[0]
            crops = crops[:: max(1, len(crops) // _MOST_OF_GOOD)][:_MOST_OF_GOOD]
        return [crop for crop in crops if crop.label != PASS or self._is_whole(laid, crop)]

    def _is_whole(self, laid: LaidPair, crop: Crop) -> bool:
        return bool(laid.shown[crop.y : crop.y + self.side, crop.x : crop.x + self.side].all())

    def _write_lists(self) -> None:
        for split, rows in self._lines.items():
            write_csv(self.folder / split / "dataset.csv", (*COLUMNS, *EXTRA_COLUMNS), rows)


class _Tiles(_Writer):
    def _cut(self, pair: MarkedPair, laid: LaidPair) -> tuple[list[Any], list[str]]:
        empty = Board(pair.name, pair.group, pair.golden, pair.test, ())
        names, labels = [], []
        for crop in grid_crops(empty, laid.golden[..., 0], self.side, self.side)[0]:
            window = np.s_[crop.y : crop.y + self.side, crop.x : crop.x + self.side]
            if float(laid.shown[window].mean()) < _LEAST_SHOWN:
                continue
            name = f"{as_name(pair.group)}_{as_name(pair.name)}_{crop.y}_{crop.x}.png"
            label = np.where(laid.label, 255, 0).astype(np.uint8)
            for kind, pixels in (("A", laid.golden), ("B", laid.test), ("label", label)):
                self._save(f"{kind}/{name}", pixels, crop.x, crop.y)
            names.append(name)
            labels.append("changed" if laid.label[window].any() else "unchanged")
        return names, labels

    def _write_lists(self) -> None:
        for split, names in self._lines.items():
            write_text(self.folder / "list" / f"{split}.txt", "".join(f"{name}\n" for name in names))
