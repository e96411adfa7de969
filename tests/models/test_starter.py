# SPDX-License-Identifier: Apache-2.0
"""The models that ship with the skill are those of their card, small, and do what the card says."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest
import torch

from core.documents import dump_yaml, read_yaml
from core.dotted import nest, put
from core.errors import CheckpointError
from core.files import sha256_file
from engine.checkpoints import read_checkpoint
from engine.cli import main
from engine.starter import STARTER, checkpoint_file

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "models" / "starter"
CARD = json.loads((FOLDER / "card.json").read_text(encoding="utf-8"))
TASKS = ("classify", "segment")


@pytest.mark.parametrize("task", TASKS)
def test_each_file_is_the_one_of_the_card_and_holds_plain_weights(task: str) -> None:
    said = CARD["models"][task]
    path = checkpoint_file(STARTER, task)
    assert path == FOLDER / said["file"]
    assert (sha256_file(path), path.stat().st_size) == (said["sha256"], said["bytes"])
    content = read_checkpoint(path)
    assert (content["task"], content["threshold"]) == (task, said["threshold"])
    floats = [value for value in content["state_dict"].values() if value.is_floating_point()]
    assert sum(value.numel() for value in floats) == said["parameters"]
    assert all(bool(torch.isfinite(value).all()) for value in floats)
    assert content["config"]["results_dir"] == ""


def test_the_starter_is_small_and_tells_its_licence_and_origin() -> None:
    assert all(path.stat().st_size < 6_000_000 for path in FOLDER.iterdir())
    assert sum(path.stat().st_size for path in FOLDER.iterdir()) < 7_000_000
    assert CARD["licence"] == "Apache-2.0"
    assert (ROOT / CARD["recipe"]).is_file()
    page = (FOLDER / "README.md").read_text(encoding="utf-8")
    assert all(word in page for word in ("Apache-2.0", CARD["recipe"], "synthetic", "DeepPCB"))


def test_nothing_in_a_starter_file_tells_where_it_was_made() -> None:
    for task in TASKS:
        config = json.dumps(read_checkpoint(checkpoint_file(STARTER, task))["config"])
        assert "/tmp" not in config  # noqa: S108
        assert "/home" not in config
        assert "/work" not in config


def test_other_names_are_refused_with_the_one_there_is() -> None:
    with pytest.raises(CheckpointError) as error:
        checkpoint_file("package:startr", "segment")
    assert STARTER in (error.value.remedy or "")
    assert checkpoint_file("some/model.pth", "segment") == Path("some/model.pth")


def _inference(task: str, folder: Path) -> list[dict[str, str]]:
    """The table of the engine's `inference` for the pair beside the models, and for a pair without a difference."""
    places = {"A": ("golden", "golden"), "B": ("test", "golden")}
    for part, pictures in places.items():
        (folder / part).mkdir()
        for name, picture in zip(("changed", "same"), pictures, strict=True):
            (folder / part / f"{name}.png").write_bytes((FOLDER / f"example_{picture}.png").read_bytes())
    (folder / "list").mkdir()
    (folder / "list" / "test.txt").write_text("changed.png\nsame.png\n", encoding="utf-8")
    rows = "input_path,golden_path,label,object_name\nB,A,,changed\nB,A,,same\n"
    (folder / "pairs.csv").write_text(rows, encoding="utf-8")
    tree: dict[str, Any] = nest(read_yaml(ROOT / "skill_info.yaml")["profiles"]["laptop"]["spec"][task])
    values: dict[str, Any] = {"task": task, "results_dir": str(folder), "inference.checkpoint": STARTER}
    if task == "segment":
        values |= {"dataset.segment.root_dir": str(folder), "dataset.segment.predict_split": "test"}
    else:
        pairs = {"csv_path": str(folder / "pairs.csv"), "images_dir": str(folder)}
        values |= {"dataset.classify.infer_dataset": pairs, "dataset.classify.image_ext": ".png"}
    for key, value in values.items():
        put(tree, key, value)
    for section in ("train", "evaluate"):
        tree.pop(section)
    (folder / "spec.yaml").write_text(dump_yaml(tree), encoding="utf-8")
    assert main(["inference", "-e", str(folder / "spec.yaml")]) == 0
    table = "pictures.csv" if task == "segment" else "inference.csv"
    with (folder / "inference" / table).open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("task", TASKS)
def test_the_pair_beside_the_models_gets_the_score_of_the_card(task: str, tmp_path: Path) -> None:
    changed, same = _inference(task, tmp_path)
    column = "score" if task == "segment" else "siamese_score"
    said = CARD["models"][task]
    assert float(changed[column]) == pytest.approx(said["example_score"], abs=0.02)
    assert float(same[column]) < said["threshold"] < float(changed[column])
