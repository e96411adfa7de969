# SPDX-License-Identifier: Apache-2.0
"""A file that grows, read on from where the last look at it ended, a bounded piece at a time."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from core.errors import InputError
from core.files import open_ordinary

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PIECE = 1024 * 1024


class Tail:
    """What was added to a file since the last look; one that shrank is read anew, a pipe or device never."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._offset = 0
        self.anew = False
        """Whether the last look began at the start again."""

    def pieces(self, *, to_the_end: bool = False) -> Iterator[bytes]:
        """The new whole lines, as many as fit into a piece together; a line longer than that comes in parts.

        What has no line break yet is left for the next look, unless the file is read `to_the_end`.
        """
        self.anew = False
        with suppress(OSError, InputError), open_ordinary(self.path) as handle:
            size = handle.seek(0, 2)
            self.anew = size < self._offset
            self._offset = 0 if self.anew else self._offset
            while self._offset < size:
                handle.seek(self._offset)
                data = handle.read(min(PIECE, size - self._offset))
                last = self._offset + len(data) >= size
                cut = len(data) if last and to_the_end else data.rfind(b"\n") + 1 or (0 if last else len(data))
                if not cut:
                    return
                self._offset += cut
                yield data[:cut]

    def read(self, *, to_the_end: bool = False) -> list[bytes]:
        """The new lines."""
        return [line for piece in self.pieces(to_the_end=to_the_end) for line in piece.splitlines()]
