# SPDX-License-Identifier: Apache-2.0
"""Change detection sets as people find them, made usable."""

from __future__ import annotations

import json
import random
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PIL import Image, ImageDraw

from core.errors import DataError
from interfaces.cli import main
from pairs.check import check_data, find_data
from pairs.published import group_of, import_published
from pairs.published_folders import published_remedy

if TYPE_CHECKING:
    from pathlib import Path


def write_pair(
    folder: Path, name: str, folders: tuple[str, str, str], *, change: int = 255, label: str = ".png", side: int = 32
) -> None:
    """One pair with a square change, whose label has the grey value `change`."""
    chance = random.Random(f"{folder.name} {name}")
    golden, mask = Image.new("RGB", (side, side), (30, chance.randrange(256), 40)), Image.new("L", (side, side))
    test = golden.copy()
    x, y = chance.randrange(side - 12), chance.randrange(side - 12)
    for picture, colour in ((test, (250, 250, 250)), (mask, change)):
        ImageDraw.Draw(picture).rectangle((x, y, x + 9, y + 9), fill=colour)
    for place, picture, ending in zip(folders, (golden, test, mask), (".jpg", ".jpg", label), strict=True):
        (folder / place).mkdir(parents=True, exist_ok=True)
        picture.save(folder / place / f"{name}{ending}", quality=70)


def check_is_clean(out: Path) -> dict[str, list[str]]:
    """The imported set passes the whole check; returns the names of each split."""
    report = check_data(find_data(out))
    assert [f.code for f in report.findings if f.severity == "error"] == []
    lists = sorted((out / "list").glob("*.txt"))
    return {path.stem: path.read_text(encoding="utf-8").split() for path in lists}


@pytest.mark.parametrize(
    ("folders", "label"),
    [
        (("A", "B", "label"), ".png"),
        (("A", "B", "OUT"), ".jpg"),
        (("t1", "t2", "mask"), ".png"),
        (("Image1", "Image2", "label"), ".tif"),
    ],
)
def test_split_folders_become_lists(folders: tuple[str, str, str], label: str, tmp_path: Path) -> None:
    source, out = tmp_path / "published", tmp_path / "out"
    for split, count in (("train", 4), ("val", 2), ("test", 1)):
        for i in range(count):
            write_pair(source / split, f"{i:03d}", folders, label=label)

    summary = import_published(source, out)

    assert summary.rows == {"train": 4, "val": 2, "test": 1}
    assert (summary.shared_out, summary.label_transform) == (False, "norm")
    names = check_is_clean(out)
    assert names["val"] == ["val_000.jpg", "val_001.jpg"]
    assert (out / "B" / "val_001.jpg").read_bytes() == (source / "val" / folders[1] / "001.jpg").read_bytes()
    mask = np.asarray(Image.open(out / "label" / "val_001.png"))
    assert set(np.unique(mask)) == {0, 255}
    assert np.count_nonzero(mask) == pytest.approx(100, abs=12)


def test_without_splits_pairs_are_shared_out_and_crops_of_one_picture_stay_together(tmp_path: Path) -> None:
    source = tmp_path / "published"
    for scene in range(12):
        for tile in range(3):
            write_pair(source, f"scene_{scene}_{256 * tile:04d}_0000", ("A", "B", "label"))

    summary = import_published(source, tmp_path / "out", link=True)

    names = check_is_clean(tmp_path / "out")
    assert summary.shared_out
    assert sum(summary.rows.values()) == 36
    assert min(summary.rows["val"], summary.rows["test"]) >= 5
    scenes = {split: {group_of(name.removesuffix(".jpg")) for name in listed} for split, listed in names.items()}
    assert scenes["train"].isdisjoint(scenes["val"] | scenes["test"])
    assert scenes["val"].isdisjoint(scenes["test"])
    assert summary.groups == {split: len(scenes[split]) for split in ("train", "val", "test")}
    assert (tmp_path / "out" / "A" / names["train"][0]).is_symlink()
    import_published(source, tmp_path / "again", link=True)
    assert (tmp_path / "again/list/val.txt").read_bytes() == (tmp_path / "out/list/val.txt").read_bytes()


def test_labels_of_jpeg_beside_lists_are_told_with_the_import(tmp_path: Path) -> None:
    source = tmp_path / "published"
    for i in range(4):
        write_pair(source, str(i), ("A", "B", "label"), label=".jpg")
    (source / "list").mkdir()
    (source / "list" / "train.txt").write_text("0.jpg\n1.jpg\n", encoding="utf-8")
    found = check_data(find_data(source)).findings
    told = [one for one in found if one.code == "data.label_suffix"]
    assert "JPEG smears labels" in told[0].message
    assert told[0].remedy.startswith(f"changenet data import masks {source} NEW_FOLDER")
    named = check_data(find_data(source, label_suffix=".jpg")).findings
    assert any("changenet data import masks" in one.remedy for one in named if one.code == "data.label_value")
    import_published(source, tmp_path / "out")
    assert check_is_clean(tmp_path / "out") == {"train": ["0.jpg", "1.jpg"]}


def test_what_the_lists_of_a_source_leave_out_is_told(tmp_path: Path) -> None:
    source = tmp_path / "published"
    for i in range(24):
        write_pair(source, f"scene_{i}", ("A", "B", "label"))
    (source / "list").mkdir()
    listed = source / "list" / "test.txt"
    listed.write_text("".join(f"scene_{i}.jpg\n" for i in range(24)), encoding="utf-8")
    found = check_data(find_data(source)).findings
    assert all(
        one.remedy.startswith(f"changenet data import masks {source} NEW") for one in found if one.severity == "error"
    )
    shared = import_published(source, tmp_path / "shared")
    assert (shared.shared_out, shared.lists_unused, shared.unlisted) == (True, ("test",), 0)

    listed.rename(source / "list" / "train.txt")
    (source / "list" / "train.txt").write_text("scene_1.jpg\nscene_2.jpg\n", encoding="utf-8")
    named = import_published(source, tmp_path / "named")
    assert (named.shared_out, named.lists_unused, named.unlisted) == (False, (), 22)


def test_lists_that_name_a_train_split_are_kept(tmp_path: Path) -> None:
    source = tmp_path / "published"
    for i in range(4):
        write_pair(source, str(i), ("A", "B", "OUT"), change=1)
    (source / "list").mkdir()
    for split, listed in (("train", "0.jpg\n1.jpg\n"), ("test", "3.jpg\n")):
        (source / "list" / f"{split}.txt").write_text(listed, encoding="utf-8")

    summary = import_published(source, tmp_path / "out")

    assert summary.labels == "ones"
    assert check_is_clean(tmp_path / "out") == {"test": ["3.jpg"], "train": ["0.jpg", "1.jpg"]}


def test_class_ids_stay_and_the_command_that_is_printed_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source, out = tmp_path / "published", tmp_path / "out"
    for i in range(9):
        write_pair(source, str(i), ("A", "B", "label"), change=1 + i % 3)

    assert main(["data", "import", "masks", str(source), str(out)]) == 0

    told = capsys.readouterr().out
    assert f"changenet run segment_train --data {out}" in told
    assert "-s dataset.segment.label_transform=None -s num_classes=4" in told
    assert json.loads((out / "import.json").read_text())["num_classes"] == 4


def test_the_check_and_the_plan_name_the_import(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = tmp_path / "a set"
    for split in ("train", "val"):
        write_pair(source / split, "0", ("A", "B", "OUT"))
    assert main(["data", "check", str(source)]) == 2
    told = capsys.readouterr().err
    assert f"changenet data import masks '{source}' NEW_FOLDER" in told
    assert published_remedy(source / "train") == published_remedy(source) != ""
    assert published_remedy(tmp_path) == ""


@pytest.mark.parametrize(
    ("spoil", "code"),
    [("no mask", "data.image_missing"), ("odd values", "data.label_value"), ("nothing", "data.no_masks")],
)
def test_what_can_not_be_imported_is_told_and_nothing_is_written(spoil: str, code: str, tmp_path: Path) -> None:
    source = tmp_path / "published"
    source.mkdir()
    for i in range(4 if spoil != "nothing" else 0):
        write_pair(source, str(i), ("A", "B", "label"))
    if spoil == "no mask":
        (source / "label" / "2.png").unlink()
    if spoil == "odd values":
        Image.linear_gradient("L").resize((32, 32)).save(source / "label" / "2.png")
    with pytest.raises(DataError) as caught:
        import_published(source, tmp_path / "out")
    assert caught.value.code == code
    assert caught.value.remedy
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("masks", "--crops", "grid"), "--crops"),
        (("masks", "--task", "classify"), "--task"),
        (("deeppcb", "--link"), "--link"),
    ],
)
def test_options_of_the_other_layout_are_refused(
    words: tuple[str, ...], told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kind, *options = words
    assert main(["data", "import", kind, str(tmp_path), str(tmp_path / "out"), *options]) == 2
    assert told in capsys.readouterr().err


def test_group_of() -> None:
    expected: dict[str, Any] = {
        "train_386_0512_0768": "train_386",
        "7_4": "7",
        "tile_12": "tile_12",
        "00001": "00001",
        "board": "board",
        "a-1-2": "a-1",
    }
    assert {name: group_of(name) for name in expected} == expected
