# SPDX-License-Identifier: Apache-2.0
"""A table of any usual kind as texts: CSV of any delimiter and code page, XLSX, JSON, and JSON by lines."""

from __future__ import annotations

import codecs
import csv
import io
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from core.errors import DataError
from core.files import read_ordinary
from pairs.code_pages import CODE_PAGES, decode
from pairs.csv_files import OTHER_DELIMITERS, some

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

TABLE_ENDINGS = (".csv", ".tsv", ".txt", ".xlsx", ".json", ".jsonl")
_LARGEST = 512 * 2**20
_DELIMITERS = (",", *OTHER_DELIMITERS)


@dataclass(frozen=True, slots=True)
class Table:
    """Column names, and rows of as many cells, each with its line (or row of the sheet) from 1."""

    path: Path
    columns: tuple[str, ...]
    rows: tuple[tuple[int, tuple[str, ...]], ...]

    def values(self, column: str) -> list[str]:
        """The cells of a column."""
        place = self.columns.index(column)
        return [cells[place] for _, cells in self.rows]


def read_table(path: Path, most: int | None = None) -> Table:
    """Read a table, or its first `most` rows.

    Raises:
        DataError: it is no table of a kind that is known, has no rows, or repeats a column.
    """
    if not path.is_file():
        remedy = f"give the table itself: a file that ends in {', '.join(TABLE_ENDINGS)}"
        raise DataError("there is no such file", code="data.table_missing", where=str(path), remedy=remedy)
    ending = path.suffix.lower()
    if ending == ".xlsx":
        return _table(path, _sheet(path, most))
    if ending in {".json", ".jsonl"}:
        return _table(path, _documents(path, most))
    if ending not in TABLE_ENDINGS:
        remedy = f"save it as one of {', '.join(TABLE_ENDINGS)}"
        raise DataError(f"a table can't be read from {path.name}", code="data.table", where=str(path), remedy=remedy)
    return _table(path, _csv(path, most))


def _table(path: Path, lines: Iterable[tuple[int, Sequence[str]]]) -> Table:
    filled = [(line, [cell.strip() for cell in cells]) for line, cells in lines]
    filled = [(line, cells) for line, cells in filled if any(cells)]
    if len(filled) < 2:
        remedy = "give a table with a line of column names and at least one row"
        raise DataError("the table has no rows", code="data.no_rows", where=str(path), remedy=remedy)
    columns = _without_empty_end(filled[0][1])
    repeated = sorted({name for name in columns if name and columns.count(name) > 1})
    if repeated:
        message = f"the column {', '.join(repeated)} stands more than once"
        raise DataError(message, code="data.csv_columns", where=f"{path}:1", remedy="rename or delete one of them")
    width = len(columns)
    rows = tuple((line, tuple((cells + [""] * width)[:width])) for line, cells in filled[1:])
    return Table(path, tuple(columns), rows)


def _without_empty_end(cells: list[str]) -> list[str]:
    while cells and not cells[-1]:
        cells = cells[:-1]
    return cells


def _csv(path: Path, most: int | None) -> list[tuple[int, Sequence[str]]]:
    text = _text(path)
    first = text.split("\n", 1)[0]
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=max(_DELIMITERS, key=first.count))
    found: list[tuple[int, Sequence[str]]] = []
    try:
        for cells in reader:
            found.append((reader.line_num, cells))
            if most is not None and len(found) > most:
                break
    except csv.Error as error:
        raise _unreadable(path, f"it is no CSV ({error})", f":{reader.line_num}") from None
    return found


def _text(path: Path) -> str:
    data = read_ordinary(path, _LARGEST, DataError)
    wide = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    try:
        return data.decode("utf-16" if wide else "utf-8-sig")
    except UnicodeDecodeError as error:
        if wide or b"\0" in data:
            raise _unreadable(path, f"it is no text ({error.reason})") from None
    try:
        return decode(data, lambda _: 0)[0]
    except LookupError as several:
        pages = " or ".join(CODE_PAGES[page] for page in several.args) or "of no code page that is known here"
        raise _unreadable(path, f"it is not UTF-8; it could be {pages}") from None


def _documents(path: Path, most: int | None) -> list[tuple[int, Sequence[str]]]:
    text = _text(path)
    try:
        if path.suffix.lower() == ".jsonl":
            found = [json.loads(line) for line in text.splitlines() if line.strip()]
        else:
            found = _list_in(json.loads(text))
    except ValueError as error:
        raise _unreadable(path, f"it is no JSON ({error})") from None
    if not found or not all(isinstance(one, dict) for one in found):
        raise _unreadable(path, "it is no list of objects, one for each pair")
    columns = list(dict.fromkeys(str(name) for one in found for name in one))
    rows = found if most is None else found[:most]
    return [(0, columns), *((i, [_told(one.get(name)) for name in columns]) for i, one in enumerate(rows, start=1))]


def _list_in(document: Any) -> list[Any]:
    """The list of rows: the document itself, or the one list of objects in it."""
    if isinstance(document, dict):
        lists = [value for value in document.values() if isinstance(value, list) and value]
        document = lists[0] if len(lists) == 1 else []
    return document if isinstance(document, list) else []


def _sheet(path: Path, most: int | None) -> list[tuple[int, Sequence[str]]]:
    try:
        import openpyxl
    except ImportError:
        remedy = 'install the extra: pip install "changenet-skill[tables]", or save the sheet as CSV'
        message = "sheets are read by openpyxl, which is not installed"
        raise DataError(message, code="data.table_extra", where=str(path), remedy=remedy) from None
    try:
        book = openpyxl.load_workbook(path, read_only=True, data_only=True)
    except Exception as error:  # noqa: BLE001 - the library raises whatever its parsers do
        raise _unreadable(path, f"it is no XLSX sheet ({type(error).__name__})") from None
    try:
        filled = [sheet for sheet in book.worksheets if next(sheet.iter_rows(max_row=2, min_row=2), None)]
        if len(filled) != 1:
            names = some([sheet.title for sheet in filled]) or "none"
            raise _unreadable(path, f"one sheet with rows is needed, there is {names}")
        last = None if most is None else most + 1
        cells = filled[0].iter_rows(max_row=last, values_only=True)
        return [(line, [_told(value) for value in row]) for line, row in enumerate(cells, start=1)]
    finally:
        book.close()


def _told(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return "" if value is None else str(value)


def _unreadable(path: Path, why: str, line: str = "") -> DataError:
    remedy = "save the table as CSV in UTF-8"
    return DataError(f"the table can't be read: {why}", code="data.table", where=f"{path}{line}", remedy=remedy)
