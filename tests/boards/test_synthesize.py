# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import csv
import hashlib
import json
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pytest
from PIL import Image

from boards import SynthesisSettings, synthesize
from boards.assignment import assign_defects, split_boards
from boards.pictures import SiteInfo
from boards.settings import DEFECTS, LIGHTS
from core.errors import DataError, InputError
from pairs.classify_csv import image_file, read_rows
from pairs.layout import SPLITS, detect_layout

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

SMALL = SynthesisSettings(boards=4, components=8, size=64, seed=11, defect_rate=0.5, split=(2, 1, 1))
FEW = replace(SMALL, boards=3, components=4, split=(1, 1, 1))


def digest(folder: Path) -> dict[str, str]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def pixels(path: Path) -> NDArray[np.int16]:
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB"), dtype=np.int16)


def table(out: Path, split: str) -> list[dict[str, str]]:
    with (out / split / "dataset.csv").open(newline="", encoding="utf-8") as handle:
        return list(csv.DictReader(handle))


@pytest.fixture(scope="module")
def classify(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("boards") / "classify"
    synthesize(out, SMALL)
    return out


def test_same_seed_gives_same_bytes_in_one_process_and_in_two(classify: Path, tmp_path: Path) -> None:
    synthesize(tmp_path / "again", replace(SMALL, jobs=2))
    assert digest(tmp_path / "again") == digest(classify)


def test_another_seed_gives_other_pictures(classify: Path, tmp_path: Path) -> None:
    synthesize(tmp_path / "other", replace(SMALL, seed=12))
    ours, theirs = digest(classify), digest(tmp_path / "other")
    same = {name for name in ours if name.endswith(".jpg") and theirs.get(name) == ours[name]}
    assert not same


def test_every_row_has_its_pictures_and_the_layout_is_recognised(classify: Path) -> None:
    assert detect_layout(classify) == "classify"
    for split in SPLITS:
        for row in read_rows(classify / split / "dataset.csv"):
            for folder in (row.input_path, row.golden_path):
                path = image_file(classify / "images", folder, row.object_name, None, ".jpg")
                with Image.open(path) as image:
                    assert (image.size, image.mode) == ((64, 64), "RGB")


def test_several_lights_give_one_file_each(tmp_path: Path) -> None:
    summary = synthesize(tmp_path / "lights", replace(SMALL, lights=LIGHTS, components=4, boards=3))
    row, images = table(tmp_path / "lights", "train")[0], tmp_path / "lights/images"
    files = [image_file(images, row["input_path"], row["object_name"], light, ".jpg") for light in LIGHTS]
    assert len({pixels(path).tobytes() for path in files}) == len(LIGHTS)
    assert summary.images == len(list(images.rglob("*.jpg")))


def test_no_board_is_in_two_splits(classify: Path) -> None:
    boards = {split: {row["board"] for row in table(classify, split)} for split in SPLITS}
    assert [len(boards[split]) for split in SPLITS] == [2, 1, 1]
    assert not boards["train"] & boards["val"] | boards["train"] & boards["test"] | boards["val"] & boards["test"]


@pytest.mark.parametrize(("rate", "expected"), [(0.0, 0), (0.08, 1), (1.0, 12)])
def test_the_defect_rate_is_kept(tmp_path: Path, rate: float, expected: int) -> None:
    summary = synthesize(tmp_path / "set", replace(FEW, defect_rate=rate))
    labels = Counter(row["label"] for split in SPLITS for row in table(tmp_path / "set", split))
    assert (summary.defects, sum(labels.values()) - labels["PASS"]) == (expected, expected)


@pytest.mark.parametrize(("rate", "expected"), [(0.001, 3), (0.0003, 1), (0.0001, 0)])
def test_a_very_small_rate_is_kept(rate: float, expected: int) -> None:
    settings = SynthesisSettings(boards=30, components=100, defect_rate=rate)
    sites = [[SiteInfo(f"R{k}", "R0402", ("missing", "shifted")) for k in range(100)] for _ in range(30)]
    defects = assign_defects(settings, split_boards(settings), sites)
    assert sum(len(per_site) for per_site in defects.values()) == expected


def test_the_summary_counts_what_is_in_the_tables(classify: Path) -> None:
    record = json.loads((classify / "synthesis.json").read_text())
    for split in SPLITS:
        rows = table(classify, split)
        assert record["summary"]["splits"][split] == Counter(row["label"] for row in rows)
        assert record["summary"]["rows"][split] == len(rows)
        assert sum(b["pairs"] for b in record["summary"]["boards"].values() if b["split"] == split) == len(rows)


@pytest.mark.parametrize("style", ["assembled", "bare"])
def test_a_segment_mask_is_set_exactly_where_boards_are_defective(
    tmp_path: Path, style: Literal["assembled", "bare"]
) -> None:
    summary = synthesize(tmp_path / "seg", replace(SMALL, task="segment", style=style, size=256, defect_rate=0.06))
    assert detect_layout(tmp_path / "seg") == "segment"
    names = [n for split in SPLITS for n in (tmp_path / f"seg/list/{split}.txt").read_text().split()]
    assert len(names) == len(set(names)) == 4
    assert summary.rows == {"train": 2, "val": 1, "test": 1}
    for name in names:
        golden, test, mask = (pixels(tmp_path / "seg" / folder / name)[..., 0] for folder in ("A", "B", "label"))
        assert golden.shape == test.shape == mask.shape == (256, 256)
        assert set(np.unique(mask)) <= {0, 255}
        assert bool(mask.any()) == (summary.boards[name[:10]]["defects"] > 0)
    assert {bool(board["defects"]) for board in summary.boards.values()} == {True, False}


@pytest.mark.parametrize(
    "wrong",
    [
        {"task": "detect"},
        {"style": "bares"},
        {"boards": 2},
        {"boards": 3.5},
        {"units": 0},
        {"components": True},
        {"defect_rate": 1.5},
        {"defect_rate": float("nan")},
        {"nuisance": -1.0},
        {"size": 32},
        {"lights": ("SoldrLight",)},
        {"lights": ()},
        {"lights": ("WhiteLight", "WhiteLight")},
        {"defects": ("tombstoned",)},
        {"style": "bare", "defects": ("tombstone",)},
        {"style": "bare", "lights": ("WhiteLight", "SolderLight")},
        {"task": "segment", "lights": ("WhiteLight", "SolderLight")},
        {"split": (0.0, 0.5, 0.5)},
        {"split": (0.5, 0.5)},
        {"image_ext": "jpg"},
        {"seed": -1},
        {"jobs": 0},
    ],
)
def test_a_wrong_setting_is_named(wrong: dict[str, object]) -> None:
    with pytest.raises(InputError) as caught:
        SynthesisSettings(**wrong)  # type: ignore[arg-type]
    assert caught.value.where in wrong
    assert caught.value.remedy


def test_a_near_miss_gets_the_right_name() -> None:
    with pytest.raises(InputError, match="SolderLight"):
        SynthesisSettings(lights=("SoldrLight",))


def test_a_folder_with_other_files_is_left_alone_even_by_force(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("keep")
    with pytest.raises(DataError, match="not empty"):
        synthesize(tmp_path, replace(SMALL, force=True))
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_an_earlier_data_set_is_replaced_only_by_force(tmp_path: Path) -> None:
    synthesize(tmp_path / "set", FEW)
    with pytest.raises(DataError, match="not empty"):
        synthesize(tmp_path / "set", FEW)
    synthesize(tmp_path / "set", replace(FEW, force=True, seed=5))
    assert json.loads((tmp_path / "set/synthesis.json").read_text())["settings"]["seed"] == 5
    assert [path.name for path in tmp_path.iterdir()] == ["set"]


@pytest.mark.parametrize("jobs", [1, 2])
def test_an_interrupt_leaves_nothing(tmp_path: Path, jobs: int) -> None:
    def interrupt(done: int, total: int) -> None:
        if done > total // 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        synthesize(tmp_path / "set", replace(FEW, jobs=jobs), interrupt)
    assert not list(tmp_path.iterdir())


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(DataError) as caught:
        synthesize(tmp_path / "file/set", SMALL)
    assert caught.value.where == str(tmp_path / "file/set")


def test_progress_ends_at_its_total(tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    synthesize(tmp_path / "set", FEW, lambda done, total: seen.append((done, total)))
    assert seen[-1][0] == seen[-1][1]
    assert seen == sorted(seen)


def test_defects_that_no_component_can_have_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="can have one of these"):
        synthesize(tmp_path / "set", replace(SMALL, defects=("wrong_polarity",), defect_rate=1.0))
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("style", ["assembled", "bare"])
def test_every_defect_shows_inside_its_box(tmp_path: Path, style: Literal["assembled", "bare"]) -> None:
    """Without nuisance, a defect shows in its box, and outside no more changes than on good sites."""
    settings = SynthesisSettings(
        boards=3, components=15, size=96, seed=3, defect_rate=0.8, nuisance=0.0, style=style, image_ext=".png"
    )
    synthesize(tmp_path / "set", settings)
    inside: dict[str, list[float]] = {}
    outside: dict[bool, list[float]] = {True: [], False: []}
    for row in (row for split in SPLITS for row in table(tmp_path / "set", split)):
        folders = (tmp_path / "set/images" / row[key] for key in ("golden_path", "input_path"))
        golden, test = (pixels(folder / f"{row['object_name']}.png") for folder in folders)
        difference = np.abs(golden - test).max(axis=2)
        if row["defect_box"]:
            x1, y1, x2, y2 = map(int, row["defect_box"].split())
            assert 0 <= x1 < x2 <= 96
            assert 0 <= y1 < y2 <= 96
            inside.setdefault(row["label"], []).append(float(difference[y1:y2, x1:x2].max()))
            difference[max(0, y1 - 10) : y2 + 10, max(0, x1 - 10) : x2 + 10] = 0  # shadows reach out of the box
        outside[row["label"] == "PASS"].append(float(np.percentile(difference, 99)))
    assert set(inside) == set(DEFECTS[style])
    assert min(value for values in inside.values() for value in values) > 12
    assert np.median(outside[False]) <= np.median(outside[True]) + 2


def test_a_finer_crop_shows_the_same_boards_and_defects_in_more_pixels(classify: Path, tmp_path: Path) -> None:
    synthesize(tmp_path / "finer", replace(SMALL, size=96, defects_for=64))
    for split in SPLITS:
        ours, finer = table(classify, split), table(tmp_path / "finer", split)
        told = ("input_path", "object_name", "label", "severity")
        assert [[row[name] for name in told] for row in finer] == [[row[name] for name in told] for row in ours]
        for one, other in zip(ours, finer, strict=True):
            if not one["defect_box"]:
                continue
            box, larger = (np.array(row["defect_box"].split(), dtype=float) for row in (one, other))
            assert np.abs(larger / 1.5 - box).max() <= 4, (one, other)


@pytest.mark.parametrize(
    "changes", [{"defects_for": 128}, {"defects_for": 64, "style": "bare"}, {"defects_for": 64, "task": "segment"}]
)
def test_what_no_finer_crop_can_be_drawn_from_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(InputError) as refused:
        replace(SMALL, **changes)
    assert refused.value.where == "defects_for"
