# SPDX-License-Identifier: Apache-2.0
"""A stop whose exception was raised where it goes nowhere."""

from __future__ import annotations

import os
import signal
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest

from engine.lifecycle import ActionStopped, stop_if_asked, stoppable
from engine.status import StatusFile
from engine.torch_setup import prepare_torch

if TYPE_CHECKING:
    from pathlib import Path


def test_a_stop_that_something_swallowed_is_raised_again_between_batches() -> None:
    with stoppable():
        stop_if_asked()
        with suppress(ActionStopped):
            os.kill(os.getpid(), signal.SIGTERM)
        with pytest.raises(ActionStopped, match="stopped by SIGTERM"):
            stop_if_asked()
    stop_if_asked()


def test_a_training_stops_at_the_end_of_its_batch(tmp_path: Path) -> None:
    prepare_torch()
    from engine.training_report import TrainingReport

    nobody: Any = None  # is asked before the stop is found
    report = TrainingReport(StatusFile(tmp_path / "status.json"), 1, str)
    with stoppable():
        with suppress(ActionStopped):
            os.kill(os.getpid(), signal.SIGTERM)
        with pytest.raises(ActionStopped):
            report.on_train_batch_end(nobody, nobody, {"loss": 0.5})
