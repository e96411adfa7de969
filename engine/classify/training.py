# SPDX-License-Identifier: Apache-2.0
"""`visual_changenet train` for the classify task, from a checked spec to checkpoints."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from core.errors import DataError
from engine.batch_samplers import DeviceShare, OrderedBatches, WeightedBatches
from engine.checkpoint_writer import CheckpointWriter
from engine.checkpoints import read_checkpoint, start_from
from engine.classify.kpi import summary
from engine.classify.network import build_network, start_weights
from engine.classify.pair_images import files_of_some, open_pairs, pair_loader
from engine.classify.pair_table import PairTable, read_table
from engine.classify.preparation import Preparation
from engine.classify.scoring_loop import by_golden_image
from engine.classify.task import CLASSIFY
from engine.classify.training_module import ClassifyModule
from engine.console import say
from engine.devices import Devices, share_cores, training_devices
from engine.resume import Resumed, TrainingRecord, find_resume, unusable_state
from engine.starter import checkpoint_file
from engine.trainer import build_trainer, check_loggers, run_seed
from engine.training_report import TrainingReport
from pairs.trained_on import look_at_pictures

if TYPE_CHECKING:
    from lightning.pytorch import Trainer

    from engine.loading import Loader, Source
    from engine.settings import Run
    from engine.status import StatusFile


@dataclass(frozen=True, slots=True)
class Data:
    """Both splits of a training run."""

    train: PairTable
    validation: PairTable
    source: Source


def train(run: Run, status: StatusFile) -> None:
    """Train, validate and write checkpoints.

    Raises:
        ChangenetError: data, checkpoint, devices or settings are wrong, or the training diverged.
    """
    settings = run.experiment.train
    check_loggers(run)
    devices = training_devices(settings)
    share_cores(devices)
    resumed = find_resume(run, CLASSIFY)
    if resumed and resumed.next_epoch == settings.num_epochs:
        say(f"{resumed.path} has all {settings.num_epochs} epochs: there is nothing left to train.")
        return
    seed = run_seed(settings.seed, resumed.seed if resumed else None)
    preparation = Preparation(run.experiment)
    torch.manual_seed(seed)
    network = build_network(run.experiment, (preparation.height, preparation.width))
    start_weights(network, run.experiment)
    if settings.pretrained_model_path and not resumed:
        path = checkpoint_file(settings.pretrained_model_path, CLASSIFY.name)
        say(start_from(network, read_checkpoint(path), path))
    data = read_data(run, devices)
    report = TrainingReport(status, settings.num_epochs, summary)
    module = ClassifyModule(run, network, preparation, seed=seed, on_kpi=report.kpi)
    module.white = data.source.store.white
    module.trained_on = look_at_pictures(files_of_some(data.train), lambda path: data.source.store.read(path).numpy())
    callbacks = [report, TrainingRecord(run, CLASSIFY, seed), CheckpointWriter(run, CLASSIFY, lambda: module.kpi)]
    _fit(_Training(run, module, data, resumed), build_trainer(run, devices, callbacks))


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
    return Data(*tables, open_pairs(section, tables))


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


def _count(table: PairTable) -> str:
    return f"{len(table)} pairs, {sum(table.labels)} of them defects"


@dataclass(frozen=True, slots=True)
class _Training:
    """What is trained, on what, and from where on."""

    run: Run
    module: ClassifyModule
    data: Data
    resumed: Resumed | None


def _fit(training: _Training, trainer: Trainer) -> None:
    resumed, loader = training.resumed, _training_loader(training, trainer)
    training.module.steps_per_epoch = len(loader)
    validation = _validation_loader(training, trainer)
    try:
        trainer.fit(training.module, loader, validation, ckpt_path=resumed.path if resumed else None, weights_only=True)
    except (KeyError, TypeError, ValueError, RuntimeError, AttributeError, IndexError) as problem:
        if resumed and not training.module.has_started:
            raise unusable_state(resumed, problem) from problem
        raise


def _training_loader(training: _Training, trainer: Trainer) -> Loader:
    experiment, data, resumed = training.run.experiment, training.data, training.resumed
    section, shared = experiment.dataset.classify, experiment.train.use_distributed_sampler
    draws = WeightedBatches(
        data.train.labels,
        section.batch_size,
        section.fpratio_sampling,
        seed=training.module.seed,
        device=DeviceShare(trainer.global_rank, trainer.world_size, shared),
    )
    if resumed:
        draws.resume_at(resumed.next_epoch, resumed.next_batch)
    return pair_loader(data.train, data.source, draws)


def _validation_loader(training: _Training, trainer: Trainer) -> Loader:
    data = training.data
    mine = by_golden_image(data.validation)[trainer.global_rank :: trainer.world_size]
    batches = OrderedBatches(mine, training.run.experiment.dataset.classify.batch_size)
    return pair_loader(data.validation, data.source, batches)
