# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

from core.errors import DataError
from pairs.classify_check import ClassifySource
from pairs.contact_sheet import MISSING, TILE, contact_sheet, segment_contact_sheet
from pairs.segment_folders import SegmentSource

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def source(tmp_path: Path) -> ClassifySource:
    rows = ["input_path,golden_path,label,object_name"]
    for i in range(40):
        for folder, grey in (("b", 90), ("g", 60)):
            (tmp_path / folder).mkdir(exist_ok=True)
            Image.new("L", (50, 25), grey).save(tmp_path / folder / f"U{i}.jpg")
        rows.append(f"b,g,{'open' if i == 3 else 'PASS'},U{i}")
    (tmp_path / "dataset.csv").write_text("\n".join(rows))
    return ClassifySource(tmp_path / "dataset.csv", tmp_path)


def test_rare_labels_are_shown_and_the_choice_repeats(source: ClassifySource, tmp_path: Path) -> None:
    shown = contact_sheet(source, tmp_path / "sheet.png", count=5)
    assert len(shown) == 5
    assert any("open" in sample.caption for sample in shown)
    assert shown == contact_sheet(source, tmp_path / "again.png", count=5)
    assert (tmp_path / "sheet.png").read_bytes() == (tmp_path / "again.png").read_bytes()
    assert shown != contact_sheet(source, tmp_path / "other.png", count=5, seed=2)


def test_golden_test_and_difference_stand_side_by_side(source: ClassifySource, tmp_path: Path) -> None:
    contact_sheet(source, tmp_path / "sheet.png", count=1)
    pixels = np.asarray(Image.open(tmp_path / "sheet.png").convert("L")).astype(int)
    middle = pixels[-(TILE // 2 + 12)]
    assert [int(np.abs(middle - level).min()) <= 2 for level in (60, 90)] == [True, True]
    assert np.abs(middle - 2 * (90 - 60)).min() <= 4


def test_broken_pictures_and_hostile_names_are_drawn_as_well(source: ClassifySource, tmp_path: Path) -> None:
    (tmp_path / "b" / "U3.jpg").write_bytes(b"x")
    text = (tmp_path / "dataset.csv").read_text()
    (tmp_path / "dataset.csv").write_text(text + "\nb,g,<script>\x1b[31m" + "x" * 500 + ",U4\n")
    assert len(contact_sheet(source, tmp_path / "sheet.png", count=3)) == 3
    with Image.open(tmp_path / "sheet.png") as sheet:
        assert sheet.width > 3 * TILE


def test_a_picture_that_can_not_be_read_has_no_difference(source: ClassifySource, tmp_path: Path) -> None:
    for path in (tmp_path / "b").iterdir():
        path.write_bytes(b"x")
    contact_sheet(source, tmp_path / "sheet.png", count=1)
    with Image.open(tmp_path / "sheet.png") as sheet:
        colours = {colour: count for count, colour in sheet.convert("RGB").getcolors(1 << 20)}
    assert colours[MISSING] == 2 * TILE * TILE  # test picture and difference


def test_segment_samples_show_their_label(tmp_path: Path) -> None:
    for folder in ("A", "B", "label"):
        (tmp_path / folder).mkdir()
        Image.new("L", (30, 30), 50).save(tmp_path / folder / "1.png")
    shown = segment_contact_sheet(SegmentSource(tmp_path), ["1.png"], tmp_path / "sheet.png")
    assert shown[0].label == tmp_path / "label" / "1.png"
    assert (tmp_path / "sheet.png").is_file()


def test_nothing_to_show_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "dataset.csv").write_text("input_path,golden_path,label,object_name\n")
    with pytest.raises(DataError, match="no row"):
        contact_sheet(ClassifySource(tmp_path / "dataset.csv", tmp_path), tmp_path / "sheet.png")
    with pytest.raises(DataError, match="no pair"):
        segment_contact_sheet(SegmentSource(tmp_path), [], tmp_path / "sheet.png")
    assert not (tmp_path / "sheet.png").exists()
