# SPDX-License-Identifier: Apache-2.0
"""A model of single parts on whole boards: crop by crop, at the size it was trained on, told where it is not known."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
import torch
from PIL import ImageDraw, ImageFilter

from core.served_pairs import Golden, Judged, Pair, Picture
from engine.checkpoints import read_checkpoint
from engine.serving.opening import open_model
from interfaces.verbs.model_task import task_of_model
from tests.drawn_boards import draw_board, shifted
from tests.without_torch import run_without_torch

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

WIDTH, HEIGHT = 400, 300
BLOTS = ((200, 120, 216, 136), (330, 230, 346, 246))


@pytest.fixture
def boards(tmp_path: Path) -> Path:
    """A golden board, and photos of it: good, with two blots, and good but out of focus."""
    (tmp_path / "photos").mkdir()
    golden = draw_board(1, (WIDTH, HEIGHT), 110)
    golden.save(tmp_path / "golden.png")
    spoiled = golden.copy()
    for blot in BLOTS:
        ImageDraw.Draw(spoiled).ellipse(blot, fill=(250, 250, 250))
    shifted(golden, 5, -4).save(tmp_path / "photos" / "good.png")
    shifted(spoiled, -8, 6).save(tmp_path / "photos" / "spoiled.png")
    golden.filter(ImageFilter.GaussianBlur(2.5)).save(tmp_path / "photos" / "soft.png")
    return tmp_path


def inspected(
    boards: Path, engine: Callable[..., Any], tree: dict[str, Any], checkpoint: Path, *more: str
) -> tuple[Any, dict[str, Any], dict[str, dict[str, Any]]]:
    places = (f"inspect.golden={boards / 'golden.png'}", f"inspect.test={boards / 'photos'}")
    results = (f"results_dir={boards / 'results'}", f"inspect.checkpoint={checkpoint}")
    done = engine("inspect", tree, *results, *places, *more)
    path = boards / "results/inspect/inspection.json"
    sheet: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {"boards": []}
    return done, sheet, {board["name"]: board for board in sheet["boards"]}


def share_inside(blot: tuple[int, int, int, int], box: list[int]) -> float:
    x, y, width, height = box
    across = max(0, min(x + width, blot[2]) - max(x, blot[0]))
    return across * max(0, min(y + height, blot[3]) - max(y, blot[1])) / ((blot[2] - blot[0]) * (blot[3] - blot[1]))


def test_defects_are_found_where_they_lie_and_unlike_pictures_never_pass(
    boards: Path, engine: Callable[..., Any], trained: Any
) -> None:
    done, sheet, found = inspected(boards, engine, trained.spec, trained.latest, "inspect.threshold=0.5")
    assert done.code == 0, done.err
    assert sheet["evidence"]["tile"] == [64, 64]
    assert "in crops of 64 x 64 px at their own scale" in sheet["evidence"]["about"]
    assert {name: board["verdict"] for name, board in found.items()} == {
        "good": "PASS",
        "spoiled": "NO_PASS",
        "soft": "NOT_INSPECTED",
    }
    regions = found["spoiled"]["regions"]
    assert all(any(share_inside(blot, region["box"]) > 0.5 for region in regions) for blot in BLOTS)
    assert all(region["score"] > sheet["evidence"]["threshold"] for region in regions)
    assert max(region["score"] for region in regions) == found["spoiled"]["score"]
    assert "trained on sharpness" in found["soft"]["reason"]
    assert "WARNING soft: trained on sharpness" in done.out


def test_a_checkpoint_that_tells_no_size_is_warned_of(
    boards: Path, tmp_path: Path, engine: Callable[..., Any], trained: Any
) -> None:
    content = read_checkpoint(trained.latest)
    assert content.pop("trained_on")["width"] == [64, 64]
    torch.save(content, tmp_path / "old.pth")
    done, sheet, found = inspected(boards, engine, trained.spec, tmp_path / "old.pth")
    assert done.code == 0, done.err
    (warning,) = sheet["evidence"]["warnings"]
    assert "does not tell how large" in warning
    assert f"WARNING {warning}" in done.out
    assert found["soft"]["verdict"] != "NOT_INSPECTED"  # nothing is known that it could be unlike


def test_another_crop_than_in_training_is_told(boards: Path, engine: Callable[..., Any], trained: Any) -> None:
    done, sheet, _ = inspected(boards, engine, trained.spec, trained.latest, "inspect.crop=128")
    assert done.code == 0, done.err
    assert "in crops of 128 x 128 px seen as 64 x 64" in sheet["evidence"]["about"]
    assert sheet["evidence"]["warnings"] == ["trained on pictures of 64 x 64 px, this one is 128 x 128 px"]


def test_a_file_tells_its_task_without_being_loaded(trained: Any, tmp_path: Path) -> None:
    assert task_of_model(str(trained.latest), None) == "classify"
    (tmp_path / "torn.pth").write_bytes(trained.latest.read_bytes()[:5000])
    assert task_of_model(str(tmp_path / "torn.pth"), None) == "segment"  # what is wrong with it is told by the engine
    (tmp_path / "network.onnx").write_bytes(b'\x08\x07{"config": {}, "task": "classify"}\x00')
    assert task_of_model(str(tmp_path / "network.onnx"), None) == "classify"


def test_a_model_of_several_lightings_is_refused(boards: Path, engine: Callable[..., Any], trained: Any) -> None:
    done, _, found = inspected(boards, engine, trained.spec, trained.latest, "dataset.classify.num_golden=2")
    assert (done.code, found) == (1, {})
    assert "2 golden images" in done.err


@pytest.mark.long
def test_an_exported_file_finds_what_its_checkpoint_finds_and_loads_no_torch(
    boards: Path, tmp_path: Path, engine: Callable[..., Any], trained: Any
) -> None:
    file = tmp_path / "model.onnx"
    done = engine("export", trained.spec, f"export.checkpoint={trained.latest}", f"export.onnx_file={file}")
    assert done.code == 0, done.err
    _, sheet, by_checkpoint = inspected(boards, engine, trained.spec, trained.latest)
    places = (f"inspect.golden={boards / 'golden.png'}", f"inspect.test={boards / 'photos'}")
    how = (f"results_dir={tmp_path / 'bare'}", f"inspect.checkpoint={file}", *places)
    said = run_without_torch(tmp_path, "inspect", {"task": "classify"}, *how)
    assert "self-test passed: 4 stored pairs" in said
    found = json.loads((tmp_path / "bare/inspect/inspection.json").read_text())
    for name in ("threshold", "threshold_origin", "tile"):
        assert found["evidence"][name] == sheet["evidence"][name]
    for board in found["boards"]:
        same = by_checkpoint[board["name"]]
        assert board["verdict"] == same["verdict"]
        if board["verdict"] == "NO_PASS":
            assert board["score"] == pytest.approx(same["score"], abs=1e-3)
            assert [one["box"] for one in board["regions"]] == [
                pytest.approx(one["box"], abs=1) for one in same["regions"]
            ]

    scorers = [open_model(model, 1_000_000, boards=True) for model in (file, trained.latest)]
    assert [(one.facts["task"], one.facts["whole_boards"]) for one, _ in scorers] == [("classify", True)] * 2
    assert [tested and tested["passed"] for _, tested in scorers] == [True, None]
    golden = Golden("g", (Picture((boards / "golden.png").read_bytes()),))
    pairs = [Pair((Picture((boards / f"photos/{name}.png").read_bytes()),), golden) for name in ("good", "spoiled")]
    for scorer, _ in scorers:
        good, bad = scorer.judge(pairs)
        assert isinstance(good, Judged)
        assert isinstance(bad, Judged)
        assert (good.verdict, bad.verdict) == ("PASS", "NO_PASS")
        assert [one["box"] for one in bad.regions] == [
            pytest.approx(one["box"], abs=1) for one in by_checkpoint["spoiled"]["regions"]
        ]


@pytest.mark.long
def test_good_pairs_set_the_threshold_of_a_checkpoint_and_of_an_exported_file(
    boards: Path, engine: Callable[..., Any], trained: Any
) -> None:
    for part in ("golden", "test"):
        (boards / "good" / part).mkdir(parents=True)
    for number in range(3):
        golden = draw_board(number + 5, (192, 160), 60)
        golden.save(boards / "good" / "golden" / f"b{number}.png")
        shifted(golden, 2, -1).save(boards / "good" / "test" / f"b{number}.png")
    exported = boards / "model.onnx"
    target = (f"export.checkpoint={trained.latest}", f"export.onnx_file={exported}", f"results_dir={boards / 'export'}")
    assert engine("export", trained.spec, *target).code == 0
    pairs = (f"inspect.golden={boards / 'good'}", "inspect.calibrate_to=0.1", "inspect.defect_sizes=[8,24]")
    for model in (trained.latest, exported):
        results = boards / f"calibrated{model.suffix}"
        places = (f"results_dir={results}", f"inspect.checkpoint={model}", *pairs)
        done = engine("inspect", trained.spec, *places)
        assert done.code == 0, done.err
        told = json.loads((results / "inspect" / "calibration.json").read_text())
        assert (told["good_pairs"], told["flagged"]) == (3, 0)
        assert told["recall"]["drawn"] > 12
        assert told["recall"]["found"] > 0
        kept = results / "inspect" / told["checkpoint"]
        assert kept.suffix == model.suffix
        done, sheet, found = inspected(boards, engine, trained.spec, kept)
        assert done.code == 0, done.err
        assert sheet["evidence"]["threshold"] == pytest.approx(told["threshold"])
        assert sheet["evidence"]["threshold_origin"]["split"] == "calibration"
        assert found["good"]["verdict"] == "PASS"
