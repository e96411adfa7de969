# SPDX-License-Identifier: Apache-2.0
"""The classify network as Lightning trains it: one step, one validation, and the figures of both."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import torch

from engine.batch_samplers import derived_seed
from engine.classify.kpi import training_kpi, validation_kpi
from engine.classify.losses import build_loss
from engine.classify.scoring_loop import GoldenFeatures
from engine.classify.threshold import choose, inspection_target
from engine.loading import checked
from engine.number_formats import in_single_precision
from engine.task_module import SO_FAR, TaskModule, of_all_processes

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor

    from engine.classify.network import ClassifyNetwork
    from engine.classify.pair_images import PairBatch
    from engine.classify.preparation import Preparation
    from engine.classify.threshold import Threshold
    from engine.settings import Run
    from engine.status import Kpi


@dataclass(slots=True)
class _Collected:
    """What an epoch's batches gave, on the processor."""

    labels: list[Tensor] = field(default_factory=list)
    outputs: list[Tensor] = field(default_factory=list)
    seconds: float = 0.0

    def add(self, labels: Tensor, outputs: Tensor) -> None:
        self.labels.append(labels.cpu())
        self.outputs.append(outputs.detach().float().cpu())

    def latency_ms(self) -> float:
        """Milliseconds that a pair of this process took; the count of seconds starts anew."""
        seconds, self.seconds = self.seconds, 0.0
        return 1000 * seconds / sum(map(len, self.labels))

    def gathered(self) -> tuple[Tensor, Tensor]:
        """All labels and outputs of all processes."""
        return torch.cat(of_all_processes(torch.cat(self.labels))), torch.cat(of_all_processes(torch.cat(self.outputs)))

    def take(self) -> tuple[Tensor, Tensor]:
        """All labels and outputs of all processes; what was collected is forgotten."""
        taken = self.gathered()
        self.labels.clear()
        self.outputs.clear()
        return taken


class ClassifyModule(TaskModule):
    """Trains `model`; `on_kpi` is called with the figures of each epoch and each validation."""

    def __init__(
        self,
        run: Run,
        network: ClassifyNetwork,
        preparation: Preparation,
        *,
        seed: int,
        on_kpi: Callable[[str, Kpi], None],
    ) -> None:
        super().__init__(run, network, seed=seed, on_kpi=on_kpi)
        experiment = run.experiment
        self.threshold: Threshold | None = None
        self.loss = build_loss(experiment)
        self._preparation = preparation
        self._margin = experiment.model.classify.eval_margin
        self._target, self._escape_cost = inspection_target(experiment), experiment.model.classify.escape_cost
        looks_larger = experiment.model.classify.second_look_scale > 1
        self._enlarged = experiment.dataset.classify.enlarged_batches if looks_larger else 0.0
        self._goldens = GoldenFeatures()
        self._training, self._validation, self._judged = _Collected(), _Collected(), _Collected()
        self._batch_losses: list[Tensor] = []

    def transfer_batch_to_device(self, batch: PairBatch | Exception, device: torch.device, _index: int) -> PairBatch:
        """Move what is computed on; an error that a worker met is raised here."""
        return checked(batch).to(device)

    def training_step(self, batch: PairBatch, batch_idx: int) -> Tensor:
        """The loss of one batch."""
        # Dropout draws from the global generator: seeding it by step makes a resumed run go on exactly.
        torch.manual_seed(derived_seed(self.seed, self.global_rank, self.current_epoch, batch_idx))
        with in_single_precision(self.device):
            inputs = self._preparation.for_training(batch)
            if self._is_enlarged(batch_idx):
                inputs = self._preparation.enlarged(inputs)
        output = self.model(inputs.tests, inputs.goldens)
        loss: Tensor = self.loss(output, batch.labels)
        if not torch.isfinite(loss):
            raise self.diverged()
        self._training.add(batch.labels, output)
        self._batch_losses.append(loss.detach())
        return loss

    def _is_enlarged(self, batch_idx: int) -> bool:
        """Whether the batch is one of those that the network sees enlarged, which are spread evenly."""
        return math.floor((batch_idx + 1) * self._enlarged) > math.floor(batch_idx * self._enlarged)

    def on_train_epoch_end(self) -> None:
        """The figures of the epoch's batches."""
        loss = float(torch.stack(self._batch_losses).mean())
        self._batch_losses.clear()
        labels, outputs = self._training.take()
        self.report("train", training_kpi(loss, labels.tolist(), self.model.score(outputs).tolist(), self._margin))

    def validation_step(self, batch: PairBatch, _batch_idx: int) -> None:
        """Score one batch."""
        started = time.perf_counter()
        with in_single_precision(self.device):
            inputs = self._preparation.for_scoring(batch)
        output = self._goldens.output(self.model, inputs)
        self._validation.add(batch.labels, output)  # on the processor, so the device has ended its work
        self._validation.seconds += time.perf_counter() - started
        if self._judges_as_evaluation():
            output = self._preparation.augmented(self.model, inputs, output)
        self._judged.add(batch.labels, output)

    def _judges_as_evaluation(self) -> bool:
        """Whether the threshold is chosen as evaluation scores; a network that has hardly learnt doubts every pair."""
        return 2 * (self.current_epoch + 1) > self._run.experiment.train.num_epochs

    def on_validation_epoch_start(self) -> None:
        """Forget golden features: the weights have changed."""
        self._goldens.clear()

    def on_validation_epoch_end(self) -> None:
        """The figures of the validation pairs, and the threshold that they suggest."""
        self._goldens.clear()
        latency = self._validation.latency_ms()
        labels, outputs = self._validation.take()
        self.validated(labels, outputs, self._judged.take()[1], latency)

    def validated(self, labels: Tensor, outputs: Tensor, judged: Tensor, latency_ms: float) -> None:
        """Take in the outputs of all validation pairs: for the figures, and as evaluation would judge them.

        `latency_ms` is what the network and its preparation took for a pair that is looked at once, without loading.

        Raises:
            JobFailedError: the network has diverged.
        """
        scores = self.model.score(outputs)
        if not bool(torch.isfinite(scores).all()):
            raise self.diverged()
        loss = float(self.loss.to("cpu")(outputs, labels))
        self.loss.to(self.device)
        truth, values = labels.tolist(), scores.tolist()
        judged_scores, epoch = self.model.score(judged).tolist(), self.current_epoch + 1
        self.threshold = choose(truth, judged_scores, self._target, epoch, self._escape_cost)
        figures = validation_kpi(loss, truth, values, self._margin)
        self.report("validation", figures | {"val_latency_ms": latency_ms})

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Add, within an epoch, what its batches gave so far."""
        super().on_save_checkpoint(checkpoint)
        if self._training.labels:
            labels, outputs = self._training.gathered()
            checkpoint[SO_FAR] = {"labels": labels, "outputs": outputs, "losses": torch.stack(self._batch_losses)}

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Go on with what the epoch's batches gave before the checkpoint, so that its figures count all of them."""
        if SO_FAR in checkpoint and self.global_rank == 0:
            before = checkpoint[SO_FAR]
            self._training.add(before["labels"], before["outputs"])
            self._batch_losses += list(before["losses"].to(self.device))
