# SPDX-License-Identifier: Apache-2.0
"""Masks, tables and figures of a trained model, each held against the labels and against each other."""

from __future__ import annotations

import csv
import json
import shutil
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
from PIL import Image

from scoring.pixels import change_figures, confusion
from scoring.regions import count_regions, find_regions, match_regions, sheet_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

Spec = dict[str, Any]


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as handle:
        return list(csv.DictReader(handle))


def pixels(path: Path) -> Any:
    return np.asarray(Image.open(path))


@pytest.fixture(scope="module")
def evaluated(trained_masks: Any, engine: Callable[..., Any], tmp_path_factory: pytest.TempPathFactory) -> Path:
    results = tmp_path_factory.mktemp("evaluated")
    done = engine(
        "evaluate",
        trained_masks.spec,
        f"results_dir={results}",
        f"evaluate.checkpoint={trained_masks.latest}",
        "evaluate.batch_size=2",
        "evaluate.vis_after_n_batches=2",
    )
    assert done.code == 0, done.err
    return results / "evaluate"


def test_figures_are_those_of_the_masks_that_were_written(
    evaluated: Path, shared_masks: Any, kpi_of: Callable[..., Any], trained_masks: Any
) -> None:
    matrix, regions = np.zeros((2, 2), dtype=np.int64), None
    for row in rows(evaluated / "pictures.csv"):
        mask, label = (
            pixels(evaluated / "masks" / row["mask"]),
            pixels(shared_masks.root / "label" / row["name"]) // 255,
        )
        assert (mask.dtype, set(np.unique(mask)) <= {0, 1}) == (np.uint8, True)
        matrix += confusion(label, mask, 2)
        labelled, marked = find_regions(label > 0, 8), find_regions(mask > 0, 8)
        counts = count_regions(labelled, marked, match_regions(labelled, marked))
        assert [int(row[name]) for name in ("defects", "found", "false_regions", "regions")] == [
            counts.labelled,
            counts.found,
            counts.false,
            counts.predicted,
        ]
        regions = counts if regions is None else regions + counts
    sheet = json.loads((evaluated / "figures.json").read_text())
    assert sheet["pixels"] == change_figures(matrix)
    assert sheet["confusion"] == matrix.tolist()
    assert regions is not None
    assert sheet["regions"] == sheet_of(regions)
    assert sheet["threshold"] == torch.load(trained_masks.latest, weights_only=True)["threshold"]
    assert sheet["threshold_origin"] == {"kind": "validation", "split": "validation", "target": ""}
    kpi = kpi_of(evaluated)[-1]
    assert kpi["f1_at_threshold"] == sheet["pixels"]["f1"] > 0.7
    assert {"test_loss", "test_acc", "test_miou", "test_mf1", "test_iou_1", "test_recall_0"} <= kpi.keys()


def test_every_region_is_a_row_with_its_place(evaluated: Path) -> None:
    found = rows(evaluated / "regions.csv")
    for row in found:
        assert row["kind"] in {"hit", "false", "missed"}
        if row["kind"] == "missed":
            continue
        mask = pixels(evaluated / "masks" / row["name"])
        box = np.s_[int(row["y1"]) : int(row["y2"]), int(row["x1"]) : int(row["x2"])]
        assert np.count_nonzero(mask[box]) >= int(row["area"]) > 0
        assert float(row["score"]) > 0
    marked = [row for row in found if row["kind"] != "missed"]
    assert len(marked) == sum(int(row["regions"]) for row in rows(evaluated / "pictures.csv"))


def test_every_second_batch_is_shown_side_by_side(evaluated: Path) -> None:
    assert [path.name for path in (evaluated / "combined_visualisation").iterdir()] == ["test_0.png"]
    assert pixels(evaluated / "combined_visualisation" / "test_0.png").shape == (64, 4 * 64 + 3 * 4, 3)
    assert set(np.unique(pixels(evaluated / "test_0.png"))) <= {0, 255}
    assert len(list((evaluated / "overlays").iterdir())) == 4


def test_inference_needs_no_labels_and_marks_the_same(
    trained_masks: Any, shared_masks: Any, evaluated: Path, engine: Callable[..., Any], tmp_path: Path
) -> None:
    for name in ("A", "B", "list"):
        shutil.copytree(shared_masks.root / name, tmp_path / "bare" / name)
    done = engine(
        "inference",
        trained_masks.spec,
        f"results_dir={tmp_path}",
        f"inference.checkpoint={trained_masks.latest}",
        f"dataset.segment.root_dir={tmp_path / 'bare'}",
        "dataset.segment.color_map={'0': [10, 20, 30], '1': [250, 0, 0]}",
    )
    assert done.code == 0, done.err
    shown = {tuple(colour) for colour in pixels(tmp_path / "inference" / "test_0.png").reshape(-1, 3).tolist()}
    assert shown == {(10, 20, 30), (250, 0, 0)}
    for path in (tmp_path / "inference" / "masks").iterdir():
        assert (pixels(path) == pixels(evaluated / "masks" / path.name)).all()
    assert {row["kind"] for row in rows(tmp_path / "inference" / "regions.csv")} == {"marked"}
    assert "defects" not in rows(tmp_path / "inference" / "pictures.csv")[0]


def test_large_pictures_are_scored_in_tiles_at_their_own_size(
    mask_folder: Any, trained_masks: Any, tree_of: Callable[..., Spec], engine: Callable[..., Any], tmp_path: Path
) -> None:
    """And pictures that are resized instead keep masks of their own size too."""
    mask_folder.split("test", 2, seed=3000, size=(150, 100), blots=3)
    for tiles in ("true", "false"):
        done = engine(
            "evaluate",
            tree_of(mask_folder),
            f"results_dir={tmp_path / tiles}",
            f"evaluate.checkpoint={trained_masks.latest}",
            f"dataset.segment.tiles={tiles}",
        )
        assert done.code == 0, done.err
        assert pixels(tmp_path / tiles / "evaluate" / "masks" / "test_0.png").shape == (100, 150)
        assert rows(tmp_path / tiles / "evaluate" / "pictures.csv")[0]["width"] == "150"
    sheet = json.loads((tmp_path / "true" / "evaluate" / "figures.json").read_text())
    assert sheet["regions"]["defects"] == 6
    assert sheet["regions"]["found"] == 6
    assert sheet["pixels"]["f1"] > 0.6


def test_golden_and_test_pictures_in_each_others_place_are_refused(
    trained_masks: Any, engine: Callable[..., Any], tmp_path: Path
) -> None:
    done = engine(
        "evaluate",
        trained_masks.spec,
        f"results_dir={tmp_path}",
        f"evaluate.checkpoint={trained_masks.latest}",
        "dataset.segment.image_folder_name=B",
        "dataset.segment.change_image_folder_name=A",
    )
    assert done.code == 1
    assert "the other way round" in done.err


def test_pictures_of_a_pair_that_differ_in_size_are_told_with_their_line(
    mask_folder: Any, trained_masks: Any, tree_of: Callable[..., Spec], engine: Callable[..., Any]
) -> None:
    mask_folder.split("test", 2, seed=1)
    path = mask_folder.root / "A" / "test_1.png"
    Image.open(path).resize((80, 64)).save(path)
    checkpoint = f"evaluate.checkpoint={trained_masks.latest}"
    done = engine("evaluate", tree_of(mask_folder), checkpoint, "dataset.segment.tiles=true")
    assert done.code == 1
    assert "differ in size: 80x64 and 64x64 px" in done.err
    assert "list/test.txt:2" in done.err
