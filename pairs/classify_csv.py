# SPDX-License-Identifier: Apache-2.0
"""The CSV of a classify data set: one row is one test picture with its golden image and its verdict."""

from __future__ import annotations

import csv
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import DataError, did_you_mean
from core.files import atomic_path
from core.verdicts import PASS
from pairs.csv_files import MENDS, OTHER_DELIMITERS, opened, other_delimiter, some, unreadable, used_delimiter

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

COLUMNS = ("input_path", "golden_path", "label", "object_name")
HEADER_REMEDY = f"the first line must name the columns {','.join(COLUMNS)}"
BOARD_COLUMNS = ("board", "board_id", "panel", "serial")
DEPLOY_SCORE = "output_score"  # what the deploy actions call the score, as the container does
SCORE_COLUMNS = ("siamese_score", "verdict", "threshold", "evidence")  # what scoring adds to a row


@dataclass(frozen=True, slots=True)
class PairRow:
    """One pair. `row` is the 1-based line in the file, `extra` holds the columns that the task does not need."""

    input_path: str
    golden_path: str
    label: str
    object_name: str
    row: int
    extra: dict[str, str] = field(default_factory=dict)


def is_defect(label: str) -> bool:
    """Whether a label means a defect: everything but exactly `PASS` does."""
    return label != PASS


def board_of(row: PairRow) -> str | None:
    """The board that a row names, by the first of `BOARD_COLUMNS` that is there and filled."""
    return next(filter(None, map(row.extra.get, BOARD_COLUMNS)), None) if row.extra else None


def light_names(input_map: Mapping[str, int] | None) -> tuple[str | None, ...]:
    """The lightings in the order of their channel index; one nameless image where there is no input map."""
    if not input_map:
        return (None,)
    return tuple(sorted(input_map, key=lambda light: input_map[light]))


def image_suffix(light: str | None, image_ext: str) -> str:
    """What follows the object name in a file name."""
    return image_ext if light is None else f"_{light}{image_ext}"


def image_file(images_dir: Path, folder: str, object_name: str, light: str | None, image_ext: str) -> Path:
    """The picture of one object under one lighting; `folder` is a row's input_path or golden_path."""
    return Path(images_dir) / folder / f"{object_name}{image_suffix(light, image_ext)}"


def read_rows(csv_path: Path, needs_label: bool = True) -> list[PairRow]:
    """Read every row of a classify CSV.

    A byte order mark and spaces around cells are kept out; `object_name` is always text. Without `needs_label` the
    label column, or some of its cells, may be missing, and those labels are then empty.

    Raises:
        DataError: the file, its encoding, delimiter, header or a row is wrong or missing; `where` names file and row.
    """
    return list(iter_rows(csv_path, needs_label=needs_label))


def iter_rows(
    csv_path: Path, *, needs_label: bool = True, on_problem: Callable[[int, DataError], None] | None = None
) -> Iterator[PairRow]:
    """Stream the rows as `read_rows` returns them.

    With `on_problem`, what is wrong with a row is handed to it with the line number instead of being raised; rows
    that can't be used are then left out. Spaces around a cell (code `data.csv_spaces`) are only told, never raised.
    Another delimiter and another spelling of the columns are then told as well and read on, so that they hide nothing.
    """
    delimiter = used_delimiter(csv_path) if on_problem else ","
    with opened(csv_path, delimiter) as reader:
        names = next(reader, [])
        if on_problem:
            names = _usual(csv_path, names, delimiter, on_problem)
        header = _header(csv_path, names, needs_label=needs_label)
        places = [header.index(name) if name in header else -1 for name in COLUMNS]
        filled = [(name, place) for name, place in zip(COLUMNS, places, strict=True) if needs_label or name != "label"]
        extras = [(i, name) for i, name in enumerate(header) if name not in COLUMNS]
        for cells in reader:
            if not any(cells):
                continue
            bare = [cell.strip() for cell in cells]
            problem = _row_problem(csv_path, reader.line_num, bare, filled, len(header))
            if problem and not on_problem:
                raise problem
            if on_problem and (problem or bare != cells):
                on_problem(reader.line_num, problem or _spaces(csv_path, reader.line_num))
            if not problem:
                test, golden, label, name = [bare[place] if place >= 0 else "" for place in places]
                extra = {column: bare[i] for i, column in extras}
                yield PairRow(test, golden, label, name, reader.line_num, extra)


def read_header(csv_path: Path, *, needs_label: bool = True) -> list[str]:
    """The column names, checked as `read_rows` checks them."""
    with opened(csv_path) as reader:
        return _header(csv_path, next(reader, []), needs_label=needs_label)


def usual_name(column: str) -> str:
    """A column's name as it is meant: one of `COLUMNS` whatever its case, spaces and dashes, else as it stands."""
    usual = column.strip().lower().replace(" ", "_").replace("-", "_")
    return usual if usual in COLUMNS else column.strip()


def write_csv(csv_path: Path, header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Write a CSV atomically, row by row."""
    with atomic_path(csv_path) as temporary, temporary.open("w", encoding="utf-8", newline="") as handle:
        writer = csv.writer(handle, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)


def _usual(csv_path: Path, names: list[str], delimiter: str, on_problem: Callable[[int, DataError], None]) -> list[str]:
    """The column names as they are meant; what had to be overlooked is told."""
    where, usual = f"{csv_path}:1", [usual_name(name) for name in names]
    if delimiter != ",":
        on_problem(1, other_delimiter(delimiter, where))
    otherwise = [name.strip() for name, meant in zip(names, usual, strict=True) if name.strip() != meant]
    if otherwise:
        message = f"the columns {', '.join(map(repr, otherwise))} are spelt otherwise than {','.join(COLUMNS)}"
        on_problem(1, DataError(message, code="data.csv_columns", where=where, remedy=f"rename them{MENDS}"))
    return usual


def _header(csv_path: Path, names: list[str], *, needs_label: bool) -> list[str]:
    header = [name.strip() for name in names]
    where = f"{csv_path}:1"
    if not any(header):
        raise DataError(
            "the CSV is empty, or its first line is", code="data.csv_empty", where=where, remedy=HEADER_REMEDY
        )
    if any("\0" in name for name in header):
        raise unreadable(csv_path, 1, "is not UTF-8 text (it holds NUL bytes, as UTF-16 does)", "data.csv_encoding")
    used = [mark for mark in OTHER_DELIMITERS if len(header) == 1 and mark in header[0]]
    if used:
        raise other_delimiter(used[0], where)
    wanted = [name for name in COLUMNS if needs_label or name != "label"]
    missing = [name for name in wanted if name not in header]
    if missing:
        hint = next(filter(None, (did_you_mean(name, header) for name in missing)), "")
        message = f"the CSV has no column {', '.join(missing)} (it has {some(header)}). {hint}".rstrip(". ")
        raise DataError(message, code="data.csv_columns", where=where, remedy=HEADER_REMEDY)
    repeated = sorted({name for name in header if name and header.count(name) > 1})
    if repeated:
        message = f"the column {', '.join(repeated)} stands more than once"
        raise DataError(message, code="data.csv_columns", where=where, remedy="rename or delete one of them")
    return header


def _row_problem(
    csv_path: Path, line: int, cells: list[str], filled: list[tuple[str, int]], width: int
) -> DataError | None:
    """What is wrong with a row; `filled` are the columns, with their places, that may not be empty."""
    if len(cells) == width and "" not in cells and "\0" not in "".join(cells):
        return None
    where = f"{csv_path}:{line}"
    if len(cells) != width:
        message = f"the row has {len(cells)} cells, the header {width}"
        return DataError(message, code="data.csv_cells", where=where, remedy="quote cells that hold a comma")
    for name, place in filled:
        if not cells[place]:
            return _empty_cell(name, where)
    if any("\0" in cell for cell in cells):
        return DataError("a cell holds a NUL character", code="data.csv_cells", where=where, remedy="save it as text")
    return None


def _spaces(csv_path: Path, line: int) -> DataError:
    message = "a cell has spaces around its value; they are ignored here, but the container takes ' PASS' for a defect"
    remedy = "take the spaces out"
    return DataError(message, code="data.csv_spaces", where=f"{csv_path}:{line}", remedy=remedy)


def _empty_cell(column: str, where: str) -> DataError:
    remedy = {
        "object_name": "object_name is the start of the picture's file name, before lighting and extension",
        "label": "write PASS or the kind of defect",
    }.get(column, "name the folder below images_dir, or . for images_dir itself")
    return DataError(f"{column} is empty", code=f"data.empty_{column}", where=where, remedy=remedy)
