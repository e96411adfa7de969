# SPDX-License-Identifier: Apache-2.0
"""`changenet data synthesize OUT --from PAIRS`: data sets made of good pairs alone."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

from core.errors import DataError, InputError
from pairs.drawn_set import DrawnSettings, draw_into
from pairs.good_pairs import list_good_pairs
from pairs.segment_folders import SegmentSource, check_folders

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def pairs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four pairs of small pictures that are clouds, too small to be registered."""
    root = tmp_path_factory.mktemp("pairs")
    rng = np.random.default_rng(2)
    for folder in ("golden", "test"):
        (root / folder).mkdir()
    for number in range(4):
        coarse = Image.fromarray(rng.integers(0, 255, (20, 20, 3), dtype=np.uint8)).resize((150, 150))
        golden = np.asarray(coarse)
        test = np.clip(golden.astype(int) + rng.integers(-4, 5, golden.shape), 0, 255).astype(np.uint8)
        Image.fromarray(golden).save(root / "golden" / f"b{number}.png")
        Image.fromarray(test).save(root / "test" / f"b{number}.png")
    return root


def _read(path: Path) -> np.ndarray:
    with Image.open(path) as image:
        return np.asarray(image)


def test_masks_show_what_was_drawn_and_the_pairs_own_differences_stay(pairs: Path, tmp_path: Path) -> None:
    summary = draw_into(pairs, tmp_path / "out", DrawnSettings(sizes=(8, 20), copies=2))
    assert set(summary.rows) == {"train", "val", "test"}
    assert all(summary.rows.values())
    assert summary.left_out == {}
    names = [path.name for path in sorted((tmp_path / "out" / "B").iterdir())]
    assert len(names) == sum(summary.rows.values())
    for name in names:
        own = _read(pairs / "test" / f"{name[:2]}.png")
        drawn, label = (_read(tmp_path / "out" / part / name) for part in ("B", "label"))
        step = np.abs(drawn.astype(int) - own).max(axis=2)
        assert set(np.unique(label)) == ({0} if name.endswith("_0.png") else {0, 255})
        assert step[label == 0].max() <= 30  # soft edges, two of them at most
        assert not label.any() or step[label > 0].mean() > 26


def test_each_flaw_is_listed_with_kind_size_and_box(pairs: Path, tmp_path: Path) -> None:
    summary = draw_into(pairs, tmp_path / "out", DrawnSettings(kinds=("spot", "covered"), sizes=(10, 20)))
    with (tmp_path / "out" / "flaws.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == sum(summary.flaws.values()) > 0
    assert {row["kind"] for row in rows} <= {"spot", "covered"}
    for row in rows:
        label = _read(tmp_path / "out" / "label" / f"{row['name']}.png")
        x, y, width, height = (int(row[key]) for key in ("x", "y", "width", "height"))
        assert label[y : y + height, x : x + width].any()
        assert int(row["size"]) == max(width, height)


def test_the_same_seed_gives_the_same_bytes(pairs: Path, tmp_path: Path) -> None:
    for name in ("one", "two"):
        draw_into(pairs, tmp_path / name, DrawnSettings(sizes=(8, 20), copies=1, seed=4))
    files = sorted(path.relative_to(tmp_path / "one") for path in (tmp_path / "one").rglob("*") if path.is_file())
    assert files
    assert all((tmp_path / "one" / one).read_bytes() == (tmp_path / "two" / one).read_bytes() for one in files)


def test_crops_for_the_classify_task_hold_each_flaw_and_as_good_ones(pairs: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    draw_into(pairs, out, DrawnSettings(task="classify", sizes=(8, 20), crop=64))
    with (out / "train" / "dataset.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    labels = {row["label"] for row in rows}
    assert "PASS" in labels
    assert len(labels) > 2
    for row in rows:
        shown = [
            _read(out / "images" / row[key] / f"{row['object_name']}.png").astype(int)
            for key in ("input_path", "golden_path")
        ]
        assert shown[0].shape == shown[1].shape == (64, 64, 3)
        assert (np.abs(shown[0] - shown[1]).max() > 14) == (row["label"] != "PASS")


def test_golden_pictures_do_not_stand_in_two_splits(pairs: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    draw_into(pairs, out, DrawnSettings(sizes=(8, 20)))
    lists = {
        split: {name[:2] for name in (out / "list" / f"{split}.txt").read_text().split()}
        for split in ("train", "val", "test")
    }
    assert not lists["train"] & lists["val"]
    assert not lists["train"] & lists["test"]


def test_fewer_than_three_pairs_are_refused(pairs: Path, tmp_path: Path) -> None:
    table = tmp_path / "two.csv"
    table.write_text("golden,test\n" + "".join(f"{pairs}/golden/b{n}.png,{pairs}/test/b{n}.png\n" for n in range(2)))
    with pytest.raises(DataError, match="2 pairs") as error:
        draw_into(table, tmp_path / "out", DrawnSettings())
    assert error.value.code == "data.few_pairs"
    assert not (tmp_path / "out").exists()


def test_a_folder_without_pairs_is_refused(tmp_path: Path) -> None:
    (tmp_path / "some").mkdir()
    with pytest.raises(DataError, match="no pairs"):
        draw_into(tmp_path / "some", tmp_path / "out", DrawnSettings())


@pytest.mark.parametrize(
    "wrong", [{"sizes": (40.0, 6.0)}, {"sizes": (1.0, 6.0)}, {"kinds": ("spott",)}, {"copies": 0}, {"crop": 8}]
)
def test_settings_that_can_not_be_drawn_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(InputError):
        DrawnSettings(**wrong)  # type: ignore[arg-type]


def test_pairs_of_a_segment_data_set_with_defects_are_left_out(pairs: Path, tmp_path: Path) -> None:
    first = tmp_path / "first"
    draw_into(pairs, first, DrawnSettings(sizes=(8, 20), copies=1))
    summary = draw_into(first, tmp_path / "second", DrawnSettings(sizes=(8, 20), copies=1))
    assert {path.name.rpartition("_")[0] for path in (tmp_path / "second" / "A").iterdir()} == {
        f"b{number}_0" for number in range(4)
    }
    assert summary.left_out == {}


def test_what_is_drawn_can_be_trained_on(pairs: Path, tmp_path: Path) -> None:
    draw_into(pairs, tmp_path / "out", DrawnSettings(sizes=(8, 20)))
    findings, names = check_folders(SegmentSource(tmp_path / "out"), dict.fromkeys(("train", "val", "test"), True))
    assert findings == []
    assert all(names.values())


def test_good_pairs_of_a_data_set_are_its_rows_labelled_pass(pairs: Path, tmp_path: Path) -> None:
    draw_into(pairs, tmp_path / "set", DrawnSettings(task="classify", sizes=(10, 24), copies=2))
    rows = []
    for split in ("train", "val", "test"):
        with (tmp_path / "set" / split / "dataset.csv").open(encoding="utf-8") as file:
            rows += [row for row in csv.DictReader(file) if row["label"] == "PASS"]
    found = list_good_pairs(tmp_path / "set")
    assert len(found) == len({one.name for one in found}) == len(rows)
    assert {one.test for one in found} == {
        tmp_path / "set" / "images" / row["input_path"] / f"{row['object_name']}.png" for row in rows
    }
    assert all(one.golden.is_file() and one.test.is_file() for one in found)
