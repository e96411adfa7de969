# SPDX-License-Identifier: Apache-2.0
"""Boards that were moved by what the test knows have to be laid back; others have to be refused."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
import pytest
from PIL import Image, ImageDraw

from core.errors import DataError, ImageError
from pairs.registration import laid_on, register
from pairs.registration_check import check
from pairs.whole_pairs import list_whole_pairs, passed_over
from pairs.whole_picture import read_whole_pair

if TYPE_CHECKING:
    from pathlib import Path

WIDTH, HEIGHT = 480, 360


def draw_board(seed: int) -> Any:
    chance = random.Random(seed)
    board = Image.new("RGB", (WIDTH, HEIGHT), (20, 70, 30))
    draw = ImageDraw.Draw(board)
    for _ in range(140):
        x, y = chance.randrange(WIDTH), chance.randrange(HEIGHT)
        size = (x + chance.randrange(6, 40), y + chance.randrange(4, 26))
        draw.rectangle((x, y, *size), fill=tuple(chance.randrange(256) for _ in range(3)))
    return np.asarray(board)


def moved(picture: Any, degrees: float, right: float, down: float, lean: float = 0.0) -> tuple[Any, Any]:
    """The picture as a camera that stands elsewhere takes it, and the homography from golden to test pixels."""
    turn = np.vstack([cv2.getRotationMatrix2D((WIDTH / 2, HEIGHT / 2), degrees, 1.01), [0, 0, 1]])
    turn[0, 2] += right
    turn[1, 2] += down
    turn[2, 0] = lean
    taken = cv2.warpPerspective(picture, turn, (WIDTH, HEIGHT), borderMode=cv2.BORDER_REPLICATE)
    return np.clip(taken * 0.9 + 12, 0, 255).astype(np.uint8), turn


@pytest.mark.parametrize(
    ("degrees", "right", "down", "lean"), [(0, 0, 0, 0), (3, 40, -25, 0), (-2.5, -40, 40, 2e-5), (0.4, 3.3, 7.8, -1e-5)]
)
def test_a_board_is_laid_back_to_where_it_was(degrees: float, right: float, down: float, lean: float) -> None:
    golden = draw_board(1)
    test, turn = moved(golden, degrees, right, down, lean)
    found = register(golden, test, "board")
    middle = np.array([[[120.0, 90.0]], [[360.0, 90.0]], [[360.0, 270.0]], [[120.0, 270.0]]])
    there_and_back = cv2.perspectiveTransform(middle, found.to_golden @ turn)
    assert np.abs(there_and_back - middle).max() < 0.5
    assert found.residual < 0.5
    laid, shown = laid_on(test, found, golden.shape[:2])
    assert laid.shape == golden.shape
    assert found.covered == pytest.approx(shown.mean())


def test_a_covered_part_does_not_disturb_the_registration() -> None:
    golden = draw_board(2)
    test, turn = moved(golden, 1.0, 12.0, 5.0)
    test[100:160, 200:300] = 250
    found = register(golden, test, "board")
    assert np.abs(found.to_golden @ turn - np.eye(3)).max() < 0.5
    assert found.agreeing < 1.0


def test_another_board_is_refused_and_not_guessed() -> None:
    with pytest.raises(DataError, match="can't be registered") as caught:
        register(draw_board(3), draw_board(4), "other.png")
    assert (caught.value.code, caught.value.where) == ("data.registration", "other.png")
    with pytest.raises(DataError, match="can't be registered"):
        register(draw_board(3), np.full((HEIGHT, WIDTH, 3), 90, dtype=np.uint8), "flat.png")


def test_the_same_pictures_are_registered_the_same_way() -> None:
    golden = draw_board(5)
    test, _ = moved(golden, 2.0, -9.0, 14.0)
    assert register(golden, test, "a").to_json() == register(golden, test, "b").to_json()


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_is_followed(tmp_path: Path, orientation: int) -> None:
    upright = Image.fromarray(draw_board(6))
    turns = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    stored = upright.transpose(turns[orientation]) if orientation in turns else upright
    exif = Image.Exif()
    exif[0x0112] = orientation
    stored.save(tmp_path / "stored.png", exif=exif)
    upright.save(tmp_path / "upright.png")
    golden, test = read_whole_pair(tmp_path / "upright.png", tmp_path / "stored.png")
    assert np.array_equal(golden, test)


def test_pictures_of_a_pair_are_found_by_name_by_table_and_for_one_golden_picture(tmp_path: Path) -> None:
    for name in ("golden/a.png", "golden/b.png", "photos/B.jpg", "photos/a.jpg", "photos/notes.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        Image.new("RGB", (8, 8)).save(tmp_path / name, "PNG")
    golden, photos = tmp_path / "golden", tmp_path / "photos"
    found = list_whole_pairs(golden, photos)
    assert [(one.name, one.golden.name, one.test.name) for one in found] == [
        ("B", "b.png", "B.jpg"),
        ("a", "a.png", "a.jpg"),
    ]
    assert [one.golden.name for one in list_whole_pairs(golden / "a.png", photos)] == ["a.png", "a.png"]
    table = tmp_path / "pairs.csv"
    table.write_text("test,golden\nphotos/a.jpg,golden/a.png\nphotos/a.jpg,golden/b.png\n", encoding="utf-8")
    assert [(one.name, one.golden.name) for one in list_whole_pairs(table, None)] == [("a", "a.png"), ("a-2", "b.png")]


def test_a_name_is_begun_by_whole_words_and_no_golden_picture_stands_for_two(tmp_path: Path) -> None:
    for name in ("golden/board1.png", "golden/board1_b.png", "photos/board1-007.png", "photos/Board1_b_3.png"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        Image.new("RGB", (8, 8)).save(tmp_path / name)
    golden, photos = tmp_path / "golden", tmp_path / "photos"
    found = {one.test.name: one.golden.name for one in list_whole_pairs(golden, photos)}
    assert found == {"board1-007.png": "board1.png", "Board1_b_3.png": "board1_b.png"}
    Image.new("RGB", (8, 8)).save(photos / "board12.png")
    with pytest.raises(DataError, match="no golden picture for it"):
        list_whole_pairs(golden, photos)
    Image.new("RGB", (8, 8)).save(golden / "board1.jpg")
    with pytest.raises(DataError, match="golden picture of the same name"):
        list_whole_pairs(golden, photos)


def test_a_table_of_a_spreadsheet_is_read_with_semicolons(tmp_path: Path) -> None:
    (tmp_path / "pairs.csv").write_text("\ufeffGolden;Test\r\na.png;b.png\r\n", encoding="utf-8")
    assert list_whole_pairs(tmp_path / "pairs.csv", None) == [("b", tmp_path / "a.png", tmp_path / "b.png")]


def test_pictures_that_are_not_taken_are_told(tmp_path: Path) -> None:
    for name in ("photos/a.png", "photos/line1/b.png", "photos/line1/night/c.png", "photos/d.HEIC"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    assert [(one.count, one.severity) for one in passed_over(tmp_path / "photos")] == [(2, "warning"), (1, "warning")]
    assert passed_over(tmp_path / "photos" / "a.png") == []
    assert passed_over(tmp_path / "photos" / "line1" / "night") == []


def test_what_is_missing_is_named(tmp_path: Path) -> None:
    Image.new("RGB", (8, 8)).save(tmp_path / "one.png")
    Image.new("RGB", (8, 8)).save(tmp_path / "two.png")
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "three.png").write_bytes((tmp_path / "one.png").read_bytes())
    with pytest.raises(DataError, match="no golden picture for it") as caught:
        list_whole_pairs(tmp_path, tmp_path / "photos")
    assert caught.value.where.endswith("three.png")
    table = tmp_path / "pairs.csv"
    table.write_text("golden,test\none.png,\n", encoding="utf-8")
    with pytest.raises(DataError, match="a cell is empty") as caught:
        list_whole_pairs(table, None)
    assert caught.value.where == f"{table}:2"
    table.write_text("golden,photo\none.png,two.png\n", encoding="utf-8")
    with pytest.raises(DataError, match="no column test"):
        list_whole_pairs(table, None)
    with pytest.raises(ImageError):
        read_whole_pair(tmp_path / "one.png", tmp_path / "gone.png")


def test_patches_that_fit_one_pitch_off_are_told_by_the_edges_of_the_whole() -> None:
    golden = np.full((HEIGHT, WIDTH), 40, dtype=np.uint8)
    for x in range(60, 400, 24):
        for y in range(60, 280, 24):
            golden[y : y + 9, x : x + 12] = 200
    laid = np.roll(golden, 24, axis=1)
    shown = np.ones(golden.shape, dtype=np.bool_)
    right = check(golden, golden, shown)
    assert (right.better, right.agreeing) == (None, right.cells)
    assert right.likeness == pytest.approx(1.0, abs=1e-3)
    off = check(golden, laid, shown)
    assert off.better == pytest.approx((-24, 0))
    assert off.likeness < right.likeness


def test_a_board_with_hardly_anything_on_it_is_registered_by_its_edges() -> None:
    golden = np.full((HEIGHT, WIDTH, 3), 250, dtype=np.uint8)
    golden[60:66, 40:400] = 0
    golden[60:300, 40:46] = 0
    test = np.roll(golden, (-4, 6), axis=(0, 1))
    test[150:158, 200:212] = 0
    found = register(golden, test, "sparse.png")
    assert found.patches == 0
    there = cv2.perspectiveTransform(np.array([[[126.0, 86.0]], [[366.0, 266.0]]]), found.to_golden)
    assert there == pytest.approx(np.array([[[120.0, 90.0]], [[360.0, 270.0]]]), abs=1.0)


@pytest.mark.parametrize("number", ["20085174", "20085195"])
def test_a_sparse_board_whose_edges_differ_a_little_is_registered_and_no_other_on_it(
    real_data: Path, number: str
) -> None:
    def photo(design: str, name: str) -> Any:
        place = real_data / "deeppcb" / "PCBData" / f"group{design}" / design / f"{name}.jpg"
        with Image.open(place) as picture:
            return np.asarray(picture.convert("RGB"))

    golden = photo("20085", f"{number}_temp")
    found = register(golden, photo("20085", f"{number}_test"), number)
    assert (found.patches, found.likeness < 0.85) == (0, True)
    assert np.abs(found.to_golden[:2, 2]).max() < 6
    with pytest.raises(DataError, match="can't be registered"):
        register(golden, photo("00041", "00041015_test"), number)
