# SPDX-License-Identifier: Apache-2.0
"""A small model, exported, its pictures, and a server of it in a process of its own."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx2
import pytest

from core.documents import dump_yaml
from tests.drawn_boards import add_defect, draw_board
from tests.loaded_scripts import loaded

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SIDE = 64
CHANGENET, ENGINE = (str(Path(sys.executable).parent / name) for name in ("changenet", "visual_changenet"))


@dataclass(frozen=True)
class Model:
    """An exported model, the checkpoint that it was made from, and a scored table of pictures that it never saw."""

    onnx: Path
    checkpoint: Path
    golden: Path
    good: Path
    bad: Path


def _write_split(root: Path, name: str, count: int, seed: int) -> dict[str, str]:
    rows = ["input_path,golden_path,label,object_name"]
    for i in range(count):
        board = draw_board(seed + i % 4)
        for folder, picture in (
            (f"golden{i % 4}", board),
            (f"test{i}", add_defect(board, seed + i) if i % 2 else board),
        ):
            place = root / "images" / name / folder
            place.mkdir(parents=True, exist_ok=True)
            picture.save(place / f"part{i}.png")
        rows.append(f"{name}/test{i},{name}/golden{i % 4},{'bridge' if i % 2 else 'PASS'},part{i}")
    (root / f"{name}.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    return {"csv_path": str(root / f"{name}.csv"), "images_dir": str(root / "images")}


@pytest.fixture(scope="session")
def model(once: Callable[..., Path]) -> Model:
    """Trained for a few epochs by the engine, and exported by it."""
    root = once("served-model", _make_model)
    return Model(
        root / "export" / "changenet_classify.onnx",
        root / "train" / "changenet_model_classify_latest.pth",
        *(root / f"{name}.png" for name in ("golden", "good", "bad")),
    )


def _make_model(root: Path) -> None:
    data = {
        "train_dataset": _write_split(root, "train", 32, 0),
        "validation_dataset": _write_split(root, "val", 16, 500),
    }
    tree: dict[str, Any] = {
        "task": "classify",
        "results_dir": str(root),
        "model": {"backbone": {"type": "timm/test_resnet"}, "classify": {"difference_head": "pooled"}},
        "dataset": {
            "classify": {
                **data,
                "image_ext": ".png",
                "batch_size": 8,
                "workers": 0,
                "num_input": 1,
                "input_map": None,
                "image_width": SIDE,
                "image_height": SIDE,
            }
        },
        "train": {"num_gpus": 0, "num_epochs": 6, "optim": {"lr": 0.003}, "classify": {"cls_weight": [1.0, 1.0]}},
        "export": {"checkpoint": str(root / "train" / "changenet_model_classify_latest.pth")},
    }
    (root / "spec.yaml").write_text(dump_yaml(tree), encoding="utf-8")
    both = "import sys; from engine.cli import main; sys.exit(max(main([c, '-e', sys.argv[1]]) for c in sys.argv[2:]))"
    done = subprocess.run(
        [sys.executable, "-c", both, str(root / "spec.yaml"), "train", "export"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    golden = draw_board(900)
    for name, picture in (("golden", golden), ("good", golden), ("bad", add_defect(golden, 3))):
        picture.save(root / f"{name}.png")


class Running:
    """A server in a process of its own, and a client of it."""

    def __init__(self, process: subprocess.Popen[str], address: str) -> None:
        self.process, self.address = process, address
        self.client = httpx2.Client(base_url=address, trust_env=False, timeout=30)

    def wait_until_ready(self) -> None:
        while self.client.get("/v2/health/ready").status_code != 200:
            assert self.process.poll() is None
            time.sleep(0.05)

    def end(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(30)


@pytest.fixture(scope="session")
def serving() -> Callable[..., Any]:
    """Starts servers: `with serving(words) as running`."""

    @contextmanager
    def start(*words: str, **variables: str) -> Iterator[Running]:
        argv = [CHANGENET, "serve", *words, "--listen", "127.0.0.1:0", "--drain", "0.3"]
        environment = {**os.environ, **variables}
        process = subprocess.Popen(argv, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True, env=environment)
        try:
            assert process.stderr is not None
            said = process.stderr.readline()
            found = re.search(r"http://\S+", said)
            assert found, said + process.stderr.read()
            running = Running(process, found[0])
            running.wait_until_ready()
            yield running
            running.client.close()
        finally:
            if process.poll() is None:
                process.terminate()
            process.communicate(timeout=30)

    return start


@pytest.fixture(scope="session")
def server(model: Model, serving: Callable[..., Any]) -> Iterator[Running]:
    """One server that tests share: they leave it as it was."""
    with serving(str(model.onnx), "--name", "aoi", "--most-mb", "2", "--most-megapixels", "1") as running:
        yield running


@pytest.fixture(scope="session")
def browser(project_root: Path) -> Iterator[Any]:
    """A headless Chromium, or a skip that says what is missing."""
    module = loaded(project_root / "scripts" / "browser.py")
    chromium = module.find_chromium()
    if chromium is None:
        pytest.skip("no Chromium on this machine (scripts/install_chromium.sh installs it)")
    with module.launched(chromium) as running:
        yield running
