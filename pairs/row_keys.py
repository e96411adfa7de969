# SPDX-License-Identifier: Apache-2.0
"""Rows that stand twice, contradict each other, or stand in two splits: told by their names alone.

Eight bytes per row and question, so that a million rows fit into a few dozen megabytes.
"""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING

import numpy as np

from core.files import real_path
from core.problem import ROWS_NAMED, Problem, Severity
from pairs.classify_csv import board_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pairs.classify_check import ClassifySource
    from pairs.classify_csv import PairRow

    Keys = NDArray[np.int64]
    Mask = NDArray[np.bool_]


class RowKeys:
    """The keys of one split's rows, gathered while they stream by."""

    def __init__(self, source: ClassifySource) -> None:
        self.where = str(source.csv_path)
        self._root = str(real_path(source.images_dir))
        self.lines = array("q")
        self._pairs, self._tests, self._judged = array("q"), array("q"), array("q")
        self._boards, self._folders = array("q"), array("q")

    def visit(self, row: PairRow) -> None:
        """Remember one row."""
        test = hash((self._root, row.input_path, row.object_name))
        board = board_of(row)
        self.lines.append(row.row)
        self._tests.append(test)
        self._pairs.append(hash((test, row.golden_path)))
        self._judged.append(hash((test, row.label)))
        self._boards.append(0 if board is None else hash(board))
        self._folders.append(hash((self._root, row.input_path)))

    def findings(self) -> list[Problem]:
        """Rows that stand twice, and one picture with two labels."""
        pairs, tests, judged = (_keys(keys) for keys in (self._pairs, self._tests, self._judged))
        contradicting = _contradicting(tests, judged)
        return [
            *self.finding(
                "data.contradiction",
                "error",
                contradicting,
                "the same picture stands in several rows with different labels",
                "decide on one label",
            ),
            *self.finding(
                "data.duplicate_row",
                "warning",
                _repeated(pairs) & ~contradicting,
                "the same pair stands in an earlier row already",
                "keep one row (`changenet data check --fix` does that)",
            ),
        ]

    def leaks(self, other: RowKeys) -> list[Problem]:
        """Pictures and boards that stand in another split too."""
        shared = np.isin(_keys(self._tests), _keys(other._tests))
        boards, what = self._shared_boards(other)
        return [
            *self.finding(
                "data.leak_picture",
                "error",
                shared,
                f"the same picture stands in {other.where} too: figures on it would be too good",
                "put each picture into one split only",
            ),
            *self.finding(
                "data.leak_board",
                "warning",
                boards & ~shared,
                f"pictures of the same {what} stand in {other.where} too",
                "split by board, so that no board is both trained on and tested on",
            ),
        ]

    def finding(self, code: str, severity: Severity, hit: Mask, message: str, remedy: str) -> list[Problem]:
        """One finding for the rows where `hit` (N,) is true, none where it never is."""
        places = np.flatnonzero(hit)
        if not len(places):
            return []
        rows = tuple(self.lines[place] for place in places[:ROWS_NAMED].tolist())
        return [Problem(code, self.where, message, remedy, severity, rows, len(places))]

    def _shared_boards(self, other: RowKeys) -> tuple[Mask, str]:
        """Rows whose board another split has; without a board column a folder is taken for a board.

        One folder for everything says nothing on boards, so folders only count where both splits have several.
        """
        mine, theirs = _keys(self._boards), _keys(other._boards)
        if mine.any() and theirs.any():
            return np.isin(mine, theirs) & (mine != 0), "board"
        mine, theirs = _keys(self._folders), _keys(other._folders)
        if len(np.unique(mine)) > 1 and len(np.unique(theirs)) > 1:
            return np.isin(mine, theirs), "folder (one folder is taken for one board)"
        return np.zeros(len(mine), dtype=np.bool_), ""


def _keys(keys: array[int]) -> Keys:
    return np.frombuffer(keys, dtype=np.int64) if keys else np.zeros(0, dtype=np.int64)


def _repeated(keys: Keys) -> Mask:
    """Every occurrence of a key but its first."""
    repeated = np.ones(len(keys), dtype=np.bool_)
    repeated[np.unique(keys, return_index=True)[1]] = False
    return repeated


def _contradicting(tests: Keys, judged: Keys) -> Mask:
    """Rows whose picture also stands with another label."""
    first_of_judgement = np.unique(judged, return_index=True)[1]
    pictures, judgements = np.unique(tests[first_of_judgement], return_counts=True)
    return np.isin(tests, pictures[judgements > 1])
