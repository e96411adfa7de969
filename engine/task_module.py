# SPDX-License-Identifier: Apache-2.0
"""What Lightning trains, for every task: the figures of an epoch, what a checkpoint keeps, the optimiser."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from lightning.pytorch import LightningModule

from core.errors import JobFailedError
from engine.checkpoints import WHITE_LEVEL
from engine.optimization import build_optimizer, learning_rate_factor
from pairs.decoding import FULL_WHITE
from pairs.trained_on import TRAINED_ON, TrainedOn

if TYPE_CHECKING:
    from collections.abc import Callable

    from lightning.pytorch.utilities.types import OptimizerLRSchedulerConfig

    from engine.settings import Run
    from engine.status import Kpi

SO_FAR = "epoch_so_far"
"""A key of checkpoints that are written within an epoch: what its batches gave."""


class TaskModule(LightningModule):
    """Trains a network with a `backbone` and a `head`; `on_kpi` is called with the figures of epoch and validation.

    `kpi` and `threshold` are those of the current epoch. `steps_per_epoch` is known once there is a loader, `white` and
    `trained_on` once the pictures were looked at, `has_started` once a checkpoint's state was taken over.
    """

    def __init__(self, run: Run, network: Any, *, seed: int, on_kpi: Callable[[str, Kpi], None]) -> None:
        super().__init__()
        self.model = network
        self.kpi: Kpi = {}
        self.threshold: Any = None
        self.seed = seed
        self.has_started = False
        self.steps_per_epoch = 1
        self.white = FULL_WHITE
        self.trained_on = TrainedOn()
        self._run = run
        self._on_kpi = on_kpi

    def on_train_epoch_start(self) -> None:
        """Forget the figures of the epoch before; the last epoch is validated whatever the interval."""
        self.kpi, self.threshold = {}, None
        if self.current_epoch == self._run.experiment.train.num_epochs - 1:
            self.trainer.check_val_every_n_epoch = 1

    def on_train_start(self) -> None:
        """Whatever goes wrong from here on, it is not the state of a checkpoint."""
        self.has_started = True

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Add the threshold, the white of the pictures, and what they are like."""
        checkpoint[WHITE_LEVEL] = self.white
        checkpoint[TRAINED_ON] = self.trained_on.to_json()
        checkpoint["threshold"] = self.threshold.value if self.threshold else None
        checkpoint.update(self.threshold.origin_keys() if self.threshold else {})

    def configure_optimizers(self) -> OptimizerLRSchedulerConfig:
        """The optimiser and schedule of the spec."""
        settings = self._run.experiment.train
        optimizer = build_optimizer(settings.optim, self.model.backbone, self.model.head)
        factor = learning_rate_factor(settings.optim, settings.num_epochs, self.steps_per_epoch)
        scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, factor)
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": scheduler, "interval": "step"}}

    def report(self, what: str, kpi: Kpi) -> None:
        """Take in figures of the current epoch, and tell of them."""
        self.kpi = {**self.kpi, **kpi}
        self._on_kpi(what, kpi)
        known = {name: float(value) for name, value in kpi.items() if value is not None}
        self.log_dict(known, sync_dist=False)  # they are those of all processes already

    def diverged(self) -> JobFailedError:
        """The error where a loss or a score is no finite number."""
        return JobFailedError(
            "the loss is no finite number any more: the training has diverged",
            code="diverged",
            where=f"epoch {self.current_epoch + 1}, step {self.global_step}",
            remedy="lower train.optim.lr, raise train.optim.warmup_epochs, or use train.precision=32-true",
        )


def of_all_processes(own: Any) -> list[Any]:
    """What each process that trains along has of this, in their order."""
    if not (torch.distributed.is_available() and torch.distributed.is_initialized()):
        return [own]
    parts: list[Any] = [None] * torch.distributed.get_world_size()
    torch.distributed.all_gather_object(parts, own)
    return parts
