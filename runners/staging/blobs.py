# SPDX-License-Identifier: Apache-2.0
"""Contents by their SHA-256, each kept once, and what they are known by elsewhere."""

from __future__ import annotations

import os
import secrets
import shutil
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.files import sha256_file, write_text

if TYPE_CHECKING:
    from collections.abc import Iterator
    from io import BufferedRandom
    from pathlib import Path

_ABANDONED_SECONDS = 7 * 24 * 3600


@dataclass(frozen=True, slots=True)
class Blob:
    """A content: its SHA-256, its size in bytes, and the file of the cache that holds it."""

    sha256: str
    size: int
    path: Path


class Blobs:
    """The blobs of a cache; safe in any number of processes. Everything in it may be removed at any time."""

    def __init__(self, cache: Path) -> None:
        self._blobs, self._keys, self._parts = cache / "blobs", cache / "keys", cache / "parts"

    def known(self, key: str) -> Blob | None:
        """The content that a key stands for, if it is here and whole."""
        with suppress(OSError, ValueError):
            if key:
                sha256, size = self._key(key).read_text(encoding="ascii").split()
                path = self._blob(sha256)
                if path.stat().st_size == int(size):
                    return Blob(sha256, int(size), path)
        return None

    @contextmanager
    def writing(self, key: str) -> Iterator[BufferedRandom]:
        """The part of a content that is here, open for more; held by one process at a time, others wait.

        It stays when the block fails, so that the next one goes on there. Whoever waited asks `known` first.
        """
        import fcntl

        self._parts.mkdir(parents=True, exist_ok=True)
        path = self._part(key)
        while True:
            with path.open("a+b") as part:
                fcntl.flock(part, fcntl.LOCK_EX)
                if _is_at(part, path):  # the one before may have made a blob of it
                    yield part
                    return

    def adopt(self, part: BufferedRandom, key: str) -> Blob:
        """Make a blob of a part that is whole, and know it by its key from now on."""
        part.flush()
        path = self._part(key)
        sha256, size = sha256_file(path), os.fstat(part.fileno()).st_size
        target = self._blob(sha256)
        target.parent.mkdir(parents=True, exist_ok=True)
        path.chmod(0o444)
        path.replace(target)
        if not key.startswith("."):
            write_text(self._key(key), f"{sha256} {size}\n")
        return Blob(sha256, size, target)

    def discard(self, part: BufferedRandom) -> None:
        """Begin a part anew: what it holds is of no use."""
        part.seek(0)
        part.truncate()

    def forget(self, key: str) -> None:
        """Remove a part that will not be gone on with."""
        self._part(key).unlink(missing_ok=True)

    def passing_key(self) -> str:
        """A key for a content that nothing tells from another: it is fetched each time."""
        return f".{os.getpid()}.{secrets.token_hex(8)}"

    def size_of_part(self, key: str) -> int:
        """How many bytes of a content are here already."""
        try:
            return self._part(key).stat().st_size if key else 0
        except FileNotFoundError:
            return 0

    def remove_abandoned(self) -> None:
        """Parts that nobody went on with for a week."""
        for path in self._parts.glob("*") if self._parts.is_dir() else ():
            with suppress(OSError):
                if time.time() - path.stat().st_mtime > _ABANDONED_SECONDS:
                    path.unlink()

    def link(self, blob: Blob, target: Path) -> None:
        """Put a content at a path: the same file by another name, or a copy where the disk knows no such names."""
        try:
            os.link(blob.path, target)
        except OSError:
            shutil.copyfile(blob.path, target)

    def _blob(self, sha256: str) -> Path:
        return self._blobs / sha256[:2] / sha256

    def _key(self, key: str) -> Path:
        return self._keys / key[:2] / key

    def _part(self, key: str) -> Path:
        return self._parts / key


def _is_at(part: BufferedRandom, path: Path) -> bool:
    with suppress(FileNotFoundError):
        return os.path.samestat(os.fstat(part.fileno()), path.stat())
    return False
