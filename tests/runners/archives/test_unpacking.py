# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import io
import os
import shutil
import stat
import subprocess
import sys
import tarfile
import time
from typing import TYPE_CHECKING

import pytest

from core.errors import ArchiveError
from runners.archives.rules import Limits
from runners.archives.unpacking import unpack
from runners.staging.inputs import stage

if TYPE_CHECKING:
    from pathlib import Path


Member = tuple[tarfile.TarInfo, bytes]


def member(name: str, kind: bytes = tarfile.REGTYPE, link: str = "", data: bytes = b"") -> Member:
    info = tarfile.TarInfo(name)
    info.type, info.linkname, info.size = kind, link, len(data)
    return info, data


def archive(path: Path, *members: Member, mode: str = "w:gz") -> Path:
    with tarfile.open(path, mode) as tar:  # type: ignore[call-overload]
        for info, data in members:
            tar.addfile(info, io.BytesIO(data))
    return path


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CHANGENET_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def everything(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


@pytest.mark.parametrize("mode", ["w:gz", "w"])
def test_an_archive_is_unpacked_under_the_hash_of_its_content(tmp_path: Path, cache: Path, mode: str) -> None:
    packed = archive(
        tmp_path / "images.tar.gz", member("a/x.jpg", data=b"one"), member("./b/y.jpg", data=b"two"), mode=mode
    )

    folder = unpack(packed, cache)

    assert everything(folder) == ["a", "a/x.jpg", "b", "b/y.jpg"]
    assert (folder / "b/y.jpg").read_bytes() == b"two"
    assert unpack(packed.rename(tmp_path / "other.tar.gz"), cache) == folder


def test_a_single_folder_of_the_archives_own_name_is_what_the_action_gets(tmp_path: Path, cache: Path) -> None:
    assert unpack(archive(tmp_path / "images.tar.gz", member("images/x.jpg", data=b"1")), cache).name == "images"
    assert (unpack(archive(tmp_path / "images.tgz", member("board/x.jpg", data=b"1")), cache) / "board").is_dir()


def test_links_that_stay_inside_are_kept(tmp_path: Path, cache: Path) -> None:
    packed = archive(
        tmp_path / "images.tar.gz",
        member("golden/x.jpg", data=b"golden"),
        member("board/x.jpg", tarfile.SYMTYPE, "../golden/x.jpg"),
        member("board/y.jpg", tarfile.LNKTYPE, "golden/x.jpg"),
    )

    folder = unpack(packed, cache)

    assert (folder / "board/x.jpg").read_bytes() == (folder / "board/y.jpg").read_bytes() == b"golden"


ATTACKS = {
    "parent": [member("../evil", data=b"x")],
    "deep parent": [member("a/../../evil", data=b"x")],
    "absolute": [member("/tmp/evil", data=b"x")],  # noqa: S108
    "link out": [member("l", tarfile.SYMTYPE, "../../etc")],
    "absolute link": [member("l", tarfile.SYMTYPE, "/etc/passwd")],
    "link to the parent of the top": [member("a/l", tarfile.SYMTYPE, "../..")],
    "steps up behind a link": [member("d/x", tarfile.SYMTYPE, ".."), member("l", tarfile.SYMTYPE, "d/x/../../evil")],
    "through a link": [member("d", tarfile.DIRTYPE), member("l", tarfile.SYMTYPE, "d"), member("l/evil", data=b"x")],
    "over a link": [member("d", data=b"1"), member("l", tarfile.SYMTYPE, "d"), member("l", data=b"x")],
    "hard link out": [member("l", tarfile.LNKTYPE, "../../etc/passwd")],
    "absolute hard link": [member("l", tarfile.LNKTYPE, "/etc/passwd")],
    "hard link to a link": [member("d/l", tarfile.SYMTYPE, "../x"), member("l2", tarfile.LNKTYPE, "d/l")],
    "device": [member("zero", tarfile.CHRTYPE)],
    "block device": [member("disk", tarfile.BLKTYPE)],
    "pipe": [member("pipe", tarfile.FIFOTYPE)],
    "twice": [member("x.jpg", data=b"1"), member("x.jpg", data=b"2")],
    "long name": [member("a/" * 600 + "x", data=b"1")],
}


@pytest.mark.parametrize("attack", ATTACKS)
def test_attacks_are_refused_and_leave_nothing(tmp_path: Path, cache: Path, attack: str) -> None:
    packed = archive(tmp_path / "images.tar.gz", member("good.jpg", data=b"1"), *ATTACKS[attack])

    with pytest.raises(ArchiveError) as error:
        unpack(packed, cache)

    assert error.value.code == "archive.unsafe"
    assert str(packed) in error.value.where
    assert everything(cache) == ["archives"]
    assert not list(tmp_path.rglob("evil"))


def test_a_bomb_is_refused_before_it_is_written(tmp_path: Path, cache: Path) -> None:
    packed = archive(tmp_path / "images.tar.gz", *(member(f"{n}.bmp", data=bytes(200_000)) for n in range(20)))
    limits = Limits(expansion=10, expansion_slack_bytes=1_000_000)

    with pytest.raises(ArchiveError, match="more bytes") as error:
        unpack(packed, cache, limits)

    assert error.value.code == "archive.too_large"
    assert everything(cache) == ["archives"]


def test_a_member_that_claims_more_than_the_disk_holds_is_refused(tmp_path: Path, cache: Path) -> None:
    info, _ = member("huge.bmp")
    info.size = 10**18
    (tmp_path / "images.tar").write_bytes(info.tobuf(tarfile.GNU_FORMAT) + bytes(1024))

    with pytest.raises(ArchiveError, match="more bytes"):
        unpack(tmp_path / "images.tar", cache)


def test_the_bytes_of_all_members_are_counted_together(tmp_path: Path, cache: Path) -> None:
    packed = archive(tmp_path / "images.tar.gz", *(member(f"{n}.bmp", data=bytes(1000)) for n in range(3)))

    with pytest.raises(ArchiveError, match="more bytes") as error:
        unpack(packed, cache, Limits(total_bytes=2999))

    assert error.value.where == f"{packed}: 2.bmp"
    assert len(everything(unpack(packed, cache, Limits(total_bytes=3000)))) == 3


def test_no_more_is_unpacked_than_the_disk_has_room_for(
    tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    packed = archive(tmp_path / "images.tar.gz", *(member(f"{n}.bmp", data=bytes(1000)) for n in range(3)))
    room = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: room._replace(free=2999))

    with pytest.raises(ArchiveError, match="more bytes") as error:
        unpack(packed, cache)

    assert (error.value.code, "room" in error.value.remedy) == ("archive.too_large", True)
    assert everything(cache) == ["archives"]


@pytest.mark.parametrize("headers", [{"GNU.sparse.map": "0,1", "GNU.sparse.size": "1000"}, None])
def test_a_file_with_holes_is_refused_as_its_size_is_not_that_of_its_bytes(
    tmp_path: Path, cache: Path, headers: dict[str, str] | None
) -> None:
    info, _ = member("sparse.bmp", tarfile.REGTYPE if headers else tarfile.GNUTYPE_SPARSE)
    info.pax_headers = headers or {}
    packed = archive(tmp_path / "images.tar.gz", member("good.jpg", data=b"1"), (info, b""))

    with pytest.raises(ArchiveError) as error:
        unpack(packed, cache)

    assert (error.value.code, error.value.where) == ("archive.unsafe", f"{packed}: sparse.bmp")
    assert everything(cache) == ["archives"]


def test_owners_can_read_what_was_unpacked_and_nobody_runs_it_with_rights_of_others(
    tmp_path: Path, cache: Path
) -> None:
    members = []
    for name, mode in {"suid": 0o4777, "sgid": 0o2775, "sticky": 0o1666, "closed": 0o000, "plain": 0o644}.items():
        info, data = member(name, data=b"1")
        info.mode, info.uid, info.gid = mode, 12345, 12345
        members.append((info, data))

    folder = unpack(archive(tmp_path / "images.tar.gz", *members), cache)

    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}
    assert modes == {"suid": 0o755, "sgid": 0o755, "sticky": 0o644, "closed": 0o600, "plain": 0o644}
    assert {path.stat().st_uid for path in folder.iterdir()} == {os.getuid()}


def test_too_many_members_are_refused(tmp_path: Path, cache: Path) -> None:
    packed = archive(tmp_path / "images.tar.gz", *(member(f"{n}.jpg") for n in range(11)))

    with pytest.raises(ArchiveError, match="more members"):
        unpack(packed, cache, Limits(members=10))


def test_a_header_that_claims_to_be_huge_is_not_read_into_memory(tmp_path: Path, cache: Path) -> None:
    info, _ = member("././@PaxHeader", tarfile.XHDTYPE)
    info.size = 10**12
    (tmp_path / "images.tar").write_bytes(info.tobuf(tarfile.GNU_FORMAT) + bytes(4096))

    with pytest.raises(ArchiveError) as error:
        unpack(tmp_path / "images.tar", cache)

    assert error.value.code == "archive.header"


@pytest.mark.parametrize("cut", [1, 300, -20])
def test_a_broken_archive_is_refused(tmp_path: Path, cache: Path, cut: int) -> None:
    whole = archive(tmp_path / "whole.tar.gz", member("x.jpg", data=os.urandom(5000))).read_bytes()
    broken = tmp_path / "images.tar.gz"
    broken.write_bytes(whole[:cut])

    with pytest.raises(ArchiveError, match="no whole tar archive"):
        unpack(broken, cache)

    assert everything(cache) == ["archives"]


def test_what_is_no_archive_is_refused(tmp_path: Path, cache: Path) -> None:
    (tmp_path / "images.tar.gz").write_text("<html>404</html>" * 100)

    with pytest.raises(ArchiveError, match="no whole tar archive"):
        unpack(tmp_path / "images.tar.gz", cache)
    with pytest.raises(ArchiveError, match="No such file"):
        unpack(tmp_path / "absent.tar.gz", cache)


def test_processes_that_unpack_the_same_archive_at_once_all_get_the_whole_of_it(tmp_path: Path, cache: Path) -> None:
    packed = archive(tmp_path / "images.tar.gz", *(member(f"{n}.jpg", data=os.urandom(2000)) for n in range(300)))
    program = "import sys; from pathlib import Path; from runners.archives.unpacking import unpack; "
    program += "print(len(list(unpack(Path(sys.argv[1]), Path(sys.argv[2])).iterdir())))"
    command = [sys.executable, "-c", program, str(packed), str(cache)]

    racers = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(4)]

    assert [racer.communicate()[0].strip() for racer in racers] == ["300"] * 4
    assert len(list((cache / "archives").iterdir())) == 1


def test_what_a_killed_process_left_is_cleared_a_day_later(tmp_path: Path, cache: Path) -> None:
    old, new = cache / "archives" / ".0123.1.aa.tmp", cache / "archives" / ".4567.1.bb.tmp"
    for folder in (old, new):
        folder.mkdir(parents=True)
    yesterday = time.time() - 25 * 3600
    os.utime(old, (yesterday, yesterday))

    unpack(archive(tmp_path / "images.tar.gz", member("x.jpg")), cache)

    assert not old.exists()
    assert new.exists()


def test_staging_puts_unpacked_folders_into_a_copy_of_the_spec(tmp_path: Path, cache: Path) -> None:
    packed = archive(tmp_path / "images.tar.gz", member("images/x.jpg", data=b"1"))
    table = tmp_path / "dataset.csv"
    table.write_text("input_path,golden_path,label,object_name\n")
    spec = {"dataset": {"images_dir": str(packed), "csv_path": str(table), "calibration": [str(packed)]}}

    staged = stage(
        spec,
        {"dataset.images_dir": str(packed), "dataset.csv_path": str(table), "dataset.calibration": [str(packed)]},
    )

    images = staged["dataset"]["images_dir"]
    assert everything(cache / "archives")[-1].endswith("images/x.jpg")
    assert staged["dataset"] == {"images_dir": images, "csv_path": str(table), "calibration": [images]}
    assert spec["dataset"]["images_dir"] == str(packed)


def test_a_segment_root_of_archives_and_folders_is_joined(tmp_path: Path, cache: Path) -> None:
    root = tmp_path / "root"
    (root / "list").mkdir(parents=True)
    (root / "list/train.txt").write_text("x.png\n")
    archive(root / "A.tar.gz", member("A/x.png", data=b"before"))
    archive(root / "B.tar.gz", member("x.png", data=b"after"))

    document, parts = {"root_dir": str(root)}, {"root_dir": ["A", "B", "list", "label"]}
    staged = stage(document, document, parts)["root_dir"]

    joined = cache / "roots" / str(staged).rpartition("/")[2]
    assert str(joined) == staged
    assert (joined / "A/x.png").read_bytes() == b"before"
    assert (joined / "B/x.png").read_bytes() == b"after"
    assert (joined / "list/train.txt").read_text() == "x.png\n"
    assert stage(document, document, parts)["root_dir"] == staged
    assert stage(document, document)["root_dir"] == str(root)
