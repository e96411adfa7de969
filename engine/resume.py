# SPDX-License-Identifier: Apache-2.0
"""Where an interrupted training goes on."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import CheckpointError
from engine.checkpoints import check_fits, read_checkpoint
from engine.console import say
from engine.file_names import latest_link

if TYPE_CHECKING:
    from engine.settings import Run
    from engine.task import Task


@dataclass(frozen=True, slots=True)
class Resumed:
    """The checkpoint that a run goes on from: the epoch (from 0) and the batch in it that come next."""

    path: Path
    next_epoch: int
    next_batch: int


def find_resume(run: Run, task: Task) -> Resumed | None:
    """The checkpoint to go on from: the one that the spec names, else the latest in the results folder.

    Raises:
        CheckpointError: it does not fit the spec, or has more epochs than are asked for.
    """
    settings = run.experiment.train
    named = settings.resume_training_checkpoint_path
    path = Path(named) if named else run.results_dir / latest_link(task.name)
    if not named and not path.is_symlink():
        return None
    content = read_checkpoint(path)
    check_resumable(content, path, settings.num_epochs)
    for warning in check_fits(content, run.config, path, task):
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
