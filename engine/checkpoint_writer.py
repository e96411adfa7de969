# SPDX-License-Identifier: Apache-2.0
"""When training writes checkpoints: periodically, the best by a metric, and the link to the latest."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lightning.pytorch.callbacks import Checkpoint

from core.errors import SpecError
from core.files import atomic_path, replace_link
from engine.file_names import latest_link, periodic_checkpoint
from spec.metrics import DEFAULT_MONITOR, metric_mode

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from lightning.pytorch import Trainer

    from engine.settings import Run
    from engine.status import Kpi
    from engine.task import Task

_FIELD = re.compile(r"\{(\w+)(:[^{}]*)?\}")


class CheckpointWriter(Checkpoint):
    """Writes checkpoints whole or not at all, after an epoch's figures are known."""

    def __init__(self, run: Run, task: Task, figures: Callable[[], Kpi]) -> None:
        settings = run.experiment.train
        self._results_dir = run.results_dir
        self._link = run.results_dir / latest_link(task.name)
        self._figures = figures
        self._every, self._unit = settings.checkpoint_interval, settings.checkpoint_interval_unit
        self._last_epoch = settings.num_epochs - 1
        self._settings = settings.checkpointer
        self._monitor = self._settings.monitor or DEFAULT_MONITOR
        self._mode = self._settings.mode or metric_mode(self._monitor, task.name) or "min"
        self._folder = Path(self._settings.dirpath) if self._settings.dirpath else run.results_dir
        self._best: list[tuple[float, str]] = []  # best first; the value and the file name
        _check_template(self._template, task.metrics)
        _check_folder(self._folder)

    def state_dict(self) -> dict[str, Any]:
        """The best checkpoints so far, for a resumed run."""
        return {"best": [list(entry) for entry in self._best]}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on with the best checkpoints that are still there."""
        self._best = [(value, name) for value, name in state_dict["best"] if (self._folder / name).is_file()]

    def on_train_batch_end(self, trainer: Trainer, *_: Any) -> None:
        """With an interval in steps, write within the epoch."""
        step = trainer.global_step
        last_of_epoch = trainer.fit_loop.epoch_loop.batch_progress.is_last_batch
        if self._unit == "step" and step % self._every == 0 and not last_of_epoch:
            self._write_periodic(trainer)

    def on_train_epoch_end(self, trainer: Trainer, *_: Any) -> None:
        """Write what is due after an epoch."""
        epoch, last = trainer.current_epoch, trainer.current_epoch == self._last_epoch
        if self._settings.enable_topk:
            self._write_best(trainer)
        due = trainer.global_step % self._every == 0 if self._unit == "step" else (epoch + 1) % self._every == 0
        if (due or last) and not (self._settings.enable_topk and self._settings.replace_periodic):
            self._write_periodic(trainer)

    def _write_periodic(self, trainer: Trainer) -> None:
        path = self._results_dir / periodic_checkpoint(trainer.current_epoch, trainer.global_step)
        _save(trainer, path)
        self._point_to(trainer, path)

    def _write_best(self, trainer: Trainer) -> None:
        value = self._figures().get(self._monitor)
        if value is None:  # not measured in this epoch, or without meaning on these pairs
            return
        sign = 1.0 if self._mode == "min" else -1.0
        name = self._name(trainer)
        ranked = sorted([*self._best, (value, name)], key=lambda entry: sign * entry[0])
        kept, dropped = ranked[: self._settings.save_top_k], ranked[self._settings.save_top_k :]
        if (value, name) not in kept:
            return
        self._best = kept
        _save(trainer, self._folder / name)
        if trainer.is_global_zero:
            for _, old in dropped:
                (self._folder / old).unlink(missing_ok=True)
        if self._settings.replace_periodic:
            self._point_to(trainer, self._folder / kept[0][1])

    def _point_to(self, trainer: Trainer, path: Path) -> None:
        if trainer.is_global_zero:
            replace_link(self._link, os.path.relpath(path, self._link.parent))

    @property
    def _template(self) -> str:
        template = self._settings.filename
        return _FIELD.sub(r"\1=\g<0>", template) if self._settings.auto_insert_metric_name else template

    def _name(self, trainer: Trainer) -> str:
        known = {name: value for name, value in self._figures().items() if value is not None}
        values = {**known, "epoch": trainer.current_epoch, "step": trainer.global_step}
        return f"{self._template.format_map(values)}.pth"


def _save(trainer: Trainer, path: Path) -> None:
    if trainer.is_global_zero:
        with atomic_path(path) as temporary:
            trainer.save_checkpoint(temporary, weights_only=False)
    else:
        trainer.save_checkpoint(
            path, weights_only=False
        )  # takes part in collecting the state; only the first process writes


def _check_folder(folder: Path) -> None:
    """Before anything is trained, not after hours of it."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        usable, reason = os.access(folder, os.W_OK | os.X_OK), "permission denied"
    except OSError as problem:
        usable, reason = False, str(problem.strerror)
    if not usable:
        raise SpecError(
            f"the folder of the best checkpoints, {folder}, can't be written ({reason})",
            code="spec.checkpoint_folder",
            where="train.checkpointer.dirpath",
            remedy="name a folder that you may write to, or set it to null",
        )


def _check_template(template: str, metrics: Iterable[str]) -> None:
    sample = dict.fromkeys(("epoch", "step"), 0) | dict.fromkeys(metrics, 0.0)
    try:
        name = template.format_map(sample)
    except (KeyError, ValueError, IndexError, AttributeError) as problem:
        raise _bad_template(template, f"can't be filled in ({problem})") from None
    if not name or name != Path(name).name:
        raise _bad_template(template, "is no plain file name")


def _bad_template(template: str, what: str) -> SpecError:
    return SpecError(
        f"the checkpoint name '{template}' {what}",
        code="spec.checkpoint_name",
        where="train.checkpointer.filename",
        remedy="write for instance model_best_{epoch:03d}",
    )
