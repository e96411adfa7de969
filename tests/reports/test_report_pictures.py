# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from base64 import b64decode
from io import BytesIO
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

from reports.gallery import Limits, build_gallery
from reports.pictures import PictureFolder, data_uri, difference, heat
from reports.results import ResultFiles
from reports.score_axis import score_axis
from reports.scored_table import read_scored_table

if TYPE_CHECKING:
    from pathlib import Path


def test_pictures_shrink_but_never_grow(tmp_path: Path) -> None:
    Image.new("RGB", (800, 400)).save(tmp_path / "large.png")
    Image.new("L", (30, 20)).save(tmp_path / "small.png")
    large, small = (PictureFolder(tmp_path).read(name) for name in ("large.png", "small.png"))
    assert large.image is not None
    assert small.image is not None
    assert (large.image.size, large.size) == ((256, 128), (800, 400))
    assert (small.image.size, small.image.mode) == ((30, 20), "L")


def test_wide_grey_keeps_its_range(tmp_path: Path) -> None:
    Image.fromarray(np.full((4, 4), 32896, dtype=np.uint16)).save(tmp_path / "wide.png")
    picture = PictureFolder(tmp_path).read("wide.png").image
    assert picture is not None
    assert picture.getpixel((0, 0)) == 128


def test_the_gallery_shows_pictures_of_twelve_bits_at_the_white_of_their_set(tmp_path: Path) -> None:
    """Dark ones stay dark beside bright ones: all are scaled as one."""
    for place, level in (("golden/C1", 2048), ("test/C1", 1024), ("golden/C2", 4080), ("test/C2", 0)):
        (tmp_path / place).parent.mkdir(exist_ok=True)
        Image.fromarray(np.full((4, 4), level, dtype=np.uint16)).save(tmp_path / f"{place}.png")
    table = tmp_path / "predictions.csv"
    header = "input_path,golden_path,label,object_name,siamese_score\n"
    table.write_text(f"{header}test,golden,open,C1,0.1\ntest,golden,PASS,C2,0.2\n")
    results = ResultFiles(table, images_dir=tmp_path, image_ext=".png", threshold=0.15)

    scored = read_scored_table(table)
    gallery = build_gallery(results, scored, 0.15, score_axis(scored.scores, 0.15), Limits())

    shown = {
        (card.row.object_name, shot.view): Image.open(BytesIO(b64decode(shot.uri.partition(",")[2]))).getpixel((0, 0))
        for card in gallery.cards
        for shot in card.lights[0].shots
    }
    wanted = {("C1", "golden"): 128, ("C1", "test"): 64, ("C2", "golden"): 254, ("C2", "test"): 0}
    assert {pair: level for pair, level in shown.items() if pair in wanted} == pytest.approx(wanted, abs=1)


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("none.png", None, "missing"),
        ("text.png", b"no picture", "can't be decoded"),
        ("cut.png", "cut", "can't be decoded"),
        ("script.png", b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\nshowpage\n", "can't be decoded"),
        ("bomb.png", "bomb", "too large to show"),
        ("a\0b.png", None, "missing"),
        ("n" * 5000, None, "missing"),
        ("", None, "missing"),
        (".", None, "missing"),
    ],
)
def test_what_can_not_be_shown_has_a_reason(
    name: str, content: bytes | str | None, reason: str, tmp_path: Path
) -> None:
    if content == "cut":
        Image.effect_noise((64, 64), 50).save(tmp_path / name)
        (tmp_path / name).write_bytes((tmp_path / name).read_bytes()[:200])
    elif content == "bomb":
        Image.new("1", (10_000, 9_000)).save(tmp_path / name)
    elif isinstance(content, bytes):
        (tmp_path / name).write_bytes(content)
    picture = PictureFolder(tmp_path).read(name)
    assert (picture.image, picture.reason) == (None, reason)


def test_a_loop_of_links_is_missing(tmp_path: Path) -> None:
    (tmp_path / "a.png").symlink_to(tmp_path / "b.png")
    (tmp_path / "b.png").symlink_to(tmp_path / "a.png")
    assert PictureFolder(tmp_path).read("a.png").reason == "missing"


def test_a_link_within_the_folder_is_followed(tmp_path: Path) -> None:
    Image.new("L", (4, 4)).save(tmp_path / "a.png")
    (tmp_path / "b.png").symlink_to("a.png")
    (tmp_path.parent / "alias").symlink_to(tmp_path)
    assert PictureFolder(tmp_path.parent / "alias").read("b.png").image is not None


def test_difference_is_dark_where_pictures_differ() -> None:
    golden, test = Image.new("RGB", (8, 8), (100, 100, 100)), Image.new("RGB", (8, 8), (100, 100, 100))
    test.putpixel((3, 4), (100, 140, 100))
    levels = np.asarray(difference(golden, test))
    assert levels[4, 3] == 255 - 80
    assert (np.delete(levels.ravel(), 4 * 8 + 3) == 255).all()


def test_difference_takes_pictures_of_two_sizes() -> None:
    assert difference(Image.new("L", (9, 7)), Image.new("RGB", (12, 8))).size == (12, 8)


def test_heat_grows_redder_with_the_evidence_and_lies_over_the_test() -> None:
    test = Image.new("L", (20, 10), 200)
    drawn = np.asarray(heat(Image.linear_gradient("L").resize((20, 10)), test)).astype(int)
    assert drawn.shape == (10, 20, 3)
    redness = drawn[:, 0, 0] - drawn[:, 0, 1]
    assert redness[-1] > 100
    assert abs(redness[0]) < 10
    squeezed = np.asarray(heat(Image.linear_gradient("L").resize((16, 16)), test)).astype(int)  # as the network saw it
    assert squeezed.shape == drawn.shape
    assert abs(squeezed - drawn).max() < 40
    assert heat(Image.new("L", (10, 40)), None).size == (10, 40)


def test_the_same_pixels_give_the_same_text() -> None:
    noise = Image.fromarray(np.random.default_rng(3).integers(0, 255, (40, 40), dtype=np.uint8))
    assert data_uri(noise) == data_uri(noise.copy())


def test_what_lies_beside_golden_images_is_none_of_them(tmp_path: Path) -> None:
    for name in ("g2.png", "g1.png", "._g0.png", "g0.png.json"):
        (tmp_path / name).touch()
    assert PictureFolder(tmp_path).names(".", ".png") == ["g1", "g2"]


def test_pictures_without_a_meaning_as_colours_are_told(tmp_path: Path) -> None:
    Image.new("F", (4, 4), 0.5).save(tmp_path / "float.tif")
    assert PictureFolder(tmp_path).read("float.tif").reason == "can't be decoded"
