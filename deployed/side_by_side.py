# SPDX-License-Identifier: Apache-2.0
"""Work on many things, a few of them in each thread; work on few has all cores where nothing else is done.

Callers side by side share the cores: each cuts its work into fewer and larger parts, which take less of the processor.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Lock
from typing import TYPE_CHECKING, Protocol, TypeVar

from deployed.sessions import threads

if TYPE_CHECKING:
    from collections.abc import Iterator

_TOGETHER = 4  # pairs in one pass of the network: the maps of more leave the processor's caches
T_co = TypeVar("T_co", covariant=True)


class Works(Protocol[T_co]):
    """Does one part of the work; `alone` says whether it may take other cores as well, see `Session.run`."""

    def __call__(self, part: slice, /, *, alone: bool) -> T_co:
        """The result of that part."""


class SideBySide:
    """Threads, as many as compute at a time, for any number of callers."""

    def __init__(self) -> None:
        self._workers = threads()
        self._pool = ThreadPoolExecutor(self._workers)
        self._lock, self._callers = Lock(), 0

    def in_parts(self, count: int, work: Works[T_co]) -> list[T_co]:
        """What `work` gives for the parts of `count` things, in their order."""
        with self._called() as callers:
            step = min(_TOGETHER, -(-count // max(1, self._workers // callers)))
            parts = [slice(start, start + step) for start in range(0, count, step)]
            if len(parts) == 1:
                return [work(parts[0], alone=callers == 1)]
            return list(self._pool.map(lambda part: work(part, alone=False), parts))

    @contextmanager
    def _called(self) -> Iterator[int]:
        """Tells how many callers there are now."""
        with self._lock:
            self._callers += 1
            callers = self._callers
        try:
            yield callers
        finally:
            with self._lock:
                self._callers -= 1
