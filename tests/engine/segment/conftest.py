# SPDX-License-Identifier: Apache-2.0
"""Small boards with a bright blot where they changed, and the mask of it."""

from __future__ import annotations

import json
import random
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image, ImageDraw

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

Spec = dict[str, Any]
SIDE = 64


class MaskFolder:
    """Writes a segment data set: A, B, label and list."""

    def __init__(self, root: Path) -> None:
        self.root = root
        for name in ("A", "B", "label", "list"):
            (root / name).mkdir(parents=True, exist_ok=True)

    def add(self, name: str, seed: int, *, size: tuple[int, int] = (SIDE, SIDE), blots: int = 1) -> None:
        """One pair with `blots` changes; the label is 255 where the picture is brighter."""
        chance = random.Random(seed)
        golden = Image.new("RGB", size, (20, 70, 30))
        draw = ImageDraw.Draw(golden)
        for _ in range(size[0] * size[1] // 1000):
            x, y = chance.randrange(size[0] - 20), chance.randrange(size[1] - 8)
            draw.rectangle((x, y, x + 16, y + 5), fill=(170, 150, 60))
        test, label = golden.copy(), Image.new("L", size)
        for i in range(blots):
            x, y = chance.randrange(size[0] - 12), 4 + (size[1] - 14) * i // max(1, blots)
            box = (x, y, x + 9, y + 9)
            ImageDraw.Draw(test).ellipse(box, fill=(250, 250, 250))
            ImageDraw.Draw(label).ellipse(box, fill=255)
        for folder, picture in (("A", golden), ("B", test), ("label", label)):
            picture.save(self.root / folder / name)

    def split(self, name: str, count: int, seed: int, **how: Any) -> None:
        """`count` pairs under a list."""
        names = [f"{name}_{i}.png" for i in range(count)]
        for i, one in enumerate(names):
            self.add(one, seed + i, **how)
        (self.root / "list" / f"{name}.txt").write_text("".join(f"{one}\n" for one in names), encoding="utf-8")


@pytest.fixture
def mask_folder(tmp_path: Path) -> MaskFolder:
    return MaskFolder(tmp_path / "masks")


@pytest.fixture(scope="session")
def shared_masks(once: Callable[..., Path]) -> MaskFolder:
    """Data that tests read but never change."""

    def fill(folder: Path) -> None:
        made = MaskFolder(folder)
        for number, (name, count) in enumerate((("train", 16), ("val", 4), ("test", 4))):
            made.split(name, count, seed=1000 * number)

    return MaskFolder(once("masks", fill))


def mask_spec(data: MaskFolder, results: Path) -> Spec:
    """The smallest spec that trains: timm's test network and the light decoder on 64 pixels."""
    return {
        "task": "segment",
        "results_dir": str(results),
        "model": {
            "backbone": {"type": "timm/test_resnet"},
            "segment": {"decoder": "light"},
        },
        "dataset": {
            "segment": {
                "root_dir": str(data.root),
                "img_size": SIDE,
                "batch_size": 8,
                "workers": 0,
                "augmentation": {"random_color": {"enable": False}, "with_random_crop": False},
            }
        },
        "train": {
            "num_gpus": 0,
            "num_epochs": 2,
            "validation_interval": 1,
            "checkpoint_interval": 1,
            "optim": {"lr": 0.01},
        },
        "evaluate": {"num_gpus": 0},
        "inference": {"num_gpus": 0},
    }


@pytest.fixture
def mask_tree(shared_masks: MaskFolder, tmp_path: Path) -> Spec:
    """A spec of the shared pairs with a results folder of its own."""
    return mask_spec(shared_masks, tmp_path / "results")


@pytest.fixture
def tree_of(tmp_path: Path) -> Callable[[MaskFolder], Spec]:
    """A spec of other pairs."""
    return lambda data: mask_spec(data, tmp_path / "results")


@dataclass(frozen=True)
class TrainedMasks:
    """A finished training run."""

    spec: Spec
    folder: Path

    @property
    def latest(self) -> Path:
        return self.folder / "changenet_model_segment_latest.pth"


def _kpi_of(folder: Path) -> list[dict[str, Any]]:
    lines = [json.loads(line) for line in (folder / "status.json").read_text().splitlines()]
    return [line["kpi"] for line in lines if "kpi" in line]


@pytest.fixture(scope="session")
def kpi_of() -> Callable[[Path], list[dict[str, Any]]]:
    """Reads the figures of a status file, one dictionary a record."""
    return _kpi_of


@pytest.fixture(scope="session")
def trained_masks(shared_masks: MaskFolder, once: Callable[..., Path], engine: Callable[..., Any]) -> TrainedMasks:
    """Twenty epochs on the shared pairs; tests read its files but never change them."""
    settings = ("train.num_epochs=20", "train.validation_interval=10", "train.checkpoint_interval=10")

    def fill(folder: Path) -> None:
        outcome = engine("train", mask_spec(shared_masks, folder), *settings)
        assert outcome.code == 0, outcome.err

    results = once("trained-masks", fill)
    return TrainedMasks(mask_spec(shared_masks, results), results / "train")
