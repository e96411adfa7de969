# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

from core.errors import ImageError
from pairs.rgb_pixels import read_rgb

if TYPE_CHECKING:
    from pathlib import Path

RED = (200, 10, 30)


def saved(tmp_path: Path, picture: Image.Image, name: str = "a.png") -> Path:
    path = tmp_path / name
    picture.save(path)
    return path


def colour(path: Path) -> list[int]:
    pixels = read_rgb(path, 8, 8)
    assert pixels.shape == (3, 8, 8)
    assert pixels.dtype == np.uint8
    return [int(v) for v in pixels[:, 4, 4]]


def test_colour_channels_keep_their_order(tmp_path: Path) -> None:
    assert colour(saved(tmp_path, Image.new("RGB", (8, 8), RED))) == list(RED)


def test_grey_palette_and_one_bit_pictures_become_colour(tmp_path: Path) -> None:
    assert colour(saved(tmp_path, Image.new("L", (8, 8), 77))) == [77, 77, 77]
    palette = Image.new("RGB", (8, 8), RED).convert("P", palette=Image.Palette.ADAPTIVE)
    assert colour(saved(tmp_path, palette)) == list(RED)
    assert colour(saved(tmp_path, Image.new("1", (8, 8), 1))) == [255, 255, 255]


def test_cmyk_is_converted(tmp_path: Path) -> None:
    path = saved(tmp_path, Image.new("CMYK", (8, 8), (0, 255, 255, 0)), "a.tif")
    assert colour(path) == [255, 0, 0]


def test_sixteen_bit_grey_is_scaled_not_clipped(tmp_path: Path) -> None:
    for value, expected in ((65535, 255), (32896, 128), (300, 1), (0, 0)):
        picture = Image.fromarray(np.full((8, 8), value, dtype=np.uint16))
        assert colour(saved(tmp_path, picture)) == [expected] * 3
        assert colour(saved(tmp_path, picture, "a.tif")) == [expected] * 3


def test_transparency_is_laid_over_black(tmp_path: Path) -> None:
    assert colour(saved(tmp_path, Image.new("RGBA", (8, 8), (200, 100, 50, 0)))) == [0, 0, 0]
    assert colour(saved(tmp_path, Image.new("RGBA", (8, 8), (200, 100, 50, 255)))) == [200, 100, 50]
    half = colour(saved(tmp_path, Image.new("LA", (8, 8), (200, 128))))
    assert half == pytest.approx([100] * 3, abs=1)
    palette = Image.new("P", (8, 8), 0)
    palette.putpalette([*RED, 0, 0, 0])
    palette.info["transparency"] = 0
    assert colour(saved(tmp_path, palette)) == [0, 0, 0]


def test_pictures_are_resized_to_height_and_width(tmp_path: Path) -> None:
    picture = Image.new("RGB", (40, 20))
    picture.paste((255, 255, 255), (20, 0, 40, 20))
    pixels = read_rgb(saved(tmp_path, picture), 16, 32)
    assert pixels.shape == (3, 16, 32)
    assert pixels[0, :, :12].max() == 0
    assert pixels[0, :, 20:].min() == 255


def test_a_missing_picture_names_file_and_row(tmp_path: Path) -> None:
    with pytest.raises(ImageError, match="no such picture") as caught:
        read_rgb(tmp_path / "none.png", 8, 8, where="pairs.csv:7")
    assert caught.value.code == "data.image_missing"
    assert "none.png (pairs.csv:7)" in caught.value.where


@pytest.mark.parametrize("name", ["cut.png", "cut.jpg", "cut.bmp", "cut.webp", "cut.tif"])
def test_a_truncated_picture_is_an_error(tmp_path: Path, name: str) -> None:
    noise = np.random.default_rng(0).integers(0, 255, (64, 64, 3), dtype=np.uint8)
    path = saved(tmp_path, Image.fromarray(noise), name)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(ImageError, match="can't be decoded") as caught:
        read_rgb(path, 8, 8)
    assert caught.value.code == "data.image"
    assert caught.value.remedy


@pytest.mark.parametrize("content", [b"", b"not a picture", b"\x89PNG\r\n\x1a\n"])
def test_what_is_no_picture_is_an_error(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(content)
    with pytest.raises(ImageError, match="can't be decoded"):
        read_rgb(path, 8, 8)


def test_floating_point_and_out_of_range_values_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ImageError, match="floating point"):
        read_rgb(saved(tmp_path, Image.new("F", (8, 8), 0.5), "a.tif"), 8, 8)
    wide = Image.fromarray(np.full((8, 8), 70000, dtype=np.int32))
    with pytest.raises(ImageError, match=r"outside 0\.\.65535"):
        read_rgb(saved(tmp_path, wide, "b.tif"), 8, 8)


def test_a_picture_of_too_many_pixels_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = saved(tmp_path, Image.new("L", (64, 64)))
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 1000)
    with pytest.raises(ImageError, match="million pixels"):
        read_rgb(path, 8, 8)
