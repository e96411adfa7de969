# SPDX-License-Identifier: Apache-2.0
"""The files of a synthetic data set, one board at a time, and the tables over all boards."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from boards.assembled import AssembledBoard
from boards.bare import BareBoard
from core.files import write_json, write_text
from core.verdicts import PASS
from pairs.classify_csv import COLUMNS, write_csv
from pairs.layout import SPLITS

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from boards.pictures import Board, Box, SiteInfo
    from boards.settings import SynthesisSettings

_HEADER = (*COLUMNS, "board", "component", "defect_box", "severity")
IMAGES = "images"
RECORD = "synthesis.json"


@dataclass(frozen=True, slots=True)
class Row:
    """One pair: a line of a classify CSV, or one file name of a segment list."""

    board: str
    unit: str
    name: str
    component: str
    label: str
    box: Box | None
    severity: float | None

    def cells(self) -> tuple[str, ...]:
        """The line of a classify CSV."""
        box = " ".join(map(str, self.box)) if self.box else ""
        severity = "" if self.severity is None else f"{self.severity:.3f}"
        folder, golden = f"{self.board}/{self.unit}", f"{self.board}/golden"
        return folder, golden, self.label, self.name, self.board, self.component, box, severity


def board_name(number: int) -> str:
    """The name of a board design, which is also its group."""
    return f"board_{number:04d}"


@lru_cache(maxsize=24)
def make_board(settings: SynthesisSettings, number: int) -> Board:
    """The board of a number in the chosen style."""
    return BareBoard(settings, number) if settings.style == "bare" else AssembledBoard(settings, number)


def board_sites(settings: SynthesisSettings, number: int) -> tuple[SiteInfo, ...]:
    """The inspected places of a board."""
    return make_board(settings, number).sites()


def write_board(
    settings: SynthesisSettings, number: int, defects: Mapping[int, Mapping[int, str]], out: Path
) -> list[Row]:
    """Write all pictures of a board; `defects` gives unit -> site -> defect type."""
    board = make_board(settings, number)
    if settings.task == "segment":
        return _write_segment(settings, board, number, defects, out)
    return _write_classify(settings, board, number, defects, out)


def _write_classify(
    settings: SynthesisSettings, board: Board, number: int, defects: Mapping[int, Mapping[int, str]], out: Path
) -> list[Row]:
    folder, rows = out / IMAGES / board_name(number), []
    for index, site in enumerate(board.sites()):
        _save_lights(settings, folder / "golden", site.name, board.golden(index))
        for unit in range(settings.units):
            shot = board.test(unit, index, defects.get(unit, {}).get(index))
            _save_lights(settings, folder / _unit_name(unit), site.name, shot.images)
            label = shot.defect or PASS
            rows.append(Row(folder.name, _unit_name(unit), site.name, site.component, label, shot.box, shot.severity))
    return sorted(rows, key=lambda row: row.unit)


def _write_segment(
    settings: SynthesisSettings, board: Board, number: int, defects: Mapping[int, Mapping[int, str]], out: Path
) -> list[Row]:
    golden, sites, rows = board.golden_board(), board.sites(), []
    for unit in range(settings.units):
        shot = board.test_board(unit, defects.get(unit, {}))
        name = f"{board_name(number)}_{_unit_name(unit)}.png"
        _save(golden, out / "A" / name)
        _save(shot.image, out / "B" / name)
        _save(Image.fromarray(shot.mask.astype(np.uint8) * 255), out / "label" / name)
        for index, site in enumerate(sites):
            label = shot.defects.get(index, PASS)
            rows.append(Row(board_name(number), _unit_name(unit), site.name, site.component, label, None, None))
    return rows


def _unit_name(unit: int) -> str:
    return f"unit_{unit:02d}"


def _save_lights(settings: SynthesisSettings, folder: Path, name: str, images: tuple[Image.Image, ...]) -> None:
    for light, image in zip(settings.lights, images, strict=True):
        suffix = f"_{light}" if len(settings.lights) > 1 else ""
        _save(image, folder / f"{name}{suffix}{settings.image_ext}")


def _save(image: Image.Image, path: Path) -> None:
    """Write one picture; the data set as a whole becomes visible in one step later."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".jpg":
        image.save(path, quality=91, subsampling=0)
    else:
        image.save(path, compress_level=3)


def write_tables(settings: SynthesisSettings, splits: Mapping[int, str], rows: list[Row], out: Path) -> None:
    """Write the CSV or the list of every split."""
    of_board = {board_name(number): split for number, split in splits.items()}
    for split in SPLITS:
        mine = [row for row in rows if of_board[row.board] == split]
        if settings.task == "classify":
            (out / split).mkdir(parents=True, exist_ok=True)
            write_csv(out / split / "dataset.csv", _HEADER, [row.cells() for row in mine])
        else:
            names = dict.fromkeys(f"{row.board}_{row.unit}.png" for row in mine)
            write_text(out / "list" / f"{split}.txt", "".join(f"{name}\n" for name in names))


def write_record(out: Path, record: Mapping[str, object]) -> None:
    """Write what the data set holds and from which settings it was made."""
    write_json(out / RECORD, record)
