# SPDX-License-Identifier: Apache-2.0
"""Zip archives. Their list of members is read whole, so its size is looked at first."""

from __future__ import annotations

import shutil
import stat
import struct
import zipfile
import zlib
from typing import TYPE_CHECKING, Any

from core.errors import ArchiveError
from runners.archives.rules import Member, require_safe

if TYPE_CHECKING:
    from pathlib import Path

    from runners.archives.rules import Budget

BROKEN = (zipfile.BadZipFile, EOFError, zlib.error, NotImplementedError, struct.error)
REMEDY = "make it again with `zip -r`"
_MAGIC = (b"PK\x03\x04", b"PK\x05\x06")  # a member, or the end of an archive that has none
_LARGEST_LIST = 64 * 1024 * 1024  # of which zipfile makes about ten times as much in memory
_LONGEST_TARGET = 4096
_ENCRYPTED = 0x1
_UNIX = 3
_END, _END_64, _LOCATOR_64 = b"PK\x05\x06", b"PK\x06\x06", b"PK\x06\x07"


def is_zip(archive: Path) -> bool:
    """Whether a file begins as a zip archive does, whatever it is called."""
    with archive.open("rb") as handle:
        return handle.read(4) in _MAGIC


def unpack_into(archive: Path, folder: Path, budget: Budget) -> None:
    """Write every member into `folder`.

    Raises:
        ArchiveError: a member breaks the rules. One of BROKEN: this is no whole zip archive.
    """
    _require_short_list(archive)
    with zipfile.ZipFile(archive) as packed:
        for info in packed.infolist():
            member = _described(packed, info, archive)
            budget.take(member.name, member.size)
            require_safe(member, folder, archive)
            _write(packed, info, member, folder)


def _write(packed: zipfile.ZipFile, info: zipfile.ZipInfo, member: Member, folder: Path) -> None:
    path = folder / member.name
    if member.kind == "folder":
        path.mkdir(parents=True, exist_ok=True)
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    if member.kind == "link":
        path.symlink_to(member.target)
        return
    # What comes of a member is cut at the size that it claims, and its checksum is asked at the end.
    with packed.open(info) as source, path.open("xb") as target:
        shutil.copyfileobj(source, target)


def _described(packed: zipfile.ZipFile, info: zipfile.ZipInfo, archive: Path) -> Member:
    name = info.filename.replace("\\", "/")  # as some programs of Windows write it
    where = f"{archive}: {name}"
    if info.flag_bits & _ENCRYPTED:
        remedy = "unpack it yourself, and give the folder"
        raise ArchiveError("holds a member that is encrypted", code="archive.encrypted", where=where, remedy=remedy)
    if info.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
        message = "holds a member of another compression than deflate"
        raise ArchiveError(message, code="archive.compression", where=where, remedy=REMEDY)
    kind = _kind(info, name)
    target = _target(packed, info, where) if kind == "link" else ""
    return Member(name, info.file_size, kind, target)


def _kind(info: zipfile.ZipInfo, name: str) -> Any:
    mode = stat.S_IFMT(info.external_attr >> 16) if info.create_system == _UNIX else 0
    if name.endswith("/"):
        return "folder"
    return {0: "file", stat.S_IFREG: "file", stat.S_IFDIR: "folder", stat.S_IFLNK: "link"}.get(mode, "other")


def _target(packed: zipfile.ZipFile, info: zipfile.ZipInfo, where: str) -> str:
    if info.file_size > _LONGEST_TARGET:
        raise ArchiveError("holds a link to a name of kilobytes", code="archive.unsafe", where=where, remedy=REMEDY)
    return packed.read(info).decode("utf-8", "surrogateescape")


def _require_short_list(archive: Path) -> None:
    """The list of members, by its size in the archive's last record, fits into memory.

    Raises:
        ArchiveError: it does not.
    """
    with archive.open("rb") as handle:
        size = handle.seek(0, 2)
        begin = handle.seek(max(0, size - 65_536 - 22 - 76))
        tail = handle.read()
        place = tail.rfind(_END)
        if place < 0:
            raise zipfile.BadZipFile("its last record is not there")
        length = struct.unpack_from("<I", tail, place + 12)[0]
        locator = tail.rfind(_LOCATOR_64, 0, place)
        if locator >= 0:
            handle.seek(min(struct.unpack_from("<Q", tail, locator + 8)[0], begin + place))
            record = handle.read(56)
            if record[:4] == _END_64:
                length = max(length if length != 0xFFFFFFFF else 0, struct.unpack_from("<Q", record, 40)[0])
    if length > _LARGEST_LIST:
        remedy = "unpack it yourself, and give the folder"
        message = "lists more members than is safe to unpack"
        raise ArchiveError(message, code="archive.too_large", where=str(archive), remedy=remedy)
