# SPDX-License-Identifier: Apache-2.0
"""The log of a container in the file of its job: what the engine has got since the last look is added."""

from __future__ import annotations

import fcntl
import time
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from docker.models.containers import Container

_REST = 20.0  # a look takes at most a twentieth of the time, however long the log is
_next_look: dict[str, float] = {}


def add_to_log(container: Container, log: Path, begin: int, *, at_once: bool = False) -> None:
    """Bring the file up to what the container has said; its part of the file begins at the byte `begin`.

    When another process does so at this moment, or a look is not due yet, nothing is done, unless it must be `at_once`.
    """
    begun = time.monotonic()
    if not at_once and begun < _next_look.get(container.id, 0.0):
        return
    with log.open("ab") as file, suppress(BlockingIOError):
        fcntl.flock(file, fcntl.LOCK_EX | (0 if at_once else fcntl.LOCK_NB))
        known = max(0, file.seek(0, 2) - begin)
        for piece in _after(container.logs(stream=True, follow=False), known):
            file.write(piece)
    now = time.monotonic()
    _next_look[container.id] = now + (now - begun) * _REST


def _after(pieces: Iterable[bytes], known: int) -> Iterable[bytes]:
    for piece in pieces:
        if known < len(piece):
            yield piece[known:]
        known = max(0, known - len(piece))
