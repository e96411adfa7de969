# SPDX-License-Identifier: Apache-2.0
"""Small pairs of boards for the engine's tests: a golden pattern, and a test picture with or without a bright blot."""

from __future__ import annotations

import io
import json
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import pytest

from core.documents import dump_yaml
from engine.cli import main
from tests.drawn_boards import add_defect, draw_board

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from PIL import Image

Spec = dict[str, Any]


class PairFolder:
    """Writes pictures and CSV files of a classify data set."""

    def __init__(self, root: Path, lights: tuple[str, ...] = (), ext: str = ".png") -> None:
        self.root = root
        self.images = root / "images"
        self.suffixes = [f"_{light}{ext}" for light in lights] or [ext]

    def add(self, folder: str, name: str, board: Image.Image) -> None:
        (self.images / folder).mkdir(parents=True, exist_ok=True)
        for suffix in self.suffixes:
            board.save(self.images / folder / f"{name}{suffix}")

    def split(self, name: str, count: int, seed: int, boards: int = 4) -> Path:
        """`count` pairs, every second one with a defect, that share `boards` golden images."""
        rows = ["input_path,golden_path,label,object_name"]
        for i in range(count):
            board = draw_board(seed + i % boards)
            self.add(f"{name}/golden{i % boards}", f"part{i}", board)
            self.add(f"{name}/test{i}", f"part{i}", add_defect(board, seed + 100 + i) if i % 2 else board)
            rows.append(f"{name}/test{i},{name}/golden{i % boards},{'bridge' if i % 2 else 'PASS'},part{i}")
        path = self.root / f"{name}.csv"
        path.write_text("\n".join(rows) + "\n", encoding="utf-8")
        return path


@pytest.fixture
def folder(tmp_path: Path) -> PairFolder:
    return PairFolder(tmp_path / "data")


@pytest.fixture(scope="session")
def shared_folder(once: Callable[..., Path]) -> PairFolder:
    """Data that tests read but never change."""

    def fill(folder: Path) -> None:
        for number, (name, count) in enumerate((("train", 32), ("validation", 16), ("test", 16))):
            PairFolder(folder).split(name, count, seed=1000 * number)

    return PairFolder(once("pairs", fill))


def base_spec(data: PairFolder, results: Path) -> Spec:
    """The smallest spec that trains: timm's test network on one 64-pixel lighting."""
    splits = {
        f"{name}_dataset": {"csv_path": str(data.root / f"{csv}.csv"), "images_dir": str(data.images)}
        for name, csv in (("train", "train"), ("validation", "validation"), ("test", "test"), ("infer", "test"))
    }
    return {
        "task": "classify",
        "results_dir": str(results),
        "model": {
            "backbone": {"type": "timm/test_resnet"},
            "classify": {"difference_head": "pooled", "eval_margin": 0.5},
        },
        "dataset": {
            "classify": {
                **splits,
                "image_ext": ".png",
                "batch_size": 8,
                "workers": 0,
                "num_input": 1,
                "input_map": None,
                "image_width": 64,
                "image_height": 64,
            }
        },
        "train": {
            "num_gpus": 0,
            "num_epochs": 2,
            "validation_interval": 1,
            "checkpoint_interval": 1,
            "optim": {"lr": 0.003},
            "classify": {"cls_weight": [1.0, 1.0]},
        },
        "evaluate": {"num_gpus": 0},
        "inference": {"num_gpus": 0},
    }


@pytest.fixture
def spec(shared_folder: PairFolder, tmp_path: Path) -> Spec:
    return base_spec(shared_folder, tmp_path / "results")


@pytest.fixture
def write_spec(tmp_path: Path) -> Callable[[Spec], Path]:
    def write(tree: Spec) -> Path:
        path = tmp_path / "spec.yaml"
        path.write_text(dump_yaml(tree), encoding="utf-8")
        return path

    return write


@dataclass(frozen=True)
class Outcome:
    """How a command ended."""

    code: int
    out: str
    err: str


@pytest.fixture(scope="session")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Outcome]:
    """Runs a command of the engine within this process: importing torch takes seconds."""

    def run(command: str, tree: Spec, *overrides: str) -> Outcome:
        path = tmp_path_factory.mktemp("spec") / "spec.yaml"
        path.write_text(dump_yaml(tree), encoding="utf-8")
        out, err = io.StringIO(), io.StringIO()
        with redirect_stdout(out), redirect_stderr(err):
            code = main([command, "-e", str(path), *overrides])
        return Outcome(code, out.getvalue(), err.getvalue())

    return run


@dataclass(frozen=True)
class Trained:
    """A finished training run."""

    spec: Spec
    folder: Path
    outcome: Outcome

    @property
    def latest(self) -> Path:
        return self.folder / "changenet_model_classify_latest.pth"

    def status(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in (self.folder / "status.json").read_text().splitlines()]


@pytest.fixture(scope="session")
def trained(shared_folder: PairFolder, once: Callable[..., Path], engine: Callable[..., Outcome]) -> Trained:
    """Six epochs on the shared pairs; tests read its files but never change them."""
    settings = ("train.num_epochs=6", "train.checkpoint_interval=2", "encryption_key=hush-hush")

    def fill(folder: Path) -> None:
        outcome = engine("train", base_spec(shared_folder, folder), *settings)
        (folder / "outcome.json").write_text(json.dumps(asdict(outcome)), encoding="utf-8")

    results = once("trained", fill)
    outcome = Outcome(**json.loads((results / "outcome.json").read_text(encoding="utf-8")))
    return Trained(base_spec(shared_folder, results), results / "train", outcome)
