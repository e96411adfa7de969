# SPDX-License-Identifier: Apache-2.0
"""The CSV of a classify data set: one row is one test picture with its golden image and its verdict."""

from __future__ import annotations

import csv
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from core.errors import DataError, did_you_mean
from core.files import atomic_path
from core.verdicts import PASS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

COLUMNS = ("input_path", "golden_path", "label", "object_name")
HEADER_REMEDY = f"the first line must name the columns {','.join(COLUMNS)}"
BOARD_COLUMNS = ("board", "board_id", "panel", "serial")
SCORE_COLUMNS = ("siamese_score", "verdict", "threshold", "evidence")  # what scoring adds to a row
COLUMNS_NAMED = 12
_MENDS = " (`changenet data check --fix` does that)"
_LONGEST_LINE = 1_000_000
_DELIMITERS = {";": "semicolon", "\t": "tab", "|": "vertical bar"}


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
    delimiter = _used_delimiter(csv_path) if on_problem else ","
    with _opened(csv_path, delimiter) as reader:
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
    with _opened(csv_path) as reader:
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


@contextmanager
def _opened(csv_path: Path, delimiter: str = ",") -> Iterator[_Reader]:
    """A CSV reader whose every way to fail is a DataError that names the line."""
    if not csv_path.is_file():
        raise _no_file(csv_path)
    reader: _Reader | None = None
    try:
        with csv_path.open(encoding="utf-8-sig", newline="") as handle:
            reader = csv.reader(_lines(handle), delimiter=delimiter)
            yield reader
    except UnicodeDecodeError as error:
        raise _unreadable(csv_path, _first_undecodable(csv_path), "is not UTF-8 text", "data.csv_encoding") from error
    except csv.Error as error:
        line = reader.line_num if reader else 1
        raise _unreadable(csv_path, line, f"can't be read as CSV ({error})", "data.csv_syntax") from error
    except OSError as error:
        message, remedy = f"the file can't be read ({error.strerror})", "check its permissions and its disk"
        raise DataError(message, code="data.csv_unreadable", where=str(csv_path), remedy=remedy) from error


def _lines(handle: TextIO) -> Iterator[str]:
    """The lines of a file; one that has no end is no line of a table, and is not read into memory."""
    for line in iter(partial(handle.readline, _LONGEST_LINE), ""):
        if len(line) == _LONGEST_LINE:
            raise csv.Error(f"a line has more than {_LONGEST_LINE:,} characters")
        yield line


def _no_file(csv_path: Path) -> DataError:
    kind = "is a folder" if csv_path.is_dir() else "is no file" if csv_path.exists() else "does not exist"
    remedy, folder = "give the path of a dataset.csv", csv_path.parent
    beside = sorted(path.name for path in folder.glob("*.csv") if path.is_file())
    if kind == "does not exist" and folder.is_file():
        kind, remedy = (
            f"can't be there: {folder.name} is a file, not a folder",
            "put the CSV into a folder of that name",
        )
    elif beside:
        kind, remedy = f"{kind}, and the folder holds {_some(beside)}", f"name one of them {csv_path.name}"
    return DataError(f"the CSV {kind}", code="data.csv_missing", where=str(csv_path), remedy=remedy)


def _unreadable(csv_path: Path, line: int, what: str, code: str) -> DataError:
    return DataError(
        f"the file {what}", code=code, where=f"{csv_path}:{line}", remedy=f"save it as CSV in UTF-8{_MENDS}"
    )


def _first_undecodable(csv_path: Path) -> int:
    """The line of the first byte that is no UTF-8: the reader's own count lags behind by a buffer."""
    with csv_path.open("rb") as handle:
        for line, data in enumerate(iter(partial(handle.readline, _LONGEST_LINE), b""), start=1):
            try:
                data.decode("utf-8")
            except UnicodeDecodeError:
                return line
    return 1


def _used_delimiter(csv_path: Path) -> str:
    """The delimiter of the first line: a comma, or the one mark of another kind that stands there without any comma."""
    if not csv_path.is_file():  # a named pipe would never end
        return ","
    try:
        with csv_path.open(encoding="utf-8-sig", newline="") as handle:
            first = handle.readline(_LONGEST_LINE)
    except (OSError, UnicodeDecodeError):
        return ","  # whoever opens it next says what is wrong
    return next((mark for mark in _DELIMITERS if mark in first and "," not in first), ",")


def _usual(csv_path: Path, names: list[str], delimiter: str, on_problem: Callable[[int, DataError], None]) -> list[str]:
    """The column names as they are meant; what had to be overlooked is told."""
    where, usual = f"{csv_path}:1", [usual_name(name) for name in names]
    if delimiter != ",":
        on_problem(1, _other_delimiter(delimiter, where))
    otherwise = [name.strip() for name, meant in zip(names, usual, strict=True) if name.strip() != meant]
    if otherwise:
        message = f"the columns {', '.join(map(repr, otherwise))} are spelt otherwise than {','.join(COLUMNS)}"
        on_problem(1, DataError(message, code="data.csv_columns", where=where, remedy=f"rename them{_MENDS}"))
    return usual


def _header(csv_path: Path, names: list[str], *, needs_label: bool) -> list[str]:
    header = [name.strip() for name in names]
    where = f"{csv_path}:1"
    if not any(header):
        raise DataError(
            "the CSV is empty, or its first line is", code="data.csv_empty", where=where, remedy=HEADER_REMEDY
        )
    if any("\0" in name for name in header):
        raise _unreadable(csv_path, 1, "is not UTF-8 text (it holds NUL bytes, as UTF-16 does)", "data.csv_encoding")
    used = [mark for mark in _DELIMITERS if len(header) == 1 and mark in header[0]]
    if used:
        raise _other_delimiter(used[0], where)
    wanted = [name for name in COLUMNS if needs_label or name != "label"]
    missing = [name for name in wanted if name not in header]
    if missing:
        hint = next(filter(None, (did_you_mean(name, header) for name in missing)), "")
        message = f"the CSV has no column {', '.join(missing)} (it has {_some(header)}). {hint}".rstrip(". ")
        raise DataError(message, code="data.csv_columns", where=where, remedy=HEADER_REMEDY)
    repeated = sorted({name for name in header if name and header.count(name) > 1})
    if repeated:
        message = f"the column {', '.join(repeated)} stands more than once"
        raise DataError(message, code="data.csv_columns", where=where, remedy="rename or delete one of them")
    return header


def _some(names: list[str]) -> str:
    return ", ".join(names[:COLUMNS_NAMED]) + (", …" if len(names) > COLUMNS_NAMED else "")


def _other_delimiter(mark: str, where: str) -> DataError:
    message = f"the columns are separated by {_DELIMITERS[mark]}, not by comma"
    remedy = f"save it with commas{_MENDS}"
    return DataError(message, code="data.csv_delimiter", where=where, remedy=remedy)


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


if TYPE_CHECKING:
    from typing import Protocol

    class _Reader(Protocol):
        """What csv.reader returns; its class has no public name."""

        line_num: int

        def __iter__(self) -> Iterator[list[str]]: ...
        def __next__(self) -> list[str]: ...
