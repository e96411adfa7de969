# SPDX-License-Identifier: Apache-2.0
"""A CSV opened so that every way to fail is a DataError that names the line, and nothing without an end is read."""

from __future__ import annotations

import csv
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, TextIO

from core.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

COLUMNS_NAMED = 12
MENDS = " (`changenet data check --fix` does that)"
_LONGEST_LINE = 1_000_000
OTHER_DELIMITERS = {";": "semicolon", "\t": "tab", "|": "vertical bar"}


@contextmanager
def opened(csv_path: Path, delimiter: str = ",") -> Iterator[_Reader]:
    """A CSV reader whose every way to fail is a DataError that names the line."""
    if not csv_path.is_file():
        raise _no_file(csv_path)
    reader: _Reader | None = None
    try:
        with csv_path.open(encoding="utf-8-sig", newline="") as handle:
            reader = csv.reader(_lines(handle), delimiter=delimiter)
            yield reader
    except UnicodeDecodeError as error:
        raise unreadable(csv_path, _first_undecodable(csv_path), "is not UTF-8 text", "data.csv_encoding") from error
    except csv.Error as error:
        line = reader.line_num if reader else 1
        raise unreadable(csv_path, line, f"can't be read as CSV ({error})", "data.csv_syntax") from error
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
        kind, remedy = f"{kind}, and the folder holds {some(beside)}", f"name one of them {csv_path.name}"
    return DataError(f"the CSV {kind}", code="data.csv_missing", where=str(csv_path), remedy=remedy)


def unreadable(csv_path: Path, line: int, what: str, code: str) -> DataError:
    """A file that can't be read as CSV from a line on."""
    remedy = "save it as CSV in UTF-8" + (MENDS if code == "data.csv_encoding" else "")
    return DataError(f"the file {what}", code=code, where=f"{csv_path}:{line}", remedy=remedy)


def _first_undecodable(csv_path: Path) -> int:
    """The line of the first byte that is no UTF-8: the reader's own count lags behind by a buffer."""
    with csv_path.open("rb") as handle:
        for line, data in enumerate(iter(partial(handle.readline, _LONGEST_LINE), b""), start=1):
            try:
                data.decode("utf-8")
            except UnicodeDecodeError:
                return line
    return 1


def used_delimiter(csv_path: Path) -> str:
    """The delimiter of the first line: a comma, or the one mark of another kind that stands there without any comma."""
    if not csv_path.is_file():  # a named pipe would never end
        return ","
    try:
        with csv_path.open(encoding="utf-8-sig", newline="") as handle:
            first = handle.readline(_LONGEST_LINE)
    except (OSError, UnicodeDecodeError):
        return ","  # whoever opens it next says what is wrong
    return next((mark for mark in OTHER_DELIMITERS if mark in first and "," not in first), ",")


def some(names: Sequence[str]) -> str:
    """The first of some names, with a mark where there are more."""
    return ", ".join(names[:COLUMNS_NAMED]) + (", …" if len(names) > COLUMNS_NAMED else "")


def other_delimiter(mark: str, where: str) -> DataError:
    """Columns that are separated by another mark than a comma."""
    message = f"the columns are separated by {OTHER_DELIMITERS[mark]}, not by comma"
    remedy = f"save it with commas{MENDS}"
    return DataError(message, code="data.csv_delimiter", where=where, remedy=remedy)


if TYPE_CHECKING:
    from typing import Protocol

    class _Reader(Protocol):
        """What csv.reader returns; its class has no public name."""

        line_num: int

        def __iter__(self) -> Iterator[list[str]]: ...
        def __next__(self) -> list[str]: ...
