# SPDX-License-Identifier: Apache-2.0
"""Which column of a foreign table is which: as the user says, else by its name, else by what it holds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.errors import DataError, did_you_mean
from pairs.csv_files import some
from pairs.image_folders import is_picture
from pairs.import_words import BOARD, GOLDEN, LABEL, SPLIT, TESTED, is_named, words_in
from pairs.label_words import good_words
from pairs.layout import SPLIT_NAMES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pairs.table_files import Table

ROLES = ("test", "golden", "label", "board", "split")
_LOOKED_AT = 500
_MOSTLY = 0.8
_SPLIT_WORDS = {name: split for split, names in SPLIT_NAMES.items() for name in names}


@dataclass(frozen=True, slots=True)
class Columns:
    """The column of each role, empty where there is none; `guessed` are the roles that the user did not name."""

    test: str
    golden: str
    label: str
    board: str = ""
    split: str = ""
    guessed: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, str]:
        """The columns that are there, by role."""
        return {role: getattr(self, role) for role in ROLES if getattr(self, role)}


def split_named(value: str) -> str | None:
    """The split that a cell names; None where it names none."""
    return _SPLIT_WORDS.get(value.strip().casefold())


def columns_of(table: Table, said: dict[str, str | None]) -> Columns:
    """The columns by role; `said` are those that the user names.

    Raises:
        DataError: a named column is not there, or one that is needed can't be told.
    """
    for role, column in said.items():
        if column and column not in table.columns:
            hint = did_you_mean(column, table.columns)
            message = f"the table has no column {column!r}; it has {some(table.columns)}. {hint}".strip()
            raise DataError(message, code="data.csv_columns", where=f"--{role}", remedy="name a column that is there")
    found = {role: column for role, column in said.items() if column}
    _guess(table, found)
    missing = [role for role in ("test", "golden", "label") if role not in found]
    if missing:
        flags = " ".join(f"--{role} COLUMN" for role in missing)
        message = f"the columns of {_spoken(missing)} can't be told from the table: it has {some(table.columns)}"
        raise DataError(message, code="data.csv_columns", where=str(table.path), remedy=f"name them: {flags}")
    return Columns(**found, guessed=tuple(role for role in ROLES if role in found and not said.get(role)))


def _spoken(roles: Sequence[str]) -> str:
    names = {"test": "test images", "golden": "golden images", "label": "labels"}
    return " and ".join(names[role] for role in roles)


def guessed_columns(table: Table) -> dict[str, str]:
    """The roles that can be told, with their columns."""
    found: dict[str, str] = {}
    _guess(table, found)
    return found


def _guess(table: Table, found: dict[str, str]) -> None:
    head = {column: [cells[i] for _, cells in table.rows[:_LOOKED_AT]] for i, column in enumerate(table.columns)}
    head.pop("", None)
    _guess_pictures(head, found)
    _guess_label(head, found)
    rest = [column for column in head if column not in found.values()]
    for role, known in (("board", BOARD), ("split", SPLIT)):
        fitting = [column for column in rest if is_named(column, known)]
        if role == "split":
            fitting = [column for column in fitting if all(map(split_named, filter(None, head[column])))]
        if role not in found and fitting:
            found[role] = fitting[0]


def _guess_pictures(head: dict[str, list[str]], found: dict[str, str]) -> None:
    pictures = [name for name, cells in head.items() if _mostly(cells) and name not in found.values()]
    golden = [name for name in pictures if is_named(name, GOLDEN)]
    golden = golden or [name for name in pictures if all(_says_golden(cell) for cell in head[name] if cell)]
    if "golden" not in found and len(golden) == 1:
        found["golden"] = golden[0]
    rest = [name for name in pictures if name != found.get("golden")]
    named = [name for name in rest if is_named(name, TESTED)]
    for candidates in (rest, named):
        if "test" not in found and len(candidates) == 1:
            found["test"] = candidates[0]
    others = [name for name in rest if name != found.get("test")]
    if "golden" not in found and "test" in found and len(others) == 1 and not is_named(others[0], TESTED):
        found["golden"] = others[0]


def _mostly(cells: list[str]) -> bool:
    filled = list(filter(None, cells))
    return bool(filled) and sum(map(is_picture, filled)) >= _MOSTLY * len(filled)


def _says_golden(cell: str) -> bool:
    return any(word.casefold() in GOLDEN for word in words_in(cell))


def _guess_label(head: dict[str, list[str]], found: dict[str, str]) -> None:
    if "label" in found:
        return
    rest = [name for name in head if name not in found.values()]
    telling = [name for name in rest if good_words(name, head[name])]
    named = [name for name in telling if is_named(name, LABEL)]
    by_name = [name for name in rest if is_named(name, LABEL)]
    for candidates in (telling, named, by_name):
        if len(candidates) == 1:
            found["label"] = candidates[0]
            return
