# SPDX-License-Identifier: Apache-2.0
"""`changenet data synthesize OUT --from PAIRS`: data sets made of good pairs alone."""

from __future__ import annotations

import csv
import shutil
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

from core.errors import DataError, InputError
from pairs.drawn_set import draw_into
from pairs.drawn_settings import DrawnSettings
from pairs.good_pairs import CALIBRATION_SPLITS, list_good_pairs
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


def test_pairs_that_are_crops_hold_one_flaw_or_none_and_are_turned_where_nothing_is_trained(
    pairs: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    summary = draw_into(pairs, out, DrawnSettings(task="classify", sizes=(8, 20), crop=160, copies=5))
    assert sum(summary.flaws.values()) == 4 * 5
    assert summary.rows == {"train": 2 * 6, "val": 10, "test": 10}
    for split, each in (("train", 1), ("val", 5)):
        with (out / split / "dataset.csv").open(encoding="utf-8") as file:
            good = [row for row in csv.DictReader(file) if row["label"] == "PASS"]
        by_pair = {
            row["input_path"]: [r["object_name"] for r in good if r["input_path"] == row["input_path"]] for row in good
        }
        assert {len(names) for names in by_pair.values()} == {each}
        for name, places in by_pair.items():
            shown = {
                part: [_read(out / "images" / name.replace("/test", f"/{part}") / f"{p}.png") for p in places]
                for part in ("golden", "test")
            }
            assert len({one.tobytes() for one in shown["test"]}) == each
            assert all(
                np.abs(g.astype(int) - t).max() <= 4 for g, t in zip(shown["golden"], shown["test"], strict=True)
            )


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


def test_pairs_of_a_segment_data_set_with_defects_or_for_tests_are_left_out(pairs: Path, tmp_path: Path) -> None:
    first = tmp_path / "first"
    draw_into(pairs, first, DrawnSettings(sizes=(8, 20), copies=1))
    summary = draw_into(first, tmp_path / "second", DrawnSettings(sizes=(8, 20), copies=1))
    held = {path.stem for path in _good_tests(first, "test")}
    assert len(held) == 1
    assert {path.name.rpartition("_")[0] for path in (tmp_path / "second" / "A").iterdir()} == {
        f"b{number}_0" for number in range(4)
    } - held
    assert summary.left_out == {}


def test_what_is_drawn_can_be_trained_on(pairs: Path, tmp_path: Path) -> None:
    draw_into(pairs, tmp_path / "out", DrawnSettings(sizes=(8, 20)))
    findings, names = check_folders(SegmentSource(tmp_path / "out"), dict.fromkeys(("train", "val", "test"), True))
    assert findings == []
    assert all(names.values())


@pytest.fixture(scope="module", params=["classify", "segment"])
def made(request: pytest.FixtureRequest, pairs: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data set of either task with train, val and test."""
    out: Path = tmp_path_factory.mktemp(request.param) / "set"
    draw_into(pairs, out, DrawnSettings(task=request.param, sizes=(10, 24), copies=2))
    return out


def _good_tests(folder: Path, split: str) -> set[Path]:
    """The test pictures of a split in which there is no defect."""
    if (folder / "list").is_dir():
        names = (folder / "list" / f"{split}.txt").read_text(encoding="utf-8").split()
        return {folder / "B" / name for name in names if not _read(folder / "label" / name).any()}
    with (folder / split / "dataset.csv").open(encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["label"] == "PASS"]
    return {folder / "images" / row["input_path"] / f"{row['object_name']}.png" for row in rows}


def test_a_threshold_is_set_on_the_good_pairs_of_val_alone(made: Path) -> None:
    found = list_good_pairs(made, CALIBRATION_SPLITS)
    assert {one.test for one in found.pairs} == _good_tests(made, "val")
    assert set(found.splits or ()) == {"val"}
    assert all(one.golden.is_file() and one.test.is_file() for one in found.pairs)


def test_a_data_set_without_val_gives_no_pairs_to_calibrate_on(made: Path, tmp_path: Path) -> None:
    shutil.copytree(made, tmp_path / "set")
    if (tmp_path / "set" / "val").is_dir():
        shutil.rmtree(tmp_path / "set" / "val")
    else:
        (tmp_path / "set" / "list" / "val.txt").unlink()
    with pytest.raises(DataError, match="no val split") as error:
        list_good_pairs(tmp_path / "set", CALIBRATION_SPLITS)
    assert error.value.code == "data.no_split"
    found = list_good_pairs(tmp_path / "set", ("train", "val"))
    assert {one.test for one in found.pairs} == _good_tests(tmp_path / "set", "train")


def test_defects_are_drawn_into_train_and_val_pairs_which_keep_their_split(pairs: Path, tmp_path: Path) -> None:
    source = tmp_path / "first"
    for part in ("A", "B"):
        shutil.copytree(pairs / {"A": "golden", "B": "test"}[part], source / part)
    shutil.copy(source / "A" / "b0.png", source / "A" / "b4.png")
    shutil.copy(source / "B" / "b0.png", source / "B" / "b4.png")
    (source / "list").mkdir()
    for split, names in {"train": ("b0", "b1", "b2"), "val": ("b3",), "test": ("b4",)}.items():
        (source / "list" / f"{split}.txt").write_text("".join(f"{name}.png\n" for name in names), encoding="utf-8")
    summary = draw_into(source, tmp_path / "out", DrawnSettings(sizes=(8, 20), copies=1))
    drawn = {
        split: {name[:2] for name in (tmp_path / "out" / "list" / f"{split}.txt").read_text().split()}
        for split in ("train", "val", "test")
    }
    assert drawn["val"] == {"b3"}
    assert drawn["train"] | drawn["test"] == {"b0", "b1", "b2"}
    assert (len(drawn["train"]), len(drawn["test"])) == (2, 1)
    assert summary.source_splits == {"train": 3, "val": 1}


def test_marked_pairs_of_a_plain_folder_are_no_good_ones(pairs: Path, tmp_path: Path) -> None:
    shutil.copytree(pairs, tmp_path / "line")
    (tmp_path / "line" / "label").mkdir()
    mark = np.zeros((150, 150), dtype=np.uint8)
    mark[40:50, 60:70] = 255
    Image.fromarray(mark).save(tmp_path / "line" / "label" / "b1.png")
    found = list_good_pairs(tmp_path / "line", CALIBRATION_SPLITS)
    assert ([one.name for one in found.pairs], found.splits) == (["b0", "b2", "b3"], None)
