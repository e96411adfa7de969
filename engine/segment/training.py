# SPDX-License-Identifier: Apache-2.0
"""`visual_changenet train` for the segment task, from a checked spec to checkpoints."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from engine.batch_samplers import OrderedBatches
from engine.checkpoint_writer import CheckpointWriter
from engine.console import say
from engine.devices import Devices, share_cores, training_devices
from engine.fitting import Split, fit, go_on_at, my_part, require_pairs, require_validation, share_of
from engine.network_setup import start_backbone, start_from_model
from engine.number_formats import check_precision
from engine.resume import Resumed, TrainingRecord, find_resume
from engine.segment.draws import EpochDraws
from engine.segment.figures import summary
from engine.segment.network import build_network
from engine.segment.pair_list import PairList, read_pairs
from engine.segment.pictures import Pixels, open_pixels, scoring_loader, training_loader
from engine.segment.preparation import Preparation
from engine.segment.task import segment_task
from engine.segment.tiles import tiles_per_pair
from engine.segment.training_module import SegmentModule
from engine.trainer import build_trainer, check_loggers, run_seed
from engine.training_report import TrainingReport
from pairs.trained_on import MOST_PICTURES, TrainedOn, look_at_pictures, spread

if TYPE_CHECKING:
    from lightning.pytorch import Trainer

    from engine.loading import Loader
    from engine.settings import Run
    from engine.status import StatusFile


@dataclass(frozen=True, slots=True)
class Data:
    """Both splits of a training run."""

    train: PairList
    validation: PairList
    pixels: Pixels


def train(run: Run, status: StatusFile) -> None:
    """Train, validate and write checkpoints.

    Raises:
        ChangenetError: data, checkpoint, devices or settings are wrong, or the training diverged.
    """
    settings, task = run.experiment.train, segment_task(run.experiment)
    check_loggers(run)
    devices = training_devices(settings)
    check_precision(settings.precision, devices.accelerator)
    share_cores(devices)
    resumed = find_resume(run, task)
    if resumed and resumed.next_epoch == settings.num_epochs:
        say(f"{resumed.path} has all {settings.num_epochs} epochs: there is nothing left to train.")
        return
    lists = read_lists(run, devices)  # before the network: a large one takes long to build
    seed = run_seed(settings.seed, resumed.seed if resumed else None)
    torch.manual_seed(seed)
    network = build_network(run.experiment)
    start_backbone(network.backbone, run.experiment.model.backbone)
    start = start_from_model(network, settings.pretrained_model_path, task.name, resumed)
    data = read_data(run, *lists)
    report = TrainingReport(status, settings.num_epochs, summary)
    module = SegmentModule(run, network, Preparation(run.experiment), seed=seed, on_kpi=report.kpi)
    module.white = data.pixels.source.store.white
    module.trained_on = _look_at(data).after(start)
    callbacks = [report, TrainingRecord(run, task, seed), CheckpointWriter(run, task, lambda: module.kpi)]
    trainer = build_trainer(run, devices, callbacks)
    loaders = _training_loader(run, data, trainer, seed, resumed), _validation_loader(run, data, trainer)
    fit(trainer, module, loaders, resumed)


def _look_at(data: Data) -> TrainedOn:
    """What the training pictures are like; where tiles are cut out of them it does not matter how large they are."""
    pairs, store = data.train, data.pixels.source.store
    some = spread(len(pairs), MOST_PICTURES // 2)
    files = [file for i in some for file in (pairs.golden_file(i), pairs.test_file(i))]
    return look_at_pictures(files, lambda path: store.read(path).numpy(), with_sizes=not data.pixels.tiled)


def read_lists(run: Run, devices: Devices) -> tuple[PairList, PairList]:
    """The splits for training and validation, checked.

    Raises:
        DataError: a split is broken or too small.
    """
    section = run.experiment.dataset.segment
    lists = read_pairs(section, "train_split"), read_pairs(section, "validation_split")
    train, validation = (_split(pairs) for pairs in lists)
    require_pairs(train, section.batch_size, devices)
    require_validation(validation, devices)
    return lists


def _split(pairs: PairList) -> Split:
    where = str(pairs.source.list_file(pairs.split))
    return Split(f"the split {pairs.split!r}", len(pairs), where, "dataset.segment.batch_size")


def read_data(run: Run, train: PairList, validation: PairList) -> Data:
    """Both splits with their pictures, in memory where they fit.

    Raises:
        ImageError, DataError: a picture or a label is broken.
    """
    section = run.experiment.dataset.segment
    pixels = open_pixels(section, (train, validation))
    squares = f", {_repeats(pixels)} tiles of each in an epoch" if section.tiles else ""
    say(f"train: {len(train)} pairs{squares}; validation: {len(validation)} pairs")
    return Data(train, validation, pixels)


def _repeats(pixels: Pixels) -> int:
    return tiles_per_pair(*pixels.typical, pixels.side) if pixels.tiled else 1


def _training_loader(run: Run, data: Data, trainer: Trainer, seed: int, resumed: Resumed | None) -> Loader:
    section = run.experiment.dataset.segment
    draws = EpochDraws(
        len(data.train),
        _repeats(data.pixels),
        section.batch_size,
        shuffle=section.shuffle,
        seed=seed,
        device=share_of(trainer, shared=True),  # there are no weighted draws that each could have of its own
    )
    go_on_at(draws, resumed)
    return training_loader(data.train, data.pixels, draws)


def _validation_loader(run: Run, data: Data, trainer: Trainer) -> Loader:
    mine = my_part(trainer, range(len(data.validation)))
    # Whole pictures may be large: each of them gives a batch of tiles by itself.
    pairs_at_once = 1 if data.pixels.tiled else run.experiment.dataset.segment.batch_size
    return scoring_loader(data.validation, data.pixels, OrderedBatches(mine, pairs_at_once), with_labels=True)
