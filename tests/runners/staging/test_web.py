# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import hashlib
import io
import shutil
import tarfile
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from core.errors import DataError, PlatformError
from core.staged import staged
from runners.staging import remote, transfer
from runners.staging.fetch import Demands, Names, Watcher, fetch

if TYPE_CHECKING:
    from runners.staging.remote import RemoteFile

NAMES = Names(("dataset.csv",), ("images",), ("A", "B", "list", "label"))
TABLE = b"input_path,golden_path,label,object_name\nb/test,b/golden,PASS,C1\n"
PIECE = 64 * 1024


@pytest.fixture(autouse=True)
def small_pieces_and_no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remote, "_PIECE", PIECE)
    monkeypatch.setattr(transfer, "_PAUSES", (0.0, 0.0))


def zipped(**files: bytes) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        for name, content in files.items():
            archive.writestr(name.replace("__", "/"), content)
    return data.getvalue()


def content(size: int) -> bytes:
    return hashlib.shake_128(str(size).encode()).digest(size)


def test_a_file_is_fetched_once_and_again_only_when_it_changed(site: Any) -> None:
    site.files["/data/model.bin"] = content(1000)

    first = fetch(f"{site.address}/data/model.bin")
    site.asked.clear()
    again = fetch(f"{site.address}/data/model.bin")

    assert Path(first.place).read_bytes() == content(1000)
    assert first.place.endswith("/data/model.bin")
    assert (again.place, site.begins()) == (first.place, [])

    site.files["/data/model.bin"] = content(1001)
    newer = fetch(f"{site.address}/data/model.bin")
    assert Path(newer.place).read_bytes() == content(1001)
    assert Path(first.place).read_bytes() == content(1000)


def test_a_broken_transfer_goes_on_where_it_broke_off(site: Any) -> None:
    site.files["/big.bin"], site.cut_after = content(5 * PIECE), PIECE // 2

    found = fetch(f"{site.address}/big.bin")

    assert Path(found.place).read_bytes() == content(5 * PIECE)
    assert site.begins().count(0) == 2  # the piece that was cut is asked for twice, the others once
    assert sorted(set(site.begins())) == [n * PIECE for n in range(5)]


def test_another_process_goes_on_with_what_a_killed_one_left(site: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    site.files["/big.bin"] = content(5 * PIECE)
    whole = remote.Remote.read

    def killed(self: remote.Remote, file: RemoteFile, begin: int) -> Any:
        pieces = whole(self, file, begin)
        yield next(pieces)
        yield next(pieces)
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(remote.Remote, "read", killed)
        with pytest.raises(KeyboardInterrupt):
            fetch(f"{site.address}/big.bin")
    site.asked.clear()

    found = fetch(f"{site.address}/big.bin")

    assert site.begins() == [2 * PIECE, 3 * PIECE, 4 * PIECE]
    assert Path(found.place).read_bytes() == content(5 * PIECE)


def test_a_server_that_gives_no_parts_is_read_from_the_beginning(site: Any) -> None:
    site.files["/big.bin"], site.ranges = content(3 * PIECE), False

    assert Path(fetch(f"{site.address}/big.bin").place).read_bytes() == content(3 * PIECE)


def test_a_server_that_is_busy_is_asked_again_and_a_dead_one_is_told(site: Any) -> None:
    site.files["/a.bin"], site.refuse = content(10), [503, 500]
    assert fetch(f"{site.address}/a.bin").size == 10

    site.files["/b.bin"], site.refuse = content(11), [503] * 9
    with pytest.raises(PlatformError) as error:
        fetch(f"{site.address}/b.bin")
    assert error.value.code == "stage.network"
    assert "goes on" in error.value.remedy


def test_what_nothing_tells_from_another_is_fetched_each_time(site: Any) -> None:
    site.files["/a.bin"], site.versions = b"old", False
    fetch(f"{site.address}/a.bin")
    site.files["/a.bin"] = b"new"

    assert Path(fetch(f"{site.address}/a.bin").place).read_bytes() == b"new"


@pytest.mark.parametrize("form", ["zip", "tar.gz"])
def test_an_archive_of_a_whole_data_set_is_unpacked(site: Any, form: str) -> None:
    files = {"boards/train/dataset.csv": TABLE, "boards/images/b/test/C1.jpg": b"jpg"}
    data = io.BytesIO()
    if form == "zip":
        data.write(zipped(**{name.replace("/", "__"): content for name, content in files.items()}))
    else:
        with tarfile.open(fileobj=data, mode="w:gz") as tar:
            for name, content in files.items():
                info = tarfile.TarInfo(name)
                info.size = len(content)
                tar.addfile(info, io.BytesIO(content))
    site.files[f"/boards.{form}"] = data.getvalue()

    place = Path(fetch(f"{site.address}/boards.{form}", NAMES).place)

    assert (place / "train/dataset.csv").read_bytes() == TABLE
    assert (place / "images/b/test/C1.jpg").read_bytes() == b"jpg"


def test_a_table_comes_with_the_pictures_beside_it_or_above(site: Any) -> None:
    site.files |= {"/x/train/dataset.csv": TABLE, "/x/images.zip": zipped(images__a=b"1")}
    place = Path(fetch(f"{site.address}/x/train/dataset.csv", NAMES).place)
    assert place.read_bytes() == TABLE
    assert zipfile.is_zipfile(place.parent.parent / "images.zip")

    site.files |= {"/dataset.csv": TABLE, "/images.zip": b"packed"}
    top = fetch(f"{site.address}/dataset.csv", NAMES).place
    assert ":" not in top  # a port
    assert (Path(top).parent / "images.zip").read_bytes() == b"packed"

    site.files |= {"/y/dataset.csv": TABLE, "/y/images.tar.gz": b"packed"}
    assert (Path(fetch(f"{site.address}/y/images.tar.gz", NAMES).place).parent / "dataset.csv").read_bytes() == TABLE


def test_signed_addresses_leave_their_signature_nowhere(site: Any, cache: Path) -> None:
    secret = hashlib.sha256(b"of a signature").hexdigest()
    site.files["/a.bin"], site.signature = content(3 * PIECE), f"X-Amz-Signature={secret}"
    said: list[str] = []

    found = fetch(
        f"{site.address}/a.bin?X-Amz-Date=20260101&X-Amz-Signature={secret}", watcher=Watcher(said.append, print)
    )

    assert found.source == f"{site.address}/a.bin"
    written = [path.read_bytes() for path in cache.rglob("*") if path.is_file()] + ["".join(said).encode()]
    written += [str(path).encode() for path in cache.rglob("*")]
    assert not [text for text in written if secret.encode() in text]
    assert staged(f"{site.address}/a.bin") == found
    with pytest.raises(PlatformError) as error:
        fetch(f"{site.address}/a.bin?X-Amz-Signature={secret[::-1]}")
    assert error.value.code == "stage.denied"
    assert secret[::-1] not in str(error.value)
    assert "new signed address" in error.value.remedy


def test_a_page_and_a_wrong_address_are_told(site: Any) -> None:
    site.files["/boards/"] = b"<html><a href='x.jpg'>x</a></html>"
    for address, code in (("/boards/", "stage.page"), ("/nothing.zip", "stage.missing")):
        with pytest.raises(DataError) as error:
            fetch(site.address + address)
        assert error.value.code == code


def test_a_file_with_another_sha256_is_refused(site: Any) -> None:
    site.files["/a.bin"] = b"abc"
    right = hashlib.sha256(b"abc").hexdigest()

    assert fetch(f"{site.address}/a.bin", demands=Demands(sha256=right.upper())).files == 1
    with pytest.raises(DataError) as error:
        fetch(f"{site.address}/a.bin", demands=Demands(sha256=right[::-1]))
    assert error.value.code == "stage.checksum"


def test_what_is_too_large_is_refused_before_a_byte_is_fetched(site: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    site.files["/a.bin"] = content(3 * PIECE)
    with pytest.raises(DataError) as error:
        fetch(f"{site.address}/a.bin", demands=Demands(most_bytes=2 * PIECE))
    assert error.value.code == "stage.size"

    usage = shutil.disk_usage("/")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=transfer.RESERVE + 3 * PIECE - 1))
    with pytest.raises(PlatformError) as full:
        fetch(f"{site.address}/a.bin")
    assert full.value.code == "stage.room"
    assert "CHANGENET_CACHE" in full.value.remedy
    assert site.begins() == []


def test_progress_is_told_in_megabytes(site: Any) -> None:
    site.files["/a.bin"] = bytes(2_500_000)
    shown: list[tuple[int, int]] = []

    fetch(f"{site.address}/a.bin", watcher=Watcher(progress=lambda done, total: shown.append((done, total))))

    assert shown == [(1, 2), (2, 2)]
