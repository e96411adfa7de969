# SPDX-License-Identifier: Apache-2.0
"""Read a classify CSV of any usual encoding, delimiter and spelling of its columns, to mend it or to learn from it."""

from __future__ import annotations

import codecs
import csv
import io
import re
from functools import partial
from typing import TYPE_CHECKING

from core.errors import DataError
from core.files import read_ordinary
from pairs.classify_csv import COLUMNS, usual_name
from pairs.code_pages import CODE_PAGES, decode
from pairs.csv_files import OTHER_DELIMITERS

if TYPE_CHECKING:
    from collections import Counter
    from pathlib import Path

DELIMITERS = (",", *OTHER_DELIMITERS)
_LARGEST = 512 * 2**20
_LINES_LOOKED_AT = 2000


def read_loosely(
    csv_path: Path, images_dir: Path, changes: Counter[str], *, needs_label: bool = True
) -> tuple[list[str], list[list[str]]]:
    """Header and rows, as they are meant; `changes` counts what had to be overlooked.

    That is encoding, with the code page that the text was taken for, delimiter and column_name. The folders below
    `images_dir` tell which code page gives names that are there.

    Raises:
        DataError: no text, no CSV, empty, or a column is missing.
    """
    text = _decoded(csv_path, images_dir, changes)
    first = text.split("\n", 1)[0]
    delimiter = max(DELIMITERS, key=first.count)
    changes["delimiter"] += delimiter != ","
    try:
        table = [cells for cells in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter) if any(cells)]
    except csv.Error as error:
        raise _beyond_mending(csv_path, f"it can't be read as CSV ({error})") from error
    if not table:
        raise _beyond_mending(csv_path, "it is empty")
    header = [_column(name, changes) for name in table[0]]
    missing = [name for name in COLUMNS if name not in header and (name != "label" or needs_label)]
    if missing:
        raise _beyond_mending(csv_path, f"it has no column {', '.join(missing)}")
    return header, table[1:]


def _decoded(csv_path: Path, images_dir: Path, changes: Counter[str]) -> str:
    if not csv_path.is_file():
        raise _beyond_mending(csv_path, "it is no file")
    data = read_ordinary(csv_path, _LARGEST, DataError)
    wide = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    changes["encoding"] += wide or data.startswith(codecs.BOM_UTF8)
    try:
        return data.decode("utf-16" if wide else "utf-8-sig")
    except UnicodeDecodeError as error:
        if wide or b"\0" in data:
            raise _beyond_mending(csv_path, f"it can't be read as text ({error})") from error
    try:
        text, page = decode(data, partial(_folders_named, images_dir))
    except LookupError as several:
        pages = " or ".join(CODE_PAGES[page] for page in several.args) or "no code page that is known here"
        why = f"it is not UTF-8 text: it could be {pages}; save it as UTF-8 first"
        raise _beyond_mending(csv_path, why) from None
    changes["encoding"] += 1
    changes[page] += 1
    return text


def _folders_named(images_dir: Path, text: str) -> int:
    """How many of the cells beyond ASCII in the first lines of a text name a folder below `images_dir`."""
    cells = {cell for line in text.splitlines()[:_LINES_LOOKED_AT] for cell in re.split(r'[,;\t|"]', line)}
    return sum((images_dir / cell.strip()).is_dir() for cell in cells if not cell.isascii() and "\0" not in cell)


def _column(name: str, changes: Counter[str]) -> str:
    usual = usual_name(name)
    changes["column_name"] += usual in COLUMNS and usual != name
    return usual


def _beyond_mending(csv_path: Path, why: str) -> DataError:
    remedy = f"write a CSV with the columns {','.join(COLUMNS)}"
    return DataError(f"the CSV can't be mended: {why}", code="data.mend", where=str(csv_path), remedy=remedy)
