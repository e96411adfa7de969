# SPDX-License-Identifier: Apache-2.0
"""Several real processes that train one segment model: they are one training, are resumed and stopped as one."""

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

from core.documents import dump_yaml
from tests.conftest import free_ports

if TYPE_CHECKING:
    from collections.abc import Callable

Spec = dict[str, Any]
COMMAND = str(Path(sys.executable).with_name("visual_changenet"))
LATEST = "changenet_model_segment_latest.pth"
# In 64 bit what rounding adds up to is far smaller than what another batch would do.
EXACT = ("train.precision=64-true", "train.optim.optim=sgd", "train.optim.momentum=0.9")
TOGETHER = ("train.num_gpus=2", "train.gpu_ids=[0,1]", "train.sync_batchnorm=true", "dataset.segment.batch_size=4")
NO_GPU = {"CUDA_VISIBLE_DEVICES": "", "OMP_NUM_THREADS": "1", "OMP_WAIT_POLICY": "PASSIVE"}
pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif((os.cpu_count() or 1) < 2, reason="two processes need two cores"),
]


@pytest.fixture
def start(mask_tree: Spec, tmp_path: Path) -> Callable[..., subprocess.Popen[str]]:
    """Starts a training in a folder of its own."""
    path = tmp_path / "spec.yaml"

    def run(name: str, *overrides: str, **environment: str) -> subprocess.Popen[str]:
        path.write_text(dump_yaml(mask_tree), encoding="utf-8")
        argv = [COMMAND, "train", "-e", str(path), f"results_dir={tmp_path / name}", *overrides]
        pipes: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
        return subprocess.Popen(argv, env=os.environ | NO_GPU | environment, start_new_session=True, **pipes)

    return run


def end_of(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    out, err = process.communicate(timeout=240)
    return process.returncode, out, err


def records(folder: Path) -> list[dict[str, Any]]:
    path = folder / "train" / "status.json"
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def figures(folder: Path, name: str) -> list[float]:
    return [record["kpi"][name] for record in records(folder) if name in record.get("kpi", {})]


def weights(folder: Path) -> dict[str, torch.Tensor]:
    found: dict[str, torch.Tensor] = torch.load(folder / "train" / LATEST, weights_only=True)["state_dict"]
    return found


def same(one: Path, other: Path) -> bool:
    a, b = weights(one), weights(other)
    return a.keys() == b.keys() and all(torch.allclose(a[name], b[name], rtol=1e-4, atol=1e-6) for name in a)


def test_two_processes_train_what_one_does_with_the_same_batches(
    mask_tree: Spec, tmp_path: Path, start: Callable[..., subprocess.Popen[str]]
) -> None:
    """Tiles, disturbances and all five losses in play: each process takes every second one of the same draws."""
    mask_tree["dataset"]["segment"] |= {"tiles": True, "align_pixels": 2, "multi_scale_train": True}
    mask_tree["dataset"]["segment"]["augmentation"]["nuisance"] = {"enable": True}
    one, two = tmp_path / "one", tmp_path / "two"

    alone, (code, out, err) = end_of(start("one", *EXACT)), end_of(start("two", *EXACT, *TOGETHER))

    assert (alone[0], code) == (0, 0), err
    assert same(one, two)
    for name in ("train_loss", "train_F1_1", "val_loss", "val_miou", "val_acc"):
        assert figures(two, name) == pytest.approx(figures(one, name), rel=1e-4), name
    assert "2 processes train together" in out
    assert "Warning" not in err
    assert out.count("Execution status: PASS") == 1
    assert [record["status"] for record in records(two)].count("STARTED") == 1
    assert len(list((two / "train").rglob("events.out*"))) == 1


def test_two_processes_that_are_killed_go_on_to_the_same_weights(
    mask_tree: Spec, tmp_path: Path, start: Callable[..., subprocess.Popen[str]]
) -> None:
    mask_tree["train"] |= {"num_epochs": 3, "checkpoint_interval": 3, "checkpoint_interval_unit": "step"}
    straight, broken = tmp_path / "straight", tmp_path / "broken"
    assert end_of(start("straight", *TOGETHER))[0] == 0
    process = start("broken", *TOGETHER)
    link = broken / "train" / LATEST
    while not link.is_symlink() and process.poll() is None:
        time.sleep(0.01)
    children = psutil.Process(process.pid).children(recursive=True)
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=60)
    _, alive = psutil.wait_procs(children, timeout=60)  # the other one has nobody to train with
    assert not alive

    code, out, err = end_of(start("broken", *TOGETHER))

    assert code == 0, err
    assert out.count("resuming from") == 1 or "nothing left to train" in out
    assert same(straight, broken)


def test_a_signal_stops_all_processes_and_a_broken_picture_of_one_is_told(
    mask_folder: Any, mask_tree: Spec, tmp_path: Path, start: Callable[..., subprocess.Popen[str]]
) -> None:
    mask_folder.split("train", 8, seed=1)
    mask_folder.split("val", 2, seed=50)
    mask_tree["dataset"]["segment"] |= {"root_dir": str(mask_folder.root), "cache_images_mb": 0, "shuffle": False}
    endless = ("train.num_epochs=100000", "train.checkpoint_interval=100000", "train.validation_interval=100000")
    process = start("stopped", *TOGETHER, *endless)
    while not any("epoch" in record for record in records(tmp_path / "stopped")):
        assert process.poll() is None, process.communicate()
        time.sleep(0.05)
    children = psutil.Process(process.pid).children(recursive=True)
    assert len(children) == 1
    process.send_signal(signal.SIGTERM)
    code, out, err = end_of(process)
    _, alive = psutil.wait_procs(children, timeout=30)
    assert (code, alive) == (1, [])
    assert out.splitlines()[-1] == "Execution status: FAIL"
    assert "stopped by SIGTERM" in err
    assert "Traceback" not in err

    broken = mask_folder.root / "B" / "train_1.png"  # the first that the second process takes
    broken.write_bytes(broken.read_bytes()[:100])
    code, out, err = end_of(start("broken", *TOGETHER))
    assert code == 1
    assert str(broken) in err
    assert "Traceback" not in err
    assert records(tmp_path / "broken")[-1]["status"] == "FAILURE"
    assert not list((tmp_path / "broken" / "train").glob("*.pth"))


def test_two_nodes_train_one_model_and_the_first_one_reports(
    tmp_path: Path, start: Callable[..., subprocess.Popen[str]]
) -> None:
    """As the pods of a cluster are told where they are: the address of the first, and the number of each."""
    port = str(free_ports(1))
    nodes = [
        start("nodes", "train.num_nodes=2", "train.num_epochs=1", "dataset.segment.batch_size=4",
              MASTER_ADDR="127.0.0.1", MASTER_PORT=port, NODE_RANK=str(number))
        for number in (0, 1)
    ]  # fmt: skip

    ends = [end_of(node) for node in nodes]

    assert [code for code, _, _ in ends] == [0, 0], ends
    assert ends[0][1].endswith("Execution status: PASS\n")
    assert ends[1][1] == ""
    folder = tmp_path / "nodes"
    assert [record["status"] for record in records(folder)].count("STARTED") == 1
    assert len(figures(folder, "val_miou")) == 1
    assert torch.load(folder / "train" / LATEST, weights_only=True)["global_step"] == 16 // 2 // 4
