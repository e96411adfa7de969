# SPDX-License-Identifier: Apache-2.0
"""Where an interrupted training goes on, and what every checkpoint says of the training that wrote it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lightning.pytorch.callbacks import Callback
from typing_extensions import override

from core.dotted import flatten, get
from core.errors import CheckpointError
from core.files import real_path
from engine.checkpoints import check_fits, read_checkpoint
from engine.console import say
from engine.file_names import latest_link

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lightning.pytorch import LightningModule, Trainer

    from engine.checkpoints import Content
    from engine.settings import Run
    from engine.task import Task

_OF_THE_TRAINING = ("model.", "dataset.", "train.optim.", "train.classify.", "train.segment.")
_STATE = {"optimizer_states": list, "lr_schedulers": list, "loops": dict, "epoch": int, "global_step": int}


@dataclass(frozen=True, slots=True)
class Resumed:
    """The checkpoint that a run goes on from: the epoch (from 0) and the batch in it that come next, and its seed."""

    path: Path
    next_epoch: int
    next_batch: int
    seed: int | None


class TrainingRecord(Callback):
    """Writes into every checkpoint the spec, the task, the seed of all draws, and a digest of each table of data."""

    def __init__(self, run: Run, task: Task, seed: int) -> None:
        self._record = {"config": run.config, "task": task.name, "seed": seed, "data": digests(run, task)}

    @override
    def on_save_checkpoint(self, trainer: Trainer, pl_module: LightningModule, checkpoint: dict[str, Any]) -> None:
        """Add them to what Lightning saves."""
        checkpoint.update(self._record)


def digests(run: Run, task: Task) -> dict[str, str]:
    """The SHA-256 of every file that training reads its tables from, by the key that names it."""
    found = {}
    for key, path in task.tables(run.config).items():
        if path.is_file():
            with path.open("rb") as handle:
                found[key] = hashlib.file_digest(handle, "sha256").hexdigest()
    return found


def find_resume(run: Run, task: Task) -> Resumed | None:
    """The checkpoint to go on from: the one that the spec names, else the latest in the results folder.

    Raises:
        CheckpointError: it does not fit the spec, has more epochs than are asked for, or, where the spec does not name
            it, was trained on other data.
    """
    settings = run.experiment.train
    named = settings.resume_training_checkpoint_path
    path = Path(named) if named else run.results_dir / latest_link(task.name)
    if not named and not path.is_symlink():
        return None
    content = read_checkpoint(path)
    next_epoch, next_batch = check_resumable(content, path, settings.num_epochs)
    for warning in check_fits(content, run.config, path, task):
        say(f"WARNING {warning}")
    _check_data(content, run, task, path, named=bool(named))
    if next_epoch == settings.num_epochs:
        _tell_of_changes(content, run)
    say(f"resuming from {path}, after epoch {content['epoch'] + 1}, step {content['global_step']}")
    seed = content.get("seed")
    return Resumed(real_path(path), next_epoch, next_batch, seed if isinstance(seed, int) else None)


def _check_data(content: Content, run: Run, task: Task, path: Path, *, named: bool) -> None:
    recorded, trained = content.get("data"), content.get("config")
    before = recorded if isinstance(recorded, dict) else {}
    now = digests(run, task)
    moved = [key for key in task.data_keys if isinstance(trained, dict) and _is_elsewhere(key, trained, run.config)]
    # The same table elsewhere is the same; pictures in another folder are taken for others, whatever their names.
    same_rows = {key for key, digest in now.items() if before.get(key) == digest}
    other_rows = {key for key, digest in now.items() if before.get(key, digest) != digest}
    other = [key for key in task.data_keys if key in other_rows or (key in moved and key not in same_rows)]
    if other and not named:
        raise CheckpointError(
            f"this folder holds a training on other data than {', '.join(other)}",
            code="checkpoint.data",
            where=str(path),
            remedy="set another results_dir to train anew, or name this checkpoint in "
            "train.resume_training_checkpoint_path to go on from it with these data",
        )
    for key in dict.fromkeys([*other, *moved]):
        say(f"WARNING unlike in training: {key} is {get(run.config, key)}")


def _is_elsewhere(key: str, trained: Mapping[str, Any], config: Mapping[str, Any]) -> bool:
    before, now = (real_path(Path(str(get(tree, key) or ""))) for tree in (trained, config))
    return before != now


def _tell_of_changes(content: Content, run: Run) -> None:
    trained = content.get("config")
    before, now = flatten(trained if isinstance(trained, dict) else {}), flatten(run.config)
    changed = [
        f"{key} is {now[key]}, was {value}"
        for key, value in before.items()
        if key.startswith(_OF_THE_TRAINING) and now.get(key, value) != value
    ]
    if changed:
        say(f"WARNING these values have changed, and nothing is trained with them: {'; '.join(changed)}")


def check_resumable(content: Content, path: Path, epochs: int) -> tuple[int, int]:
    """The epoch and the batch that come next after a checkpoint.

    Raises:
        CheckpointError: it holds weights alone, a state that can't be read, or more epochs than are asked for.
    """
    missing = [name for name, kind in _STATE.items() if not isinstance(content.get(name), kind) or content[name] == []]
    place = None if missing else _next_place(content)
    if place is None:
        raise CheckpointError(
            f"training can't go on from this checkpoint: it has no {', '.join(missing) or 'place in an epoch'}",
            code="checkpoint.no_state",
            where=str(path),
            remedy="start from its weights instead: train.pretrained_model_path",
        )
    done = content["epoch"] + 1
    if done > epochs:
        raise CheckpointError(
            f"the checkpoint has {done} epochs, but train.num_epochs is {epochs}",
            code="checkpoint.epochs",
            where=str(path),
            remedy=f"set train.num_epochs above {done}, or another results_dir to start anew",
        )
    return place


def unusable_state(resumed: Resumed, problem: Exception) -> CheckpointError:
    """What Lightning and torch say of a state that they can't restore."""
    reason = " ".join(str(problem).split()) or type(problem).__name__
    return CheckpointError(
        f"training can't go on from this checkpoint: its state does not fit ({reason})",
        code="checkpoint.state",
        where=str(resumed.path),
        remedy="start from its weights instead: train.pretrained_model_path",
    )


def _next_place(content: Content) -> tuple[int, int] | None:
    try:
        loop = content["loops"]["fit_loop"]
        epochs, batches = loop["epoch_progress"]["current"], loop["epoch_loop.batch_progress"]["current"]
        within = epochs["processed"] < epochs["ready"]  # written between two steps of an epoch
        return int(epochs["processed"]), int(batches["processed"]) if within else 0
    except (KeyError, TypeError, ValueError):
        return None
