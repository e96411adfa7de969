# SPDX-License-Identifier: Apache-2.0
"""What an attack begins with: a small data set, a spec, weights, and a results root with a job that ended."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
SPEC = """\
task: classify
results_dir: out
model:
  backbone:
    type: timm/test_resnet
  classify:
    difference_head: pooled
    eval_margin: 0.5
dataset:
  classify:
    train_dataset: {csv_path: boards/train/dataset.csv, images_dir: boards/images}
    validation_dataset: {csv_path: boards/val/dataset.csv, images_dir: boards/images}
    test_dataset: {csv_path: boards/test/dataset.csv, images_dir: boards/images}
    infer_dataset: {csv_path: boards/test/dataset.csv, images_dir: boards/images}
    image_ext: .png
    batch_size: 4
    workers: 0
    num_input: 1
    input_map: null
    image_width: 64
    image_height: 64
train:
  num_gpus: 0
  num_epochs: 1
  validation_interval: 1
  checkpoint_interval: 1
  optim:
    lr: 0.003
evaluate:
  num_gpus: 0
  checkpoint: model.pth
inference:
  num_gpus: 0
  checkpoint: model.pth
export:
  gpu_id: 0
  checkpoint: model.pth
"""
WHOLE_SPEC = """\
task: segment
results_dir: out
model:
  backbone: {type: timm/tf_efficientnet_lite0, finest_stride: 2}
  segment: {decoder: light}
dataset:
  segment:
    img_size: 64
    batch_size: 2
inspect:
  num_gpus: 0
  golden: line/golden
  test: line/test
"""


def prepare(folder: Path, *, weights: bool = True) -> Path:
    """Fill the folder; the weights come from one epoch of real training, where they are needed."""
    boards(folder / "boards")
    line(folder / "line")
    (folder / "spec.yaml").write_text(SPEC)
    (folder / "whole.yaml").write_text(WHOLE_SPEC)
    if weights:
        _quietly([sys.executable, "-m", "engine.cli", "train", "-e", "spec.yaml"], folder)
        made = next(path for path in (folder / "out" / "train").glob("*.pth") if not path.is_symlink())
        made.rename(folder / "model.pth")
        _quietly([sys.executable, "-m", "engine.cli", "export", "-e", "spec.yaml"], folder)
        (folder / "out" / "export" / "changenet_classify.onnx").rename(folder / "model.onnx")
        shutil.rmtree(folder / "out")
    _job(folder)
    return folder


def boards(root: Path) -> None:
    """A classify data set of a few pairs: half of the test pictures have a bright blot."""
    from PIL import Image, ImageDraw

    for split, count in (("train", 8), ("val", 4), ("test", 4)):
        rows = ["input_path,golden_path,label,object_name"]
        for number in range(count):
            for place in ("golden", f"{split}{number}"):
                path = root / "images" / place / f"part{number}.png"
                path.parent.mkdir(parents=True, exist_ok=True)
                board = Image.new("RGB", (64, 64), (20, 70, 30))
                if place != "golden" and number % 2:
                    ImageDraw.Draw(board).ellipse((20, 20, 34, 34), fill=(250, 250, 250))
                board.save(path)
            rows.append(f"{split}{number},golden,{'bridge' if number % 2 else 'PASS'},part{number}")
        (root / split).mkdir(parents=True)
        (root / split / "dataset.csv").write_text("\n".join(rows) + "\n")


def line(root: Path) -> None:
    """Whole pictures of a line: golden images, test pictures of the same names with boxes, and a table of both."""
    from PIL import Image, ImageDraw

    rows = ["golden,test"]
    for name in ("golden", "test", "labels"):
        (root / name).mkdir(parents=True)
    for number in range(4):
        board = Image.new("RGB", (96, 96), (20, 70, 30))
        for at in range(6, 90, 14):
            ImageDraw.Draw(board).rectangle((at, 8 + at // 2 + number, at + 8, 30 + at // 2), fill=(180, 150, 2 * at))
        board.save(root / "golden" / f"b{number}.png")
        ImageDraw.Draw(board).ellipse((40, 70, 52, 82), fill=(250, 250, 250))
        board.save(root / "test" / f"b{number}.png")
        (root / "labels" / f"b{number}.txt").write_text("0 0.48 0.79 0.13 0.13\n")
        rows.append(f"golden/b{number}.png,test/b{number}.png")
    (root / "labels" / "classes.txt").write_text("bridge\n")
    (root / "pairs.csv").write_text("\n".join(rows) + "\n")


def _job(folder: Path) -> None:
    """A job that ended, made with the stand-in of the runners' tests."""
    engine = folder / "visual_changenet"
    engine.write_text(stand_in("runners", "STAND_IN").format(python=sys.executable))
    engine.chmod(0o755)
    slots = ["--data", "boards", "--automl", "off", "--results", "results", "--engine", str(engine), *BACKBONE]
    _quietly([sys.executable, "-m", "interfaces.cli", "run", "train", *slots], folder)


BACKBONE = [
    *("-s", "model.backbone.type=fan_tiny_8_p4_hybrid", "-s", "model.backbone.pretrained_backbone_path=null"),
    *(
        "-s",
        "dataset.classify.num_input=1",
        "-s",
        "dataset.classify.input_map=null",
        "-s",
        "dataset.classify.image_ext=.png",
        "-s",
        "dataset.classify.batch_size=4",
    ),
]


def stand_in(room: str, name: str) -> Any:
    """What the tests of a room define as `name` in their conftest.py."""
    path = ROOT / "tests" / room / "conftest.py"
    found = importlib.util.spec_from_file_location(f"attack_{room}", path)
    assert found
    assert found.loader
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return getattr(module, name)


def _quietly(argv: list[str], folder: Path) -> None:
    environment = os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    done = subprocess.run(argv, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"the workplace could not be made: {' '.join(argv)}\n{done.stdout}{done.stderr}")
