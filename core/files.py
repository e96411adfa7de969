# SPDX-License-Identifier: Apache-2.0
"""Files that are either whole or not there."""

from __future__ import annotations

import hashlib
import json
import os
import stat
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO


@contextmanager
def atomic_path(path: Path) -> Iterator[Path]:
    """Give a temporary sibling of `path` that takes its place when the block ends well, and is removed when not."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.{os.urandom(4).hex()}.tmp")
    try:
        yield temporary
        _flush_to_disk(temporary)
        temporary.replace(path)
    finally:
        with suppress(FileNotFoundError):
            temporary.unlink()


def _flush_to_disk(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def open_ordinary(path: Path, error: type[InputError] = InputError) -> BinaryIO:
    """An ordinary file, open for reading; a pipe or device, which could keep its reader waiting, is refused at once.

    Raises:
        InputError (or the given subclass): there is no such file, it is no ordinary one, or it can't be read.
    """
    try:
        # A device may act on being opened, so it is looked at first; the second look is at what was opened.
        _require_ordinary(path, path.stat(), error)
        handle = open(os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0)), "rb")  # noqa: PTH123, SIM115
        _require_ordinary(path, os.fstat(handle.fileno()), error)
    except FileNotFoundError:
        raise error("there is no such file", code="file.missing", where=str(path), remedy="check the path") from None
    except (OSError, ValueError) as problem:
        reason = getattr(problem, "strerror", None) or str(problem)
        raise error(f"can't be read: {reason}", code="file.unreadable", where=str(path), remedy="check it") from None
    return handle


def read_ordinary(path: Path, limit: int, error: type[InputError] = InputError) -> bytes:
    """The bytes of an ordinary file of at most `limit` bytes.

    Raises:
        InputError (or the given subclass): as `open_ordinary`, and for a file that is larger.
    """
    with open_ordinary(path, error) as handle:
        size = os.fstat(handle.fileno()).st_size
        data = handle.read(limit + 1) if size <= limit else b""  # files of /proc have no size before they are read
        if max(size, len(data)) > limit:
            remedy = "give the file that was meant"
            told = f"the file has more than {limit // 2**20} MiB"
            raise error(told, code="file.size", where=str(path), remedy=remedy)
    return data


def _require_ordinary(path: Path, found: os.stat_result, error: type[InputError]) -> None:
    if stat.S_ISDIR(found.st_mode):
        raise error("can't be read: this is a folder", code="file.kind", where=str(path), remedy="name a file in it")
    if not stat.S_ISREG(found.st_mode):
        raise error("can't be read: this is no ordinary file", code="file.kind", where=str(path), remedy="give a file")


def write_bytes(path: Path, data: bytes) -> None:
    """Write `data` so that a reader sees the old file or the new one, never a part."""
    with atomic_path(path) as temporary:
        temporary.write_bytes(data)


def write_text(path: Path, text: str) -> None:
    """Write `text` as UTF-8, atomically."""
    write_bytes(path, text.encode("utf-8"))


def write_json(path: Path, value: Any) -> None:
    """Write indented strict JSON, atomically.

    Raises:
        ValueError: the value holds NaN or an infinity, which JSON does not know.
    """
    write_text(path, json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n")


def replace_link(link: Path, target_name: str) -> None:
    """Point the relative symbolic link `link` at its sibling `target_name`, without a moment in which it is gone."""
    temporary = link.with_name(f".{link.name}.{os.urandom(4).hex()}.tmp")
    temporary.symlink_to(target_name)
    temporary.replace(link)


def real_path(path: str | Path) -> Path:
    """The absolute path without links; a link that leads to itself stays one, where `Path.resolve` raises."""
    return Path(os.path.realpath(path))


def sha256_file(path: Path) -> str:
    """The SHA-256 of a file's bytes, as hexadecimal text."""
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()
