# SPDX-License-Identifier: Apache-2.0
"""Telling a classify data set from a segment data set by what lies in its folder."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from core.errors import DataError
from pairs.classify_csv import iter_rows, read_header
from pairs.image_folders import ImageFolders

if TYPE_CHECKING:
    from pathlib import Path

Task = Literal["classify", "segment"]
CSV_NAME = "dataset.csv"
PICTURES = ("images", "images.tar.gz")
SPLITS = ("train", "val", "test")
SEGMENT_FOLDERS = ("A", "B", "list")  # the label folder may be missing: inference needs none


def detect_layout(folder: Path) -> Task | None:
    """Name the task that a data folder is laid out for, or None where it is neither or both.

    Classify: a `dataset.csv` in the folder or in its train, val or test folder, or any one CSV with a classify header.
    Segment: `A`, `B` and `list`, as folders or as `.tar.gz`.
    """
    classify, segment = _holds_classify_csv(folder), _holds_segment_folders(folder)
    if classify == segment:
        return None
    return "classify" if classify else "segment"


def _holds_segment_folders(folder: Path) -> bool:
    return all((folder / name).is_dir() or (folder / f"{name}.tar.gz").is_file() for name in SEGMENT_FOLDERS)


def classify_tables(folder: Path) -> list[Path]:
    """The classify CSVs right in a folder: its `dataset.csv`, else those of up to 20 CSVs that have the header."""
    if (folder / CSV_NAME).is_file():
        return [folder / CSV_NAME]
    return [path for path in sorted(folder.glob("*.csv"))[:20] if _has_classify_header(path)]


def _holds_classify_csv(folder: Path) -> bool:
    return any((folder / split / CSV_NAME).is_file() for split in SPLITS) or bool(classify_tables(folder))


def pictures_of(*folders: Path) -> Path | None:
    """Where the pictures of a classify table lie: `images`, or packed `images.tar.gz`, in the first folder with one."""
    places = (folder / name for folder in folders for name in PICTURES)
    return next((place for place in places if place.exists()), None)


def _has_classify_header(csv_path: Path) -> bool:
    try:
        read_header(csv_path, needs_label=False)
    except DataError:
        return False
    return True


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
