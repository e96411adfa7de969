# SPDX-License-Identifier: Apache-2.0
"""Boards told by the names of their pictures, and shared out to train, val and test, each to one split."""

from __future__ import annotations

import random
import re
from typing import TYPE_CHECKING

from core.errors import DataError
from pairs.import_words import BAD, GOLDEN, GOOD, TESTED

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

SHARES = {"train": 0.7, "val": 0.15, "test": 0.15}
SEED = 1234
_FEWEST = 3  # boards that names have to tell apart: one for each split
_WORD = re.compile(r"[^\W_]+")
_NO_NAME = GOOD | BAD | GOLDEN | TESTED
_MOST_NUMBERS = 4


def boards_by_name(names: Sequence[str]) -> list[str]:
    """A board for each picture, by its relative path without ending.

    What says role or verdict (`board1_ok`) is left out. The board is the shortest start of the names, up to a number,
    that tells at least three boards apart: of `pcb_12_R7` it is `pcb_12`. Where no start does, each name is one.
    """
    bare = [_bare(name) for name in names]
    for count in range(1, _MOST_NUMBERS + 1):
        found = [_up_to_number(name, count) for name in bare]
        if len(set(found)) >= _FEWEST:
            return found
    return bare


def _bare(name: str) -> str:
    words = [word for word in _WORD.findall(name) if word.casefold() not in _NO_NAME]
    return "_".join(words) or name


def _up_to_number(name: str, count: int) -> str:
    found = re.match(rf"(?:\D*\d+){{{count}}}", name)
    return found[0].strip("_") if found else name


def share_out(boards: Mapping[str, tuple[int, bool]], where: str) -> dict[str, str]:
    """A split for each board, from its rows and whether it has defects; the same each time.

    Boards with defects are shared out first and by themselves, so that each split has some. Every split gets a board
    before the first gets its second; then the one goes on that lacks most of its share of the rows.

    Raises:
        DataError: there are fewer than two boards.
    """
    if len(boards) < 2:
        message = f"{len(boards)} board can't be shared out to train and val"
        remedy = "name the column that tells boards apart by --board, or one that names splits by --split"
        raise DataError(message, code="data.too_few_rows", where=where, remedy=remedy)
    found: dict[str, str] = {}
    for defective in (True, False):
        names = sorted(name for name, (_, defects) in boards.items() if defects is defective)
        random.Random(SEED).shuffle(names)  # noqa: S311 - repeatable, no secret
        found |= _deal(names, {name: boards[name][0] for name in names}, set(found.values()))
    return found


def _deal(names: Sequence[str], rows: Mapping[str, int], taken: set[str]) -> dict[str, str]:
    lacks = {split: share * sum(rows.values()) for split, share in SHARES.items()}
    order = [split for split in SHARES if split not in taken] + [split for split in SHARES if split in taken]
    found: dict[str, str] = {}
    for place, name in enumerate(names):
        found[name] = order[place] if place < len(order) else max(lacks, key=lambda split: lacks[split])
        lacks[found[name]] -= rows[name]
    return found
