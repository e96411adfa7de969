# SPDX-License-Identifier: Apache-2.0
"""The segment network as Lightning trains it: one step, one validation, and the figures of both."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from engine.batch_samplers import derived_seed
from engine.loading import checked
from engine.number_formats import in_single_precision
from engine.segment.labels import IGNORED
from engine.segment.losses import SegmentLoss
from engine.segment.scoring_loop import Scorer
from engine.segment.threshold import MaskThreshold, change_of
from engine.task_module import SO_FAR, TaskModule, of_all_processes
from scoring.pixels import LEVELS, confusion, level_counts, pixel_figures

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor

    from engine.segment.network import SegmentNetwork
    from engine.segment.pictures import SegmentBatch, WholePair
    from engine.segment.preparation import Preparation
    from engine.settings import Run
    from engine.status import Kpi

_LEAST = 1e-7  # of a probability, whose logarithm is taken


@dataclass(slots=True)
class _Collected:
    """What an epoch's batches gave."""

    matrix: np.ndarray[Any, np.dtype[np.int64]]
    losses: list[float] = field(default_factory=list)

    @classmethod
    def nothing(cls, classes: int) -> _Collected:
        return cls(np.zeros((classes, classes), dtype=np.int64))

    def add(self, loss: float, labels: Tensor, predicted: Tensor) -> None:
        self.losses.append(loss)
        self.matrix += confusion(labels.cpu().numpy(), predicted.cpu().numpy(), len(self.matrix))

    def figures(self, split: str) -> Kpi:
        """The figures of all processes' batches."""
        matrix, losses = sum_of_processes(self.matrix), _of_processes(self.losses)
        named = {"loss": sum(losses) / len(losses), **pixel_figures(matrix)}
        return {f"{split}_{name}": value for name, value in named.items()}


def sum_of_processes(counts: np.ndarray[Any, np.dtype[np.int64]]) -> np.ndarray[Any, np.dtype[np.int64]]:
    """The sum of what all processes that train together counted."""
    parts: list[Any] = of_all_processes(counts)
    total: np.ndarray[Any, np.dtype[np.int64]] = np.sum(parts, axis=0)
    return total


def _of_processes(values: list[float]) -> list[float]:
    return [value for part in of_all_processes(values) for value in part]


class SegmentModule(TaskModule):
    """Trains `model`; `on_kpi` is called with the figures of each epoch and each validation."""

    def __init__(
        self,
        run: Run,
        network: SegmentNetwork,
        preparation: Preparation,
        *,
        seed: int,
        on_kpi: Callable[[str, Kpi], None],
    ) -> None:
        super().__init__(run, network, seed=seed, on_kpi=on_kpi)
        section = run.experiment.dataset.segment
        self.threshold: MaskThreshold | None = None
        self.loss = SegmentLoss(run.experiment)
        self._preparation = preparation
        self._scorer = Scorer(network, preparation, section.batch_size)
        self._classes = section.num_classes
        self._training, self._validation = (_Collected.nothing(self._classes) for _ in range(2))
        self._levels = np.zeros((2, LEVELS), dtype=np.int64)

    def transfer_batch_to_device(self, batch: Any, device: torch.device, _index: int) -> Any:
        """Move what is trained on; an error that a worker met is raised here."""
        ready = checked(batch)
        return ready if isinstance(ready, list) else ready.to(device)

    def training_step(self, batch: SegmentBatch, batch_idx: int) -> Tensor:
        """The loss of one batch."""
        # Dropout draws from the global generator: seeding it by step makes a resumed run go on exactly.
        torch.manual_seed(derived_seed(self.seed, self.global_rank, self.current_epoch, batch_idx))
        with in_single_precision(self.device):
            goldens, tests, labels = self._preparation.for_training(batch)
        predictions = self.model(goldens, tests)
        loss: Tensor = self.loss(predictions, labels)
        if not torch.isfinite(loss):
            raise self.diverged()
        self._training.add(float(loss.detach()), labels, predictions[-1].detach().argmax(dim=1))
        return loss

    def on_train_epoch_end(self) -> None:
        """The figures of the epoch's batches."""
        self.report("train", self._training.figures("train"))
        self._training = _Collected.nothing(self._classes)

    def validation_step(self, batch: list[WholePair], _batch_idx: int) -> None:
        """Score one batch of whole pairs."""
        for pair, probabilities in zip(batch, self._scorer.probabilities(batch), strict=True):
            if pair.label is not None:
                self._judge(pair.label, probabilities)

    def _judge(self, label: Tensor, probabilities: Tensor) -> None:
        if not bool(torch.isfinite(probabilities).all()):
            raise self.diverged()
        # The logarithm of probabilities is as good as logits: both give the same ones back.
        logits = probabilities.clamp_min(_LEAST).log().unsqueeze(0)
        loss = float(self.loss.of_one(logits, label.unsqueeze(0).long()))
        self._validation.add(loss, label, probabilities.argmax(dim=0))
        known = label != IGNORED
        self._levels += level_counts(change_of(probabilities)[known].numpy(), (label[known] > 0).numpy())

    def on_validation_epoch_end(self) -> None:
        """The figures of the validation pairs, and the threshold that they suggest."""
        self.threshold = MaskThreshold.chosen(sum_of_processes(self._levels), self.current_epoch + 1)
        self._levels[:] = 0
        figures = self._validation.figures("val")
        self._validation = _Collected.nothing(self._classes)
        self.report("validation", figures)

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Add, within an epoch, what its batches gave so far."""
        super().on_save_checkpoint(checkpoint)
        if self._training.losses:
            matrix, losses = sum_of_processes(self._training.matrix), _of_processes(self._training.losses)
            checkpoint[SO_FAR] = {"matrix": matrix.tolist(), "losses": losses}

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Go on with what the epoch's batches gave before the checkpoint, so that its figures count all of them."""
        if SO_FAR in checkpoint and self.global_rank == 0:
            before = checkpoint[SO_FAR]
            self._training = _Collected(np.array(before["matrix"], dtype=np.int64), list(before["losses"]))
