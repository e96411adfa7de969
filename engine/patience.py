# SPDX-License-Identifier: Apache-2.0
"""How long a stop is waited for, also where the main thread is inside a library and sees no signal."""

from __future__ import annotations

import os
import select
import signal
import threading
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator


@contextmanager
def patience(signals: Collection[int], seconds: float, give_up: Callable[[int], None]) -> Iterator[None]:
    """Call `give_up` with the first of the signals, from another thread, if the block lasts `seconds` longer than it.

    Python runs a handler once the main thread comes back from a library, which may never be: in a collective that
    another process does not join, say. The number of a signal is written to a pipe at once
    (https://docs.python.org/3/library/signal.html#signal.set_wakeup_fd).
    """
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    over = threading.Event()
    before = signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
    watcher = threading.Thread(target=_watch, args=(reader, signals, seconds, give_up, over), daemon=True)
    watcher.start()
    try:
        yield
    finally:
        over.set()
        signal.set_wakeup_fd(before)
        with suppress(BlockingIOError):
            os.write(writer, b"\0")  # a worker that was forked may hold the pipe open
        watcher.join()
        os.close(writer)
        os.close(reader)


def _watch(
    reader: int, signals: Collection[int], seconds: float, give_up: Callable[[int], None], over: threading.Event
) -> None:
    seen = 0
    while not seen and not over.is_set():
        seen = next((number for number in os.read(reader, 1) if number in signals), 0)
    deadline = time.monotonic() + seconds
    while not over.is_set():
        left = deadline - time.monotonic()
        if left <= 0:
            give_up(seen)
            return
        if select.select([reader], [], [], left)[0]:
            os.read(reader, 1)  # a second signal is ignored
