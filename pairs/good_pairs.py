# SPDX-License-Identifier: Apache-2.0
"""A line's own good pairs, as pictures of one place: listed from a table or a folder, and laid on one another."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from core.errors import DataError
from core.installation import require
from core.verdicts import PASS
from pairs.classify_csv import image_file, is_defect, light_names, read_rows
from pairs.doctor import find_splits
from pairs.layout import classify_tables
from pairs.whole_pairs import list_whole_pairs, named_pairs
from pairs.whole_picture import read_whole_pair

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from pairs.whole_pairs import WholePair

    Picture = NDArray[np.uint8]
    Mask = NDArray[np.bool_]

_FOLDERS = (("golden", "test"), ("A", "B"))
_LABELS = "label"
_CROP = 192  # pixels: crops that are smaller have too little in them to be registered


@dataclass(frozen=True, slots=True)
class LaidPair:
    """Both pictures (H, W, 3) of a pair, the test picture laid on the golden one, and where nothing is known (H, W)."""

    golden: Picture
    test: Picture
    unknown: Mask
    residual: float


def list_good_pairs(place: Path) -> list[WholePair]:
    """The pairs of a CSV file with the columns golden and test, or of a folder with folders of these names, or A and B.

    Of a data set the good ones: rows labelled PASS of a classify set, and pairs whose label marks nothing of a segment
    set.

    Raises:
        DataError: the place holds no pairs.
    """
    if not place.is_dir():
        return list_whole_pairs(place, None)
    if classify_tables(place):
        return _of_data_set(place)
    for golden, test in _FOLDERS:
        if (place / golden).is_dir() and (place / test).is_dir():
            pairs = list_whole_pairs(place / golden, place / test)
            good = [pair for pair in pairs if not _is_marked(place / _LABELS / f"{pair.test.stem}.png")]
            if good:
                return good
            message, remedy = "no pair is good: each label marks a defect", "name a folder with good pairs"
            raise DataError(message, code="data.no_good_pair", where=str(place), remedy=remedy)
    remedy = "name a folder that holds the folders golden and test, or a CSV file with the columns golden and test"
    raise DataError("the folder holds no pairs", code="data.no_pairs", where=str(place), remedy=remedy)


def _of_data_set(place: Path) -> list[WholePair]:
    """The PASS rows of all splits, under one light."""
    found: list[tuple[Path, Path]] = []
    for source in find_splits(place).values():
        light = light_names(source.input_map)[0]
        for row in read_rows(source.csv_path):
            if not is_defect(row.label):
                golden, test = (
                    image_file(source.images_dir, folder, row.object_name, light, source.image_ext)
                    for folder in (row.golden_path, row.input_path)
                )
                found.append((golden, test))
    if not found:
        message, remedy = f"no row is labelled {PASS}", "name a data set with good pairs"
        raise DataError(message, code="data.no_good_pair", where=str(place), remedy=remedy)
    return named_pairs(found)


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
