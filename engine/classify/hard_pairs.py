# SPDX-License-Identifier: Apache-2.0
"""Which training pairs the model that a training starts from has most wrong: hard example mining, once, at the start.

Boards are much alike: most pairs are clear to a model that knows boards, and teach it nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from engine.batch_samplers import OrderedBatches
from engine.checkpoints import read_checkpoint, start_from
from engine.classify.batch_norm_folding import with_folded_batch_norm
from engine.classify.network import build_network, start_weights
from engine.classify.pair_images import pair_loader
from engine.classify.scoring_loop import GoldenFeatures, by_golden_image
from engine.classify.task import CLASSIFY
from engine.console import ProgressLine
from engine.devices import scoring_device
from engine.loading import checked
from engine.starter import checkpoint_file

if TYPE_CHECKING:
    from torch import Tensor

    from engine.classify.network import PairNetwork
    from engine.classify.pair_table import PairTable
    from engine.classify.preparation import Preparation
    from engine.loading import Source
    from engine.settings import Run


@torch.inference_mode()
def certainty_of(run: Run, table: PairTable, source: Source, preparation: Preparation) -> Tensor:
    """How sure the model of `train.pretrained_model_path` is of each pair's label, looking once: log odds, (N,).

    A resumed training asks the same model again, and so draws as before.

    Raises:
        CheckpointError: the model can't be used.
    """
    network = _start(run, preparation).to(scoring_device(run.experiment.train, "train"))
    order, goldens = by_golden_image(table), GoldenFeatures()
    found = torch.empty(len(table), dtype=torch.float64)
    loader = pair_loader(table, source, OrderedBatches(order, run.experiment.dataset.classify.batch_size))
    with ProgressLine("hard pairs", len(order), "pairs") as line:
        done = 0
        for batch in map(checked, loader):
            output = goldens.output(network, preparation.for_scoring(batch.to(network.device)))
            sign = torch.where(batch.labels > 0, 1.0, -1.0).double()
            found[batch.indices] = sign * network.head.margin(output).double().cpu()
            done += len(batch.indices)
            line.update(done)
    return found


def _start(run: Run, preparation: Preparation) -> PairNetwork:
    path = checkpoint_file(str(run.experiment.train.pretrained_model_path), CLASSIFY.name)
    with torch.random.fork_rng(devices=[]):  # the training's own draws stay what they are without mining
        network = build_network(run.experiment, (preparation.height, preparation.width))
        start_weights(network, run.experiment)
    start_from(network, read_checkpoint(path), path)
    return with_folded_batch_norm(network, preparation.height, preparation.width)
