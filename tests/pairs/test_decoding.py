# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import os
import struct
import zlib
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

from core.errors import ImageError
from pairs.classify_check import ClassifySource
from pairs.decoding import FULL_WHITE, decode, is_wide, peak_level, white_level
from pairs.doctor import check_classify, check_splits
from pairs.pictures import look_at

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    Levels = NDArray[np.uint16]

PNG_KINDS = {1: 0, 2: 4, 3: 2, 4: 6}  # of channels: grey, grey with alpha, RGB, RGBA


def png16(path: Path, levels: Levels) -> Path:
    """A PNG of 16 bits a channel, which Pillow can write of grey alone."""
    kind = PNG_KINDS[levels.shape[2] if levels.ndim == 3 else 1]
    rows = b"".join(b"\x00" + row.astype(">u2").tobytes() for row in levels)
    header = struct.pack(">IIBBBBB", levels.shape[1], levels.shape[0], 16, kind, 0, 0, 0)
    parts = ((b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    chunks = (
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data)) for name, data in parts
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(chunks))
    return path


def tiff16(path: Path, levels: Levels, order: str) -> Path:
    """An uncompressed RGB TIFF of 16 bits a channel."""
    height, width, channels = levels.shape
    data = levels.astype(f"{order}u2").tobytes()
    directory = 8 + len(data)
    fields = (
        (256, width),
        (257, height),
        (258, 0),
        (259, 1),
        (262, 2),
        (273, 8),
        (277, channels),
        (278, height),
        (279, len(data)),
    )
    bits = directory + 2 + 12 * len(fields) + 4
    entries = b"".join(
        struct.pack(f"{order}HHII", tag, 3, channels, bits)
        if tag == 258
        else struct.pack(f"{order}HHII", tag, 4, 1, value)
        for tag, value in fields
    )
    head = (b"II*\x00" if order == "<" else b"MM\x00*") + struct.pack(f"{order}I", directory)
    tail = struct.pack(f"{order}IHHH", 0, 16, 16, 16)
    path.write_bytes(head + data + struct.pack(f"{order}H", len(fields)) + entries + tail)
    return path


def levels_of(*shape: int, highest: int = 4080, seed: int = 0) -> Levels:
    found = np.random.default_rng(seed).integers(0, highest + 1, shape).astype(np.uint16)
    found.flat[0] = highest
    return found


def decoded(path: Path, white: int) -> NDArray[np.uint8]:
    with Image.open(path) as image:
        return np.asarray(decode(image, path, white))


@pytest.mark.parametrize("shape", [(9, 7), (9, 7, 3)])
def test_twelve_bits_in_sixteen_keep_all_their_levels(shape: tuple[int, ...], tmp_path: Path) -> None:
    levels = levels_of(*shape)
    path = png16(tmp_path / "a.png", levels)
    assert white_level([path]) == (4095, 4080)
    assert (decoded(path, 4095) == np.round(levels * (255.0 / 4095))).all()
    assert len(np.unique(decoded(path, FULL_WHITE))) <= 17  # what full scale would leave of them


@pytest.mark.parametrize("order", ["<", ">"])
def test_colours_of_sixteen_bits_are_read_whole_from_tiff(order: str, tmp_path: Path) -> None:
    levels = levels_of(6, 5, 3, highest=1000)
    path = tiff16(tmp_path / "a.tif", levels, order)
    with Image.open(path) as image:
        assert is_wide(image)
    assert white_level([path]) == (1023, 1000)
    assert (decoded(path, 1023) == np.round(levels * (255.0 / 1023))).all()


@pytest.mark.parametrize("channels", [2, 4])
def test_transparency_is_no_level(channels: int, tmp_path: Path) -> None:
    levels = levels_of(4, 4, channels, highest=2000)
    levels[..., -1] = 65535
    levels[1, 1, -1] = 0
    path = png16(tmp_path / "a.png", levels)
    assert white_level([path]) == (4095, 2000)
    wanted = np.round(levels[..., :-1] * (255.0 / 4095))
    wanted[1, 1] = 0  # laid over black
    assert (decoded(path, 4095) == wanted).all()


@pytest.mark.parametrize(
    ("highest", "white"), [(255, 255), (256, 1023), (4095, 4095), (4096, 16383), (16384, 65535), (65535, 65535)]
)
def test_white_is_that_of_the_bit_depth_in_use(highest: int, white: int, tmp_path: Path) -> None:
    dark = png16(tmp_path / "dark.png", levels_of(4, 4, highest=100))
    bright = png16(tmp_path / "bright.png", levels_of(4, 4, highest=highest))
    assert white_level([dark, bright]) == white_level([bright, dark]) == (white, highest)


def test_a_set_that_begins_with_a_black_picture_has_its_white_all_the_same(tmp_path: Path) -> None:
    black = png16(tmp_path / "black.png", np.zeros((4, 4), dtype=np.uint16))
    assert white_level([black, png16(tmp_path / "a.png", levels_of(4, 4))]) == (4095, 4080)


def test_ordinary_pictures_have_no_white_of_their_own(tmp_path: Path) -> None:
    Image.new("RGB", (4, 4), (255, 0, 0)).save(tmp_path / "a.png")
    assert white_level([tmp_path / "a.png", tmp_path / "none.png"]) == white_level([]) == (FULL_WHITE, 0)
    assert peak_level(tmp_path / "none.png") == 0


def test_a_pipe_is_no_picture(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.png")
    with pytest.raises(ImageError, match="no ordinary file"):
        look_at(tmp_path / "a.png")


def pairs_of(root: Path, highest: int, seed: int = 0) -> ClassifySource:
    """Three pairs of 16-bit pictures, the golden images darker than the test pictures."""
    rows = ["input_path,golden_path,label,object_name"]
    for i in range(3):
        base = np.kron(levels_of(6, 6, highest=highest // 2, seed=10 * seed + i), np.ones((8, 8), dtype=np.uint16))
        for folder, scale in (("golden", 1.0), ("board", 1.02)):
            test = (base * scale).astype(np.uint16)
            test[0, 0] = highest if folder == "board" else 0
            png16(root / "images" / folder / f"U{seed}{i}.png", test)
        rows.append(f"board,golden,{'PASS' if i else 'open'},U{seed}{i}")
    (root / "dataset.csv").write_text("\n".join(rows))
    return ClassifySource(root / "dataset.csv", root / "images", ".png")


def test_the_check_looks_at_what_the_engine_sees_and_tells_the_range(tmp_path: Path) -> None:
    source = pairs_of(tmp_path, 65535)
    look, grey = look_at(tmp_path / "images" / "board" / "U00.png")
    assert (look.wide, look.contrast > 20, int(grey.max())) == (True, True, 255)  # Pillow alone would clip it to white
    (told,) = check_classify(source.csv_path, source.images_dir, image_ext=".png").findings
    assert (told.code, told.severity, told.count) == ("data.bit_depth", "warning", 3)
    assert "levels up to 65535: 65535 is taken for white" in told.message


def test_all_splits_are_scaled_as_one(tmp_path: Path) -> None:
    sources = {"train": pairs_of(tmp_path / "train", 4000), "val": pairs_of(tmp_path / "val", 900, seed=1)}
    told = [f for f in check_splits(sources).findings if f.code == "data.bit_depth"]
    assert ["levels up to 4000: 4095 is" in one.message for one in told] == [True, True]


def test_floating_point_pictures_are_told_before_they_stop_the_engine(tmp_path: Path) -> None:
    (tmp_path / "images").mkdir()
    for name in ("U1", "U2"):
        Image.new("F", (8, 8), 0.5).save(tmp_path / "images" / f"{name}.tif")
    (tmp_path / "dataset.csv").write_text("input_path,golden_path,label,object_name\n.,.,PASS,U1\n.,.,open,U2\n")
    report = check_classify(tmp_path / "dataset.csv", tmp_path / "images", image_ext=".tif")
    assert "holds floating point values" in next(f.message for f in report.errors if f.code == "data.picture_broken")
