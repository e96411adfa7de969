# SPDX-License-Identifier: Apache-2.0
"""`visual_changenet train` for the classify task, from a checked spec to checkpoints."""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from lightning.pytorch import Trainer
from lightning.pytorch.loggers import TensorBoardLogger
from lightning.pytorch.strategies import DDPStrategy

from core.errors import CheckpointError, DataError, SpecError
from engine.checkpoint_writer import CheckpointWriter
from engine.checkpoints import LATEST, check_fits, read_checkpoint, start_from
from engine.classify_model import build_network, start_weights
from engine.console import say
from engine.devices import Devices, share_cores, training_devices
from engine.draws import DeviceShare, OrderedBatches, TrainingDraws
from engine.loading import Source, make_loader, open_source
from engine.pair_table import PairTable, read_table
from engine.preparation import Preparation
from engine.scoring_loop import by_golden_image
from engine.training_report import TrainingReport
from engine.training_task import ClassifyTask

if TYPE_CHECKING:
    from engine.loading import Loader
    from engine.settings import Run
    from engine.status import StatusFile
    from spec.train_section import Cudnn


@dataclass(frozen=True, slots=True)
class Data:
    """Both splits of a training run."""

    train: PairTable
    validation: PairTable
    source: Source


@dataclass(frozen=True, slots=True)
class Resumed:
    """The checkpoint that a run goes on from: the epoch (from 0) and the batch in it that come next."""

    path: Path
    next_epoch: int
    next_batch: int


def train(run: Run, status: StatusFile) -> None:
    """Train, validate and write checkpoints.

    Raises:
        ChangenetError: data, checkpoint, devices or settings are wrong, or the training diverged.
    """
    settings = run.experiment.train
    _check_loggers(run)
    devices = training_devices(settings)
    share_cores(devices)
    resumed = find_resume(run)
    if resumed and resumed.next_epoch == settings.num_epochs:
        say(f"{resumed.path} has all {settings.num_epochs} epochs: there is nothing left to train.")
        return
    seed = run_seed(settings.seed)
    preparation = Preparation(run.experiment)
    torch.manual_seed(seed)
    network = build_network(run.experiment, (preparation.height, preparation.width))
    start_weights(network, run.experiment)
    if settings.pretrained_model_path and not resumed:
        path = Path(settings.pretrained_model_path)
        say(start_from(network, read_checkpoint(path), path))
    data = read_data(run, devices)
    report = TrainingReport(status, settings.num_epochs)
    task = ClassifyTask(run, network, preparation, seed=seed, on_kpi=report.kpi)
    _fit(_Training(run, task, data, devices, report, resumed))


def read_data(run: Run, devices: Devices) -> Data:
    """Both splits, checked, and their pictures in memory where they fit.

    Raises:
        DataError: a split is broken or too small.
    """
    section = run.experiment.dataset.classify
    tables = read_table(section, "train"), read_table(section, "validation")
    needed = section.batch_size * devices.processes
    if len(tables[0]) < needed:
        raise DataError(
            f"the train split has {len(tables[0])} rows, fewer than one batch on each device ({needed})",
            code="data.too_few_rows",
            where=str(tables[0].source.csv_path),
            remedy=f"lower dataset.classify.batch_size to {max(2, len(tables[0]) // devices.processes)}, or add rows",
        )
    _check_classes(tables[0])
    say(f"train: {_count(tables[0])}; validation: {_count(tables[1])}")
    source = open_source(section, tables)
    return Data(*tables, source)


def _check_classes(table: PairTable) -> None:
    defects = sum(table.labels)
    if 0 < defects < len(table):
        return
    raise DataError(
        f"all rows of the train split are {'defects' if defects else 'PASS'}: there is nothing to tell apart",
        code="data.one_class",
        where=str(table.source.csv_path),
        remedy="add rows of the other kind; the label of a good board is exactly PASS",
    )


def _check_loggers(run: Run) -> None:
    if run.experiment.wandb.enable:
        raise SpecError(
            "the embedded engine logs for TensorBoard only",
            code="spec.wandb",
            where="wandb.enable",
            remedy="set wandb.enable=false; the scalars are under lightning_logs/",
        )


def _count(table: PairTable) -> str:
    return f"{len(table)} pairs, {sum(table.labels)} of them defects"


@dataclass(frozen=True, slots=True)
class _Training:
    """Everything that Lightning is handed."""

    run: Run
    task: ClassifyTask
    data: Data
    devices: Devices
    report: TrainingReport
    resumed: Resumed | None


def _fit(training: _Training) -> None:
    run, devices = training.run, training.devices
    settings = run.experiment.train
    set_cudnn(settings.cudnn)
    trainer = Trainer(
        accelerator=devices.accelerator,
        devices=devices.devices,
        num_nodes=devices.num_nodes,
        # Heads and backbones have parts that some settings leave unused; a static graph finds them once.
        strategy=DDPStrategy(static_graph=True) if devices.processes > 1 else "auto",
        max_epochs=settings.num_epochs,
        check_val_every_n_epoch=settings.validation_interval,
        num_sanity_val_steps=0,
        precision=settings.precision,
        sync_batchnorm=settings.sync_batchnorm,
        use_distributed_sampler=False,
        logger=_logger(run),
        log_every_n_steps=1,
        callbacks=[training.report, CheckpointWriter(run)],
        enable_progress_bar=False,
        enable_model_summary=False,
        default_root_dir=run.results_dir,
    )
    resumed, loader = training.resumed, _training_loader(training, trainer)
    training.task.steps_per_epoch = len(loader)
    validation = _validation_loader(training, trainer)
    trainer.fit(training.task, loader, validation, ckpt_path=resumed.path if resumed else None, weights_only=True)


def _training_loader(training: _Training, trainer: Trainer) -> Loader:
    experiment, data, resumed = training.run.experiment, training.data, training.resumed
    section, shared = experiment.dataset.classify, experiment.train.use_distributed_sampler
    draws = TrainingDraws(
        data.train.labels,
        section.batch_size,
        section.fpratio_sampling,
        seed=training.task.seed,
        device=DeviceShare(trainer.global_rank, trainer.world_size, shared),
    )
    if resumed:
        draws.resume_at(resumed.next_epoch, resumed.next_batch)
    return make_loader(data.train, data.source, draws)


def _validation_loader(training: _Training, trainer: Trainer) -> Loader:
    data = training.data
    mine = by_golden_image(data.validation)[trainer.global_rank :: trainer.world_size]
    batches = OrderedBatches(mine, training.run.experiment.dataset.classify.batch_size)
    return make_loader(data.validation, data.source, batches)


def _logger(run: Run) -> TensorBoardLogger | bool:
    if not run.experiment.train.tensorboard.enabled:
        return False
    return TensorBoardLogger(run.results_dir, name="lightning_logs", default_hp_metric=False)


def set_cudnn(settings: Cudnn) -> None:
    """Choose how cuDNN picks its kernels; of no effect on the processor, where results repeat anyway."""
    torch.backends.cudnn.benchmark = settings.benchmark
    torch.backends.cudnn.deterministic = settings.deterministic


def run_seed(seed: int) -> int:
    """The seed of a run; for -1 a new one, which processes that train together share through the environment."""
    if seed >= 0:
        return seed
    return int(os.environ.setdefault("VISUAL_CHANGENET_SEED", str(secrets.randbits(32))))


def find_resume(run: Run) -> Resumed | None:
    """The checkpoint to go on from: the one that the spec names, else the latest in the results folder.

    Raises:
        CheckpointError: it does not fit the spec, or has more epochs than are asked for.
    """
    settings = run.experiment.train
    named = settings.resume_training_checkpoint_path
    path = Path(named) if named else run.results_dir / LATEST["classify"]
    if not named and not path.is_symlink():
        return None
    content = read_checkpoint(path)
    check_resumable(content, path, settings.num_epochs)
    for warning in check_fits(content, run.config, path):
        say(f"WARNING {warning}")
    say(f"resuming from {path}, after epoch {content['epoch']}, step {content['global_step']}")
    loop = content["loops"]["fit_loop"]
    epochs, batches = loop["epoch_progress"]["current"], loop["epoch_loop.batch_progress"]["current"]
    within = epochs["processed"] < epochs["ready"]  # written between two steps of an epoch
    return Resumed(path.resolve(), epochs["processed"], batches["processed"] if within else 0)


def check_resumable(content: dict[str, object], path: Path, epochs: int) -> None:
    """Refuse a checkpoint that training can't go on from.

    Raises:
        CheckpointError: it holds weights alone, or more epochs than are asked for.
    """
    missing = [name for name in ("optimizer_states", "lr_schedulers", "loops", "epoch") if name not in content]
    if missing:
        raise CheckpointError(
            f"training can't go on from this checkpoint: it has no {', '.join(missing)}",
            code="checkpoint.no_state",
            where=str(path),
            remedy="start from its weights instead: train.pretrained_model_path",
        )
    epoch = content["epoch"]
    if isinstance(epoch, int) and epoch + 1 > epochs:
        raise CheckpointError(
            f"the checkpoint has {epoch + 1} epochs, but train.num_epochs is {epochs}",
            code="checkpoint.epochs",
            where=str(path),
            remedy=f"set train.num_epochs above {epoch + 1}, or another results_dir to start anew",
        )
