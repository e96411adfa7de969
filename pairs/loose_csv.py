# SPDX-License-Identifier: Apache-2.0
"""Read a classify CSV of any usual encoding, delimiter and spelling of its columns, to mend it or to learn from it."""

from __future__ import annotations

import codecs
import csv
import io
from typing import TYPE_CHECKING

from core.errors import DataError
from pairs.classify_csv import COLUMNS, usual_name

if TYPE_CHECKING:
    from collections import Counter
    from pathlib import Path

DELIMITERS = ",;\t|"


def read_loosely(
    csv_path: Path, changes: Counter[str], *, needs_label: bool = True
) -> tuple[list[str], list[list[str]]]:
    """Header and rows, as they are meant; `changes` counts what had to be overlooked: encoding, delimiter, column_name.

    Raises:
        DataError: no text, no CSV, empty, or a column is missing.
    """
    text = _decoded(csv_path, changes)
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


def _decoded(csv_path: Path, changes: Counter[str]) -> str:
    if not csv_path.is_file():
        raise _beyond_mending(csv_path, "it is no file")
    try:
        data = csv_path.read_bytes()
        wide = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
        changes["encoding"] += wide or data.startswith(codecs.BOM_UTF8)
        return data.decode("utf-16" if wide else "utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise _beyond_mending(csv_path, f"it can't be read as text ({error})") from error


def _column(name: str, changes: Counter[str]) -> str:
    usual = usual_name(name)
    changes["column_name"] += usual in COLUMNS and usual != name
    return usual


def _beyond_mending(csv_path: Path, why: str) -> DataError:
    remedy = f"write a CSV with the columns {','.join(COLUMNS)}"
    return DataError(f"the CSV can't be mended: {why}", code="data.mend", where=str(csv_path), remedy=remedy)
