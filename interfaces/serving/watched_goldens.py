# SPDX-License-Identifier: Apache-2.0
"""The golden images that the parts of a watched folder are compared with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.errors import MissingInputError
from core.served_pairs import Picture
from interfaces.serving.arrivals import SUFFIXES
from interfaces.serving.goldens import golden_of

if TYPE_CHECKING:
    from pathlib import Path

    from core.served_pairs import Golden
    from interfaces.serving.arrivals import Naming, Part


class WatchedGoldens:
    """The golden image of each part: one for all, or in a folder those that are called alike.

    Raises:
        MissingInputError: there is no such picture or folder.
    """

    def __init__(self, place: Path, naming: Naming) -> None:
        self._place, self._naming = place, naming
        self._known: dict[tuple[Path, ...], tuple[tuple[int, ...], Golden]] = {}
        if not place.exists() or (place.is_file() and not naming.together(place)):
            remedy = "name a picture or a folder; with several lightings, one of PART_LIGHTING.png"
            raise MissingInputError(
                "there is no such golden image", code="watch.golden", where=str(place), remedy=remedy
            )

    def of(self, part: Part) -> tuple[str, Golden] | None:
        """The name of a part's golden image and its pictures; None where it has none yet."""
        files = self._files(part)
        if files is None:
            return None
        stamps = tuple(file.stat().st_mtime_ns for file in files)
        known = self._known.get(files)
        if known is None or known[0] != stamps:
            known = self._known[files] = (stamps, golden_of([Picture(file.read_bytes()) for file in files]))
        return files[0].name, known[1]

    def _files(self, part: Part) -> tuple[Path, ...] | None:
        if self._place.is_file():
            return self._naming.together(self._place)
        own = part.files[0]
        names = [own.name, *(f"{own.stem}{suffix}" for suffix in sorted(SUFFIXES))]
        return next((self._naming.together(path) for name in names if (path := self._place / name).is_file()), None)
