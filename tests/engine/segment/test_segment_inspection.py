# SPDX-License-Identifier: Apache-2.0
"""Whole boards through the engine: what was covered is found where it lies, what can't be judged is said."""

from __future__ import annotations

import csv
import json
import random
from copy import copy
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
from PIL import Image, ImageDraw

from engine.inspect.difference import difference
from engine.segment.pictures import WholePair
from engine.segment.scoring_loop import Scorer
from engine.segment.threshold import change_of
from engine.segment.tiles import tiles_of
from engine.segment.trained_model import load_model
from engine.settings import load_run
from interfaces.verbs.model_task import task_of_model
from tests.drawn_boards import shifted

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

WIDTH, HEIGHT = 480, 360
BLOT = (300, 200, 324, 222)  # on the golden board


def draw_board(seed: int, *, parts: int = 90) -> Image.Image:
    chance = random.Random(seed)
    board = Image.new("RGB", (WIDTH, HEIGHT), (20, 70, 30))
    draw = ImageDraw.Draw(board)
    for _ in range(parts):
        x, y = chance.randrange(WIDTH), chance.randrange(HEIGHT)
        size = (x + chance.randrange(8, 40), y + chance.randrange(5, 26))
        draw.rectangle((x, y, *size), fill=(chance.randrange(100, 200), chance.randrange(90, 170), 60))
    return board


@pytest.fixture
def boards(tmp_path: Path) -> Path:
    """A golden board, the same shifted and good, shifted and spoiled, and a photo of another board."""
    (tmp_path / "photos").mkdir()
    golden = draw_board(1)
    golden.save(tmp_path / "golden.png")
    spoiled = golden.copy()
    ImageDraw.Draw(spoiled).ellipse(BLOT, fill=(250, 250, 250))
    shifted(golden, 7, -5).save(tmp_path / "photos" / "good.png")
    shifted(spoiled, -11, 9).save(tmp_path / "photos" / "spoiled.png")
    draw_board(2).save(tmp_path / "photos" / "other.png")
    return tmp_path


def inspected(boards: Path, engine: Callable[..., Any], tree: dict[str, Any], test: str, *more: str) -> Any:
    places = (f"inspect.golden={boards / 'golden.png'}", f"inspect.test={boards / test}")
    return engine("inspect", tree, f"results_dir={boards / 'results'}", *places, *more)


def sheet_of(boards: Path) -> tuple[dict[str, Any], dict[str, dict[str, Any]]]:
    sheet: dict[str, Any] = json.loads((boards / "results/inspect/inspection.json").read_text())
    return sheet, {board["name"]: board for board in sheet["boards"]}


def holds_blot(box: list[int]) -> bool:
    x, y, width, height = box
    overlap = (min(x + width, BLOT[2]) - max(x, BLOT[0])) * (min(y + height, BLOT[3]) - max(y, BLOT[1]))
    return overlap > 0.8 * (BLOT[2] - BLOT[0]) * (BLOT[3] - BLOT[1])


def test_without_a_model_the_difference_is_found_on_the_golden_board(
    boards: Path, engine: Callable[..., Any], mask_tree: dict[str, Any]
) -> None:
    done = inspected(boards, engine, mask_tree, "photos")
    assert done.code == 0, done.err
    sheet, found = sheet_of(boards)
    assert "no model was named" in sheet["evidence"]["about"]
    assert {name: board["verdict"] for name, board in found.items()} == {
        "good": "NOT_JUDGED",
        "spoiled": "NO_PASS",
        "other": "NOT_INSPECTED",
    }
    assert "can't be registered" in found["other"]["reason"]
    assert "WARNING other was not inspected" in done.out
    (region,) = found["spoiled"]["regions"]
    assert holds_blot(region["box"])
    lain = found["spoiled"]["registration"]
    assert lain["shift_px"] == pytest.approx([11, -9], abs=0.5)
    assert region["corners_in_test"][0] == pytest.approx([region["box"][0] - 11, region["box"][1] + 9], abs=1.5)


def test_all_files_say_the_same(boards: Path, engine: Callable[..., Any], mask_tree: dict[str, Any]) -> None:
    assert inspected(boards, engine, mask_tree, "photos").code == 0
    folder = boards / "results/inspect"
    _, found = sheet_of(boards)
    (region,) = found["spoiled"]["regions"]
    with (folder / "regions.csv").open(newline="", encoding="utf-8") as handle:
        (row,) = csv.DictReader(handle)
    assert [int(row[name]) for name in ("x", "y", "width", "height", "area")] == [*region["box"], region["area"]]
    coco = json.loads((folder / "coco.json").read_text())
    (annotation,) = coco["annotations"]
    image = next(image for image in coco["images"] if image["id"] == annotation["image_id"])
    assert (annotation["bbox"], image["test_file_name"]) == (region["box"], found["spoiled"]["test"])
    with (folder / "boards.csv").open(newline="", encoding="utf-8") as handle:
        table = {line["name"]: line for line in csv.DictReader(handle)}
    assert {name: line["verdict"] for name, line in table.items()} == {n: b["verdict"] for n, b in found.items()}
    with Image.open(folder / region["crop"]) as crop, Image.open(folder / found["spoiled"]["picture"]) as picture:
        assert crop.width > 2 * region["box"][2]
        assert picture.width > 2 * WIDTH
    assert not (folder / "pictures/other.jpg").exists()


def test_small_and_faint_differences_follow_the_spec(
    boards: Path, engine: Callable[..., Any], mask_tree: dict[str, Any]
) -> None:
    for key in ("inspect.least_area=100000", "inspect.threshold=1.0"):
        assert inspected(boards, engine, mask_tree, "photos/spoiled.png", key).code == 0
        _, found = sheet_of(boards)
        assert found["spoiled"]["verdict"] == "NOT_JUDGED"


def test_where_no_board_can_be_inspected_the_action_fails_and_its_files_say_why(
    boards: Path, engine: Callable[..., Any], mask_tree: dict[str, Any]
) -> None:
    done = inspected(boards, engine, mask_tree, "photos/other.png")
    assert done.code == 1
    assert "can't be registered" in done.err
    _, found = sheet_of(boards)
    assert found["other"]["verdict"] == "NOT_INSPECTED"
    assert found["other"]["remedy"]


def test_a_model_judges_by_its_own_threshold_tile_by_tile(
    boards: Path, engine: Callable[..., Any], trained_masks: Any
) -> None:
    done = inspected(
        boards, engine, trained_masks.spec, "photos/spoiled.png", f"inspect.checkpoint={trained_masks.latest}"
    )
    assert done.code == 0, done.err
    sheet, found = sheet_of(boards)
    assert str(trained_masks.latest) in sheet["evidence"]["about"]
    assert sheet["evidence"]["threshold_origin"]["kind"] == "validation"
    assert any(holds_blot(region["box"]) for region in found["spoiled"]["regions"])
    assert task_of_model(str(trained_masks.latest), None) == "segment"


def test_light_and_small_shifts_are_forgiven() -> None:
    golden = np.asarray(draw_board(3))
    darker = np.clip(golden * 0.8 + np.linspace(0, 30, WIDTH)[None, :, None], 0, 255).astype(np.uint8)

    def highest(test: Any, right: int, residual: float) -> float:
        scores = difference(golden, np.roll(test, right, axis=1), residual)
        return float(scores[:, 16:-16].max())  # what is rolled out on one side comes in on the other

    assert highest(darker, 1, 0.0) < 0.2 < highest(golden, 4, 0.0)
    assert highest(golden, 4, 3.0) < 0.2


def test_the_difference_does_not_depend_on_the_rows_that_are_looked_at_at_a_time() -> None:
    golden = np.asarray(draw_board(4))
    test = np.clip(np.roll(golden, 2, axis=1) * 0.9 + np.linspace(0, 20, HEIGHT)[:, None, None], 0, 255)
    test = test.astype(np.uint8)
    test[100:140, 200:230] = 250
    whole = difference(golden, test, 1.2, HEIGHT)
    assert whole.max() > 0.2
    assert np.array_equal(difference(golden, test, 1.2, 50), whole)


def test_tiles_give_what_the_whole_picture_gives_away_from_their_edges(trained_masks: Any) -> None:
    tree = load_run(
        "evaluate", trained_masks.folder / "experiment.yaml", [f"evaluate.checkpoint={trained_masks.latest}"]
    )
    model = load_model(tree)
    pixels = torch.from_numpy(np.asarray(draw_board(5).resize((256, 256))).transpose(2, 0, 1).copy())
    spoiled = pixels.clone()
    spoiled[:, 150:170, 90:110] = 250
    pair = WholePair(0, pixels, spoiled, None)
    in_tiles, whole = (change_of(scored(model, side).probabilities([pair])[0]) for side in (128, 256))
    edges = {edge for corner in tiles_of(256, 256, 128) for start in corner for edge in (start, start + 128)}
    far = torch.tensor([min(abs(place + 0.5 - edge) for edge in edges) > 24 for place in range(256)])
    away = far[:, None] & far[None, :]
    assert in_tiles.max() > 0.5
    assert (in_tiles - whole).abs()[away].max() < 0.05  # its deepest level looks further than 24 pixels


def scored(model: Any, side: int) -> Scorer:
    preparation = copy(model.preparation)
    preparation.side = side
    return Scorer(model.network, preparation, 4)
