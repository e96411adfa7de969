# SPDX-License-Identifier: Apache-2.0
"""Kinds of file systems, by a table of mounts that stands in for the kernel's: no network is mounted here."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from core import file_systems
from core.file_systems import Kind, kind_of, set_journal, type_of


def mounts(*rows: tuple[Path | str, str]) -> str:
    text = "22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw\n"
    for point, kind in rows:
        place = str(point).replace(" ", "\\040")
        text += f"90 22 0:50 / {place} rw,relatime shared:7 master:2 - {kind} server:/export rw,vers=4.2\n"
    return text


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("nfs4", Kind.SHARED),
        ("cifs", Kind.SHARED),
        ("lustre", Kind.SHARED),
        ("fuse.sshfs", Kind.SHARED),
        ("fuse.some-program", Kind.SHARED),
        ("fuse.fuse-overlayfs", Kind.LOCAL),
        ("fuseblk", Kind.LOCAL),
        ("overlay", Kind.LOCAL),
        ("fuse.s3fs", Kind.OBJECTS),
        ("fuse.gcsfuse", Kind.OBJECTS),
    ],
)
def test_types_in_a_table_that_stands_in_for_the_kernels_are_known(
    name: str, kind: Kind, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = tmp_path / "mountinfo"
    table.write_text(mounts((tmp_path / "some share", name)))
    monkeypatch.setattr(file_systems, "MOUNTS", table)

    assert (type_of(tmp_path / "some share"), kind_of(tmp_path / "some share")) == (name, kind)
    assert kind_of(tmp_path / "some share" / "not made yet" / "results") is kind
    assert type_of(tmp_path / "some share but another") == "ext4"


def test_the_last_of_the_longest_mount_points_counts_and_links_are_followed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table, disk = tmp_path / "mountinfo", tmp_path / "disk"
    (disk / "share" / "inner").mkdir(parents=True)
    (tmp_path / "link").symlink_to(disk / "share")
    rows = [(disk / "share", "ext4"), (disk / "share", "nfs4"), (disk / "share" / "inner", "xfs"), (disk, "ext4")]
    table.write_text(mounts(*rows))
    monkeypatch.setattr(file_systems, "MOUNTS", table)

    assert type_of(tmp_path / "link" / "results") == "nfs4"
    assert type_of(tmp_path / "link" / "inner") == "xfs"
    assert type_of(disk) == "ext4"


@pytest.mark.parametrize("content", [None, b"", b"no table\n - \n22 1 - ext4\n", b"\xff\xfe\n"])
def test_a_table_that_is_not_there_or_can_not_be_read_means_a_local_disk(
    content: bytes | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = tmp_path / "mountinfo"
    if content is not None:
        table.write_bytes(content)
    monkeypatch.setattr(file_systems, "MOUNTS", table)

    assert (type_of(tmp_path), kind_of(tmp_path)) == ("", Kind.LOCAL)


@pytest.mark.skipif(not file_systems.MOUNTS.exists(), reason="the kernel has no table of mounts")
def test_the_kernels_own_table_names_proc(tmp_path: Path) -> None:
    assert type_of(Path("/proc/self")) == "proc"
    assert type_of(tmp_path)


def test_a_file_leaves_its_write_ahead_log_where_a_stand_in_says_network(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = tmp_path / "mountinfo"
    table.write_text(mounts((tmp_path, "nfs4")))
    with closing(sqlite3.connect(tmp_path / "record", isolation_level=None)) as connection:
        set_journal(connection, tmp_path)
        assert connection.execute("PRAGMA journal_mode").fetchone()[0] == "wal"
        connection.execute("CREATE TABLE t (n)")

        monkeypatch.setattr(file_systems, "MOUNTS", table)
        set_journal(connection, tmp_path)

        assert connection.execute("PRAGMA journal_mode").fetchone()[0] == "delete"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["mountinfo", "record"]
