# SPDX-License-Identifier: Apache-2.0
"""A line's own good pairs, as pictures of one place: listed from a table or a folder, and laid on one another."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from core.errors import DataError
from core.installation import require
from core.verdicts import PASS
from pairs.classify_csv import image_file, is_defect, light_names, read_rows
from pairs.doctor import find_splits
from pairs.layout import classify_tables, split_of
from pairs.segment_folders import SegmentSource, read_names
from pairs.whole_pairs import list_whole_pairs, named_pairs
from pairs.whole_picture import read_whole_pair

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from pairs.whole_pairs import WholePair

    Picture = NDArray[np.uint8]
    Mask = NDArray[np.bool_]

CALIBRATION_SPLITS = ("val",)
"""What a threshold may be set on: pairs that no weight was fitted to, and that no figure is told of later."""

_FOLDERS = (("golden", "test"), ("A", "B"))
_LABELS = "label"
_CROP = 192  # pixels: crops that are smaller have too little in them to be registered


@dataclass(frozen=True, slots=True)
class GoodPairs:
    """Good pairs, and of each the split (`train`, `val`) that it stands in; None where the place has no splits."""

    pairs: list[WholePair]
    splits: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class LaidPair:
    """Both pictures (H, W, 3) of a pair, the test picture laid on the golden one, and where nothing is known (H, W)."""

    golden: Picture
    test: Picture
    unknown: Mask
    residual: float


def list_good_pairs(place: Path, splits: Sequence[str]) -> GoodPairs:
    """The pairs of a CSV file with the columns golden and test, or of a folder with folders of these names, or A and B.

    Of a data set the good ones of `splits` alone: rows labelled PASS of a classify set, and pairs whose label marks
    nothing of a segment set. Where one of its splits is missing the others are taken; the first has to be there.

    Raises:
        DataError: the place holds no pairs, or no good one, or is a data set without the first of `splits`.
    """
    if not place.is_dir():
        return GoodPairs(list_whole_pairs(place, None))
    if tables := classify_tables(place):
        return _of_tables(place, tables, splits)
    source = SegmentSource(place)
    if (lists := source.splits()) and any(map(split_of, lists)):
        return _of_lists(source, _by_split(place, lists, splits))
    for golden, test in _FOLDERS:
        if (place / golden).is_dir() and (place / test).is_dir():
            pairs = list_whole_pairs(place / golden, place / test)
            good = [pair for pair in pairs if not _is_marked(place / _LABELS / f"{pair.test.stem}.png")]
            if good:
                return GoodPairs(good)
            raise _none_good("no pair is good: each label marks a defect", place)
    remedy = "name a folder that holds the folders golden and test, or a CSV file with the columns golden and test"
    raise DataError("the folder holds no pairs", code="data.no_pairs", where=str(place), remedy=remedy)


def _of_tables(place: Path, tables: Iterable[str], splits: Sequence[str]) -> GoodPairs:
    """The PASS rows under one light; all of them where the one table is named after no split."""
    names = list(tables)
    chosen = _by_split(place, names, splits) if any(map(split_of, names)) else dict.fromkeys(names, "")
    sources = find_splits(place)
    found: list[tuple[Path, Path]] = []
    kept: list[str] = []
    for name, split in chosen.items():
        source = sources[name]
        light = light_names(source.input_map)[0]
        for row in read_rows(source.csv_path):
            if not is_defect(row.label):
                golden, test = (
                    image_file(source.images_dir, folder, row.object_name, light, source.image_ext)
                    for folder in (row.golden_path, row.input_path)
                )
                found.append((golden, test))
                kept.append(split)
    return _kept(place, found, kept, f"no row is labelled {PASS}")


def _of_lists(source: SegmentSource, chosen: dict[str, str]) -> GoodPairs:
    """The listed pairs whose label marks nothing."""
    found: list[tuple[Path, Path]] = []
    kept: list[str] = []
    for listed, split in chosen.items():
        for name in read_names(source, listed):
            if not _is_marked(source.root / source.labels / source.label_name(name)):
                found.append((source.root / source.before / name, source.root / source.after / name))
                kept.append(split)
    return _kept(source.root, found, kept, "each label marks a defect")


def _by_split(place: Path, names: Iterable[str], splits: Sequence[str]) -> dict[str, str]:
    """The tables or lists of `splits`, each with the split that it is of."""
    of_split = [(split_of(name), name) for name in names]
    chosen = {name: split for wanted in splits for split, name in of_split if split == wanted}
    if splits[0] not in chosen.values():
        message = f"the data set has no {splits[0]} split, and good pairs of no other one are taken"
        remedy = f"add the split {splits[0]} (changenet data check {shlex.quote(str(place))}), or list good pairs in "
        remedy += "a CSV file with the columns golden and test"
        raise DataError(message, code="data.no_split", where=str(place), remedy=remedy)
    return chosen


def _kept(place: Path, found: list[tuple[Path, Path]], splits: list[str], without: str) -> GoodPairs:
    if not found:
        raise _none_good(without, place)
    return GoodPairs(named_pairs(found), tuple(splits) if any(splits) else None)


def _none_good(message: str, place: Path) -> DataError:
    return DataError(message, code="data.no_good_pair", where=str(place), remedy="name a place with good pairs")


def _is_marked(label: Path) -> bool:
    if not label.is_file():
        return False
    with Image.open(label) as image:
        return bool(np.asarray(image.convert("L")).any())


def lay(pair: WholePair) -> LaidPair:
    """Read a pair, and lay its test picture on the golden one.

    Pictures of one size that can't be registered, such as small crops, are taken as they lie.

    Raises:
        ImageError: a picture is missing or broken.
        DataError: the pictures differ in size, and can't be registered.
        PlatformError: what registers pictures is not installed.
    """
    golden, test = read_whole_pair(pair.golden, pair.test)
    equal = golden.shape == test.shape
    if not equal or min(golden.shape[:2]) >= _CROP:
        try:
            return _registered(golden, test, pair)
        except DataError:
            if not equal:
                raise
    return LaidPair(golden, test, np.zeros(golden.shape[:2], dtype=bool), 0.0)


def _registered(golden: Picture, test: Picture, pair: WholePair) -> LaidPair:
    require("inspect", "cv2")
    from pairs.registration import laid_on, register

    found = register(golden, test, str(pair.test))
    laid, shown = laid_on(test, found, (golden.shape[0], golden.shape[1]))
    return LaidPair(golden, np.where(shown[..., None], laid, golden), ~shown, found.residual)
