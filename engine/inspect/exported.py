# SPDX-License-Identifier: Apache-2.0
"""Whole boards by an exported file of either task, without PyTorch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from deployed.pair_model import Pairs
from deployed.self_test import require_self_test
from engine.console import say
from engine.export.file_settings import model_path, settled_by_file
from engine.inspect.action import inspect_or_calibrate, pairs_of
from engine.inspect.crops import crop_inspector
from engine.inspect.masks import MaskJudge, mask_inspector
from pairs.trained_on import read_trained_on
from scoring.origin import ThresholdOrigin

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from deployed.mask_model import MaskModel
    from deployed.pair_model import PairModel
    from deployed.self_test import SelfTest
    from engine.export.file_settings import Travels
    from engine.inspect.evidence import Inspector, Picture, Scores
    from engine.settings import Run
    from engine.status import StatusFile

    Bytes = NDArray[np.uint8]


def inspect_exported(run: Run, status: StatusFile, opened: Callable[[Run], tuple[Inspector, SelfTest]]) -> None:
    """`visual_changenet inspect` by an exported file, which `opened` opens.

    Raises:
        ChangenetError: the spec, the pictures or the file are wrong.
    """
    pairs = pairs_of(run)
    inspect_or_calibrate(run, status, pairs, opened(run)[0])


def by_exported_crops(run: Run, task: Travels, model: PairModel) -> tuple[Inspector, SelfTest]:
    """Evidence by the classify model of the file `inspect.checkpoint`, and how it did on the pairs stored in it.

    Raises:
        CheckpointError: it gives other scores than it was written with, or the spec contradicts it.
        SpecError: it compares more than one picture with one.
    """
    settled, origin, tested = _ready(run, task, model)
    trained_on = read_trained_on(model.settings, model_path(run))
    return crop_inspector(settled, _CropJudge(model), trained_on, model.threshold, origin), tested


def by_exported_masks(run: Run, task: Travels, model: MaskModel) -> tuple[Inspector, SelfTest]:
    """Evidence by the segment model of the file `inspect.checkpoint`, and how it did on the squares stored in it.

    Raises:
        CheckpointError: it marks otherwise than it did when it was written, or the spec contradicts it.
    """
    settled, origin, tested = _ready(run, task, model)
    trained_on = read_trained_on(model.settings, model_path(run))

    def change(golden: Picture, test: Picture) -> Scores:
        return model.change(golden.transpose(2, 0, 1), test.transpose(2, 0, 1))

    return mask_inspector(settled, MaskJudge(change, model.side, model.threshold, origin, trained_on)), tested


def _ready(run: Run, task: Travels, model: PairModel | MaskModel) -> tuple[Run, dict[str, Any], SelfTest]:
    """The inspection with what the file says of its input, and where the model's threshold comes from."""
    path = model_path(run)
    settled = settled_by_file(run, model.settings, path, task)
    say(f"model {path} ({model.settings['precision']}, ONNX Runtime on the processor)")
    tested = require_self_test(model, path)
    say(tested.sentence())
    return settled, ThresholdOrigin.from_json(model.settings.get("threshold_origin")).to_json(), tested


class _CropJudge:
    """A file in use; see `engine.inspect.crops.JudgesCrops`."""

    def __init__(self, model: PairModel) -> None:
        self.size = (model.height, model.width)
        self._model = model

    def __call__(self, goldens: Bytes, tests: Bytes, threshold: float) -> tuple[NDArray[np.float64], dict[int, Scores]]:
        """See `JudgesCrops`."""
        scores = self._model.scores(_pairs(goldens, tests))
        over = np.flatnonzero(scores > threshold)
        if not self._model.explains or not len(over):
            return scores, {}
        maps = self._model.evidence(_pairs(goldens[over], tests[over]))
        return scores, dict(zip(over.tolist(), maps, strict=True))


def _pairs(goldens: Bytes, tests: Bytes) -> Pairs:
    count = len(tests)
    return Pairs(tests[:, None], goldens[:, None, None], range(count), [""] * count)
