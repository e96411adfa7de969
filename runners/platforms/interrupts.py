# SPDX-License-Identifier: Apache-2.0
"""Ctrl-C in a moment that must not be cut in two."""

from __future__ import annotations

import signal
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def interrupts_held() -> Iterator[None]:
    """Hand a Ctrl-C of the meantime to whoever takes it otherwise, afterwards.

    Where Python takes none (in other threads, or where it is ignored), nothing changes.

    Raises:
        KeyboardInterrupt: one came, and nobody else takes it.
    """
    takes = signal.getsignal(signal.SIGINT)
    if not callable(takes) or threading.current_thread() is not threading.main_thread():
        yield
        return
    came: list[int] = []
    signal.signal(signal.SIGINT, lambda number, _: came.append(number))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, takes)
        if came:
            takes(signal.SIGINT, None)
