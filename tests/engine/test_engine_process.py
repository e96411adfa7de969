# SPDX-License-Identifier: Apache-2.0
"""The command as a process of its own: signals, exit codes, several processes that train together."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil
import pytest
import torch

if TYPE_CHECKING:
    from collections.abc import Callable

Spec = dict[str, Any]
COMMAND = [sys.executable, "-m", "engine.cli"]
LONG = ("train.num_epochs=100000", "train.checkpoint_interval=100000", "train.validation_interval=100000")


def records(folder: Path) -> list[dict[str, Any]]:
    path = folder / "status.json"
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def wait_for(condition: Callable[[], bool], process: subprocess.Popen[str], seconds: float = 120) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < end, "nothing happened in time"
        time.sleep(0.05)


@pytest.mark.parametrize(
    ("number", "workers"), [(signal.SIGINT, 1), pytest.param(signal.SIGTERM, 0, marks=pytest.mark.long)]
)
def test_a_signal_ends_a_training_as_failed_with_nothing_left_behind(
    spec: Spec, write_spec: Callable[[Spec], Path], tmp_path: Path, number: signal.Signals, workers: int
) -> None:
    spec["dataset"]["classify"] |= {"workers": workers, "cache_images_mb": 0}
    argv = [*COMMAND, "train", "-e", str(write_spec(spec)), *LONG]
    process = subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True)
    folder = tmp_path / "results" / "train"
    wait_for(lambda: any("epoch" in record for record in records(folder)), process)
    children = psutil.Process(process.pid).children(recursive=True)
    assert bool(children) == bool(workers)
    # As a terminal does on Ctrl-C: every process of the group gets it.
    os.killpg(process.pid, number)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 1
    assert out.splitlines()[-1] == "Execution status: FAIL"
    assert f"stopped by {number.name}" in err
    assert "Traceback" not in err
    assert records(folder)[-1]["status"] == "FAILURE"
    assert not list(folder.glob("*.pth"))
    _, alive = psutil.wait_procs(children, timeout=10)
    assert not alive


def test_a_signal_while_torch_is_still_loading_is_a_failure_too(
    spec: Spec, write_spec: Callable[[Spec], Path], tmp_path: Path
) -> None:
    argv = [*COMMAND, "train", "-e", str(write_spec(spec))]
    process = subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    folder = tmp_path / "results" / "train"
    wait_for(lambda: bool(records(folder)), process)
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 1
    assert out.splitlines()[-1] == "Execution status: FAIL"
    assert "Traceback" not in err
    assert records(folder)[-1]["status"] == "FAILURE"


def test_the_installed_command_is_there_and_fails_with_one() -> None:
    command = Path(sys.executable).with_name("visual_changenet")
    done = subprocess.run([command, "prune"], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stdout == "Execution status: FAIL\n"


@pytest.mark.long
def test_two_processes_train_one_model(spec: Spec, write_spec: Callable[[Spec], Path], tmp_path: Path) -> None:
    launcher = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"]
    given = ("train.num_epochs=1", "train.use_distributed_sampler=true", "train.sync_batchnorm=false")
    argv = [*launcher, "-m", "engine.cli", "train", "-e", str(write_spec(spec)), *given]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    done = subprocess.run(argv, capture_output=True, text=True, check=False, env=environment, timeout=300)
    assert done.returncode == 0, done.stderr[-3000:]
    assert done.stdout.count("Execution status: PASS") == 1
    folder = tmp_path / "results" / "train"
    validation = [record["kpi"] for record in records(folder) if "val_auc" in record.get("kpi", {})]
    assert len(validation) == 1
    assert [record["status"] for record in records(folder)].count("STARTED") == 1
    content = torch.load(folder / "changenet_model_classify_latest.pth", weights_only=True)
    assert content["global_step"] == 32 // 2 // 8  # both processes share one series of draws
