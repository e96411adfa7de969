# SPDX-License-Identifier: Apache-2.0
"""A stop whose exception was raised where it goes nowhere."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
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


ENDLESS = """
import ctypes, sys, threading, time
from pathlib import Path
from types import SimpleNamespace
from engine import lifecycle
lifecycle._PATIENCE_SECONDS = 0.5
lock = threading.Lock()
def action(run, status):
    lock.acquire()
    try:
        print("works", flush=True)
        WORK
    finally:
        lock.acquire()  # of itself: it never ends
run = SimpleNamespace(results_dir=Path(sys.argv[1]), command="train", write_experiment=lambda: None)
with lifecycle.stoppable():
    lifecycle.execute(run, action)
"""


INSIDE_A_LIBRARY = """mutex = ctypes.create_string_buffer(64)
        while True: ctypes.CDLL(None).pthread_mutex_lock(mutex)"""


@pytest.mark.parametrize("work", ["time.sleep(60)", INSIDE_A_LIBRARY])
def test_what_does_not_end_after_a_stop_is_ended_and_told_as_a_failure(work: str, tmp_path: Path) -> None:
    """A library that waits for ever, as for a process that was lost, does not come back to run a handler."""
    argv = [sys.executable, "-c", ENDLESS.replace("WORK", work), str(tmp_path)]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert process.stdout.readline() == "works\n"
        process.send_signal(signal.SIGTERM)
        try:
            out, err = process.communicate(timeout=60)
        finally:
            process.kill()
    assert (process.returncode, out) == (1, "Execution status: FAIL\n")
    assert "stopped by SIGTERM; it did not end by itself: the main thread waits in " in err
    assert "action (<string>:" in err
    assert "Traceback" not in err
    last = json.loads((tmp_path / "status.json").read_text().splitlines()[-1])
    assert last["status"] == "FAILURE"
