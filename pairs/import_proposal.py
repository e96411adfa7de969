# SPDX-License-Identifier: Apache-2.0
"""The import that makes a data set of a folder of pictures with a table of its own, or with telling names.

A plan asks on every turn, so few files are read: the names in the folder, and the first rows of its tables.
"""

from __future__ import annotations

import shlex
from contextlib import suppress
from typing import TYPE_CHECKING

from core.errors import DataError
from pairs.import_words import GOLDEN
from pairs.label_words import good_words
from pairs.layout import classify_tables
from pairs.name_pairs import pairs_by_name
from pairs.picture_index import PictureIndex
from pairs.table_columns import ROLES, guessed_columns
from pairs.table_files import TABLE_ENDINGS, read_table

if TYPE_CHECKING:
    from pathlib import Path

_MOST_ROWS = 500
_MOST_TABLES = 20
_MOST_PICTURES = 5_000
_NEEDED = ("test", "golden", "label")
_GOOD_PAIRS = ("golden", "test")
_LABEL = "label"


def proposed_import(place: Path) -> str:
    """The command that imports what lies in a folder, or one table; empty where nothing speaks for it.

    For good pairs alone the one that draws defects into them, with the one that does without a training as a comment.
    """
    if place.is_file():
        return _of_table(place) if place.suffix.lower() in TABLE_ENDINGS else ""
    with suppress(DataError):
        if not place.is_dir() or classify_tables(place):
            return ""
        return _of_tables_in(place) or _of_names(place) or _of_good_pairs(place)
    return ""


def _of_tables_in(folder: Path) -> str:
    """The one table that an import can read without being told more, else the one that it can read at all."""
    tables = sorted(path for path in folder.iterdir() if path.suffix.lower() in TABLE_ENDINGS)[:_MOST_TABLES]
    commands = {path: command for path in tables if path.is_file() and (command := _of_table(path))}
    whole = [command for command in commands.values() if "VALUE" not in command]
    best = whole if len(whole) == 1 else list(commands.values())
    return best[0] if len(best) == 1 else ""


def _of_table(path: Path) -> str:
    if path.suffix.lower() == ".xlsx":
        return _of_sheet(path)
    with suppress(DataError):
        return _filled_in(path)
    return ""


def _of_sheet(path: Path) -> str:
    """A sheet can't be looked into where its library is missing; the import then says how to get it."""
    try:
        return _filled_in(path)
    except DataError as problem:
        return _command("table", path, []) if problem.code == "data.table_extra" else ""


def _filled_in(path: Path) -> str:
    table = read_table(path, _MOST_ROWS)
    columns = guessed_columns(table)
    if not set(_NEEDED) <= set(columns):
        return ""
    good = good_words(columns["label"], table.values(columns["label"])) or ["VALUE"]
    words = [part for role in ROLES if role in columns for part in (f"--{role}", columns[role])]
    return _command("table", path, [*words, *(part for word in good for part in ("--good", word))])


def _of_names(folder: Path) -> str:
    index = PictureIndex(folder, most=_MOST_PICTURES)
    names = " ".join(index.paths).casefold()
    telling = any(word in names for word in GOLDEN) and pairs_by_name(index).pairs
    return _command("names", folder, []) if telling else ""


def _of_good_pairs(folder: Path) -> str:
    """Folders golden and test of whole pictures, and no label: defects can be drawn into them."""
    if not all((folder / part).is_dir() for part in _GOOD_PAIRS) or (folder / _LABEL).exists():
        return ""
    names = [{path.stem for path in (folder / part).iterdir() if path.is_file()} for part in _GOOD_PAIRS]
    if not names[1] or not (len(names[0]) == 1 or names[1] <= names[0]):
        return ""
    out = folder.with_name(f"{folder.absolute().name}_drawn")
    calibrating = shlex.join(["changenet", "calibrate", "starter", str(folder)])
    return f"{shlex.join(['changenet', 'data', 'synthesize', str(out), '--from', str(folder)])}  # or {calibrating}"


def _command(kind: str, place: Path, words: list[str]) -> str:
    home = place if kind == "names" else place.parent
    out = home.with_name(f"{home.absolute().name}_pairs")
    return shlex.join(["changenet", "data", "import", kind, str(place), str(out), *words])
