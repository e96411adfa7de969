# SPDX-License-Identifier: Apache-2.0
"""Whole pictures as a camera leaves them: any size, colour, and the way up that their EXIF orientation says."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from core.errors import ImageError
from pairs.decoding import BROKEN, broken_told, decode, is_wide_file, require_ordinary, white_level

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    Picture = NDArray[np.uint8]

_ORIENTATION_TAG = 0x0112
_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def read_whole_pair(golden: Path, test: Path) -> tuple[Picture, Picture]:
    """Both pictures (H, W, 3) of a pair, upright, each in its own size; 16-bit ones are scaled as one.

    One may have 8 bits a channel: the other's depth is its own then.

    Raises:
        ImageError: one is missing or broken.
    """
    white, _ = white_level([path for path in (golden, test) if is_wide_file(path)])
    with ThreadPoolExecutor(2) as pool:
        ours, theirs = pool.map(lambda path: _read(path, white), (golden, test))
    return ours, theirs


def read_whole(path: Path) -> Picture:
    """One picture (H, W, 3), upright.

    Raises:
        ImageError: it is missing or broken.
    """
    return _read(path, white_level([path])[0])


def _read(path: Path, white: int) -> Picture:
    try:
        require_ordinary(path)
        with Image.open(path) as image:
            turn = _UPRIGHT.get(image.getexif().get(_ORIENTATION_TAG, 1))
            picture = decode(image, path, white)
    except FileNotFoundError as problem:
        remedy = "name a picture that is there"
        raise ImageError(
            "there is no such picture", code="data.no_picture", where=str(path), remedy=remedy
        ) from problem
    except BROKEN as problem:
        raise broken_told(problem, str(path)) from problem
    upright = picture if turn is None else picture.transpose(turn)
    return np.ascontiguousarray(np.asarray(upright.convert("RGB")))
