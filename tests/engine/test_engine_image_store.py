# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PIL import Image

from core.errors import ImageError
from engine.image_store import ImageStore

if TYPE_CHECKING:
    from pathlib import Path


def pictures(folder: Path, count: int) -> list[str]:
    paths = [folder / f"{i}.png" for i in range(count)]
    for i, path in enumerate(paths):
        Image.new("L", (256, 256), i).save(path)
    return [str(path) for path in paths]


def test_a_picture_is_decoded_once(tmp_path: Path) -> None:
    (path,) = pictures(tmp_path, 1)
    store = ImageStore(256, 256, limit_mb=1)
    first = store.read(path)
    Image.new("L", (256, 256), 99).save(path)
    assert store.read(path) is first


def test_without_room_pictures_are_decoded_anew(tmp_path: Path) -> None:
    (path,) = pictures(tmp_path, 1)
    store = ImageStore(256, 256, limit_mb=0)
    assert int(store.read(path).max()) == 0
    Image.new("L", (256, 256), 99).save(path)
    assert int(store.read(path).max()) == 99


def test_only_what_fits_is_kept(tmp_path: Path) -> None:
    paths = pictures(tmp_path, 6)  # 192 KiB each, five fit into one MiB
    store = ImageStore(256, 256, limit_mb=1)
    assert store.fits(5)
    assert not store.fits(6)
    read = [store.read(path) for path in paths]
    again = [store.read(path) for path in paths]
    assert [a is b for a, b in zip(read, again, strict=True)] == [True] * 5 + [False]


def test_preloading_finds_the_broken_picture_and_its_row(tmp_path: Path) -> None:
    paths = pictures(tmp_path, 3)
    store = ImageStore(256, 256, limit_mb=8)
    seen: list[int] = []
    store.preload(dict.fromkeys(paths, ""), seen.append)
    assert seen == [1, 2, 3]
    (tmp_path / "broken.png").write_bytes(b"nothing")
    with pytest.raises(ImageError) as caught:
        store.preload({paths[0]: "t.csv:2", str(tmp_path / "broken.png"): "t.csv:9"}, seen.append)
    assert "t.csv:9" in caught.value.where


def test_pictures_may_keep_their_own_size_and_readers_share_the_memory(tmp_path: Path) -> None:
    (path,) = pictures(tmp_path, 1)
    store = ImageStore(64, 32, limit_mb=8, white=4095, own_sizes=True)
    assert tuple(store.read(path).shape) == (3, 256, 256)
    part = store.share(4)
    assert (part.limit_mb, part.white, part.own_sizes) == (2, 4095, True)
    assert tuple(part.read(path).shape) == (3, 256, 256)
    assert tuple(ImageStore(64, 32, limit_mb=8).share(0).read(path).shape) == (3, 64, 32)
