# SPDX-License-Identifier: Apache-2.0
"""Archives unpacked into a cache under the hash of their content: once, whole, and never outside their own folder."""

from __future__ import annotations

import gzip
import os
import secrets
import shutil
import stat
import tarfile
import time
import zlib
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, TYPE_CHECKING, Any

from core.cache import default_cache
from core.errors import ArchiveError
from core.files import sha256_file
from runners.names import archive_stem

if TYPE_CHECKING:
    from collections.abc import Iterator

_GZIP_MAGIC = b"\x1f\x8b"
_LONGEST_NAME = 1024
_ABANDONED_SECONDS = 24 * 3600
# The largest single read that tarfile makes is the body of an extended header, kept in memory whole.
_LARGEST_READ = 4 * 1024 * 1024
_LONGEST_PADDING = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Limits:
    """What an archive may hold. Pictures hardly compress: far more bytes than the archive has are an attack."""

    members: int = 5_000_000
    total_bytes: int = 256 * 1024**3
    expansion: int = 200
    expansion_slack_bytes: int = 256 * 1024**2


DEFAULT_LIMITS = Limits()


def unpack(archive: Path, cache: Path | None = None, limits: Limits = DEFAULT_LIMITS) -> Path:
    """The folder that holds the archive's content; unpacked at the first call, found at every later one.

    Where the archive holds nothing but one folder of its own name (images/ in images.tar.gz), that folder is returned.

    Raises:
        ArchiveError: broken; a member that is absolute, leaves the folder, writes through a link, is given twice or is
            no file, folder or inner link; more members or bytes than the limits, or than the disk has room for.
    """
    target = (cache or default_cache()) / "archives" / _hash(archive)
    if not target.is_dir():
        _unpack_beside(archive, target, limits)
    inner = target / archive_stem(archive.name)
    return inner if inner.is_dir() and len(list(target.iterdir())) == 1 else target


def _hash(archive: Path) -> str:
    try:
        return sha256_file(archive)
    except OSError as problem:
        raise ArchiveError(f"can't be read: {problem.strerror}", where=str(archive), remedy="check the path") from None


def _unpack_beside(archive: Path, target: Path, limits: Limits) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    _remove_abandoned(target.parent)
    draft = target.with_name(f".{target.name[:16]}.{os.getpid()}.{secrets.token_hex(4)}.tmp")
    draft.mkdir()
    try:
        _unpack_into(archive, draft.resolve(), limits)
        _move_into_place(draft, target)
    except (tarfile.TarError, EOFError, zlib.error, gzip.BadGzipFile) as problem:
        remedy = "make it again with `tar -czf`"
        raise ArchiveError(f"this is no whole tar archive: {problem}", where=str(archive), remedy=remedy) from None
    except OSError as problem:
        raise ArchiveError(f"can't be unpacked: {problem.strerror or problem}", where=str(archive)) from None
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _remove_abandoned(folder: Path) -> None:
    """A process that was killed while it unpacked could not clean up."""
    for draft in folder.glob(".*.tmp"):
        if time.time() - draft.stat().st_mtime > _ABANDONED_SECONDS:
            shutil.rmtree(draft, ignore_errors=True)


def _move_into_place(draft: Path, target: Path) -> None:
    try:
        draft.rename(target)
    except OSError:
        # Another process unpacked the same bytes first; what it has is what we have.
        if not target.is_dir():
            raise


def _unpack_into(archive: Path, folder: Path, limits: Limits) -> None:
    budget = _Budget(archive, limits, room=shutil.disk_usage(folder).free)
    with closing(_open_plain(archive)) as plain:
        bounded: Any = _Bounded(plain, archive)
        tar = tarfile.open(fileobj=bounded, mode="r:")  # noqa: SIM115 - it holds nothing but `plain`
        for member in tar:
            budget.take(member)
            _require_safe(member, folder, archive)
            tar.extract(member, folder, filter="data")
        _require_whole(plain)


def _require_whole(plain: IO[bytes]) -> None:
    """Read what follows the last member, so that a checksum that does not fit, or is cut off, is found."""
    for _ in range(_LONGEST_PADDING // _LARGEST_READ):
        if not plain.read(_LARGEST_READ):
            return
    raise tarfile.ReadError("megabytes follow its last member")


class _Budget:
    """Counts what was unpacked, and refuses the member that goes over a limit before a byte of it is written."""

    def __init__(self, archive: Path, limits: Limits, room: int) -> None:
        self._archive = archive
        self._members = limits.members
        inflated = archive.stat().st_size * limits.expansion + limits.expansion_slack_bytes
        self._bytes = min(limits.total_bytes, inflated, room)

    def take(self, member: tarfile.TarInfo) -> None:
        self._members -= 1
        self._bytes -= member.size
        if self._members < 0 or self._bytes < 0:
            excess = "members" if self._members < 0 else "bytes"
            remedy = "unpack it yourself where there is room, and give the folder"
            raise ArchiveError(
                f"holds more {excess} than is safe to unpack",
                code="archive.too_large",
                where=f"{self._archive}: {member.name}",
                remedy=remedy,
            )


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


def _require_safe(member: tarfile.TarInfo, folder: Path, archive: Path) -> None:
    for problem in _problems(member, folder):
        remedy = "make the archive again from plain files below one folder"
        raise ArchiveError(
            f"holds a member that {problem}", code="archive.unsafe", where=f"{archive}: {member.name}", remedy=remedy
        )


def _problems(member: tarfile.TarInfo, folder: Path) -> Iterator[str]:
    place = PurePosixPath(member.name)
    if place.is_absolute() or ".." in place.parts or "\x00" in member.name or len(member.name) > _LONGEST_NAME:
        yield "would be written outside its folder"
    if not (member.isreg() or member.isdir() or member.issym() or member.islnk()) or member.issparse():
        yield "is no file, folder or link"
    destination = folder / place
    if destination.parent.resolve() != destination.parent:
        yield "would be written through a link"
    if os.path.lexists(destination) and not (member.isdir() and destination.is_dir() and not destination.is_symlink()):
        yield "is given twice"
    if member.issym() and not _stays_inside(place, PurePosixPath(member.linkname)):
        yield "is a link that leaves its folder"
    if member.islnk() and not _is_unpacked_file(folder, PurePosixPath(member.linkname)):
        yield "is a hard link to something that is no file of the archive"


def _stays_inside(place: PurePosixPath, target: PurePosixPath) -> bool:
    """Whether a symbolic link at `place` can only lead below the top.

    Steps up are allowed at the beginning alone: after a name that is a link itself they would lead somewhere else.
    """
    steps = 0
    while steps < len(target.parts) and target.parts[steps] == "..":
        steps += 1
    return not target.is_absolute() and ".." not in target.parts[steps:] and steps < len(place.parts)


def _is_unpacked_file(folder: Path, target: PurePosixPath) -> bool:
    if target.is_absolute() or ".." in target.parts:
        return False
    path = folder / target
    return path.parent.resolve() == path.parent and path.exists() and stat.S_ISREG(path.lstat().st_mode)
