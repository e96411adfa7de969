# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PIL import Image

from pairs.check import check_data, find_data
from pairs.doctor import Options
from pairs.doctor_segment import LabelRule, check_segment
from pairs.segment_folders import SegmentSource

if TYPE_CHECKING:
    from pathlib import Path

    from pairs.report import Report

NAMES = {"train": [f"t{i}.png" for i in range(4)], "val": ["v0.png", "v1.png"]}


def save(pixels: np.ndarray, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels.astype(np.uint8)).save(path)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    random = np.random.default_rng(3)
    for split, names in NAMES.items():
        for name in names:
            before = np.kron(random.integers(40, 210, (8, 8)), np.ones((6, 6)))
            after, label = before + random.integers(0, 9, before.shape), np.zeros(before.shape)
            after[10:20, 10:20], label[10:20, 10:20] = 255, 255
            for folder, pixels in (("A", before), ("B", after), ("label", label)):
                save(pixels, tmp_path / folder / name)
        (tmp_path / "list").mkdir(exist_ok=True)
        (tmp_path / "list" / f"{split}.txt").write_text("\n".join(names))
    return tmp_path


def check(root: Path, **options: Any) -> Report:
    return check_segment(SegmentSource(root), **options)


def found(report: Report) -> dict[str, tuple[str, tuple[int, ...]]]:
    return {finding.code: (finding.severity, finding.rows) for finding in report.findings}


def test_a_sound_set(root: Path) -> None:
    report = check(root, batch_size=4)
    assert report.findings == ()
    assert [counts["labels"] for counts in report.counts.values()] == [{"changed": 4}, {"changed": 2}]
    assert check_data(find_data(root), options=Options(batch_size=5)).errors[0].code == "data.batch"


def test_pictures_of_sixteen_bits_are_scaled_as_one_set(root: Path) -> None:
    """At the full range all of them would pass for blank."""
    for folder in ("A", "B"):
        for path in (root / folder).iterdir():
            wide = np.asarray(Image.open(path)).astype(np.uint16) * (1 if path.name == "t0.png" else 4)
            Image.fromarray(wide).save(path)
    report = check(root)
    assert {code: rows for code, (_, rows) in found(report).items() if code != "data.brightness"} == {
        "data.bit_depth": (1, 2)
    }
    assert ["levels up to 1020: 1023 is taken for white" in f.message for f in report.findings][-1]


def test_a_list_that_can_not_be_read_says_why(root: Path) -> None:
    (root / "list" / "train.txt").write_bytes("t0.png\n".encode("utf-16"))
    (root / "list" / "val.txt").unlink()
    (root / "list" / "val.txt").mkdir()
    first, second = check(root).errors
    assert "not UTF-8" in first.message
    assert "this is a folder" in second.message


def test_labels_that_are_listed_but_no_picture(root: Path) -> None:
    broken = [root / "label" / f"t{i}.png" for i in range(3)]
    for path in broken:
        path.unlink()
    broken[0].mkdir()
    broken[1].symlink_to("gone.png")
    broken[2].write_bytes(b"no picture")
    (finding,) = check(root).findings
    assert (finding.code, finding.rows) == ("data.picture_broken", (1, 2, 3))
    assert "t0.png: the picture is no ordinary file" in finding.message
    assert "remedy" not in finding.message


def test_partners_and_lists(root: Path) -> None:
    (root / "B" / "t1.png").unlink()
    (root / "label" / "t2.png").unlink()
    save(np.zeros((8, 8)), root / "B" / "spare.png")
    codes = found(check(root, decode=False))
    assert codes["data.image_missing"] == ("error", (2,))
    assert codes["data.label_missing"] == ("error", (3,))
    assert codes["data.unlisted"] == ("warning", ())


def test_rows_are_lines_of_the_list_blank_ones_counted(root: Path) -> None:
    (root / "list" / "train.txt").write_text("\nt0.png\n\nt1.png\nt1.png\nnowhere.png\n\nt2.png\nt3.png\n")
    (root / "list" / "val.txt").write_text("v0.png\n\n\nt0.png\nv1.png\n")
    save(np.zeros((48, 48)), root / "label" / "v1.png")
    save(np.full((48, 48), 7), root / "label" / "t2.png")
    codes = found(check(root))
    assert codes["data.listed_twice"] == ("warning", (4,))
    assert codes["data.image_missing"] == ("error", (6,))
    assert codes["data.split_overlap"] == ("error", (4,))
    assert codes["data.label_value"] == ("error", (8,))


def test_splits_that_overlap_by_name_and_by_content(root: Path) -> None:
    (root / "list" / "val.txt").write_text("v0.png\nt1.png\nv1.png\n")
    shutil.copyfile(root / "B" / "t0.png", root / "B" / "v1.png")
    codes = found(check(root))
    assert codes["data.split_overlap"] == ("error", (2,))
    assert codes["data.leak_content"] == ("error", (3,))


@pytest.mark.parametrize("decode", [True, False])
def test_sizes_that_differ_are_told_without_decoding(root: Path, decode: bool) -> None:
    save(np.zeros((48, 40)), root / "label" / "t1.png")
    report = check(root, decode=decode)
    assert found(report)["data.size_differs"] == ("error", (2,))
    assert "label 40x48" in next(f.message for f in report.findings if f.code == "data.size_differs")


@pytest.mark.parametrize("decode", [True, False])
@pytest.mark.parametrize("folder", ["A", "B"])
def test_a_broken_picture_is_told_once(root: Path, folder: str, decode: bool) -> None:
    (root / folder / "t3.png").write_bytes(b"x")
    broken = [finding for finding in check(root, decode=decode).findings if finding.code == "data.picture_broken"]
    assert [(finding.severity, finding.rows, finding.count) for finding in broken] == [("error", (4,), 1)]


def test_label_values_by_the_rule(root: Path) -> None:
    label = np.zeros((48, 48))
    label[:10], label[10:20] = 1, 128
    save(label, root / "label" / "t1.png")
    report = check(root)
    assert found(report)["data.label_value"] == ("error", (2,))
    assert "1, 128" in report.findings[0].message
    ids = np.zeros((48, 48))
    ids[:10], ids[10:20], ids[20:30] = 1, 2, 255
    for names in NAMES.values():
        for name in names:
            save(ids, root / "label" / name)
    assert found(check(root, rule=LabelRule(3, "class"))) == {}
    odd = check(root, rule=LabelRule(2, "class")).findings
    assert [(finding.code, finding.rows) for finding in odd] == [
        ("data.label_value", (1, 2, 3, 4)),
        ("data.label_value", (1, 2)),
    ]


def test_labels_in_colour_or_broken(root: Path) -> None:
    Image.open(root / "label" / "t1.png").convert("P").save(root / "label" / "t1.png")
    (root / "label" / "t2.png").write_text("no picture")
    codes = found(check(root))
    assert codes["data.label_mode"] == ("error", (2,))
    assert codes["data.picture_broken"] == ("error", (3,))


def test_labels_without_any_change(root: Path) -> None:
    for names in NAMES.values():
        for name in names:
            save(np.zeros((48, 48)), root / "label" / name)
    report = check(root)
    assert [(f.code, f.severity) for f in report.findings] == [
        ("data.one_class", "error"),
        ("data.one_class", "warning"),
    ]


def test_a_pair_of_equal_pictures_with_a_change_in_its_label(root: Path) -> None:
    shutil.copyfile(root / "A" / "t0.png", root / "B" / "t0.png")
    assert found(check(root)) == {"data.golden_copied": ("error", (1,))}


def test_a_list_under_another_name_is_not_passed_over(root: Path) -> None:
    (root / "list" / "val.txt").rename(root / "list" / "val.lst")
    finding = next(f for f in check(root).findings if f.code == "data.list_name")
    assert (finding.severity, finding.place, finding.count) == ("warning", str(root / "list"), 1)
    assert "'val.lst'" in finding.message


def test_inference_splits_need_no_labels(root: Path) -> None:
    shutil.rmtree(root / "label")
    assert check(root, splits={"val": False}).findings == ()
    assert "data.folder_missing" in found(check(root, splits={"val": True}))


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    assert "data.root_missing" in found(check(tmp_path / "nowhere"))


def test_real_boards_as_masks(real_data: Path, tmp_path: Path) -> None:
    boards = sorted((real_data / "deeppcb/PCBData/group50600/50600").glob("*_test.jpg"))[:6]
    for board in boards:
        name = board.name.replace("_test", "")
        save(np.asarray(Image.open(board.with_name(board.name.replace("_test", "_temp")))), tmp_path / "A" / name)
        save(np.asarray(Image.open(board)), tmp_path / "B" / name)
        mask = np.zeros((640, 640))
        mask[:50] = 255
        save(mask, tmp_path / "label" / name.replace(".jpg", ".png"))
    (tmp_path / "list").mkdir()
    (tmp_path / "list" / "train.txt").write_text("\n".join(path.name for path in sorted((tmp_path / "A").iterdir())))
    assert check(tmp_path).errors == []


def test_a_list_without_an_end_is_refused_at_once(root: Path) -> None:
    (root / "list" / "val.txt").unlink()
    os.mkfifo(root / "list" / "val.txt")
    (finding,) = [f for f in check(root).findings if f.code == "data.list_missing"]
    assert "no ordinary file" in finding.message
    (root / "list" / "val.txt").unlink()
    with (root / "list" / "val.txt").open("wb") as endless:
        endless.truncate(2**30)
    (finding,) = [f for f in check(root).findings if f.code == "data.list_missing"]
    assert "256 MiB" in finding.message
