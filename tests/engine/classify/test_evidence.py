# SPDX-License-Identifier: Apache-2.0
"""Evidence maps: they lie where the defect is, in the test picture's own pixels, and change no score."""

from __future__ import annotations

import csv
import errno
import random
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
from PIL import Image, ImageChops

from engine.alignment import moved, moved_back
from engine.classify.attribution import first_order
from engine.classify.evidence import explain, on_test_pictures, to_grey
from engine.classify.evidence_files import EvidenceFolder, map_name
from engine.classify.network import ClassifyNetwork, build_network
from engine.classify.network_input import Layout, NetworkInput
from engine.classify.scoring_loop import GoldenFeatures
from spec.experiment import Experiment

if TYPE_CHECKING:
    from collections.abc import Callable

HEADS: dict[str, dict[str, Any]] = {
    "euclidean": {"difference_module": "euclidean"},
    "flatten": {"difference_module": "learnable"},
    "pooled": {"difference_module": "learnable", "difference_head": "pooled"},
}
Box = tuple[int, int, int, int]


def network(head: str, classes: int = 2) -> ClassifyNetwork:
    torch.manual_seed(0)
    tree = {
        "model": {
            "backbone": {"type": "timm/test_resnet"},
            "decode_head": {"decoder_params": {"embed_dim": 16}},
            "classify": HEADS[head],
        },
        "dataset": {"classify": {"num_classes": classes}},
        "train": {"classify": {"loss": "contrastive" if head == "euclidean" else "ce", "cls_weight": [1.0] * classes}},
    }
    return build_network(Experiment.model_validate(tree), (64, 64)).eval()


def pairs(count: int = 1, goldens: int = 1) -> NetworkInput:
    """Pairs that differ from their golden images in one patch alone, at (8..16, 40..48)."""
    noise = torch.randn(count, goldens, 3, 64, 64, generator=torch.Generator().manual_seed(1))
    tests = noise[:, 0].clone()
    tests[:, :, 8:16, 40:48] += 3
    return NetworkInput(tests, noise, torch.arange(count), tuple(map(str, range(count))), torch.zeros(count, 2).long())


@torch.inference_mode()
def maps_of(model: ClassifyNetwork, inputs: NetworkInput) -> torch.Tensor:
    _, levels = explain(model, inputs, GoldenFeatures().of_pairs(model, inputs))
    return on_test_pictures(levels, inputs, Layout(1, 1))


@pytest.mark.parametrize("head", HEADS)
@pytest.mark.parametrize("goldens", [1, 2])
def test_explaining_changes_no_bit_of_the_output(head: str, goldens: int) -> None:
    model, inputs, known = network(head), pairs(3, goldens), GoldenFeatures()
    with torch.inference_mode():
        output, _ = explain(model, inputs, known.of_pairs(model, inputs))
        assert torch.equal(output, known.output(model, inputs))


def test_slopes_times_differences_add_up_to_a_linear_margin() -> None:
    weights = torch.randn(2, 4, 4)
    tests, goldens = torch.randn(3, 2, 4, 4), torch.randn(3, 2, 4, 4)
    output, (places,) = first_order(
        lambda levels: (levels[0] * weights).sum(dim=(1, 2, 3)), lambda out: 2 * out, [tests], [goldens], 1
    )
    assert torch.allclose(output, (tests * weights).sum(dim=(1, 2, 3)))
    assert torch.allclose(places, (2 * weights * (tests - goldens)).sum(dim=1), atol=1e-5)


@pytest.mark.parametrize("head", ["euclidean", "flatten"])
def test_where_nothing_differs_there_is_no_evidence(head: str) -> None:
    model, inputs = network(head), pairs(2)
    same = inputs._replace(tests=inputs.goldens[:, 0])
    assert float(maps_of(model, same).abs().max()) == 0
    evidence = maps_of(model, inputs)
    y, x = divmod(int(evidence[0].argmax()), 64)
    assert 4 <= y < 20  # the patch, and the cells it reaches into
    assert 36 <= x < 52


def test_a_pooled_head_s_places_add_up_to_its_margin() -> None:
    """On maps of one place, with weights for the maxima alone, map and margin are the same number."""
    model: Any = network("pooled")
    tests, goldens = ([torch.rand(3, channels, 1, 1) for channels in model.backbone.channels] for _ in range(2))
    with torch.inference_mode():
        model.head.classifier.weight.view(2, len(tests), 2, -1)[:, :, 1] = 0
        model.head.classifier.bias.zero_()
        output, levels = model.head.explain(tests, goldens, 1)
    assert torch.allclose(torch.stack(levels).sum(dim=0).flatten(), model.head.margin(output), atol=1e-5)


@pytest.mark.parametrize("classes", [2, 4])
def test_the_margin_is_the_logarithm_of_the_odds(classes: int) -> None:
    model, logits = network("pooled", classes), torch.randn(5, classes)
    score = model.head.score(logits)
    assert torch.allclose(model.head.margin(logits), (score / (1 - score)).log(), atol=1e-5)
    with torch.inference_mode():
        assert float(maps_of(model, pairs(2)).max()) > 0


def test_a_place_that_one_golden_image_shows_is_no_evidence() -> None:
    model, inputs = network("flatten"), pairs(1, goldens=2)
    inputs.goldens[:, 1] = inputs.goldens[:, 0]  # two golden images alike, but for the patch in the second one
    assert float(maps_of(model, inputs).max()) > 0
    inputs.goldens[:, 1] = inputs.tests
    assert float(maps_of(model, inputs).max()) == 0


def test_a_map_is_moved_back_with_its_picture() -> None:
    picture = torch.rand(4, 1, 3, 20, 24)
    shifts = torch.tensor([[3, -2], [0, 0], [-4, 4], [1, 0]])
    back = moved_back(moved(picture, shifts)[:, 0, 0], shifts)
    assert torch.equal(back[0, :17, 2:], picture[0, 0, 0, :17, 2:])
    assert float(back[0, 17:].max()) == 0
    assert torch.equal(back[1], picture[1, 0, 0])
    assert torch.equal(back[2, 4:, :20], picture[2, 0, 0, 4:, :20])


def test_of_several_lightings_the_strongest_counts() -> None:
    layout = Layout(2, 2)
    whole = torch.zeros(1, 32, 64)
    whole[0, 20, 40] = 5.0  # fourth lighting, at (4, 8)
    whole[0, 2, 3] = 3.0  # first lighting
    inputs = NetworkInput(torch.zeros(1, 3, 32, 64), torch.zeros(1, 1, 3, 32, 64), torch.tensor([0]), ("a",))
    (one,) = on_test_pictures([whole, -whole], inputs, layout)
    assert one.shape == (16, 32)
    assert float(one[4, 8]) == 5.0
    assert float(one[2, 3]) == 3.0
    lights = torch.rand(2, 4, 3, 5, 6)
    assert torch.equal(layout.split(layout.combine(lights)), lights)
    assert torch.equal(Layout(4, 1).split(Layout(4, 1).combine(lights)), lights)


def test_brightness_follows_the_score_up_to_the_threshold() -> None:
    maps = torch.tensor([[[0.0, 7.0], [3.5, 0.0]]]).repeat(4, 1, 1)
    maps[3] = 0
    grey = to_grey(maps, torch.tensor([0.9, 0.1, 0.002, 0.9]), 0.2)
    assert grey.dtype == np.uint8
    assert grey.reshape(4, 4).tolist() == [[0, 255, 128, 0], [0, 128, 64, 0], [0, 3, 1, 0], [0, 0, 0, 0]]
    assert to_grey(maps, torch.tensor([0.5, 0.0, -1.0, 0.0]), 0.0).max(axis=(1, 2)).tolist() == [255, 0, 0, 0]


@pytest.fixture
def score(trained: Any, engine: Callable[..., Any], tmp_path: Path) -> Callable[..., Any]:
    """Runs inference on one CSV with the trained model; returns how it ended, and the rows that it wrote."""

    def run(*changes: str, csv_path: Path | None = None, checkpoint: Path = trained.latest) -> Any:
        infer = "dataset.classify.infer_dataset"
        data = (f"{infer}.csv_path={csv_path}", f"{infer}.images_dir={csv_path.parent}") if csv_path else ()
        own = (f"results_dir={tmp_path}", f"inference.checkpoint={checkpoint}")
        outcome = engine("inference", trained.spec, *own, *data, *changes)
        table = tmp_path / "inference" / "inference.csv"
        return outcome, rows_of(table) if table.exists() else []

    return run


def spoil(board: Image.Image, seed: int) -> tuple[Image.Image, Box]:
    """A board with a white blot, and the box around it."""
    chance = random.Random(seed)
    x, y = chance.randrange(8, board.width - 22), chance.randrange(8, board.height - 22)
    spoiled = board.copy()
    spoiled.paste((250, 250, 250), (x, y, x + 14, y + 14))
    return spoiled, (x, y, x + 14, y + 14)


def board(seed: int) -> Image.Image:
    coarse = np.random.default_rng(seed).integers(0, 2, (16, 16, 1), dtype=np.uint8)
    pixels = np.array([20, 70, 30]) + coarse * np.array([150, 80, 30])
    return Image.fromarray(pixels.astype(np.uint8)).resize((64, 64), Image.Resampling.NEAREST)


def write_pairs(folder: Path, rows: list[tuple[str, str, str]]) -> Path:
    lines = ["input_path,golden_path,object_name", *(",".join(row) for row in rows)]
    path = folder / "pairs.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def save(picture: Image.Image, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    picture.save(path)


def rows_of(table: Path) -> list[dict[str, str]]:
    with table.open(newline="", encoding="utf-8") as handle:
        return list(csv.DictReader(handle))


def read_map(results: Path, row: dict[str, str]) -> Any:
    with Image.open(results / row["evidence"]) as picture:
        assert (picture.format, picture.mode) == ("PNG", "L")
        return np.asarray(picture)


def strongest(results: Path, row: dict[str, str]) -> tuple[int, int]:
    """The place (x, y) of a row's strongest evidence."""
    grey = read_map(results, row)
    y, x = divmod(int(grey.argmax()), grey.shape[1])
    return x, y


def is_in(place: tuple[int, int], box: Box) -> bool:
    return box[0] <= place[0] < box[2] and box[1] <= place[1] < box[3]


def found(results: Path, rows: list[dict[str, str]], boxes: list[Box]) -> float:
    """The share of boxes that hold their row's strongest evidence."""
    hits = [is_in(strongest(results, row), box) for row, box in zip(rows, boxes, strict=True)]
    return sum(hits) / len(hits)


def test_the_strongest_place_is_the_defect(score: Callable[..., Any], tmp_path: Path) -> None:
    boxes, rows = [], []
    for i in range(12):
        spoiled, box = spoil(board(i), i)
        save(board(i), tmp_path / f"golden{i}" / "part.png")
        save(spoiled, tmp_path / f"test{i}" / "part.png")
        boxes.append(box)
        rows.append((f"test{i}", f"golden{i}", "part"))
    outcome, scored = score(csv_path=write_pairs(tmp_path, rows))
    assert outcome.code == 0
    assert [row["evidence"] for row in scored] == [f"evidence/{line:06d}.png" for line in range(2, 14)]
    assert found(tmp_path / "inference", scored, boxes) >= 0.9


def test_the_map_lies_on_the_test_picture_wherever_it_was_moved(score: Callable[..., Any], tmp_path: Path) -> None:
    boxes, rows = [], []
    for i, (dx, dy) in enumerate(((5, -4), (-6, 6), (0, 0), (6, 0))):
        spoiled, (x1, y1, x2, y2) = spoil(board(i), i)
        save(board(i), tmp_path / f"golden{i}" / "part.png")
        save(ImageChops.offset(spoiled, dx, dy), tmp_path / f"test{i}" / "part.png")
        boxes.append((x1 + dx, y1 + dy, x2 + dx, y2 + dy))
        rows.append((f"test{i}", f"golden{i}", "part"))
    outcome, scored = score("dataset.classify.align_pixels=8", csv_path=write_pairs(tmp_path, rows))
    assert outcome.code == 0
    assert found(tmp_path / "inference", scored, boxes) == 1.0


@pytest.mark.parametrize("grid", [False, True])
def test_one_map_for_all_lightings(trained: Any, score: Callable[..., Any], tmp_path: Path, grid: bool) -> None:
    content = torch.load(trained.latest, weights_only=True)
    content["config"]["dataset"]["classify"]["num_input"] = 4  # as if it had been trained on four lightings
    torch.save(content, tmp_path / "four.pth")
    boxes, rows = [], []
    for i in range(4):
        spoiled, box = spoil(board(i), i)
        for light in range(4):
            save(board(i), tmp_path / f"golden{i}" / f"part_L{light}.png")
            save(spoiled if light == i else board(i), tmp_path / f"test{i}" / f"part_L{light}.png")
        boxes.append(box)
        rows.append((f"test{i}", f"golden{i}", "part"))
    lights = ("num_input=4", "input_map={L0: 0, L1: 1, L2: 2, L3: 3}", f"concat_type={'grid' if grid else 'linear'}")
    changes = [f"dataset.classify.{text}" for text in (*lights, "grid_map={x: 2, y: 2}")]
    outcome, scored = score(*changes, csv_path=write_pairs(tmp_path, rows), checkpoint=tmp_path / "four.pth")
    assert outcome.code == 0
    assert read_map(tmp_path / "inference", scored[0]).shape == (64, 64)
    assert found(tmp_path / "inference", scored, boxes) == 1.0


def test_what_one_of_several_golden_images_shows_is_no_defect(score: Callable[..., Any], tmp_path: Path) -> None:
    spoiled, box = spoil(board(1), 5)
    twice = spoiled.copy()
    twice.paste((250, 250, 250), (2, 2, 12, 12))  # a second blot, which one of the golden images has as well
    allowed = board(1)
    allowed.paste((250, 250, 250), (2, 2, 12, 12))
    save(board(1), tmp_path / "golden" / "a.png")
    save(allowed, tmp_path / "golden" / "b.png")
    save(twice, tmp_path / "test" / "part.png")
    outcome, scored = score(
        "dataset.classify.num_golden=2", csv_path=write_pairs(tmp_path, [("test", "golden", "part")])
    )
    assert outcome.code == 0
    assert found(tmp_path / "inference", scored, [box]) == 1.0


def test_maps_change_no_score_and_can_be_turned_off(score: Callable[..., Any], tmp_path: Path) -> None:
    _, with_maps = score()
    folder = tmp_path / "inference" / "evidence"
    assert len(list(folder.iterdir())) == len(with_maps) == 16
    assert not list(folder.parent.glob(".*"))
    (folder / "notes.txt").write_text("kept")
    outcome, without = score("inference.evidence_maps=false")
    assert outcome.code == 0
    assert "evidence" not in without[0]
    assert [row["siamese_score"] for row in without] == [row["siamese_score"] for row in with_maps]
    assert [path.name for path in folder.iterdir()] == ["notes.txt"]


def test_a_second_run_leaves_no_map_of_the_first(score: Callable[..., Any], trained: Any, tmp_path: Path) -> None:
    score()
    table = tmp_path / "inference" / "inference.csv"
    lines = table.read_text().splitlines()
    short = tmp_path / "short.csv"
    short.write_text("\n".join(lines[:4]), encoding="utf-8")  # the result of the first run, with its columns
    images = trained.spec["dataset"]["classify"]["infer_dataset"]["images_dir"]
    outcome, rows = score(f"dataset.classify.infer_dataset={{csv_path: {short}, images_dir: {images}}}")
    assert outcome.code == 0
    assert [row["evidence"] for row in rows] == [map_name(line) for line in (2, 3, 4)]
    assert sorted(path.name for path in (table.parent / "evidence").iterdir()) == [
        "000002.png",
        "000003.png",
        "000004.png",
    ]


def test_a_failed_run_leaves_no_maps(score: Callable[..., Any], trained: Any, tmp_path: Path) -> None:
    content = torch.load(trained.latest, weights_only=True)
    last = [name for name in content["state_dict"] if name.endswith("weight")][-1]
    content["state_dict"][last].fill_(float("nan"))
    torch.save(content, tmp_path / "nan.pth")
    outcome, _ = score(checkpoint=tmp_path / "nan.pth")
    assert outcome.code == 1
    assert [path.name for path in (tmp_path / "inference").iterdir() if "evidence" in path.name] == []


def test_a_file_in_the_way_is_told_before_anything_is_scored(score: Callable[..., Any], tmp_path: Path) -> None:
    (tmp_path / "inference").mkdir()
    (tmp_path / "inference" / "evidence").write_text("mine")
    outcome, rows = score()
    assert outcome.code == 1
    assert "evidence maps can't be written (Not a directory)" in outcome.err
    assert "evidence_maps=false" in outcome.err
    assert rows == []
    assert (tmp_path / "inference" / "evidence").read_text() == "mine"


def test_a_folder_that_vanishes_while_maps_are_written_is_told(tmp_path: Path) -> None:
    from core.errors import InputError

    with pytest.raises(InputError, match="can't be written"), EvidenceFolder(tmp_path) as folder:  # noqa: PT012
        (tmp_path / ".evidence.tmp").rmdir()
        folder.write([2], np.zeros((1, 4, 4), dtype=np.uint8))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
def test_a_full_disk_is_told_as_such_and_leaves_no_maps(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No space left") as told, EvidenceFolder(tmp_path) as folder:  # noqa: PT012
        (tmp_path / ".evidence.tmp" / "000002.png").symlink_to("/dev/full")
        folder.write([2], np.zeros((1, 4, 4), dtype=np.uint8))
    assert told.value.errno == errno.ENOSPC  # the action says that the disk is full, as for every file it writes
    assert list(tmp_path.iterdir()) == []


def test_evaluate_writes_maps_too(trained: Any, engine: Callable[..., Any], tmp_path: Path) -> None:
    outcome = engine("evaluate", trained.spec, f"results_dir={tmp_path}", f"evaluate.checkpoint={trained.latest}")
    assert outcome.code == 0
    for row in rows_of(tmp_path / "evaluate" / "predictions.csv"):
        share = min(1.0, float(row["siamese_score"]) / float(row["threshold"]))
        brightest = read_map(tmp_path / "evaluate", row).max()
        assert brightest == pytest.approx(255 * share, abs=1)
