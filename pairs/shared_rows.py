# SPDX-License-Identifier: Apache-2.0
"""Pictures and boards that stand in an earlier split too, told while rows stream by and without numpy."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.files import real_path
from pairs.classify_csv import board_of
from pairs.findings import Tally

if TYPE_CHECKING:
    from core.problem import Problem
    from pairs.classify_check import ClassifySource
    from pairs.classify_csv import PairRow


class SharedRows:
    """What one split holds, and what of it `earlier` holds as well. A training run is warned, not refused."""

    def __init__(self, source: ClassifySource, earlier: SharedRows | None = None) -> None:
        self.where = str(source.csv_path)
        self.pictures: set[int] = set()
        self.boards: set[int] = set()
        self._root, self._earlier = str(real_path(source.images_dir)), earlier
        self._tally = Tally(self.where)

    def visit(self, row: PairRow) -> None:
        """Look at one row."""
        picture, board = hash((self._root, row.input_path, row.object_name)), board_of(row)
        self.pictures.add(picture)
        if board is not None:
            self.boards.add(hash(board))
        if self._earlier:
            self._compare(self._earlier, picture, board, row.row)

    def _compare(self, earlier: SharedRows, picture: int, board: str | None, line: int) -> None:
        if picture in earlier.pictures:
            message = f"the same picture stands in {earlier.where} too: figures on it would be too good"
            self._tally.note("data.leak_picture", "warning", message, "put each picture into one split only", line)
        elif board is not None and hash(board) in earlier.boards:
            message = f"pictures of the same board stand in {earlier.where} too"
            remedy = "split by board, so that no board is both trained on and tested on"
            self._tally.note("data.leak_board", "warning", message, remedy, line)

    def findings(self) -> list[Problem]:
        """One finding for shared pictures, one for shared boards."""
        return self._tally.findings()
