# SPDX-License-Identifier: Apache-2.0
"""On what kind of file system a folder lies, by the kernel's table of mounts: SQLite needs other care on a network."""

from __future__ import annotations

import os
import re
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator

MOUNTS = Path("/proc/self/mountinfo")
_CLUSTERS = ("afs", "beegfs", "ceph", "gfs2", "glusterfs", "gpfs", "lustre", "ocfs2", "orangefs", "pvfs2")
_SHARED = frozenset(("nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "virtiofs", *_CLUSTERS))
_OBJECT_STORES = ("s3fs", "gcsfuse", "goofys", "geesefs", "rclone", "mountpoint-s3", "blobfuse", "blobfuse2", "hdfs")
_STORES = frozenset((*_OBJECT_STORES, *(f"fuse.{name}" for name in _OBJECT_STORES)))
_OF_THIS_MACHINE = frozenset(
    f"fuse.{name}" for name in ("fuse-overlayfs", "mergerfs", "gocryptfs", "encfs", "ecryptfs")
)
_ESCAPED = re.compile(r"\\([0-7]{3})")


class Kind(StrEnum):
    """`SHARED`: several machines write there, and lock files; `OBJECTS`: files are replaced whole, without locks."""

    LOCAL = "local"
    SHARED = "shared"
    OBJECTS = "objects"


def type_of(path: Path) -> str:
    """The type of the file system that holds `path`, or would: `ext4`, `nfs4`, `fuse.s3fs`; empty if none is named."""
    place = os.path.realpath(path)
    found = [(len(point), order, kind) for order, (point, kind) in enumerate(_mounts()) if _holds(point, place)]
    return max(found)[2] if found else ""


def kind_of(path: Path) -> Kind:
    """What can be relied on there; a type that is not known counts as local, or as shared where a program makes it."""
    name = type_of(path)
    if name in _STORES:
        return Kind.OBJECTS
    by_program = name.startswith("fuse.") and name not in _OF_THIS_MACHINE
    return Kind.SHARED if name in _SHARED or by_program else Kind.LOCAL


def set_journal(connection: sqlite3.Connection, path: Path) -> None:
    """Let SQLite write ahead where that is safe: its log is shared by memory, which machines have not in common.

    Elsewhere it keeps a rollback journal, so that readers wait while somebody writes.
    https://www.sqlite.org/wal.html#overview: "WAL does not work over a network filesystem".
    """
    wanted = "wal" if kind_of(path) is Kind.LOCAL else "delete"
    if connection.execute("PRAGMA journal_mode").fetchone()[0] != wanted:
        connection.execute(f"PRAGMA journal_mode = {wanted}")


def _mounts() -> Iterator[tuple[str, str]]:
    """Mount points and types; proc_pid_mountinfo(5) says what stands in each field."""
    try:
        lines = os.fsdecode(MOUNTS.read_bytes()).splitlines()
    except OSError:
        return
    for line in lines:
        fields, _, rest = line.partition(" - ")
        if len(fields.split(" ")) > 4 and rest:
            yield _ESCAPED.sub(lambda octal: chr(int(octal[1], 8)), fields.split(" ")[4]), rest.split(" ")[0]


def _holds(point: str, place: str) -> bool:
    return place == point or place.startswith(point.rstrip("/") + "/")
