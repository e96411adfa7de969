# SPDX-License-Identifier: Apache-2.0
"""An exported segment model in use: from the pixels of whole pictures to masks, without PyTorch.

As `engine.segment.preparation` and `engine.segment.scoring_loop` do it for a checkpoint: squares that overlap, the
golden one laid on the test one, normalised, predicted and blended.
"""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

import numpy as np

from core.dotted import get
from deployed.model_file import normalisation, read_model_for
from deployed.pixel_alignment import GoldenLook, best_shift, grey, moved
from deployed.sessions import Session
from deployed.siamese_graph import leading_to
from deployed.side_by_side import SideBySide
from deployed.tiling import Canvas, at_least, tiles_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray
    from onnx import ModelProto

    from deployed.model_file import Settings
    from deployed.tiling import Corner

    Bytes = NDArray[np.uint8]
    Levels = NDArray[np.float32]

# As the container names them: before, after, predictions from the coarsest on, and the one of the input's size.
GOLDEN, TEST, FINAL = "input0", "input1", "output_final"
_DATA = "dataset.segment"
_EVEN = 0.5  # the threshold of a model that has none
_AT_ONCE = 32  # squares whose predictions wait to be blended, in their order


class MaskModel:
    """A segment model of one file.

    Args:
        settings: what stands in the file.
        whole: its graph.
    """

    def __init__(self, settings: Settings, whole: ModelProto) -> None:
        config = settings["config"]
        self.settings = settings
        self.side = int(get(config, f"{_DATA}.img_size"))
        self.threshold = float(settings.get("threshold", _EVEN))
        self._reach = int(get(config, f"{_DATA}.align_pixels"))
        self._scale, self._offset = normalisation(settings)
        every = get(config, f"{_DATA}.multi_scale_infer")
        outputs = [entry.name for entry in whole.graph.output] if every else [FINAL]
        self._session = Session(leading_to(whole, outputs))
        self._threads = SideBySide()

    @classmethod
    def read(cls, path: Path) -> MaskModel:
        """The model of a file.

        Raises:
            CheckpointError: see `read_model_for`.
        """
        model, settings = read_model_for("segment", path)
        return cls(settings, model)

    def change(self, golden: Bytes, test: Bytes) -> Levels:
        """The probability (H, W) that a pixel changed between two pictures (3, H, W)."""
        return np.asarray(1.0 - self.probabilities(golden, test)[0], np.float32)

    def probabilities(self, golden: Bytes, test: Bytes) -> Levels:
        """Probabilities (classes, H, W) for two pictures (3, H, W)."""
        height, width = test.shape[-2:]
        pictures = [at_least(picture, self.side) for picture in (golden, test)]
        corners = tiles_of(height, width, self.side)
        canvas: Canvas | None = None
        for start in range(0, len(corners), _AT_ONCE):
            some = corners[start : start + _AT_ONCE]
            for corner, found in zip(some, self._side_by_side(pictures, some), strict=True):
                canvas = canvas or Canvas(len(found), (height, width), self.side)
                canvas.add(corner, found)
        if canvas is None:
            raise ValueError("a picture has one square at least")
        return canvas.whole()

    def changes(self, goldens: Bytes, tests: Bytes) -> Levels:
        """The probabilities (B, S, S) that pixels of squares (B, 3, S, S) changed."""
        found = self._threads.in_parts(
            len(tests), lambda part, *, alone: self._predicted(goldens[part], tests[part], alone=alone)
        )
        return np.asarray(1.0 - np.concatenate(found)[:, 0], np.float32)

    def _side_by_side(self, pictures: Sequence[Bytes], corners: Sequence[Corner]) -> Iterator[Levels]:
        """Probabilities (classes, S, S) of the squares at some corners of both pictures."""

        def work(part: slice, /, *, alone: bool) -> Levels:
            squares = (np.stack([self._cut(picture, corner) for corner in corners[part]]) for picture in pictures)
            return self._predicted(*squares, alone=alone)

        return chain.from_iterable(self._threads.in_parts(len(corners), work))

    def _cut(self, picture: Bytes, corner: Corner) -> Bytes:
        top, left = corner
        return picture[:, top : top + self.side, left : left + self.side]

    def _predicted(self, goldens: Bytes, tests: Bytes, *, alone: bool) -> Levels:
        """Probabilities (B, classes, S, S) of squares (B, 3, S, S)."""
        laid = np.stack([self._laid(*pair) for pair in zip(goldens, tests, strict=True)])
        feeds = {GOLDEN: self._finished(laid), TEST: self._finished(tests)}
        return _probabilities(self._session.run(feeds, alone=alone))

    def _laid(self, golden: Bytes, test: Bytes) -> Bytes:
        """The golden square where the test square shows the same: labels lie on the test picture."""
        if not self._reach:
            return golden
        moving, staying = (grey(picture[None, None])[0] for picture in (golden, test))
        return moved(golden, best_shift(moving, GoldenLook.of(staying, self._reach), self._reach))

    def _finished(self, squares: Bytes) -> Levels:
        levels = squares.astype(np.float32)
        levels *= self._scale
        levels += self._offset
        return levels


def _probabilities(predictions: Sequence[Levels]) -> Levels:
    """Of logits, the mean of those of all sizes, the last of which is the input's."""
    side = predictions[-1].shape[-1]
    logits = np.mean([_enlarged(one, side) for one in predictions], axis=0, dtype=np.float32)
    odds = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(odds / odds.sum(axis=1, keepdims=True), np.float32)


def _enlarged(logits: Levels, side: int) -> Levels:
    """Logits (B, classes, s, s) of `side` pixels, each pixel that of its place."""
    if logits.shape[-1] == side:
        return logits
    places = np.arange(side) * logits.shape[-1] // side
    return logits[:, :, places[:, None], places[None, :]]
