# SPDX-License-Identifier: Apache-2.0
"""`visual_changenet inspect` for the segment task: evidence by a checkpoint, or the plain difference without one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from engine.devices import Devices, scoring_device, share_cores
from engine.inspect.action import inspect_or_calibrate, pairs_of
from engine.inspect.difference import plain_difference
from engine.inspect.masks import MaskJudge, mask_inspector
from engine.segment.pictures import WholePair
from engine.segment.scoring_loop import Scorer
from engine.segment.threshold import change_of
from engine.segment.trained_model import load_model, with_model_settings

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from engine.inspect.evidence import Inspector, Picture, Scores
    from engine.settings import Run
    from engine.status import StatusFile


def inspect_segment(run: Run, status: StatusFile) -> None:
    """Inspect whole pictures.

    Raises:
        ChangenetError: the spec, the pictures or the checkpoint are wrong.
    """
    pairs = pairs_of(run)
    section = run.experiment.inspect
    inspector = by_model(run) if section.checkpoint else plain_difference(section.threshold, section.least_area)
    inspect_or_calibrate(run, status, pairs, inspector)


def by_model(run: Run) -> Inspector:
    """Evidence by the model of `inspect.checkpoint`, tile by tile.

    Raises:
        ChangenetError: the checkpoint is missing or does not fit.
    """
    run = with_model_settings(run)
    section, data = run.experiment.inspect, run.experiment.dataset.segment
    model = load_model(run)
    network = model.network.to(scoring_device(section, run.command))
    share_cores(Devices("cpu"))
    scorer = Scorer(network, model.preparation, data.batch_size)

    def change(golden: Picture, test: Picture) -> Scores:
        pair = WholePair(0, _as_tensor(golden), _as_tensor(test), None)
        scores: NDArray[np.float32] = change_of(scorer.probabilities([pair])[0]).numpy()
        return scores

    threshold = model.threshold
    return mask_inspector(
        run, MaskJudge(change, scorer.side, threshold.value, threshold.origin.to_json(), model.trained_on)
    )


def _as_tensor(picture: Picture) -> torch.Tensor:
    return torch.from_numpy(picture.transpose(2, 0, 1).copy())
