# SPDX-License-Identifier: Apache-2.0
"""`visual_changenet inspect` for the classify task: a checkpoint looks at a whole board, crop by crop."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

from engine.classify.evidence import explain, on_test_pictures
from engine.classify.network_input import NetworkInput
from engine.classify.pair_images import PairBatch
from engine.classify.trained_model import load_named_checkpoint
from engine.devices import Devices, scoring_device, share_cores
from engine.inspect.action import inspect_or_calibrate, pairs_of
from engine.inspect.crops import crop_inspector

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from engine.classify.head_kinds import Features
    from engine.classify.trained_model import Checkpoint
    from engine.inspect.evidence import Inspector, Scores
    from engine.settings import Run
    from engine.status import StatusFile

    Bytes = NDArray[np.uint8]


def inspect_classify(run: Run, status: StatusFile) -> None:
    """Inspect whole pictures.

    Raises:
        ChangenetError: the spec, the pictures or the model are wrong.
    """
    pairs = pairs_of(run)
    inspect_or_calibrate(run, status, pairs, by_crops(run))


def by_crops(run: Run) -> Inspector:
    """Evidence by the model of `inspect.checkpoint`, crop by crop.

    Raises:
        ChangenetError: the model is missing, does not fit, or compares more than one picture with one.
    """
    model = load_named_checkpoint(run)
    model.network.to(scoring_device(run.experiment.inspect, run.command))
    share_cores(Devices("cpu"))
    judge, threshold = CropJudge(model), model.threshold
    return crop_inspector(run, judge, model.trained_on, threshold.value, threshold.origin.to_json())


class CropJudge:
    """A network of PyTorch; see `engine.inspect.crops.JudgesCrops`."""

    def __init__(self, model: Checkpoint) -> None:
        self.size = (model.preparation.height, model.preparation.width)
        self._model = model
        self._off_centre = model.network.eval().off_centre(*self.size) if model.can_explain else {}

    @torch.inference_mode()
    def __call__(self, goldens: Bytes, tests: Bytes, threshold: float) -> tuple[NDArray[np.float64], dict[int, Scores]]:
        """See `JudgesCrops`."""
        model, network = self._model, self._model.network
        inputs = model.preparation.for_scoring(_as_batch(goldens, tests).to(network.device))
        described = network.describe(inputs.goldens.flatten(0, 1))
        output = network.head.compare(network.describe(inputs.tests), described, 1)
        scores = network.score(model.preparation.augmented(network, inputs, output)).double().cpu().numpy()
        over = np.flatnonzero(scores > threshold).tolist()
        return scores, self._evidence(inputs, described, over) if model.can_explain and over else {}

    def _evidence(self, inputs: NetworkInput, goldens: Features, over: list[int]) -> dict[int, Scores]:
        """The evidence maps of these crops."""
        chosen = torch.tensor(over, device=inputs.tests.device)
        part = NetworkInput(
            inputs.tests[chosen],
            inputs.goldens[chosen],
            torch.arange(len(over), device=chosen.device),
            ("",) * len(over),
            None if inputs.shifts is None else inputs.shifts[chosen],
        )
        _, levels = explain(self._model.network, part, [level[chosen] for level in goldens])
        maps = on_test_pictures(levels, part, self._model.preparation.layout, self._off_centre)
        return dict(zip(over, maps.float().cpu().numpy(), strict=True))


def _as_batch(goldens: Bytes, tests: Bytes) -> PairBatch:
    everyone, count = torch.arange(len(tests)), len(tests)
    pictures = torch.from_numpy(tests)[:, None], torch.from_numpy(goldens)[:, None, None]
    return PairBatch(*pictures, everyone, ("",) * count, everyone, everyone, (None,) * count)
