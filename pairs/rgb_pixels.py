# SPDX-License-Identifier: Apache-2.0
"""One picture file to 8-bit RGB pixels of a given size, decoded as `pairs.decoding` does it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from core.errors import ImageError
from pairs.decoding import BROKEN, FULL_WHITE, broken_told, decode, require_ordinary

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray


def read_rgb(
    path: Path | str, height: int | None, width: int | None, *, where: str = "", white: int = FULL_WHITE
) -> NDArray[np.uint8]:
    """Decode one file and resize it (bilinear, antialiased) to `height` x `width`; `white` is that of its set.

    Without a size the picture keeps its own.

    Returns:
        Pixels (3, height, width), red, green, blue.

    Raises:
        ImageError: the file is missing, truncated, no picture, too large, or of a mode without a meaning as colours.
    """
    place = f"{path} ({where})" if where else str(path)
    try:
        require_ordinary(path)
        with Image.open(path) as image:
            picture = decode(image, path, white, place)
    except FileNotFoundError:
        raise ImageError("there is no such picture", code="data.image_missing", where=place) from None
    except BROKEN as problem:
        raise broken_told(problem, place) from None
    return as_pixels(picture, height, width)


def as_pixels(picture: Image.Image, height: int | None, width: int | None) -> NDArray[np.uint8]:
    """A decoded picture as pixels (3, height, width), resized as `read_rgb` says."""
    if height and width and picture.size != (width, height):
        picture = picture.resize((width, height), Image.Resampling.BILINEAR)
    return np.ascontiguousarray(np.asarray(picture.convert("RGB")).transpose(2, 0, 1))
