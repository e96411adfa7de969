# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from typing import TYPE_CHECKING

from pairs.layout import detect_layout, found_image_ext

if TYPE_CHECKING:
    from pathlib import Path

HEADER = "input_path,golden_path,label,object_name\n"


def test_classify_by_split_folder_by_file_and_by_header(tmp_path: Path) -> None:
    for place, text in (("one/train/dataset.csv", ""), ("two/dataset.csv", ""), ("three/boards.csv", HEADER)):
        path = tmp_path / place
        path.parent.mkdir(parents=True)
        path.write_text(text)
    assert [detect_layout(tmp_path / name) for name in ("one", "two", "three")] == ["classify"] * 3


def test_segment_by_folders_or_archives(tmp_path: Path) -> None:
    for name in ("A", "B", "list"):
        (tmp_path / "folders" / name).mkdir(parents=True)
    (tmp_path / "archives").mkdir()
    for name in ("A", "B", "list", "label"):
        (tmp_path / "archives" / f"{name}.tar.gz").write_bytes(b"")
    assert detect_layout(tmp_path / "folders") == detect_layout(tmp_path / "archives") == "segment"


def test_neither_and_both_are_not_guessed(tmp_path: Path) -> None:
    (tmp_path / "results.csv").write_text("name,score\n")
    assert detect_layout(tmp_path) is None
    for name in ("A", "B", "list"):
        (tmp_path / name).mkdir()
    (tmp_path / "dataset.csv").write_text(HEADER)
    assert detect_layout(tmp_path) is None
    assert detect_layout(tmp_path / "nowhere") is None


def test_the_image_extension_is_read_from_the_first_rows_folder(tmp_path: Path) -> None:
    (tmp_path / "dataset.csv").write_text(HEADER + "board,golden,PASS,U1\n")
    assert found_image_ext(tmp_path / "dataset.csv", tmp_path) is None
    (tmp_path / "board").mkdir()
    for name in ("U1.PNG", "U2.PNG", "notes.txt", "U1.jpg"):
        (tmp_path / "board" / name).write_bytes(b"")
    assert found_image_ext(tmp_path / "dataset.csv", tmp_path) == ".PNG"
    (tmp_path / "dataset.csv").write_text(HEADER)
    assert found_image_ext(tmp_path / "dataset.csv", tmp_path) is None
