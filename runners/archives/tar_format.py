# SPDX-License-Identifier: Apache-2.0
"""Tar archives, plain or compressed by gzip."""

from __future__ import annotations

import gzip
import os
import tarfile
import zlib
from contextlib import closing
from typing import IO, TYPE_CHECKING, Any

from core.errors import ArchiveError
from runners.archives.rules import Member, require_safe

if TYPE_CHECKING:
    from pathlib import Path

    from runners.archives.rules import Budget

BROKEN = (tarfile.TarError, EOFError, zlib.error, gzip.BadGzipFile)
REMEDY = "make it again with `tar -czf`"
_GZIP_MAGIC = b"\x1f\x8b"
# The largest single read that tarfile makes is the body of an extended header, kept in memory whole.
_LARGEST_READ = 4 * 1024 * 1024
_LONGEST_PADDING = 64 * 1024 * 1024
# A second guard behind `require_safe` and `_disown`, which Python has from 3.11.4 on.
_FILTER: dict[str, Any] = {"filter": "data"} if hasattr(tarfile, "data_filter") else {}


def unpack_into(archive: Path, folder: Path, budget: Budget) -> None:
    """Write every member into `folder`, each as soon as it is read.

    Raises:
        ArchiveError: a member breaks the rules. One of BROKEN: this is no whole tar archive.
    """
    with closing(_open_plain(archive)) as plain:
        bounded: Any = _Bounded(plain, archive)
        tar = tarfile.open(fileobj=bounded, mode="r:")  # noqa: SIM115 - it holds nothing but `plain`
        for member in tar:
            budget.take(member.name, member.size)
            require_safe(_described(member), folder, archive)
            _disown(member)
            tar.extract(member, folder, **_FILTER)
        _require_whole(plain)


def _disown(member: tarfile.TarInfo) -> None:
    """Give a member the caller as its owner, and rights as PEP 706 has them for data."""
    member.uid, member.gid, member.uname, member.gname = os.getuid(), os.getgid(), "", ""
    if member.isdir():
        member.mode = 0o755
    elif member.isreg():
        runs = 0o111 if member.mode & 0o100 else 0
        member.mode = member.mode & 0o644 | 0o600 | (member.mode & runs)


def _described(member: tarfile.TarInfo) -> Member:
    kinds = {
        "link": member.issym(),
        "hard link": member.islnk(),
        "folder": member.isdir(),
        "file": member.isreg() and not member.issparse(),
    }
    kind: Any = next((kind for kind, holds in kinds.items() if holds), "other")
    return Member(member.name, member.size, kind, member.linkname)


def _require_whole(plain: IO[bytes]) -> None:
    """Read what follows the last member, so that a checksum that does not fit, or is cut off, is found."""
    for _ in range(_LONGEST_PADDING // _LARGEST_READ):
        if not plain.read(_LARGEST_READ):
            return
    raise tarfile.ReadError("megabytes follow its last member")


class _Bounded:
    """A file whose single reads are bounded: tarfile keeps extended headers in memory, of the size that they claim."""

    def __init__(self, plain: IO[bytes], archive: Path) -> None:
        self._plain = plain
        self._archive = archive

    def read(self, size: int) -> bytes:
        if size > _LARGEST_READ:
            raise ArchiveError("has a header that claims megabytes", code="archive.header", where=str(self._archive))
        return self._plain.read(size)

    def seek(self, offset: int) -> int:
        return self._plain.seek(offset)

    def tell(self) -> int:
        return self._plain.tell()


def _open_plain(archive: Path) -> Any:
    with archive.open("rb") as handle:
        compressed = handle.read(2) == _GZIP_MAGIC
    return gzip.open(archive, "rb") if compressed else archive.open("rb")
