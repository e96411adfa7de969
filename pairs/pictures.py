# SPDX-License-Identifier: Apache-2.0
"""One picture, decoded: what it is made of, a hash of its content, and a small likeness to compare it by."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from core.errors import ImageError
from pairs.decoding import BROKEN, FULL_WHITE, broken_told, decode, is_wide, require_ordinary

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    Grey = NDArray[np.uint8]

PLAIN_MODES = ("L", "RGB")
ORIENTATION_TAG = 0x0112
LIKENESS_SIDE = 16


@dataclass(frozen=True, slots=True)
class Look:
    """What one picture looks like to the engine.

    `wide` says that it has 16 bits a channel, `several` that the file holds further pictures behind this one (an
    animation, the pages of a TIFF). `content` is a 64-bit hash of size and pixels, `likeness` the picture shrunk to
    16x16 grey bytes, `outline` a 64-bit difference hash (which of two neighbours in a 9x8 picture is brighter), `mean`
    and `contrast` grey levels.
    """

    width: int
    height: int
    mode: str
    wide: bool
    turned: bool
    several: bool
    content: int
    outline: int
    likeness: bytes
    mean: float
    contrast: float


def look_at(path: Path, white: int = FULL_WHITE) -> tuple[Look, Grey]:
    """Decode a picture whole, as the engine does; returns its look and its grey pixels (H, W).

    Raises:
        FileNotFoundError, NotADirectoryError: there is no such file.
        ImageError: the file is no picture, is cut off, or is too large to be one, its levels have no meaning as
            colours, or the link to it is broken.
    """
    try:
        require_ordinary(path)
        with Image.open(path) as image:
            # The preview that a telephone puts behind its photograph (MPO) is no page.
            several = bool(getattr(image, "is_animated", False)) and image.format != "MPO"
            mode, wide, turned = image.mode, is_wide(image), image.getexif().get(ORIENTATION_TAG, 1) != 1
            picture = decode(image, path, white)
    except (FileNotFoundError, NotADirectoryError) as error:
        if path.is_symlink():  # listings hold its name all the same
            remedy = "mend the link, or take its rows out"
            raise ImageError("the picture is a link that leads nowhere", where=str(path), remedy=remedy) from error
        raise
    except BROKEN as problem:
        raise broken_told(problem, str(path)) from problem
    grey = picture if picture.mode == "L" else picture.convert("L")
    pixels = np.asarray(grey)
    content = hashlib.blake2b(f"{picture.size}{mode}".encode() + picture.tobytes(), digest_size=8).digest()
    small = np.asarray(grey.resize((9, 8), Image.Resampling.BOX), dtype=np.int16)
    look = Look(
        width=picture.width,
        height=picture.height,
        mode=mode,
        wide=wide,
        turned=turned,
        several=several,
        content=int.from_bytes(content, "little", signed=True),
        outline=int.from_bytes(np.packbits(small[:, 1:] > small[:, :-1]).tobytes(), "little", signed=True),
        likeness=grey.resize((LIKENESS_SIDE, LIKENESS_SIDE), Image.Resampling.BOX).tobytes(),
        mean=float(pixels.mean()),
        contrast=float(pixels.std()),
    )
    return look, pixels


def picture_size(path: Path) -> tuple[int, int]:
    """Width and height from a picture's header, without decoding it.

    Raises:
        ImageError: the file is no picture.
    """
    try:
        require_ordinary(path)
        with Image.open(path) as image:
            return image.size
    except BROKEN as problem:
        raise broken_told(problem, str(path)) from problem
