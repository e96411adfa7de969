# SPDX-License-Identifier: Apache-2.0
"""Import DeepPCB as a classify data set (crops) or as a segment data set (whole boards with pseudo-masks).

Classify: `OUT/{train,val,test}/dataset.csv` and `OUT/images/<design>/<board>/{test,golden}/<crop>.png`, with the extra
columns board, design, crop (`x y` of the window in board pixels) and box (`x1 y1 x2 y2` in crop pixels, the labelled
box first, further ones behind `;`). Crops are PNG: the scans are JPEG already, and a second lossy coding would add
differences along every copper edge that no board has.
Segment: `OUT/{A,B,label,list}`, A golden and B test as byte copies; a mask is 255 inside a published box where golden
and test differ by more than 64 grey levels, else 0.
"""

from __future__ import annotations

import shutil
from collections import Counter
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from PIL import Image

from core.errors import DataError
from core.files import real_path, write_json, write_text
from pairs.classify_csv import COLUMNS, write_csv
from pairs.deeppcb_crops import Crop, centred_crops, grid_crops
from pairs.deeppcb_source import Board, read_splits
from pairs.new_folder import new_folder

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pairs.deeppcb_source import Grey

    Progress = Callable[[int, int], None]

MARKER = "import.json"
MASK_DIFFERENCE = 64
SEED = 1234
EXTRA_COLUMNS = ("board", "design", "crop", "box")


@dataclass(frozen=True, slots=True)
class ImportSummary:
    """What an import wrote; the same stands in `OUT/import.json`.

    `rows` counts per split, `labels` per split and label, `designs` names per split. `short_of_pass` PASS crops found
    no room; `left_out` grid tiles showed only a scrap of a defect, or of its box.
    """

    source: str
    task: str
    crops: str
    size: int
    seed: int
    image_ext: str
    boards: dict[str, int]
    rows: dict[str, int]
    labels: dict[str, dict[str, int]]
    designs: dict[str, list[str]]
    short_of_pass: int = 0
    left_out: int = 0

    def as_dict(self) -> dict[str, Any]:
        """The same as a JSON object."""
        return asdict(self)


def import_deeppcb(  # noqa: PLR0913 - the choices of `changenet data import deeppcb`
    source: Path,
    out: Path,
    *,
    task: Literal["classify", "segment"] = "classify",
    crops: Literal["centred", "grid"] = "centred",
    size: int = 128,
    stride: int | None = None,
    seed: int = SEED,
    force: bool = False,
    progress: Progress | None = None,
) -> ImportSummary:
    """Write a DeepPCB folder as a data set at `out`, which must be new or empty (or, with `force`, an earlier import).

    `size` is the side of a crop and `stride` the step of grid crops (default: `size`) in pixels. `progress` is called
    with boards done and boards in all. The same arguments give the same bytes.

    Raises:
        DataError: the source is no DeepPCB folder or is damaged, `out` is occupied, or an option has no such value.
        ImageError: a picture can't be read.
    """
    _check_options(task, crops, size, stride)
    if real_path(out).is_relative_to(real_path(source)):
        remedy = "choose a folder outside of it"
        raise DataError("the output lies inside the source", code="data.occupied", where=str(out), remedy=remedy)
    splits = read_splits(source)
    step = _Counter(progress or (lambda _done, _total: None), sum(map(len, splits.values())))
    with new_folder(out, marker=MARKER, force=force) as folder:
        writer = _Writer(folder, crops, size, stride or size, seed)
        write = writer.classify if task == "classify" else writer.segment
        for split, boards in splits.items():
            write(split, boards, step)
        summary = _summary(source, task, splits, writer)
        write_json(folder / MARKER, summary.as_dict())
    return summary


def _check_options(task: str, crops: str, size: int, stride: int | None) -> None:
    for value, allowed in ((task, ("classify", "segment")), (crops, ("centred", "grid"))):
        if value not in allowed:
            message = f"{value!r} is none of {', '.join(allowed)}"
            raise DataError(message, code="data.import_option", remedy=f"choose {allowed[0]} or {allowed[1]}")
    if not 16 <= size <= 640 or not 1 <= (stride or size) <= size:
        message = f"crops of {size} px at steps of {stride or size} px can't be cut"
        remedy = "choose a size from 16 to 640 and a stride up to the size"
        raise DataError(message, code="data.import_option", remedy=remedy)


class _Counter:
    """Tells the progress."""

    def __init__(self, tell: Progress, total: int) -> None:
        self.tell, self.total, self.done = tell, total, 0

    def step(self) -> None:
        self.done += 1
        self.tell(self.done, self.total)


class _Writer:
    """Writes the splits one after the other and counts what it wrote."""

    def __init__(self, folder: Path, crops: str, size: int, stride: int, seed: int) -> None:
        self.folder, self.crops, self.size, self.stride, self.seed = folder, crops, size, stride, seed
        self.labels: dict[str, Counter[str]] = {}
        self.short_of_pass = 0
        self.left_out = 0

    def classify(self, split: str, boards: list[Board], step: _Counter) -> None:
        rows: list[tuple[str, ...]] = []
        for board in boards:
            golden, test = board.read()
            rows += [
                self._write_crop(board, crop, i, golden, test) for i, crop in enumerate(self._cut(board, golden, test))
            ]
            step.step()
        self.labels[split] = Counter(row[2] for row in rows)
        write_csv(self.folder / split / "dataset.csv", (*COLUMNS, *EXTRA_COLUMNS), rows)

    def segment(self, split: str, boards: list[Board], step: _Counter) -> None:
        for name in ("A", "B", "label", "list"):
            (self.folder / name).mkdir(exist_ok=True)
        changed: Counter[str] = Counter()
        for board in boards:
            mask = pseudo_mask(board, *board.read())
            shutil.copyfile(board.golden, self.folder / "A" / f"{board.name}.jpg")
            shutil.copyfile(board.test, self.folder / "B" / f"{board.name}.jpg")
            Image.fromarray(mask).save(self.folder / "label" / f"{board.name}.png")
            changed["changed" if mask.any() else "unchanged"] += 1
            step.step()
        self.labels[split] = changed
        write_text(self.folder / "list" / f"{split}.txt", "".join(f"{board.name}.jpg\n" for board in boards))

    def _cut(self, board: Board, golden: Grey, test: Grey) -> list[Crop]:
        if min(golden.shape) < self.size:
            message = f"the scan of {golden.shape[1]}x{golden.shape[0]} px is smaller than a crop of {self.size} px"
            raise DataError(message, code="data.import_option", where=str(board.golden), remedy="choose a smaller size")
        if self.crops == "grid":
            crops, scraps = grid_crops(board, golden, self.size, self.stride)
            changed = pseudo_mask(board, golden, test)  # a tile may hold a part of a box, and nothing of the defect
            shown = [crop for crop in crops if not crop.boxes or self._window(changed, crop).any()]
            self.left_out += scraps + len(crops) - len(shown)
            return shown
        crops = centred_crops(board, golden, self.size, self.seed)
        self.short_of_pass += 2 * len(board.boxes) - len(crops)
        return crops

    def _window(self, scan: Grey, crop: Crop) -> Grey:
        return scan[crop.y : crop.y + self.size, crop.x : crop.x + self.size]

    def _write_crop(self, board: Board, crop: Crop, number: int, golden: Grey, test: Grey) -> tuple[str, ...]:
        place = f"{board.design}/{board.name}"
        name = f"c{number:03d}"
        for kind, scan in (("test", test), ("golden", golden)):
            path = self.folder / "images" / place / kind / f"{name}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(self._window(scan, crop)).save(path, compress_level=1)  # 6 takes thrice as long, saves 10 %
        return (
            f"{place}/test",
            f"{place}/golden",
            crop.label,
            name,
            board.name,
            board.design,
            f"{crop.x} {crop.y}",
            ";".join(crop.boxes_within(self.size)),
        )


def pseudo_mask(board: Board, golden: Grey, test: Grey) -> Grey:
    """255 inside a published box where golden and test differ by more than 64 grey levels, else 0; (H, W)."""
    boxed = np.zeros(golden.shape, dtype=np.bool_)
    for box in board.boxes:
        boxed[box.y1 : box.y2, box.x1 : box.x2] = True
    difference = np.abs(golden.astype(np.int16) - test.astype(np.int16))
    return np.where(boxed & (difference > MASK_DIFFERENCE), 255, 0).astype(np.uint8)


def _summary(source: Path, task: str, splits: dict[str, list[Board]], writer: _Writer) -> ImportSummary:
    return ImportSummary(
        source=source.name,
        task=task,
        crops=writer.crops if task == "classify" else "",
        size=writer.size if task == "classify" else 0,
        seed=writer.seed,
        image_ext=".png" if task == "classify" else ".jpg",
        boards={split: len(boards) for split, boards in splits.items()},
        rows={split: counts.total() for split, counts in writer.labels.items()},
        labels={split: dict(sorted(counts.items())) for split, counts in writer.labels.items()},
        designs={split: sorted({board.design for board in boards}) for split, boards in splits.items()},
        short_of_pass=writer.short_of_pass,
        left_out=writer.left_out,
    )
