# SPDX-License-Identifier: Apache-2.0
"""Write found pairs as a classify data set: `images/BOARD/{test,golden}/NAME.EXT` and one CSV for each split.

Pictures are linked or copied under the name that their pair has; a golden image of many pairs takes its room once.
Where a set mixes formats, the others are written as PNG, without loss.
"""

from __future__ import annotations

import os
import re
from contextlib import suppress
from typing import TYPE_CHECKING

from pairs.classify_csv import COLUMNS, write_csv
from pairs.copying import Copier

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from pairs.import_rows import FoundPair

BOARD_COLUMN = "board"
_SAME = {".jpeg": ".jpg", ".tiff": ".tif"}
_PNG_MODES = frozenset({"1", "L", "LA", "I;16", "P", "RGB", "RGBA"})
_NOT_IN_NAMES = re.compile(r"[^\w.+-]+")


def common_ending(pairs: Sequence[FoundPair]) -> str:
    """The ending that all pictures get: their own where they have one, else .png."""
    endings = {ending_of(path) for pair in pairs for path in (pair.test, pair.golden)}
    return endings.pop() if len(endings) == 1 else ".png"


def ending_of(path: str) -> str:
    """A picture's ending as it is usually written."""
    ending = os.path.splitext(path)[1].lower()  # noqa: PTH122 - hundreds of thousands of them
    return _SAME.get(ending, ending)


class PairWriter:
    """Writes pictures below a folder, and remembers what has been written."""

    def __init__(self, folder: Path, ending: str, *, link: bool) -> None:
        self.images = folder / "images"
        self.folder, self.ending, self.link = folder, ending, link
        self._images, self._copier = str(self.images), Copier()
        self._folders: dict[str, str] = {}
        self._names: dict[str, set[str]] = {}
        self._written: dict[str, str] = {}

    def write(self, pairs: Sequence[FoundPair], extra: Sequence[str], progress: Callable[[int, int], None]) -> None:
        """All pairs, by their splits."""
        rows: dict[str, list[tuple[str, ...]]] = {}
        with Copier() as self._copier:
            for done, pair in enumerate(pairs, start=1):
                rows.setdefault(pair.split, []).append(self._row(pair))
                progress(done, len(pairs))
        for split, lines in rows.items():
            write_csv(self.folder / split / "dataset.csv", (*COLUMNS, BOARD_COLUMN, *extra), lines)

    def _row(self, pair: FoundPair) -> tuple[str, ...]:
        board = self._folder_of(pair.board)
        name = self._name_in(board, pair.name)
        test, golden = f"{board}/test", f"{board}/golden"
        for folder, source in ((test, pair.test), (golden, pair.golden)):
            self._put(source, f"{self._images}/{folder}/{name}{self.ending}")
        return (test, golden, pair.label, name, pair.board, *pair.extra)

    def _folder_of(self, board: str) -> str:
        if board not in self._folders:
            folder = _unused(as_name(board), self._names.setdefault("", set()))
            for kind in ("test", "golden"):
                (self.images / folder / kind).mkdir(parents=True)
            self._folders[board] = folder
        return self._folders[board]

    def _name_in(self, folder: str, path: str) -> str:
        return _unused(as_name(path.rpartition("/")[2].rpartition(".")[0]), self._names.setdefault(folder, set()))

    def _put(self, source: str, place: str) -> None:
        if ending_of(source) != self.ending:
            self._convert(source, place)
        elif self.link:
            _link(source, place)
        elif not self._linked_within(source, place):
            self._copier.copy(source, place)
        self._written.setdefault(source, place)

    def _convert(self, source: str, place: str) -> None:
        if self._linked_within(source, place):
            return
        from PIL import Image

        from pairs.decoding import BROKEN, broken_told

        try:
            with Image.open(source) as image:
                picture = image if image.mode in _PNG_MODES else image.convert("RGB")
                picture.load()
        except BROKEN as problem:
            raise broken_told(problem, source) from None
        picture.save(place)

    def _linked_within(self, source: str, place: str) -> bool:
        """Whether a picture that is in the set already could be given a second name."""
        if source in self._written:
            self._copier.wait_for(self._written[source])
            with suppress(OSError):
                os.link(self._written[source], place)
                return True
        return False


def _link(source: str, place: str) -> None:
    """A second name of the file, which a container sees as well; a symbolic link where the disks differ."""
    source = os.path.realpath(source) if os.path.islink(source) else source  # noqa: PTH114 - hundreds of thousands
    try:
        os.link(source, place)
    except OSError:
        os.symlink(source, place)  # noqa: PTH211


def as_name(text: str) -> str:
    """A text as a name that every file system takes."""
    return _NOT_IN_NAMES.sub("_", text).strip("._") or "unnamed"


def _unused(name: str, names: set[str]) -> str:
    """The name, or one with a number: file systems without capitals have to hold it as well."""
    found, number = name, 1
    while found.casefold() in names:
        number += 1
        found = f"{name}-{number}"
    names.add(found.casefold())
    return found
