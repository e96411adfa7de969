# SPDX-License-Identifier: Apache-2.0
"""Archives unpacked into a cache under the hash of their content: once, whole, and never outside their own folder."""

from __future__ import annotations

import os
import secrets
import shutil
import time
from typing import TYPE_CHECKING

from core.cache import default_cache
from core.errors import ArchiveError
from core.files import real_path, sha256_file
from runners.archives import tar_format, zip_format
from runners.archives.rules import DEFAULT_LIMITS, Budget
from runners.names import archive_stem

if TYPE_CHECKING:
    from pathlib import Path

    from runners.archives.rules import Limits

_ABANDONED_SECONDS = 24 * 3600


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
        _unpack_into(archive, real_path(draft), limits)
        _move_into_place(draft, target)
    except OSError as problem:
        raise ArchiveError(f"can't be unpacked: {problem.strerror or problem}", where=str(archive)) from None
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _unpack_into(archive: Path, folder: Path, limits: Limits) -> None:
    kind, reader = ("zip", zip_format) if zip_format.is_zip(archive) else ("tar", tar_format)
    try:
        reader.unpack_into(archive, folder, Budget(archive, limits, room=shutil.disk_usage(folder).free))
    except reader.BROKEN as problem:
        message = f"this is no whole {kind} archive: {problem}"
        raise ArchiveError(message, where=str(archive), remedy=reader.REMEDY) from None


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
