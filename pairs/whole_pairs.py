# SPDX-License-Identifier: Apache-2.0
"""Which whole pictures are inspected against which: two files, a file or folder against a folder, or a CSV file."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from core.errors import DataError
from core.problem import Problem
from pairs.csv_files import opened, used_delimiter

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

_ENDINGS = frozenset({".bmp", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp"})
_OTHER_ENDINGS = frozenset({".avif", ".dng", ".gif", ".heic", ".heif", ".jp2", ".pgm", ".ppm", ".raw"})
_COLUMNS = ("golden", "test")


class WholePair(NamedTuple):
    """One board: its name, which no other of the same inspection has, and its pictures."""

    name: str
    golden: Path
    test: Path


def list_whole_pairs(golden: Path, test: Path | None) -> list[WholePair]:
    """The pairs, in the order of the names; `golden` may be a CSV file, which then names the test pictures as well.

    A test picture of a folder belongs to the golden picture that `golden_of` says.

    Raises:
        DataError: a place is missing or holds no pictures, or a test picture has no golden one.
    """
    if test is None:
        return named_pairs(_of_table(golden))
    tests = _pictures(test)
    if golden.is_dir():
        goldens = by_name(_pictures(golden))
        return named_pairs([(golden_of(path, goldens, golden), path) for path in tests])
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


def passed_over(folder: Path) -> list[Problem]:
    """Pictures of a folder that `list_whole_pairs` does not take, as warnings: in folders below, of other endings."""
    if not folder.is_dir():
        return []
    below = sum(path.suffix.lower() in _ENDINGS for path in folder.glob("*/**/*"))
    others = [path for path in folder.iterdir() if path.suffix.lower() in _OTHER_ENDINGS]
    found = []
    if below:
        remedy = "inspect each folder by itself, or list the pairs in a CSV file with the columns golden and test"
        message = f"pictures in folders below it are not inspected: {below} of them"
        found.append(Problem("data.not_inspected", str(folder), message, remedy, "warning", count=below))
    if others:
        endings = ", ".join(sorted({path.suffix.lower() for path in others}))
        message, remedy = f"files that end in {endings} are not inspected: {len(others)} of them", "save them as PNG"
        found.append(Problem("data.not_inspected", str(folder), message, remedy, "warning", count=len(others)))
    return found


def by_name(goldens: Iterable[Path]) -> dict[str, Path]:
    """Golden pictures by their names without ending.

    Raises:
        DataError: two have the same name.
    """
    found: dict[str, Path] = {}
    for path in goldens:
        other = found.setdefault(path.stem.casefold(), path)
        if other != path:
            message = f"{other.name} is a golden picture of the same name"
            raise DataError(message, code="data.two_golden", where=str(path), remedy="take one of them away")
    return found


def golden_of(test: Path, goldens: Mapping[str, Path], folder: Path) -> Path:
    """The only golden picture; else that of the test picture's name, or the one with the longest name that begins it.

    A name is begun by whole words: `board1` begins board1_3 and board1b, and neither board12 nor boards.

    Raises:
        DataError: `folder` has none for it.
    """
    if len(goldens) == 1:
        return next(iter(goldens.values()))
    name = test.stem.casefold()
    begins = [stem for stem in goldens if name.startswith(stem) and not _goes_on(stem, name[len(stem) :])]
    if not begins:
        remedy = (
            "let its name begin with the golden picture's, or list pairs in a CSV file with the columns golden and test"
        )
        message = f"{folder} has no golden picture for it"
        raise DataError(message, code="data.no_golden", where=str(test), remedy=remedy)
    return goldens[max(begins, key=len)]


def _goes_on(stem: str, rest: str) -> bool:
    """Whether the number or word that a name ends with is longer in the other name."""
    last, following = stem[-1:], rest[:1]
    return (last.isdigit() and following.isdigit()) or (last.isalpha() and following.isalpha())


def table_rows(path: Path) -> list[tuple[int, dict[str, str]]]:
    """The rows of a table with the columns golden and test: line, and cells by column; either cell is filled.

    Raises:
        DataError: the table can't be read, a column or a cell is missing, or there are no rows.
    """
    with opened(path, used_delimiter(path)) as reader:
        header = [name.strip().casefold() for name in next(reader, [])]
        missing = [name for name in _COLUMNS if name not in header]
        if missing:
            remedy = "give it the columns golden and test, each with a path from its own folder"
            message = f"the table has no column {' and no column '.join(missing)}"
            raise DataError(message, code="data.columns", where=str(path), remedy=remedy)
        rows = [(reader.line_num, _cells(header, row)) for row in reader if any(row)]
    if not rows:
        raise DataError("the table has no rows", code="data.no_rows", where=str(path), remedy="list a pair on each row")
    for line, cells in rows:
        if not all(cells[name] for name in _COLUMNS):
            remedy = "name both pictures, or take the row out"
            raise DataError("a cell is empty", code="data.empty_cell", where=f"{path}:{line}", remedy=remedy)
    return rows


def _cells(header: list[str], row: list[str]) -> dict[str, str]:
    return {name: row[place].strip() if place < len(row) else "" for place, name in enumerate(header)}


def _of_table(path: Path) -> list[tuple[Path, Path]]:
    return [(path.parent / cells["golden"], path.parent / cells["test"]) for _, cells in table_rows(path)]


def named_pairs(pairs: list[tuple[Path, Path]]) -> list[WholePair]:
    """Each pair by its test picture's name without ending; what would be there twice is counted."""
    seen: dict[str, int] = {}
    found = []
    for golden, test in pairs:
        count = seen[test.stem] = seen.get(test.stem, 0) + 1
        found.append(WholePair(test.stem if count == 1 else f"{test.stem}-{count}", golden, test))
    return found
