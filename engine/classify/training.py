# SPDX-License-Identifier: Apache-2.0
"""`visual_changenet train` for the classify task, from a checked spec to checkpoints."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from core.errors import DataError
from engine.batch_samplers import HardBatches, OrderedBatches, WeightedBatches
from engine.checkpoint_writer import CheckpointWriter
from engine.classify.hard_pairs import certainty_of
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
from engine.fitting import Split, fit, go_on_at, my_part, require_pairs, require_validation, share_of
from engine.network_setup import start_from_model
from engine.number_formats import check_precision
from engine.resume import TrainingRecord, find_resume
from engine.trainer import build_trainer, check_loggers, run_seed
from engine.training_report import TrainingReport
from pairs.trained_on import look_at_pictures

if TYPE_CHECKING:
    from lightning.pytorch import Trainer

    from engine.batch_samplers import DeviceShare, EpochBatches
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
    check_precision(settings.precision, devices.accelerator)
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
    start = start_from_model(network, settings.pretrained_model_path, CLASSIFY.name, resumed)
    data = read_data(run, devices)
    report = TrainingReport(status, settings.num_epochs, summary)
    module = ClassifyModule(run, network, preparation, seed=seed, on_kpi=report.kpi)
    module.white = data.source.store.white
    seen = look_at_pictures(files_of_some(data.train), lambda path: data.source.store.read(path).numpy())
    module.trained_on = seen.after(start)
    callbacks = [report, TrainingRecord(run, CLASSIFY, seed), CheckpointWriter(run, CLASSIFY, lambda: module.kpi)]
    trainer = build_trainer(run, devices, callbacks)
    draws = _draws(run, data, preparation, (seed, share_of(trainer, shared=settings.use_distributed_sampler)))
    go_on_at(draws, resumed)
    loaders = pair_loader(data.train, data.source, draws), _validation_loader(run, data, trainer)
    fit(trainer, module, loaders, resumed)
    spent = os.times()
    say(f"the training took {spent.user + spent.system:.0f} s of processor time")


def read_data(run: Run, devices: Devices) -> Data:
    """Both splits, checked, and their pictures in memory where they fit.

    Raises:
        DataError: a split is broken or too small.
    """
    section = run.experiment.dataset.classify
    tables = read_table(section, "train"), read_table(section, "validation")
    train, validation = (_split(*one) for one in zip(("train", "validation"), tables, strict=True))
    require_pairs(train, section.batch_size, devices, least=2)
    require_validation(validation, devices)
    _check_classes(tables[0])
    say(f"train: {_count(tables[0])}; validation: {_count(tables[1])}")
    return Data(*tables, open_pairs(section, tables))


def _split(name: str, table: PairTable) -> Split:
    return Split(f"the {name} split", len(table), str(table.source.csv_path), "dataset.classify.batch_size")


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


def _draws(run: Run, data: Data, preparation: Preparation, of: tuple[int, DeviceShare]) -> EpochBatches:
    """The draws of a seed and a device: by class, or by what the model that the training starts from has wrong."""
    section, (seed, device) = run.experiment.dataset.classify, of
    size, share = section.batch_size, section.hard_mining
    if not share:
        return WeightedBatches(data.train.labels, size, section.fpratio_sampling, seed=seed, device=device)
    certainty = certainty_of(run, data.train, data.source, preparation)
    wrong = int((certainty < 0).sum())
    say(f"the start has {wrong} of {len(certainty)} training pairs wrong; {share:.0%} of the draws go to the hardest")
    return HardBatches(certainty, size, share, seed=seed, device=device)


def _validation_loader(run: Run, data: Data, trainer: Trainer) -> Loader:
    mine = my_part(trainer, by_golden_image(data.validation))
    batches = OrderedBatches(mine, run.experiment.dataset.classify.batch_size)
    return pair_loader(data.validation, data.source, batches)
