# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PIL import Image

from core.errors import DataError, ImageError
from pairs.classify_csv import image_file, is_defect, read_rows
from pairs.deeppcb import import_deeppcb
from pairs.deeppcb_source import read_splits
from pairs.quick import quick_check

if TYPE_CHECKING:
    from pathlib import Path

SIDE = 320
BOXES = {"one": "100 100 140 130 1\n250 10 270 40 6\n", "two": "0 0 30 30 3\n", "three": "200 200 240 240 2\n"}
DESIGNS = {"one": "groupA", "two": "groupB", "three": "groupC"}


def scans(boxes: str, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """A striped golden scan, and a test scan that is inverted in the middle of each box."""
    golden = np.where(np.arange(SIDE) // 16 % 2, 230, 20).astype(np.uint8)[None].repeat(SIDE, 0)
    golden[:, :] = np.roll(golden, seed, axis=1)
    test = golden.copy()
    for line in boxes.split("\n")[:-1]:
        x1, y1, x2, y2, _ = map(int, line.split())
        test[y1 + 5 : y2 - 5, x1 + 5 : x2 - 5] = 255 - test[y1 + 5 : y2 - 5, x1 + 5 : x2 - 5]
    return golden, test


@pytest.fixture
def source(tmp_path: Path) -> Path:
    root = tmp_path / "deeppcb" / "PCBData"
    for seed, (board, boxes) in enumerate(BOXES.items()):
        design = DESIGNS[board]
        for folder in (f"{design}/{design}", f"{design}/{design}_not"):
            (root / folder).mkdir(parents=True)
        golden, test = scans(boxes, seed)
        mode = "RGB" if board == "one" else "L"
        for kind, scan in (("temp", golden), ("test", test)):
            Image.fromarray(scan).convert(mode).save(root / design / design / f"{board}_{kind}.jpg", quality=95)
        (root / design / f"{design}_not" / f"{board}.txt").write_text(boxes)
    for split, board in zip(("train", "val", "test"), BOXES, strict=True):
        (root / f"{split}.txt").write_text(list_line(board) + "\n")
    return tmp_path / "deeppcb"


def list_line(board: str) -> str:
    design = DESIGNS[board]
    return f"{design}/{design}/{board}.jpg {design}/{design}_not/{board}.txt"


def digests(folder: Path) -> dict[str, str]:
    files = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def test_centred_crops_hold_one_defect_and_one_good_place_per_box(source: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    summary = import_deeppcb(source, out, size=64)
    assert summary.rows == {"train": 4, "val": 2, "test": 2}
    assert summary.labels["train"] == {"PASS": 2, "open": 1, "pin-hole": 1}
    rows = read_rows(out / "train" / "dataset.csv")
    first = rows[0]
    assert (first.label, first.extra["board"], first.extra["design"]) == ("open", "one", "groupA")
    assert first.extra["crop"] == "88 83"  # centred on 120, 115
    assert first.extra["box"] == "12 17 52 47"
    test, golden = (picture(out, first, folder) for folder in ("input_path", "golden_path"))
    assert test.shape == golden.shape == (64, 64)
    differs = np.argwhere(np.abs(test.astype(int) - golden) > 64)
    assert differs.min(axis=0).tolist() == pytest.approx([22, 17], abs=2)
    assert differs.max(axis=0).tolist() == pytest.approx([41, 46], abs=2)


def picture(out: Path, row: Any, column: str) -> np.ndarray:
    return np.asarray(Image.open(image_file(out / "images", getattr(row, column), row.object_name, None, ".png")))


def test_good_crops_touch_no_box(source: Path, tmp_path: Path) -> None:
    import_deeppcb(source, tmp_path / "out", size=64)
    for split in ("train", "val", "test"):
        for row in read_rows(tmp_path / "out" / split / "dataset.csv"):
            difference = np.abs(
                picture(tmp_path / "out", row, "input_path").astype(int) - picture(tmp_path / "out", row, "golden_path")
            )
            assert bool((difference > 64).any()) == is_defect(row.label)
            assert bool(row.extra["box"]) == is_defect(row.label)


def test_a_box_at_the_border_keeps_its_crop_inside(source: Path, tmp_path: Path) -> None:
    import_deeppcb(source, tmp_path / "out", size=64)
    row = read_rows(tmp_path / "out" / "val" / "dataset.csv")[0]
    assert (row.extra["crop"], row.extra["box"]) == ("0 0", "0 0 30 30")


def test_a_blank_golden_image_gives_no_good_crop(source: Path, tmp_path: Path) -> None:
    folder = source / "PCBData" / "groupC" / "groupC"
    for kind in ("temp", "test"):
        Image.new("L", (SIDE, SIDE), 200).save(folder / f"three_{kind}.jpg")
    summary = import_deeppcb(source, tmp_path / "out", size=64)
    assert summary.rows["test"] == 1
    assert summary.short_of_pass == 1


def test_grid_tiles_cover_the_board_and_leave_scraps_out(source: Path, tmp_path: Path) -> None:
    summary = import_deeppcb(source, tmp_path / "out", crops="grid", size=128)
    # 320 px in tiles of 128 px: starts at 0, 128, and 192 flush with the border.
    assert summary.rows["val"] == 9
    assert summary.labels["val"] == {"PASS": 8, "mousebite": 1}
    assert summary.rows["train"] + summary.left_out == 9
    labels = {row.extra["crop"]: row.label for row in read_rows(tmp_path / "out" / "train" / "dataset.csv")}
    assert labels["0 0"] == "open"
    assert labels["192 0"] == "pin-hole"


def test_a_grid_tile_is_labelled_only_for_a_defect_that_it_shows(source: Path, tmp_path: Path) -> None:
    (source / "PCBData/groupA/groupA_not/one.txt").write_text("90 40 190 80 1\n")  # 38 % of the box in the first tile
    golden, test = scans("", 0)[0], scans("145 40 190 80 1\n", 0)[1]
    for kind, scan in (("temp", golden), ("test", test)):
        Image.fromarray(scan).save(source / f"PCBData/groupA/groupA/one_{kind}.jpg", quality=95)
    summary = import_deeppcb(source, tmp_path / "out", crops="grid", size=128)
    labels = {row.extra["crop"]: row.label for row in read_rows(tmp_path / "out" / "train" / "dataset.csv")}
    assert "0 0" not in labels
    assert (labels["128 0"], summary.rows["train"], summary.left_out) == ("open", 8, 1)


def test_segment_masks_are_inside_boxes_where_the_scans_differ(source: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    summary = import_deeppcb(source, out, task="segment")
    assert summary.rows == {"train": 1, "val": 1, "test": 1}
    assert (out / "list" / "train.txt").read_text() == "one.jpg\n"
    assert (out / "A" / "one.jpg").read_bytes() == (source / "PCBData/groupA/groupA/one_temp.jpg").read_bytes()
    mask = np.asarray(Image.open(out / "label" / "one.png"))
    assert set(np.unique(mask)) == {0, 255}
    assert mask[105:125, 105:135].mean() > 200
    assert not mask[:, 150:240].any()
    assert quick_check({"dataset": {"segment": {"root_dir": str(out)}}}, "segment_train") == []


def test_the_same_seed_gives_the_same_bytes(source: Path, tmp_path: Path) -> None:
    for name, seed in (("one", 7), ("two", 7), ("three", 8)):
        import_deeppcb(source, tmp_path / name, size=64, seed=seed)
    assert digests(tmp_path / "one") == digests(tmp_path / "two")
    assert digests(tmp_path / "one") != digests(tmp_path / "three")


def test_the_published_lists_hold_the_smallest_design_out(source: Path) -> None:
    root = source / "PCBData"
    (root / "trainval.txt").write_text("\n".join([list_line("one"), list_line("one"), list_line("two")]))
    for split in ("train", "val"):
        (root / f"{split}.txt").unlink()
    splits = read_splits(source)
    assert {name: [board.name for board in boards] for name, boards in splits.items()} == {
        "train": ["one", "one"],
        "val": ["two"],
        "test": ["three"],
    }


def test_progress_is_told_per_board(source: Path, tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    import_deeppcb(source, tmp_path / "out", size=64, progress=lambda done, total: told.append((done, total)))
    assert told == [(1, 3), (2, 3), (3, 3)]


def test_an_occupied_folder_is_kept_unless_it_is_an_earlier_import(source: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "precious.txt").write_text("mine")
    for force in (False, True):
        with pytest.raises(DataError) as caught:
            import_deeppcb(source, out, size=64, force=force)
        assert caught.value.code == "data.occupied"
    assert [path.name for path in out.iterdir()] == ["precious.txt"]
    import_deeppcb(source, tmp_path / "new", size=64)
    with pytest.raises(DataError, match="not empty"):
        import_deeppcb(source, tmp_path / "new", size=64)
    assert import_deeppcb(source, tmp_path / "new", size=32, force=True).size == 32


def test_an_output_inside_the_source_is_refused(source: Path) -> None:
    with pytest.raises(DataError, match="inside the source"):
        import_deeppcb(source, source / "out")


def test_a_wrong_source_names_what_was_expected(tmp_path: Path) -> None:
    with pytest.raises(DataError) as caught:
        import_deeppcb(tmp_path, tmp_path.parent / "never")
    assert caught.value.code == "data.no_deeppcb"
    assert "PCBData" in caught.value.remedy


@pytest.mark.parametrize(
    ("path", "content", "code"),
    [
        ("train.txt", "", "data.no_rows"),
        ("train.txt", "groupA/groupA/one.jpg\n", "data.deeppcb_list"),
        ("train.txt", "../one.jpg groupA/groupA_not/one.txt\n", "data.deeppcb_list"),
        ("train.txt", "groupA/groupA/nine.jpg groupA/groupA_not/one.txt\n", "data.deeppcb_file"),
        ("groupA/groupA_not/one.txt", "10 10 20 20 1\n10 10 20 20 9\n", "data.deeppcb_box"),
        ("groupA/groupA_not/one.txt", "20 10 20 20 1\n", "data.deeppcb_box"),
        ("groupA/groupA_not/one.txt", "a b c d e\n", "data.deeppcb_box"),
        ("groupA/groupA/one_test.jpg", "no picture", "data.image"),
    ],
)
def test_a_damaged_source_is_one_error_and_leaves_nothing(
    source: Path, tmp_path: Path, path: str, content: str, code: str
) -> None:
    (source / "PCBData" / path).write_text(content)
    with pytest.raises(DataError) as caught:
        import_deeppcb(source, tmp_path / "out", size=64)
    assert caught.value.code == code
    assert caught.value.remedy
    assert [entry.name for entry in tmp_path.iterdir()] == ["deeppcb"]


def test_scans_of_unequal_or_too_small_size(source: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="smaller than a crop"):
        import_deeppcb(source, tmp_path / "out", size=400)
    scan = source / "PCBData/groupB/groupB/two_test.jpg"
    Image.open(scan).crop((0, 0, 300, 320)).save(scan)
    with pytest.raises(ImageError, match="300x320"):
        import_deeppcb(source, tmp_path / "out", size=64)


@pytest.mark.parametrize("option", [{"task": "detect"}, {"crops": "random"}, {"size": 8}, {"size": 64, "stride": 65}])
def test_options_that_have_no_such_value(source: Path, tmp_path: Path, option: dict[str, Any]) -> None:
    with pytest.raises(DataError) as caught:
        import_deeppcb(source, tmp_path / "out", **option)
    assert caught.value.code == "data.import_option"


@pytest.mark.long
def test_the_real_boards(real_data: Path, tmp_path: Path) -> None:
    summary = import_deeppcb(real_data / "deeppcb", tmp_path / "out")
    assert summary.boards == {"train": 190, "val": 30, "test": 84}
    assert summary.rows == {"train": 2695, "val": 342, "test": 1190}
    assert len(summary.designs["train"]) == 3
    assert not set(summary.designs["train"]) & set(summary.designs["test"])
    classify = {"image_ext": ".png", "batch_size": 16}
    for split, name in (("train", "train_dataset"), ("val", "validation_dataset")):
        classify[name] = {
            "csv_path": str(tmp_path / "out" / split / "dataset.csv"),
            "images_dir": str(tmp_path / "out" / "images"),
        }
    assert quick_check({"dataset": {"classify": classify}}, "train") == []
