# SPDX-License-Identifier: Apache-2.0
"""What a training run tells while it runs: status records, TensorBoard-independent, and a progress line."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from lightning.pytorch.callbacks import Callback
from typing_extensions import override

from engine.console import ProgressLine, say
from engine.lifecycle import stop_if_asked
from engine.status import Progress

if TYPE_CHECKING:
    from collections.abc import Callable

    from lightning.pytorch import LightningModule, Trainer

    from engine.status import Kpi, StatusFile

_SECONDS_BETWEEN_RECORDS = 10.0


class TrainingReport(Callback):
    """Reports steps, epochs and key figures; `in_words` makes a line of the latter."""

    def __init__(self, status: StatusFile, epochs: int, in_words: Callable[[Kpi], str]) -> None:
        self._status = status
        self._in_words = in_words
        self._epochs = epochs
        self._line: ProgressLine | None = None
        self._started = self._last_record = time.monotonic()
        self._first_step = 0
        self._steps_per_epoch = 1
        self._step = 0

    @override
    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Begin to count; a resumed run begins where it was left."""
        self._steps_per_epoch = max(1, int(trainer.num_training_batches))
        self._first_step = self._step = trainer.global_step
        self._started = self._last_record = time.monotonic()
        self._line = ProgressLine("training", self._epochs * self._steps_per_epoch, "steps").__enter__()

    @override
    def on_train_batch_end(self, trainer: Trainer, pl_module: LightningModule, outputs: Any, *_: Any) -> None:
        """One step more, unless a stop was asked for that nobody heard."""
        stop_if_asked()
        self._step = trainer.global_step
        if self._line:
            loss = float(outputs["loss"])
            self._line.update(self._step, f"epoch {trainer.current_epoch + 1}/{self._epochs}, loss {loss:.4f}")
        if time.monotonic() - self._last_record >= _SECONDS_BETWEEN_RECORDS:
            self._record("Training loop in progress.", trainer.current_epoch)

    @override
    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """One epoch more."""
        self._record("Training epoch finished.", trainer.current_epoch)

    @override
    def teardown(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        """Take the progress line away, whichever way training ended."""
        if self._line:
            self._line.__exit__(None, None, None)
            self._line = None

    def kpi(self, what: str, kpi: Kpi) -> None:
        """Record key figures."""
        self._status.write("RUNNING", f"{what.capitalize()} metrics generated.", kpi=kpi)
        say(f"{what}: {self._in_words(kpi)}")

    def _record(self, message: str, epoch: int) -> None:
        self._last_record = time.monotonic()
        done = max(1, self._step - self._first_step)
        per_step = (self._last_record - self._started) / done
        left = self._epochs * self._steps_per_epoch - self._step
        progress = Progress(epoch + 1, self._step, self._epochs, left * per_step, self._steps_per_epoch * per_step)
        self._status.write("RUNNING", message, progress=progress)
