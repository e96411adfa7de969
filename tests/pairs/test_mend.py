# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from core.errors import DataError
from pairs.classify_check import ClassifySource, check_split
from pairs.classify_csv import read_rows
from pairs.doctor import Options, check_splits
from pairs.mend import fix, fix_lists, fix_splits
from pairs.segment_folders import SegmentSource

if TYPE_CHECKING:
    from pathlib import Path

LIGHTS = {"Solder": 0, "White": 1}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for folder in ("lot/b1", "golden"):
        (tmp_path / "images" / folder).mkdir(parents=True)
        for name in ("U1", "U2", "U3"):
            for light in LIGHTS:
                (tmp_path / "images" / folder / f"{name}_{light}.jpg").write_bytes(b"")
    return tmp_path


def source(root: Path, text: str | bytes, **options: object) -> ClassifySource:
    path = root / "dataset.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return ClassifySource(path, root / "images", ".jpg", LIGHTS, **options)  # type: ignore[arg-type]


def test_everything_that_has_one_right_answer_is_mended_in_a_new_file(root: Path) -> None:
    images = root / "images"
    text = "\n".join(
        [
            "Input Path;golden_path;label;object_name;board",
            "lot/b1; golden;PASS;U1;1",
            "lot\\b1;golden;pass;U2;2",
            f"{images}/lot/b1;golden;open;U3;3",
            "lot/b1/U1_Solder.jpg;golden;open;U1;4",
            "lot/b1;golden;short;U2_Solder.jpg;5",
            "lot/b1;golden;PASS;U9;6",
            "lot/b1;golden;PASS",
            "lot/b1;golden;PASS;U1;1",
            ";golden;PASS;U1;1",
        ]
    )
    broken = source(root, text.encode("utf-16"))
    mended = fix(broken, root / "mended.csv")
    assert mended.changes == {
        "encoding": 1,
        "delimiter": 1,
        "column_name": 1,
        "spaces": 1,
        "label_case": 1,
        "backslash": 1,
        "absolute_path": 1,
        "file_for_folder": 1,
        "object_name": 1,
        "width": 1,
        "missing": 2,
        "duplicate": 1,
    }
    assert (mended.rows_read, mended.rows_written) == (9, 5)
    rows = read_rows(root / "mended.csv")
    assert [(row.input_path, row.label, row.object_name, row.extra["board"]) for row in rows] == [
        ("lot/b1", "PASS", "U1", "1"),
        ("lot/b1", "PASS", "U2", "2"),
        ("lot/b1", "open", "U3", "3"),
        ("lot/b1", "open", "U1", "4"),
        ("lot/b1", "short", "U2", "5"),
    ]
    assert broken.csv_path.read_bytes() == text.encode("utf-16")
    assert "5 of 9 rows" in mended.as_text()
    assert check_split(ClassifySource(root / "mended.csv", images, ".jpg", LIGHTS)).findings == []


def test_a_sound_table_is_only_copied(root: Path) -> None:
    sound = source(root, "input_path,golden_path,label,object_name\nlot/b1,golden,PASS,U1\n")
    assert fix(sound, root / "mended.csv").changes == {}
    assert (root / "mended.csv").read_text() == sound.csv_path.read_text()


def test_nothing_is_mended_in_place_or_over_another_file(root: Path) -> None:
    sound = source(root, "input_path,golden_path,label,object_name\nlot/b1,golden,PASS,U1\n")
    with pytest.raises(DataError) as caught:
        fix(sound, sound.csv_path)
    assert caught.value.code == "data.occupied"


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "data.mend"),
        (b"\xff\xd8\xff\xe0", "data.mend"),
        (b"name,label\nx,PASS\n", "data.mend"),
        (b"input_path,golden_path,label,object_name\nnowhere,golden,PASS,U1\n", "data.no_rows"),
    ],
)
def test_what_is_beyond_mending_leaves_no_file(root: Path, data: bytes, code: str) -> None:
    with pytest.raises(DataError) as caught:
        fix(source(root, data), root / "mended.csv")
    assert caught.value.code == code
    assert not (root / "mended.csv").exists()


def test_rows_that_leave_the_image_folder_are_left_out(root: Path) -> None:
    text = "input_path,golden_path,label,object_name\nlot/b1,golden,PASS,U1\n../images/golden,golden,PASS,U1\n"
    assert fix(source(root, text), root / "mended.csv").changes == {"missing": 1}


def test_golden_folders_and_tables_without_labels(root: Path) -> None:
    text = "input_path,golden_path,object_name\nlot/b1,golden,U1\nlot/b1,empty,U1\n"
    (root / "images" / "empty").mkdir()
    mended = fix(source(root, text, num_golden=2, needs_label=False), root / "mended.csv")
    assert mended.changes == {"missing": 1}


def test_segment_lists_lose_absent_and_repeated_names(tmp_path: Path) -> None:
    for folder in ("A", "B", "list"):
        (tmp_path / folder).mkdir()
    for name in ("1.png", "2.png"):
        (tmp_path / "A" / name).write_bytes(b"")
    (tmp_path / "B" / "1.png").write_bytes(b"")
    (tmp_path / "list" / "train.txt").write_text("1.png\n2.png\n1.png\n")
    (mended,) = fix_lists(SegmentSource(tmp_path), ["train"], tmp_path / "mended")
    assert (mended.changes, mended.rows_written) == ({"missing": 1, "duplicate": 1}, 1)
    assert (tmp_path / "mended" / "train.txt").read_text() == "1.png\n"
    with pytest.raises(DataError, match="of this name"):
        fix_lists(SegmentSource(tmp_path), ["train"], tmp_path / "mended")


def test_listed_names_get_the_only_extension_that_is_there(tmp_path: Path) -> None:
    for folder in ("A", "B"):
        (tmp_path / folder).mkdir()
        for name in ("1.png", "2.v1.png", "3.png", "3.jpg", "4.png", "4.txt"):
            (tmp_path / folder / name).write_bytes(b"")
    (tmp_path / "list").mkdir()
    (tmp_path / "list" / "train.txt").write_text("1\n2.v1\n3\n4.jpg\n1.png\n../A/4.png\n")
    (mended,) = fix_lists(SegmentSource(tmp_path), ["train"], tmp_path / "mended")
    assert (tmp_path / "mended" / "train.txt").read_text() == "1.png\n2.v1.png\n4.png\n"
    assert mended.changes == {"missing": 2, "extension": 3, "duplicate": 1}


def test_lists_beyond_mending_leave_nothing(tmp_path: Path) -> None:
    (tmp_path / "list").mkdir()
    with pytest.raises(DataError, match="no list"):
        fix_lists(SegmentSource(tmp_path), [], tmp_path / "mended")
    (tmp_path / "list" / "train.txt").write_text("ghost.png\n")
    with pytest.raises(DataError, match="no name is left"):
        fix_lists(SegmentSource(tmp_path), ["train"], tmp_path / "mended")
    assert [path.name for path in tmp_path.iterdir()] == ["list"]


def test_labels_that_differ_in_capitals_become_one(root: Path) -> None:
    kinds = ["Missing", "missing", "missing", "MISSING", "Pass", "open"]
    rows = [f"lot/b1,golden,{label},U{1 + i % 3},{i}" for i, label in enumerate(kinds)]
    train = source(root, "\n".join(["input_path,golden_path,label,object_name,board", *rows]))
    mended = fix(train, root / "mended.csv")
    assert mended.changes == {"label_case": 1, "label_spelling": 2}
    assert [row.label for row in read_rows(root / "mended.csv")] == ["missing"] * 4 + ["PASS", "open"]


def test_splits_are_given_the_same_spelling(root: Path) -> None:
    sources = {}
    for split, labels in (("train", ["missing", "missing", "PASS"]), ("val", ["Missing", "PASS"])):
        rows = [f"lot/b1,golden,{label},U{1 + i},{split}" for i, label in enumerate(labels)]
        table = root / f"{split}.csv"
        table.write_text("\n".join(["input_path,golden_path,label,object_name,board", *rows]))
        sources[split] = ClassifySource(table, root / "images", ".jpg", LIGHTS)
    told = [f for f in check_splits(sources, Options(decode=False)).findings if f.code == "data.label_spelling"]
    assert [(f.severity, f.place, f.count) for f in told] == [("warning", str(root / "val.csv"), 1)]
    assert "'Missing' ('missing')" in told[0].message
    _, val = fix_splits(sources, root / "mended")
    assert val.changes == {"label_spelling": 1}
    assert read_rows(root / "mended" / "val" / "dataset.csv")[0].label == "missing"
