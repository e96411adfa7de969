# SPDX-License-Identifier: Apache-2.0
"""Which whole pictures are inspected against which: two files, a file or folder against a folder, or a CSV file."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from core.errors import DataError
from pairs.csv_files import opened

if TYPE_CHECKING:
    from pathlib import Path

_ENDINGS = frozenset({".bmp", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp"})
_COLUMNS = ("golden", "test")


class WholePair(NamedTuple):
    """One board: its name, which no other of the same inspection has, and its pictures."""

    name: str
    golden: Path
    test: Path


def list_whole_pairs(golden: Path, test: Path | None) -> list[WholePair]:
    """The pairs, in the order of the names; `golden` may be a CSV file, which then names the test pictures as well.

    A test picture of a folder belongs to the golden picture of the same name but for the ending, or to the only one.

    Raises:
        DataError: a place is missing or holds no pictures, or a test picture has no golden one.
    """
    if test is None:
        return named_pairs(_of_table(golden))
    tests = _pictures(test)
    if golden.is_dir():
        goldens = {path.stem.casefold(): path for path in _pictures(golden)}
        return named_pairs([(_golden_of(path, goldens, golden), path) for path in tests])
    _require(golden)
    return named_pairs([(golden, path) for path in tests])


def _require(path: Path) -> None:
    if not path.exists():
        raise DataError(
            "there is no such file or folder", code="data.no_picture", where=str(path), remedy="check the path"
        )


def _pictures(place: Path) -> list[Path]:
    _require(place)
    if not place.is_dir():
        return [place]
    found = sorted(path for path in place.iterdir() if path.suffix.lower() in _ENDINGS and path.is_file())
    if not found:
        remedy = f"name a folder with pictures ({', '.join(sorted(_ENDINGS))})"
        raise DataError("the folder holds no pictures", code="data.no_picture", where=str(place), remedy=remedy)
    return found


def _golden_of(test: Path, goldens: dict[str, Path], folder: Path) -> Path:
    if len(goldens) == 1:
        return next(iter(goldens.values()))
    found = goldens.get(test.stem.casefold())
    if found is None:
        remedy = "call both pictures of a pair the same, or list them in a CSV file with the columns golden and test"
        message = f"{folder} has no golden picture of that name"
        raise DataError(message, code="data.no_golden", where=str(test), remedy=remedy)
    return found


def _of_table(path: Path) -> list[tuple[Path, Path]]:
    with opened(path) as reader:
        header = [name.strip().casefold() for name in next(reader, [])]
        missing = [name for name in _COLUMNS if name not in header]
        if missing:
            remedy = "give it the columns golden and test, each with a path from its own folder"
            message = f"the table has no column {' and no column '.join(missing)}"
            raise DataError(message, code="data.columns", where=str(path), remedy=remedy)
        places = [header.index(name) for name in _COLUMNS]
        pairs = [_of_row(path, row, places, reader.line_num) for row in reader if any(row)]
    if not pairs:
        raise DataError("the table has no rows", code="data.no_rows", where=str(path), remedy="list a pair on each row")
    return pairs


def _of_row(path: Path, row: list[str], places: list[int], line: int) -> tuple[Path, Path]:
    cells = [row[place].strip() if place < len(row) else "" for place in places]
    if not all(cells):
        remedy = "name both pictures, or take the row out"
        raise DataError("a cell is empty", code="data.empty_cell", where=f"{path}:{line}", remedy=remedy)
    golden, test = (path.parent / cell for cell in cells)
    return golden, test


def named_pairs(pairs: list[tuple[Path, Path]]) -> list[WholePair]:
    """Each pair by its test picture's name without ending; what would be there twice is counted."""
    seen: dict[str, int] = {}
    found = []
    for golden, test in pairs:
        count = seen[test.stem] = seen.get(test.stem, 0) + 1
        found.append(WholePair(test.stem if count == 1 else f"{test.stem}-{count}", golden, test))
    return found
