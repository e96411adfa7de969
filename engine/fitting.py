# SPDX-License-Identifier: Apache-2.0
"""One training from its first step, or from a checkpoint, to its end, whatever the task."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.errors import DataError
from engine.batch_samplers import DeviceShare
from engine.resume import unusable_state

if TYPE_CHECKING:
    from lightning.pytorch import Trainer

    from engine.batch_samplers import EpochBatches
    from engine.devices import Devices
    from engine.loading import Loader
    from engine.resume import Resumed
    from engine.task_module import TaskModule


@dataclass(frozen=True, slots=True)
class Split:
    """How many pairs a split has, what it is called, where it is listed, and the key of the pairs in a batch."""

    name: str
    pairs: int
    where: str
    batch_key: str


def require_pairs(split: Split, batch_size: int, devices: Devices, *, least: int = 1) -> None:
    """Refuse a split to train on that does not fill one batch on each device; `least` pairs make a batch.

    Raises:
        DataError: it has fewer pairs.
    """
    needed = batch_size * devices.processes
    if split.pairs < needed:
        raise DataError(
            f"{split.name} has {split.pairs} pairs, fewer than one batch on each device ({needed})",
            code="data.too_few_rows",
            where=split.where,
            remedy=f"lower {split.batch_key} to {max(least, split.pairs // devices.processes)}, or add pairs",
        )


def require_validation(split: Split, devices: Devices) -> None:
    """Refuse a validation split that leaves one of several devices without a pair.

    Raises:
        DataError: it has fewer pairs than there are devices.
    """
    if split.pairs < devices.processes:
        raise DataError(
            f"{split.name} has {split.pairs} pairs, fewer than the {devices.processes} devices that train together",
            code="data.too_few_rows",
            where=split.where,
            remedy="add pairs, or train on fewer devices (train.num_gpus, train.num_nodes)",
        )


def share_of(trainer: Trainer, *, shared: bool) -> DeviceShare:
    """The part of the draws that this process of a training takes."""
    return DeviceShare(trainer.global_rank, trainer.world_size, shared)


def my_part(trainer: Trainer, indices: range | list[int]) -> range | list[int]:
    """The validation pairs that this process of a training looks at: no pair counts twice."""
    return indices[trainer.global_rank :: trainer.world_size]


def go_on_at(draws: EpochBatches, resumed: Resumed | None) -> None:
    """Leave out what was drawn before the checkpoint of a resumed run."""
    if resumed:
        draws.resume_at(resumed.next_epoch, resumed.next_batch)


def fit(trainer: Trainer, module: TaskModule, loaders: tuple[Loader, Loader], resumed: Resumed | None) -> None:
    """Train on the first loader, and validate with the second.

    Raises:
        CheckpointError: the state of the checkpoint to go on from can't be restored.
        ChangenetError: whatever ends the training.
    """
    module.steps_per_epoch = len(loaders[0])
    path = resumed.path if resumed else None
    try:
        trainer.fit(module, *loaders, ckpt_path=path, weights_only=True)
    except (KeyError, TypeError, ValueError, RuntimeError, AttributeError, IndexError) as problem:
        if resumed and not module.has_started:
            raise unusable_state(resumed, problem) from problem
        raise
