# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import shutil
import stat
import struct
import zipfile
from typing import TYPE_CHECKING

import pytest

from core.errors import ArchiveError
from runners.archives.rules import Limits
from runners.archives.unpacking import unpack

if TYPE_CHECKING:
    from pathlib import Path

Entry = tuple[str, bytes, int]  # name, content, mode of Unix (0: a program that knows none)


def entry(name: str, data: bytes = b"x", mode: int = 0) -> Entry:
    return name, data, mode


def link(name: str, target: str) -> Entry:
    return name, target.encode(), stat.S_IFLNK | 0o777


def packed(path: Path, *entries: Entry, compression: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, data, mode in entries:
            info = zipfile.ZipInfo(name)
            info.external_attr, info.compress_type = mode << 16, compression
            archive.writestr(info, data)
    return path


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache"


def everything(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


def test_a_zip_archive_is_unpacked_as_a_tar_archive_is(tmp_path: Path, cache: Path) -> None:
    archive = packed(
        tmp_path / "images.zip", entry("images/"), entry("images/a/x.jpg", b"one"), entry("images\\b\\y.jpg", b"two")
    )

    folder = unpack(archive, cache)

    assert folder.name == "images"
    assert everything(folder) == ["a", "a/x.jpg", "b", "b/y.jpg"]
    assert (folder / "b/y.jpg").read_bytes() == b"two"


def test_what_is_inside_counts_and_not_the_ending_of_the_name(tmp_path: Path, cache: Path) -> None:
    wrong = packed(tmp_path / "images.zip", entry("x.jpg")).rename(tmp_path / "images.tar.gz")

    assert everything(unpack(wrong, cache)) == ["x.jpg"]


def test_links_that_stay_inside_are_kept(tmp_path: Path, cache: Path) -> None:
    archive = packed(tmp_path / "a.zip", entry("golden/x.jpg", b"golden"), link("board/x.jpg", "../golden/x.jpg"))

    assert (unpack(archive, cache) / "board/x.jpg").read_bytes() == b"golden"


ATTACKS = {
    "parent": [entry("../evil")],
    "parent as Windows writes it": [entry("..\\evil")],
    "absolute": [entry("/tmp/evil")],  # noqa: S108
    "link out": [link("l", "../../etc")],
    "absolute link": [link("l", "/etc/passwd")],
    "through a link": [entry("d/"), link("l", "d"), entry("l/evil")],
    "device": [entry("zero", b"", stat.S_IFCHR | 0o666)],
    "pipe": [entry("pipe", b"", stat.S_IFIFO | 0o666)],
    "a file where a folder is": [entry("a"), entry("a/")],
    "long name": [entry("a/" * 600 + "x")],
    "a link to kilobytes": [link("l", "x" * 5000)],
}


@pytest.mark.parametrize("attack", ATTACKS)
def test_attacks_are_refused_and_leave_nothing(tmp_path: Path, cache: Path, attack: str) -> None:
    archive = packed(tmp_path / "images.zip", entry("good.jpg"), *ATTACKS[attack])

    with pytest.raises(ArchiveError) as error:
        unpack(archive, cache)

    assert error.value.code == "archive.unsafe"
    assert str(archive) in error.value.where
    assert everything(cache) == ["archives"]
    assert not list(tmp_path.rglob("evil"))


def test_a_member_that_is_given_twice_is_refused(tmp_path: Path, cache: Path) -> None:
    with pytest.warns(UserWarning, match="Duplicate name"):
        archive = packed(tmp_path / "images.zip", entry("x.jpg"), entry("x.jpg"))

    with pytest.raises(ArchiveError, match="twice"):
        unpack(archive, cache)


def test_a_bomb_is_refused_before_it_is_written(tmp_path: Path, cache: Path) -> None:
    archive = packed(tmp_path / "images.zip", *(entry(f"{n}.bmp", bytes(200_000)) for n in range(20)))

    with pytest.raises(ArchiveError, match="more bytes") as error:
        unpack(archive, cache, Limits(expansion=10, expansion_slack_bytes=1_000_000))

    assert error.value.code == "archive.too_large"
    assert everything(cache) == ["archives"]


def test_a_member_that_holds_more_than_it_claims_is_found(tmp_path: Path, cache: Path) -> None:
    archive = packed(tmp_path / "images.zip", entry("x.bmp", bytes(200_000)))
    data = bytearray(archive.read_bytes())
    for place in (22, data.index(b"PK\x01\x02") + 24):  # where the size stands: beside the member, and in the list
        struct.pack_into("<I", data, place, 10)
    archive.write_bytes(data)

    with pytest.raises(ArchiveError, match="no whole zip"):
        unpack(archive, cache)


@pytest.mark.parametrize("cut", [30, 60, 1])
def test_a_truncated_archive_is_told_with_how_it_is_made_again(tmp_path: Path, cache: Path, cut: int) -> None:
    archive = packed(tmp_path / "images.zip", entry("x.jpg", b"abc" * 100))
    archive.write_bytes(archive.read_bytes()[:-cut])

    with pytest.raises(ArchiveError, match="no whole zip") as error:
        unpack(archive, cache)

    assert "zip -r" in error.value.remedy


def test_a_flipped_bit_is_found_by_the_checksum(tmp_path: Path, cache: Path) -> None:
    archive = packed(tmp_path / "images.zip", entry("x.jpg", b"a" * 500), compression=zipfile.ZIP_STORED)
    data = bytearray(archive.read_bytes())
    data[100] ^= 1
    archive.write_bytes(data)

    with pytest.raises(ArchiveError, match="no whole zip"):
        unpack(archive, cache)


def test_encrypted_members_and_rare_compressions_are_refused_in_words(tmp_path: Path, cache: Path) -> None:
    archive = packed(tmp_path / "secret.zip", entry("x.jpg"))
    data = bytearray(archive.read_bytes())
    data[data.index(b"PK\x01\x02") + 8] |= 1
    archive.write_bytes(data)

    with pytest.raises(ArchiveError, match="encrypted"):
        unpack(archive, cache)
    with pytest.raises(ArchiveError, match="deflate"):
        unpack(packed(tmp_path / "rare.zip", entry("x.jpg"), compression=zipfile.ZIP_LZMA), cache)


def test_a_list_of_members_that_would_fill_the_memory_is_not_read(tmp_path: Path, cache: Path) -> None:
    archive = packed(tmp_path / "images.zip", entry("x.jpg"))
    data = bytearray(archive.read_bytes())
    struct.pack_into("<I", data, data.index(b"PK\x05\x06") + 12, 3_000_000_000)
    archive.write_bytes(data)

    with pytest.raises(ArchiveError, match="lists more members") as error:
        unpack(archive, cache)

    assert error.value.code == "archive.too_large"


def test_room_on_the_disk_bounds_what_is_unpacked(tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    archive = packed(tmp_path / "images.zip", entry("x.bmp", bytes(3000)))
    room = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: room._replace(free=2999))

    with pytest.raises(ArchiveError, match="more bytes"):
        unpack(archive, cache)
