# SPDX-License-Identifier: Apache-2.0
"""What an archive of any kind may hold, and how much of it."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Literal

from core.errors import ArchiveError
from core.files import real_path

if TYPE_CHECKING:
    from collections.abc import Iterator

Kind = Literal["file", "folder", "link", "hard link", "other"]
_LONGEST_NAME = 1024


@dataclass(frozen=True, slots=True)
class Limits:
    """What an archive may hold. Pictures hardly compress: far more bytes than the archive has are an attack."""

    members: int = 5_000_000
    total_bytes: int = 256 * 1024**3
    expansion: int = 200
    expansion_slack_bytes: int = 256 * 1024**2


DEFAULT_LIMITS = Limits()


@dataclass(frozen=True, slots=True)
class Member:
    """A member of an archive: its name, bytes once unpacked, kind, and for links what it leads to."""

    name: str
    size: int
    kind: Kind
    target: str = ""


class Budget:
    """Counts what was unpacked, and refuses the member that goes over a limit before a byte of it is written."""

    def __init__(self, archive: Path, limits: Limits, room: int) -> None:
        self._archive = archive
        self._members = limits.members
        inflated = archive.stat().st_size * limits.expansion + limits.expansion_slack_bytes
        self._bytes = min(limits.total_bytes, inflated, room)

    def take(self, name: str, size: int) -> None:
        """Count a member.

        Raises:
            ArchiveError: it is one too many, or has more bytes than are left.
        """
        self._members -= 1
        self._bytes -= size
        if self._members < 0 or self._bytes < 0:
            excess = "members" if self._members < 0 else "bytes"
            remedy = "unpack it yourself where there is room, and give the folder"
            raise ArchiveError(
                f"holds more {excess} than is safe to unpack",
                code="archive.too_large",
                where=f"{self._archive}: {name}",
                remedy=remedy,
            )


def require_safe(member: Member, folder: Path, archive: Path) -> None:
    """A member may be written into the folder that is unpacked to.

    Raises:
        ArchiveError: it would leave the folder, go through a link, take the place of another, or is no file.
    """
    for problem in _problems(member, folder):
        remedy = "make the archive again from plain files below one folder"
        raise ArchiveError(
            f"holds a member that {problem}", code="archive.unsafe", where=f"{archive}: {member.name}", remedy=remedy
        )


def _problems(member: Member, folder: Path) -> Iterator[str]:
    place = PurePosixPath(member.name)
    if place.is_absolute() or ".." in place.parts or "\x00" in member.name or len(member.name) > _LONGEST_NAME:
        yield "would be written outside its folder"
    if member.kind == "other":
        yield "is no file, folder or link"
    destination, is_folder = folder / place, member.kind == "folder"
    if real_path(destination.parent) != destination.parent:
        yield "would be written through a link"
    if os.path.lexists(destination) and not (is_folder and destination.is_dir() and not destination.is_symlink()):
        yield "is given twice"
    if member.kind == "link" and not _stays_inside(place, PurePosixPath(member.target)):
        yield "is a link that leaves its folder"
    if member.kind == "hard link" and not _is_unpacked_file(folder, PurePosixPath(member.target)):
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
    return real_path(path.parent) == path.parent and path.exists() and stat.S_ISREG(path.lstat().st_mode)
