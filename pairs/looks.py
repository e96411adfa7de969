# SPDX-License-Identifier: Apache-2.0
"""Decode the pictures of a split once: golden images are shared by rows and looked at once."""

from __future__ import annotations

import os
import warnings
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import TYPE_CHECKING

from core.errors import DataError, ImageError
from pairs.alignment import estimate_shift
from pairs.classify_csv import image_file, iter_rows, light_names
from pairs.decoding import FULL_WHITE, white_level
from pairs.image_folders import ImageFolders, leaves_folder
from pairs.pictures import Look, look_at

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from pairs.classify_check import ClassifySource
    from pairs.classify_csv import PairRow
    from pairs.pictures import Grey

GOLDEN_KEPT = 256  # decoded golden images; rows of one board stand together, so few are needed at a time
AHEAD = 64


@dataclass(frozen=True, slots=True)
class PairLook:
    """One row under one lighting: looks at test and golden (None where broken or missing), and the shift in pixels."""

    line: int
    label: str
    light: str | None
    name: str
    test: Look | None
    golden: Look | None
    shift: tuple[int, int] = (0, 0)
    broken: tuple[ImageError, ...] = field(default=())


def used_levels(source: ClassifySource) -> tuple[int, int]:
    """What is white in a split's pictures of 16 bits a channel, and their highest level (see `white_level`)."""
    with quiet():
        return white_level(_Looker(source).files(_readable_rows(source)))


def look_at_pairs(
    source: ClassifySource, progress: Callable[[int], None] | None = None, white: int = FULL_WHITE
) -> list[PairLook]:
    """Decode every pair of a split on all cores; rows that can't be read and files that are missing are passed over.

    `white` is the level of pictures of 16 bits a channel that becomes 255.
    """
    looker = _Looker(source, white)
    rows = filter(looker.finds_pictures, _readable_rows(source))
    found: list[PairLook] = []
    with quiet(), ThreadPoolExecutor(min(8, os.cpu_count() or 1)) as pool:
        for done, looks in enumerate(_in_order(pool, looker.row, rows), start=1):
            found += looks
            if progress:
                progress(done)
    return found


@contextmanager
def quiet() -> Iterator[None]:
    """What Pillow grumbles about a picture is no finding unless it can't be decoded."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def _readable_rows(source: ClassifySource) -> Iterator[PairRow]:
    """The rows up to where the CSV can't be read any further, which the check of the rows has told."""
    with suppress(DataError):
        yield from iter_rows(source.csv_path, needs_label=source.needs_label, on_problem=lambda _line, _error: None)


def _in_order(
    pool: ThreadPoolExecutor, look: Callable[[PairRow], list[PairLook]], rows: Iterable[PairRow]
) -> Iterator[list[PairLook]]:
    """Like pool.map, but only a few rows ahead: the rows are streamed."""
    waiting = []
    for row in rows:
        waiting.append(pool.submit(look, row))
        if len(waiting) >= AHEAD:
            yield waiting.pop(0).result()
    for future in waiting:
        yield future.result()


class _Looker:
    """Looks at the pictures of a row."""

    def __init__(self, source: ClassifySource, white: int = FULL_WHITE) -> None:
        self.source = source
        self._white = white
        self.lights = light_names(source.input_map)
        self._folders = ImageFolders(source.images_dir, self.lights, source.image_ext)
        self._golden = lru_cache(GOLDEN_KEPT)(self._look)
        self._candidates_seen: set[str] = set()

    def finds_pictures(self, row: PairRow) -> bool:
        """Whether a row has any picture; of one that has none, the listings of folders told already."""
        if self.source.num_golden > 1 and self._folders.candidates(row.golden_path):
            return True
        folders = (row.input_path, row.golden_path)
        return any(len(self._folders.missing_lights(one, row.object_name)) < len(self.lights) for one in folders)

    def row(self, row: PairRow) -> list[PairLook]:
        if not self._within(row):
            return []
        first, *others = [self._light(row, light) for light in self.lights]
        if self.source.num_golden > 1 and row.golden_path not in self._candidates_seen:
            self._candidates_seen.add(row.golden_path)
            first = replace(first, broken=(*first.broken, *self._broken_candidates(row.golden_path)))
        return [first, *others]

    def _broken_candidates(self, folder: str) -> list[ImageError]:
        """What is wrong with the golden images that no pair is compared with."""
        names = self._folders.candidates(folder)[1:]
        looked = (self._look(self._path(folder, name, light)) for name in names for light in self.lights)
        return [one.error for one in looked if one.error]

    def _light(self, row: PairRow, light: str | None) -> PairLook:
        name = row.object_name if self.source.num_golden < 2 else self._first_candidate(row.golden_path)
        test = self._look(self._path(row.input_path, row.object_name, light))
        golden = self._golden(self._path(row.golden_path, name, light))
        return _compared(f"{row.input_path}/{row.object_name}", test, golden, (row.row, row.label, light))

    def _look(self, path: Path) -> _Looked:
        return _try_to_look(path, self._white)

    def files(self, rows: Iterable[PairRow]) -> Iterator[Path]:
        """Every picture of the rows once; those that are missing as well."""
        told: set[tuple[str, str]] = set()
        for row in filter(self._within, rows):
            several = self.source.num_golden > 1
            goldens = self._folders.candidates(row.golden_path) if several else [row.object_name]
            for place in ((row.input_path, row.object_name), *((row.golden_path, name) for name in goldens)):
                if place not in told:
                    told.add(place)
                    yield from (self._path(*place, light) for light in self.lights)

    @staticmethod
    def _within(row: PairRow) -> bool:
        """Whether a row stays in images_dir; what lies outside is none of the data set's, and told by its name."""
        return not any(leaves_folder(f"{folder}/{row.object_name}") for folder in (row.input_path, row.golden_path))

    def _first_candidate(self, folder: str) -> str:
        return next(iter(self._folders.candidates(folder)), "")

    def _path(self, folder: str, name: str, light: str | None) -> Path:
        return image_file(self.source.images_dir, folder, name, light, self.source.image_ext)


def pair_look(row: tuple[int, str], name: str, test: Path, golden: Path, white: int = FULL_WHITE) -> PairLook:
    """Look at one pair of files, of a `row` with this line and label; those that are missing are passed over."""
    return _compared(name, _try_to_look(test, white), _try_to_look(golden, white), (*row, None))


def _compared(name: str, test: _Looked, golden: _Looked, row: tuple[int, str, str | None]) -> PairLook:
    line, label, light = row
    shift = (0, 0)
    if test.pixels is not None and golden.pixels is not None:
        shift = estimate_shift(golden.pixels, test.pixels)
    errors = tuple(looked.error for looked in (test, golden) if looked.error)
    return PairLook(line, label, light, name, test.look, golden.look, shift, errors)


@dataclass(frozen=True, slots=True)
class _Looked:
    look: Look | None = None
    pixels: Grey | None = None
    error: ImageError | None = None


def _try_to_look(path: Path, white: int = FULL_WHITE) -> _Looked:
    try:
        return _Looked(*look_at(path, white))
    except (FileNotFoundError, NotADirectoryError):
        return _Looked()  # the listing has told that already
    except ImageError as error:
        return _Looked(error=error)
