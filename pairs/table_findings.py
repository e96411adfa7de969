# SPDX-License-Identifier: Apache-2.0
"""What is odd about a classify CSV as a file, although it can be read."""

from __future__ import annotations

import codecs
from contextlib import suppress
from typing import TYPE_CHECKING

from core.errors import DataError, did_you_mean
from core.problem import Problem
from pairs.classify_csv import BOARD_COLUMNS, COLUMNS, DEPLOY_SCORE, SCORE_COLUMNS, read_header
from pairs.csv_files import COLUMNS_NAMED, some

if TYPE_CHECKING:
    from pairs.classify_check import ClassifySource

# Columns that importers, the synthesiser and inference write beside the four that are needed.
KNOWN_COLUMNS = frozenset((
    *BOARD_COLUMNS, "design", "crop", "box", "component", "defect_box", "severity", "lot", "line",
    *SCORE_COLUMNS, DEPLOY_SCORE,
))  # fmt: skip


def table_findings(source: ClassifySource) -> list[Problem]:
    """A byte order mark and columns that nothing reads; a CSV that can't be read has findings of its own."""
    where, header = f"{source.csv_path}:1", []
    with suppress(DataError):
        header = read_header(source.csv_path, needs_label=source.needs_label)
    spare = [name for name in header if name not in COLUMNS and name not in KNOWN_COLUMNS]
    return [*_mark(source, where), *_spare_columns(spare, where)]


def _mark(source: ClassifySource, where: str) -> list[Problem]:
    if not source.csv_path.is_file():
        return []
    try:
        with source.csv_path.open("rb") as handle:
            marked = handle.read(3) == codecs.BOM_UTF8
    except OSError:
        marked = False
    if not marked:
        return []
    message = "the file starts with a byte order mark; other readers take it for a part of the first column's name"
    remedy = "save it as UTF-8 without the mark (`changenet data check --fix` does that)"
    return [Problem("data.csv_bom", where, message, remedy, "warning", (1,), 1)]


def _spare_columns(spare: list[str], where: str) -> list[Problem]:
    if not spare:
        return []
    named = some(list(map(repr, spare)))
    hint = next(filter(None, (did_you_mean(name, (*COLUMNS, *KNOWN_COLUMNS)) for name in spare[:COLUMNS_NAMED])), "")
    message = f"nothing reads the columns {named}. {hint}".strip()
    remedy = "they do no harm; a column `board` lets splits be checked for leaks"
    return [Problem("data.csv_extra_columns", where, message, remedy, "warning", (1,), len(spare))]
