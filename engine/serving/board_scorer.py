# SPDX-License-Identifier: Apache-2.0
"""A model that judges whole boards behind serving: registered and judged as `changenet inspect` does it."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PIL import Image

from core.errors import ChangenetError, DataError
from core.installation import require
from core.served_pairs import Judged
from core.verdicts import NOT_INSPECTED
from engine.inspect.board import inspect_board
from engine.inspect.pictures import board_picture
from engine.serving.overlay import as_png
from engine.serving.pictures import opened, require_count
from pairs.decoding import FULL_WHITE
from pairs.whole_pairs import WholePair

if TYPE_CHECKING:
    from collections.abc import Sequence

    from core.served_pairs import Answer, Golden, Pair, Picture
    from engine.inspect.evidence import Inspector


class BoardScorer:
    """See `engine.serving.scorer.Scorer`.

    Args:
        task: of the model.
        inspector: finds with the model what differs.
        gap: changed pixels with no more than so many between them are one region.
        most_pixels: larger pictures are refused.

    Raises:
        PlatformError: what registers pictures is not installed.
    """

    def __init__(self, task: str, inspector: Inspector, gap: int, most_pixels: int) -> None:
        require("inspect", "cv2")
        self._task, self._inspector = task, inspector
        self._gap, self._most_pixels = gap, most_pixels

    @property
    def at_once(self) -> int:
        """See `Scorer`."""
        return 1

    @property
    def facts(self) -> dict[str, Any]:
        """See `Scorer`; height and width are those of what the model looks at at a time."""
        width, height = self._inspector.tile or (0, 0)
        return {
            "task": self._task,
            "whole_boards": True,
            "lightings": 1,
            "lighting_names": [],
            "height": height,
            "width": width,
            "golden_images": 1,
            "threshold": self._inspector.threshold,
            "threshold_source": str(self._inspector.origin.get("kind", "")),
            "explains": True,
        }

    def check(self, golden: Golden) -> None:
        """See `Scorer`."""
        require_count(len(golden.pictures), (None,), "golden")
        opened(golden.pictures[0], FULL_WHITE, self._most_pixels, "golden picture")

    def judge(self, pairs: Sequence[Pair]) -> list[Answer]:
        """See `Scorer`."""
        return [self._judged(pair) for pair in pairs]

    def _judged(self, pair: Pair) -> Answer:
        try:
            require_count(len(pair.test), (None,), "test")
            self.check(pair.golden)
            opened(pair.test[0], FULL_WHITE, self._most_pixels, "test picture")
            return self._inspected(pair)
        except ChangenetError as error:
            return error

    def _inspected(self, pair: Pair) -> Judged:
        # Pictures are read as those of an inspection are, which takes files: 16 bits, orientation.
        with tempfile.TemporaryDirectory(prefix="changenet-") as name:
            golden, test = (Path(name) / place for place in ("golden", "test"))
            _write(pair.golden.pictures[0], golden)
            _write(pair.test[0], test)
            try:
                board = inspect_board(WholePair("board", golden, test), self._inspector, gap=self._gap)
            except ChangenetError as error:  # its place is a file that nobody else knows
                error.where = "golden picture" if error.where == str(golden) else "test picture"
                raise
        told = board.to_json()
        if board.verdict == NOT_INSPECTED:
            raise DataError(told["reason"], code=told["code"], where="test picture", remedy=told["remedy"])
        overlay = as_png(board_picture(board)) if pair.overlay else b""
        size = (told["width"], told["height"])
        warnings = [*board.warnings, *([board.unseen] if board.unseen else [])]
        return Judged(board.verdict, board.highest, self._inspector.threshold, size, told["regions"], overlay, warnings)


def _write(sent: Picture, path: Path) -> None:
    if sent.shape:
        Image.frombytes("RGB", (sent.shape[1], sent.shape[0]), sent.data).save(path, format="PNG", compress_level=1)
    else:
        path.write_bytes(sent.data)
