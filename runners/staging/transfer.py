# SPDX-License-Identifier: Apache-2.0
"""Files brought from elsewhere into the blobs of a cache: several at once, gone on with where they broke off."""

from __future__ import annotations

import hashlib
import os
import shutil
import threading
from concurrent.futures import ThreadPoolExecutor, wait
from typing import TYPE_CHECKING

from core.addresses import bare_address
from core.errors import ChangenetError, DataError, PlatformError
from runners.staging.failures import ROOM, failure_of, is_passing

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from concurrent.futures import Future
    from io import BufferedRandom
    from pathlib import Path

    from runners.staging.blobs import Blob, Blobs
    from runners.staging.remote import Remote, RemoteFile

WORKERS = 8
_PAUSES = (0.5, 1.0, 2.0)  # seconds before a further try, where one may help
RESERVE = 256 * 1024**2  # bytes that stay free
_MEGABYTE = 1_000_000
DEFAULT_LIMIT = 500 * 10**9


def require_room(files: Sequence[RemoteFile], blobs: Blobs, cache: Path, place: str, limit: int) -> int:
    """How many bytes are still to be fetched; there is room for them.

    Raises:
        DataError: the place holds more than the limit.
        PlatformError: the disk has no room for it.
    """
    size = sum(file.size or 0 for file in files)
    if size > limit:
        message = f"{len(files):,} files of {_told(size)} are more than the limit of {_told(limit)}"
        remedy = "name a folder further down, or allow more by --most-gb"
        raise DataError(message, code="stage.size", where=place, remedy=remedy)
    needed = sum(_lacking(file, blobs) for file in files)
    free = shutil.disk_usage(_existing(cache)).free
    if needed > free - RESERVE:
        message = f"{_told(needed)} are to be fetched, and the disk of {cache} has {_told(free)} free"
        raise PlatformError(message, code="stage.room", where=place, remedy=ROOM)
    return needed


def _lacking(file: RemoteFile, blobs: Blobs) -> int:
    return 0 if blobs.known(file.key) else max(0, (file.size or 0) - blobs.size_of_part(file.key))


def _existing(folder: Path) -> Path:
    return next(path for path in (folder, *folder.parents) if path.is_dir())


def _told(size: int) -> str:
    return f"{size / 1e9:,.1f} GB" if size >= 1e9 else f"{size / _MEGABYTE:,.1f} MB"


class Transfer:
    """One fetch of many files. `progress` is called with megabytes done and in all."""

    def __init__(self, remote: Remote, blobs: Blobs, progress: Callable[[int, int], None], limit: int) -> None:
        self._remote, self._blobs, self._progress, self._limit = remote, blobs, progress, limit
        self._lock, self._stop = threading.Lock(), threading.Event()
        self._done = self._total = 0

    def bring(self, files: Sequence[RemoteFile], needed: int) -> dict[str, Blob]:
        """The content of each file by its name; `needed` bytes of them are not here yet.

        Raises:
            ChangenetError: the first thing that went wrong; what is here stays for the next try.
        """
        self._total = needed
        with ThreadPoolExecutor(WORKERS, thread_name_prefix="fetch") as pool:
            # Large ones first, so that none is left alone at the end.
            order = sorted(files, key=lambda file: -(file.size or 0))
            tasks = {file.name: pool.submit(self._brought, file) for file in order}
            try:
                wait(tasks.values(), return_when="FIRST_EXCEPTION")
                return {name: task.result() for name, task in _failed_first(tasks)}
            finally:
                self._stop.set()
                pool.shutdown(wait=True, cancel_futures=True)

    def _brought(self, file: RemoteFile) -> Blob:
        for pause in (*_PAUSES, None):
            try:
                return self._once(file)
            except Exception as problem:  # noqa: BLE001 - every store's library has a tree of its own
                error = problem if isinstance(problem, ChangenetError) else failure_of(problem, file.path)
                if pause is None or not is_passing(error) or self._stop.wait(pause):
                    raise error from None
        raise AssertionError  # the last pause is None

    def _once(self, file: RemoteFile) -> Blob:
        found = self._blobs.known(file.key)
        if found:
            return found
        key = file.key or self._blobs.passing_key()
        try:
            with self._blobs.writing(key) as part:
                found = self._blobs.known(key)
                if found:
                    self._blobs.forget(key)
                    return found
                self._write(file, part)
                self._require_whole(file, part)
                return self._blobs.adopt(part, key)
        finally:
            if not file.key:
                self._blobs.forget(key)

    def _write(self, file: RemoteFile, part: BufferedRandom) -> None:
        begin = part.seek(0, os.SEEK_END)
        if file.size is not None and begin > file.size:
            begin = 0
            self._blobs.discard(part)
        if begin == file.size:
            return
        for piece in self._remote.read(file, begin):
            if self._stop.is_set():
                raise PlatformError("stopped", code="stage.stopped", where=self._remote.shown)
            if not piece:
                self._blobs.discard(part)
                continue
            part.write(piece)
            self._add(len(piece))
            if part.tell() > self._limit:
                remedy = "name what was meant, or allow more by --most-gb"
                raise DataError("the file does not end", code="stage.size", where=self._remote.shown, remedy=remedy)

    def _add(self, count: int) -> None:
        with self._lock:
            before, self._done = self._done // _MEGABYTE, self._done + count
            if self._done // _MEGABYTE > before:
                self._progress(self._done // _MEGABYTE, max(self._total, self._done) // _MEGABYTE)

    def _require_whole(self, file: RemoteFile, part: BufferedRandom) -> None:
        """The part holds as many bytes as it should, and those that the store tells of.

        Raises:
            PlatformError: it was cut off, or changed while it was fetched; a further try may help.
            DataError: it is not what the store says it is.
        """
        part.flush()
        size = part.seek(0, os.SEEK_END)
        if file.size is not None and size != file.size:
            too_long = size > file.size
            if too_long:
                self._blobs.discard(part)
            message = f"{size:,} of {file.size:,} bytes came"
            raise PlatformError(
                message, code="stage.network", where=bare_address(file.path), remedy="repeat: it goes on there"
            )
        for name, told in (("sha256", file.sha256), ("md5", file.md5)):
            if told and _digest(part, name) != told.lower():
                self._refuse(file, part, name)

    def _refuse(self, file: RemoteFile, part: BufferedRandom, name: str) -> None:
        changed = self._remote.version_now(file) != file.version
        # An encrypted object of S3 has an ETag that is no MD5, and nothing tells which it is.
        if name == "md5" and not changed and self._remote.scheme == "s3":
            return
        self._blobs.discard(part)
        message = (
            "it was changed while it was fetched" if changed else f"its {name.upper()} is not the one the store tells"
        )
        raise DataError(
            message, code="stage.checksum", where=file.path, remedy="fetch again; if it stays so, ask its owner"
        )


def _digest(part: BufferedRandom, name: str) -> str:
    part.seek(0)
    found = hashlib.file_digest(part, lambda: hashlib.new(name, usedforsecurity=False))
    return found.hexdigest()


def _failed_first(tasks: Mapping[str, Future[Blob]]) -> list[tuple[str, Future[Blob]]]:
    return sorted(tasks.items(), key=lambda item: not (item[1].done() and item[1].exception()))
