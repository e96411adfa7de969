# SPDX-License-Identifier: Apache-2.0
"""An exported segment model in use: from the pixels of whole pictures to masks, without PyTorch.

As `engine.segment.preparation` and `engine.segment.scoring_loop` do it for a checkpoint: squares that overlap, the
golden one laid on the test one, normalised, predicted and blended.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from core.dotted import get
from deployed.model_file import normalisation, read_model_for
from deployed.pixel_alignment import GoldenLook, best_shift, grey, moved
from deployed.sessions import Session
from deployed.siamese_graph import leading_to
from deployed.tiling import Canvas, at_least, tiles_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray
    from onnx import ModelProto

    from deployed.model_file import Settings

    Bytes = NDArray[np.uint8]
    Levels = NDArray[np.float32]

# As the container names them: before, after, predictions from the coarsest on, and the one of the input's size.
GOLDEN, TEST, FINAL = "input0", "input1", "output_final"
_DATA = "dataset.segment"
_EVEN = 0.5  # the threshold of a model that has none
_SQUARES = 4  # at a time


class MaskModel:
    """A segment model of one file; one thread at a time may use it.

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
        for start in range(0, len(corners), _SQUARES):
            some = corners[start : start + _SQUARES]
            squares = (np.stack([self._cut(picture, corner) for corner in some]) for picture in pictures)
            for corner, found in zip(some, self._predicted(*squares), strict=True):
                canvas = canvas or Canvas(len(found), (height, width), self.side)
                canvas.add(corner, found)
        if canvas is None:
            raise ValueError("a picture has one square at least")
        return canvas.whole()

    def _cut(self, picture: Bytes, corner: tuple[int, int]) -> Bytes:
        top, left = corner
        return picture[:, top : top + self.side, left : left + self.side]

    def _predicted(self, goldens: Bytes, tests: Bytes) -> Levels:
        """Probabilities (B, classes, S, S) of squares (B, 3, S, S)."""
        laid = np.stack([self._laid(*pair) for pair in zip(goldens, tests, strict=True)])
        return _probabilities(self._session.run({GOLDEN: self._finished(laid), TEST: self._finished(tests)}))

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
