# SPDX-License-Identifier: Apache-2.0
"""The Lightning trainer of a spec, whatever the task."""

from __future__ import annotations

import os
import secrets
from typing import TYPE_CHECKING

import torch
from lightning.pytorch import Trainer
from lightning.pytorch.loggers import TensorBoardLogger
from lightning.pytorch.strategies import DDPStrategy

from core.errors import SpecError
from engine.console import say
from engine.file_names import TENSORBOARD
from engine.shared_batch_norm import SharedBatchNorm

if TYPE_CHECKING:
    from lightning.pytorch.callbacks import Callback

    from engine.devices import Devices
    from engine.settings import Run
    from spec.train_section import Cudnn


def build_trainer(run: Run, devices: Devices, callbacks: list[Callback]) -> Trainer:
    """The trainer, with the callbacks that report and write checkpoints."""
    settings = run.experiment.train
    set_cudnn(settings.cudnn)
    together = devices.processes > 1
    return Trainer(
        accelerator=devices.accelerator,
        devices=devices.devices,
        num_nodes=devices.num_nodes,
        # Heads and backbones have parts that some settings leave unused; a static graph finds them once.
        strategy=DDPStrategy(static_graph=True) if together else "auto",
        max_epochs=settings.num_epochs,
        check_val_every_n_epoch=settings.validation_interval,
        num_sanity_val_steps=0,
        precision=settings.precision,
        plugins=[SharedBatchNorm()] if together and settings.sync_batchnorm else None,
        use_distributed_sampler=False,
        logger=_logger(run),
        log_every_n_steps=1,
        callbacks=callbacks,
        enable_progress_bar=False,
        enable_model_summary=False,
        default_root_dir=run.results_dir,
    )


def check_loggers(run: Run) -> None:
    """Refuse a logger that the embedded engine does not have, before anything is read.

    Raises:
        SpecError: Weights & Biases is asked for.
    """
    if run.experiment.wandb.enable:
        raise SpecError(
            "the embedded engine logs for TensorBoard only",
            code="spec.wandb",
            where="wandb.enable",
            remedy=f"set wandb.enable=false; the scalars are under {TENSORBOARD}/",
        )


def _logger(run: Run) -> TensorBoardLogger | bool:
    if not run.experiment.train.tensorboard.enabled:
        return False
    return TensorBoardLogger(run.results_dir, name=TENSORBOARD, default_hp_metric=False)


def set_cudnn(settings: Cudnn) -> None:
    """Choose how cuDNN picks its kernels; of no effect on the processor, where results repeat anyway."""
    torch.backends.cudnn.benchmark = settings.benchmark
    torch.backends.cudnn.deterministic = settings.deterministic


def run_seed(seed: int, resumed: int | None = None) -> int:
    """The seed of a run; for -1 that of the run it goes on from, or else a new one.

    Processes that train together share a new one through the environment.
    """
    if seed >= 0:
        return seed
    if resumed is not None:
        return resumed
    drawn = int(os.environ.setdefault("VISUAL_CHANGENET_SEED", str(secrets.randbits(32))))
    say(f"NOTICE train.seed is -1: this training draws with seed {drawn}")
    return drawn
