# SPDX-License-Identifier: Apache-2.0
"""Telling a classify data set from a segment data set by what lies in its folder."""

from __future__ import annotations

import codecs
import os
from contextlib import suppress
from typing import TYPE_CHECKING, Literal

from core.errors import DataError
from core.file_names import ARCHIVES
from pairs.classify_csv import COLUMNS, DEPLOY_SCORE, SCORE_COLUMNS, iter_rows, usual_name
from pairs.csv_files import some
from pairs.image_folders import ImageFolders
from pairs.loose_csv import DELIMITERS

if TYPE_CHECKING:
    from pathlib import Path

Task = Literal["classify", "segment"]
CSV_NAME = "dataset.csv"
PICTURES = ("images", *(f"images{ending}" for ending in ARCHIVES))
SPLITS = ("train", "val", "test")
# The names that folders and files of a split go by; a file may be called NAME_set.csv as well.
SPLIT_NAMES = {
    "train": ("train", "training"),
    "val": ("val", "validation", "eval", "evaluation"),
    "test": ("test", "testing"),
    "infer": ("inference", "infer"),
}
_SPLIT_OF = {name: split for split, names in SPLIT_NAMES.items() for name in names}
TABLE_FOLDER = "labels"  # tables may stand in a folder of their own, beside images
SEGMENT_FOLDERS = ("A", "B", "list")  # the label folder may be missing: inference needs none
_NEEDED = frozenset(COLUMNS) - {"label"}
_MOST_TABLES, _LONGEST_HEADER = 200, 65_536


def detect_layout(folder: Path) -> Task | None:
    """Name the task that a data folder is laid out for, or None where it is neither or both.

    Classify: tables as `classify_tables` finds them. Segment: `A`, `B` and `list`, as folders or archives.

    Raises:
        DataError: several CSVs could be meant.
    """
    classify, segment = bool(classify_tables(folder)), _holds_segment_folders(folder)
    if classify == segment:
        return None
    return "classify" if classify else "segment"


def _holds_segment_folders(folder: Path) -> bool:
    archives = {name: [folder / f"{name}{ending}" for ending in ARCHIVES] for name in SEGMENT_FOLDERS}
    return all((folder / name).is_dir() or any(path.is_file() for path in archives[name]) for name in SEGMENT_FOLDERS)


def classify_tables(folder: Path) -> dict[str, Path]:
    """The CSVs of a classify data folder by split (`train`, `val`, `test`, `infer`); empty where it holds none.

    The first of these that is there counts: folders of splits, each with a `dataset.csv` or one other CSV; one
    `dataset.csv`, under the folder's own name; files named after splits (`train.csv`, `training_set.csv`); one CSV with
    a classify header, under the folder's own name. Files may stand in `labels` as well. A split folder without its one
    CSV stands with the `dataset.csv` that it should hold, so that it is missed.

    Raises:
        DataError: several CSVs could be meant.
    """
    if split_folders := _tables_in_folders(folder):
        return split_folders
    for home in (folder, folder / TABLE_FOLDER):
        if os.path.lexists(home / CSV_NAME):
            return {folder.name: home / CSV_NAME}
        if tables := _tables_of(home):
            return _named_after_splits(tables) or {folder.name: _only(tables)}
    return {}


def _tables_in_folders(folder: Path) -> dict[str, Path]:
    """The CSV of each split folder, or nothing where none of them holds one."""
    usual = sorted(_names(folder), key=lambda name: name not in SPLITS)
    places = [(_SPLIT_OF[name.casefold()], name) for name in usual if name.casefold() in _SPLIT_OF]
    if not any(_holds_table(folder / name) for _, name in places):
        return {}
    found: dict[str, Path] = {}
    for split, name in places:
        found[name if split in found else split] = _table_in(folder / name)
    return found


def _holds_table(folder: Path) -> bool:
    return os.path.lexists(folder / CSV_NAME) or bool(_tables_of(folder))


def _table_in(folder: Path) -> Path:
    others = [] if os.path.lexists(folder / CSV_NAME) else sorted(folder.glob("*.csv"))
    return others[0] if len(others) == 1 else folder / CSV_NAME


def _tables_of(folder: Path) -> list[Path]:
    """The CSVs in a folder with a classify header, however it is written; results with scores are none."""
    return [path for path in sorted(folder.glob("*.csv"))[:_MOST_TABLES] if _is_table(path)]


def _is_table(csv_path: Path) -> bool:
    return _header(csv_path) >= _NEEDED and not _is_scored(csv_path)


def _is_scored(csv_path: Path) -> bool:
    return bool({SCORE_COLUMNS[0], DEPLOY_SCORE} & _header(csv_path))


def _header(csv_path: Path) -> set[str]:
    """The column names as they are meant, of whichever encoding and delimiter; nothing where there is no text."""
    if not csv_path.is_file():  # a named pipe would never end
        return set()
    with suppress(OSError), csv_path.open("rb") as handle:
        data = handle.read(_LONGEST_HEADER)
        wide = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
        first = data.decode("utf-16" if wide else "utf-8-sig", errors="replace").split("\n", 1)[0]
        cells = first.split(max(DELIMITERS, key=first.count))
        return {usual_name(cell.strip().strip('"')) for cell in cells}
    return set()


def _named_after_splits(tables: list[Path]) -> dict[str, Path]:
    """All CSVs beside these by the split that each is named after; nothing where none of these is named so."""
    if not any(split_of(path.stem) for path in tables):
        return {}
    found: dict[str, Path] = {}
    beside = [path for path in tables[0].parent.glob("*.csv") if split_of(path.stem) and not _is_scored(path)]
    for path in sorted({*tables, *beside}):
        if (split := split_of(path.stem)) in {"", *found}:
            raise _several(tables)
        found[split] = path
    return found


def split_of(name: str) -> str:
    """The split that a folder, table or list is named after (`train`, `val`, `test`, `infer`), or nothing."""
    return _SPLIT_OF.get(name.casefold().replace("-", "_").removesuffix("_set"), "")


def _only(tables: list[Path]) -> Path:
    if len(tables) > 1:
        raise _several(tables)
    return tables[0]


def _several(tables: list[Path]) -> DataError:
    names = some([path.name for path in tables])
    message = f"the folder holds several tables, and which of them is meant can't be told: {names}"
    remedy = f"give one CSV itself, name it {CSV_NAME}, or name all after splits: train.csv, val.csv, test.csv"
    return DataError(message, code="data.csv_several", where=str(tables[0].parent), remedy=remedy)


def _names(folder: Path) -> list[str]:
    try:
        return sorted(os.listdir(folder))  # noqa: PTH208 - names as text
    except OSError:
        return []


def pictures_of(*folders: Path) -> Path | None:
    """Where the pictures of a classify table lie: `images`, or an archive called so, in the first folder with one."""
    places = (folder / name for folder in folders for name in PICTURES)
    return next((place for place in places if place.exists()), None)


def found_image_ext(csv_path: Path, images_dir: Path) -> str | None:
    """The extension that the pictures of a classify data set have, as written, by the folder of its first row.

    Raises:
        DataError: the CSV can't be read.
    """
    row = next(iter_rows(csv_path, needs_label=False), None)
    if row is None:
        return None
    found = ImageFolders(images_dir, (None,), "").extensions(row.input_path)
    return found.most_common(1)[0][0] if found else None
