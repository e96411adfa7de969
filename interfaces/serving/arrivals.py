# SPDX-License-Identifier: Apache-2.0
"""Pictures that come into a folder, each taken when it is whole: nothing about it has changed between two looks."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff", ".webp", ".gif", ".pgm", ".ppm"})
OVERLAY = ".overlay.png"


class Stamp(NamedTuple):
    """What tells a picture from a later one of its name: bytes, and the time of the last change in nanoseconds."""

    size: int
    modified: int


@dataclass(frozen=True, slots=True)
class Part:
    """A part to inspect: a picture for each lighting, in the model's order. `name` is that of the first file."""

    name: str
    stem: str
    files: tuple[Path, ...]
    stamp: Stamp


@dataclass(frozen=True, slots=True)
class Naming:
    """How pictures are called: with several lightings `PART_LIGHTING.png`, else by the part alone."""

    lights: Sequence[str]

    def stem_of(self, path: Path) -> tuple[str, int] | None:
        """The part that a picture shows, and the number of its lighting; None where its name says no lighting."""
        if len(self.lights) < 2:
            return path.stem, 0
        found = ((path.stem[: -len(light) - 1], i) for i, light in enumerate(self.lights))
        return next((one for one in found if path.stem == f"{one[0]}_{self.lights[one[1]]}"), None)

    def together(self, path: Path) -> tuple[Path, ...] | None:
        """The pictures of all lightings beside one of them; None where one is missing."""
        found = self.stem_of(path)
        if found is None:
            return None
        if len(self.lights) < 2:
            return (path,)
        files = tuple(path.with_name(f"{found[0]}_{light}{path.suffix}") for light in self.lights)
        return files if all(file.is_file() for file in files) else None


class Arrivals:
    """Looks into a folder; subfolders, hidden files and what this program writes there are passed over.

    Args:
        folder: where pictures come.
        naming: how they are called.
        settle: seconds in which nothing about a part may change.
    """

    def __init__(self, folder: Path, naming: Naming, settle: float) -> None:
        self._folder, self._naming, self._settle = folder, naming, settle
        self._seen: dict[str, tuple[Stamp, float]] = {}

    def look(self) -> tuple[list[Part], int]:
        """The parts that are whole, the oldest first, and how many are still on their way."""
        now = time.monotonic()
        parts = {part.name: part for part in self._parts()}
        self._seen = {name: self._since(part, now) for name, part in parts.items()}
        whole = [part for name, part in parts.items() if now - self._seen[name][1] >= self._settle and part.stamp.size]
        return sorted(whole, key=lambda part: (part.stamp.modified, part.name)), len(parts) - len(whole)

    def _since(self, part: Part, now: float) -> tuple[Stamp, float]:
        known = self._seen.get(part.name)
        return known if known and known[0] == part.stamp else (part.stamp, now)

    def _parts(self) -> Iterator[Part]:
        for path in self._pictures():
            found = self._naming.stem_of(path)
            if found is None or found[1] != 0:
                continue
            files = self._naming.together(path)
            stamp = _stamp(files) if files else None
            if files and stamp:
                yield Part(path.name, found[0], files, stamp)

    def _pictures(self) -> Iterator[Path]:
        with os.scandir(self._folder) as entries:
            for entry in entries:
                name = entry.name
                if name.startswith(".") or name.endswith(OVERLAY) or not name.isprintable():
                    continue
                if os.path.splitext(name)[1].lower() in SUFFIXES and entry.is_file():  # noqa: PTH122 - of thousands
                    yield Path(entry.path)


def _stamp(files: Sequence[Path]) -> Stamp | None:
    """Of all files together; None where one has gone, or is still empty."""
    try:
        found = [file.stat() for file in files]
    except OSError:
        return None
    sizes = [status.st_size for status in found]
    return Stamp(sum(sizes) if all(sizes) else 0, max(status.st_mtime_ns for status in found))
