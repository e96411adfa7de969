# SPDX-License-Identifier: Apache-2.0
"""The classify network as Lightning trains it: one step, one validation, and the figures of both."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import torch
from lightning.pytorch import LightningModule

from core.errors import JobFailedError
from engine.batch_samplers import derived_seed
from engine.checkpoints import WHITE_LEVEL
from engine.classify.kpi import training_kpi, validation_kpi
from engine.classify.losses import build_loss
from engine.classify.scoring_loop import GoldenFeatures
from engine.classify.threshold import choose, inspection_target
from engine.loading import checked
from engine.optimization import build_optimizer, learning_rate_factor
from pairs.decoding import FULL_WHITE

if TYPE_CHECKING:
    from collections.abc import Callable

    from lightning.pytorch.utilities.types import OptimizerLRSchedulerConfig
    from torch import Tensor

    from engine.classify.network import ClassifyNetwork
    from engine.classify.pair_images import PairBatch
    from engine.classify.preparation import Preparation
    from engine.classify.threshold import Threshold
    from engine.settings import Run
    from engine.status import Kpi

_SO_FAR = "epoch_so_far"  # a key of checkpoints that are written within an epoch


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
        return _from_all_processes(torch.cat(self.labels)), _from_all_processes(torch.cat(self.outputs))

    def take(self) -> tuple[Tensor, Tensor]:
        """All labels and outputs of all processes; what was collected is forgotten."""
        taken = self.gathered()
        self.labels.clear()
        self.outputs.clear()
        return taken


def _from_all_processes(values: Tensor) -> Tensor:
    if not (torch.distributed.is_available() and torch.distributed.is_initialized()):
        return values
    parts: list[Any] = [None] * torch.distributed.get_world_size()
    torch.distributed.all_gather_object(parts, values)
    return torch.cat(parts)


class ClassifyModule(LightningModule):
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
        super().__init__()
        experiment = run.experiment
        self.model = network
        self.loss = build_loss(experiment)
        self.kpi: Kpi = {}  # of the current epoch
        self.threshold: Threshold | None = None  # of the current epoch's validation
        self._run = run
        self._preparation = preparation
        self.seed = seed
        self.has_started = False
        self.steps_per_epoch = 1  # known once there is a loader
        self.white = FULL_WHITE  # of the pictures, known once they were looked at
        self._on_kpi = on_kpi
        self._margin = experiment.model.classify.eval_margin
        self._target = inspection_target(experiment)
        self._goldens = GoldenFeatures()
        self._training, self._validation, self._judged = _Collected(), _Collected(), _Collected()
        self._batch_losses: list[Tensor] = []

    def transfer_batch_to_device(self, batch: PairBatch | Exception, device: torch.device, _index: int) -> PairBatch:
        """Move what is computed on; an error that a worker met is raised here."""
        return checked(batch).to(device)

    def on_train_epoch_start(self) -> None:
        """Forget the figures of the epoch before; the last epoch is validated whatever the interval."""
        self.kpi, self.threshold = {}, None
        if self.current_epoch == self._run.experiment.train.num_epochs - 1:
            self.trainer.check_val_every_n_epoch = 1

    def training_step(self, batch: PairBatch, batch_idx: int) -> Tensor:
        """The loss of one batch."""
        # Dropout draws from the global generator: seeding it by step makes a resumed run go on exactly.
        torch.manual_seed(derived_seed(self.seed, self.global_rank, self.current_epoch, batch_idx))
        inputs = self._preparation.for_training(batch)
        output = self.model(inputs.tests, inputs.goldens)
        loss: Tensor = self.loss(output, batch.labels)
        if not torch.isfinite(loss):
            raise _diverged(self.current_epoch, self.global_step)
        self._training.add(batch.labels, output)
        self._batch_losses.append(loss.detach())
        return loss

    def on_train_epoch_end(self) -> None:
        """The figures of the epoch's batches."""
        loss = float(torch.stack(self._batch_losses).mean())
        self._batch_losses.clear()
        labels, outputs = self._training.take()
        self._report("train", training_kpi(loss, labels.tolist(), self.model.score(outputs).tolist(), self._margin))

    def validation_step(self, batch: PairBatch, _batch_idx: int) -> None:
        """Score one batch."""
        started = time.perf_counter()
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
            raise _diverged(self.current_epoch, self.global_step)
        loss = float(self.loss.to("cpu")(outputs, labels))
        self.loss.to(self.device)
        truth, values = labels.tolist(), scores.tolist()
        self.threshold = choose(truth, self.model.score(judged).tolist(), self._target, self.current_epoch + 1)
        figures = validation_kpi(loss, truth, values, self._margin)
        self._report("validation", figures | {"val_latency_ms": latency_ms})

    def _report(self, what: str, kpi: Kpi) -> None:
        self.kpi = {**self.kpi, **kpi}
        self._on_kpi(what, kpi)
        known = {name: float(value) for name, value in kpi.items() if value is not None}
        self.log_dict(known, sync_dist=False)

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Add the threshold, the white of the pictures, and within an epoch what its batches gave so far."""
        checkpoint[WHITE_LEVEL] = self.white
        checkpoint["threshold"] = self.threshold.value if self.threshold else None
        checkpoint.update(self.threshold.origin_keys() if self.threshold else {})
        if self._training.labels:
            labels, outputs = self._training.gathered()
            checkpoint[_SO_FAR] = {"labels": labels, "outputs": outputs, "losses": torch.stack(self._batch_losses)}

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Go on with what the epoch's batches gave before the checkpoint, so that its figures count all of them."""
        if _SO_FAR in checkpoint and self.global_rank == 0:
            before = checkpoint[_SO_FAR]
            self._training.add(before["labels"], before["outputs"])
            self._batch_losses += list(before["losses"].to(self.device))

    def on_train_start(self) -> None:
        """Whatever goes wrong from here on, it is not the state of a checkpoint."""
        self.has_started = True

    def configure_optimizers(self) -> OptimizerLRSchedulerConfig:
        """The optimiser and schedule of the spec."""
        settings = self._run.experiment.train
        optimizer = build_optimizer(settings.optim, self.model.backbone, self.model.head)
        factor = learning_rate_factor(settings.optim, settings.num_epochs, self.steps_per_epoch)
        scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, factor)
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": scheduler, "interval": "step"}}


def _diverged(epoch: int, step: int) -> JobFailedError:
    return JobFailedError(
        "the loss is no finite number any more: the training has diverged",
        code="diverged",
        where=f"epoch {epoch + 1}, step {step}",
        remedy="lower train.optim.lr, raise train.optim.warmup_epochs, or use train.precision=32-true",
    )
