# SPDX-License-Identifier: Apache-2.0
"""Many small files copied beside the work of their caller: a disk's waiting and Python's time go on at once."""

from __future__ import annotations

import os
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Self

_THREADS = 4
_TOGETHER = 64  # files that a thread takes at a time
_AHEAD = 64  # such lots that may wait
_BLOCK = 1024 * 1024


class Copier:
    """Copies the content of files to new places, in threads; leaving its context waits for all of them.

    Raises:
        OSError: a copy failed; told by the next call, or at the end.
    """

    def __init__(self) -> None:
        self._lot: list[tuple[str, str]] = []
        self._open: set[str] = set()
        self._running: list[Future[None]] = []
        self._pool: ThreadPoolExecutor | None = None

    def __enter__(self) -> Self:
        self._pool = ThreadPoolExecutor(_THREADS)
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            self._finish()
        if self._pool:
            self._pool.shutdown(cancel_futures=True)

    def copy(self, source: str, place: str) -> None:
        """Copy a file, now or a little later."""
        self._lot.append((source, place))
        self._open.add(place)
        if len(self._lot) >= _TOGETHER:
            self._hand_on()

    def wait_for(self, place: str) -> None:
        """Come back when the file at this place is whole."""
        if place in self._open:
            self._finish()

    def _hand_on(self) -> None:
        if self._pool:
            self._running.append(self._pool.submit(_copy_all, self._lot))
        else:
            _copy_all(self._lot)
        self._lot = []
        if len(self._running) >= _AHEAD:
            self._finish()

    def _finish(self) -> None:
        lot, self._lot = self._lot, []
        _copy_all(lot)
        for running in self._running:
            running.result()
        self._running.clear()
        self._open.clear()


def _copy_all(lot: list[tuple[str, str]]) -> None:
    for source, place in lot:
        _copy(source, place)


def _copy(source: str, place: str) -> None:
    """As `shutil.copyfile`, without its questions about kinds of files: most pictures are read and written at once."""
    read = os.open(source, os.O_RDONLY)
    try:
        written = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o666)
        try:
            while block := memoryview(os.read(read, _BLOCK)):
                while block:
                    block = block[os.write(written, block) :]
        finally:
            os.close(written)
    finally:
        os.close(read)
