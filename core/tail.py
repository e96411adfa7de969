# SPDX-License-Identifier: Apache-2.0
"""A file that grows, read on from where the last look at it ended."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


class Tail:
    """The whole lines that were added to a file since the last look; one that shrank is read anew."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._offset = 0
        self.anew = False
        """Whether the last look began at the start again."""

    def read(self, *, to_the_end: bool = False) -> list[bytes]:
        """The new lines; one without a line break is left for the next look, unless it is read `to_the_end`."""
        self.anew = False
        with suppress(OSError), self.path.open("rb") as handle:
            self.anew = handle.seek(0, 2) < self._offset
            self._offset = 0 if self.anew else self._offset
            handle.seek(self._offset)
            data = handle.read()
            whole = data if to_the_end else data[: data.rfind(b"\n") + 1]
            self._offset += len(whole)
            return whole.splitlines()
        return []
