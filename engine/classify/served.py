# SPDX-License-Identifier: Apache-2.0
"""A classify checkpoint behind serving: it judges pairs by the code that scores a table."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import torch

from engine.classify.evidence import to_grey
from engine.classify.pair_images import PairBatch
from engine.classify.scoring_loop import GoldenFeatures, score_pairs
from engine.classify.task import CLASSIFY
from engine.classify.trained_model import load_checkpoint
from engine.devices import Devices, scoring_device, share_cores
from engine.serving.pair_scorer import PairFacts, PairScorer
from pairs.classify_csv import light_names

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray
    from torch import Tensor

    from deployed.pair_model import Pairs
    from engine.checkpoints import Content
    from engine.settings import Run


def open_scorer(run: Run, content: Content, most_pixels: int) -> PairScorer:
    """The checkpoint `inference.checkpoint`, ready; `content` is what it says of its training.

    Raises:
        CheckpointError: it can't be used.
    """
    settled = run.adopting(content.get("config") or {}, CLASSIFY.travelling_keys)
    model = load_checkpoint(settled, Path(run.experiment.inference.checkpoint))
    model.network.to(scoring_device(settled.experiment.inference, settled.command))
    share_cores(Devices("cpu"))
    data, known, threshold = settled.experiment.dataset.classify, GoldenFeatures(), model.threshold.value

    def scores(pairs: Pairs, /, *, explained: bool) -> tuple[list[float], Sequence[NDArray[np.uint8]]]:
        grey: list[NDArray[np.uint8]] = []

        def keep(_: list[int], found: Tensor, evidence: Tensor) -> None:
            grey.extend(to_grey(evidence, found, threshold))

        _, output = score_pairs(
            model.network,
            model.preparation,
            [_batch(pairs)],
            on_evidence=keep if explained else None,
            goldens=known,
        )
        return model.network.score(output).tolist(), grey

    facts = PairFacts(
        (data.image_height, data.image_width),
        tuple(light_names(data.input_map)),
        data.num_golden,
        model.white,
        threshold,
        model.threshold.source,
        model.can_explain,
        model.trained_on,
    )
    return PairScorer(facts, scores, most_pixels)


def _batch(pairs: Pairs) -> PairBatch:
    count = len(pairs.tests)
    return PairBatch(
        tests=torch.from_numpy(pairs.tests),
        goldens=torch.from_numpy(pairs.goldens),
        golden_of=torch.tensor(list(pairs.golden_of)),
        golden_names=tuple(pairs.golden_names),
        labels=torch.zeros(count, dtype=torch.int64),
        indices=torch.arange(count),
        seeds=(None,) * count,
    )
