# SPDX-License-Identifier: Apache-2.0
"""A line's own good pairs, as pictures of one place: listed from a table or a folder, and laid on one another."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from core.errors import DataError
from core.installation import require
from pairs.whole_pairs import list_whole_pairs
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

    Pairs of a segment data set whose label marks a defect are left out.

    Raises:
        DataError: the place holds no pairs.
    """
    if not place.is_dir():
        return list_whole_pairs(place, None)
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
