# SPDX-License-Identifier: Apache-2.0
"""One picture, decoded: what it is made of, a hash of its content, and a small likeness to compare it by."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from core.errors import ImageError

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    Grey = NDArray[np.uint8]

PLAIN_MODES = ("L", "RGB")
ORIENTATION_TAG = 0x0112
LIKENESS_SIDE = 16


@dataclass(frozen=True, slots=True)
class Look:
    """What one picture looks like.

    `several` says that the file holds further pictures behind this one (an animation, the pages of a TIFF).
    `content` is a 64-bit hash of size and pixels, `likeness` the picture shrunk to 16x16 grey bytes, `outline` a 64-bit
    difference hash (which of two neighbours in a 9x8 picture is brighter), `mean` and `contrast` grey levels.
    """

    width: int
    height: int
    mode: str
    turned: bool
    several: bool
    content: int
    outline: int
    likeness: bytes
    mean: float
    contrast: float


def look_at(path: Path) -> tuple[Look, Grey]:
    """Decode a picture whole; returns its look and its grey pixels (H, W).

    Raises:
        FileNotFoundError, NotADirectoryError: there is no such file.
        ImageError: the file is no picture, is cut off, or is too large to be one, or the link to it is broken.
    """
    try:
        with Image.open(path) as image:
            # The preview that a telephone puts behind its photograph (MPO) is no page.
            several = bool(getattr(image, "is_animated", False)) and image.format != "MPO"
            image.load()
            return _look(image, several=several)
    except (FileNotFoundError, NotADirectoryError) as error:
        if path.is_symlink():  # listings hold its name all the same
            remedy = "mend the link, or take its rows out"
            raise ImageError("the picture is a link that leads nowhere", where=str(path), remedy=remedy) from error
        raise
    except (OSError, ValueError, SyntaxError, EOFError, Image.DecompressionBombError) as error:
        remedy = "take the picture again, or take its rows out"
        message = f"the picture can't be decoded ({error})"
        raise ImageError(message, where=str(path), remedy=remedy) from error


def picture_size(path: Path) -> tuple[int, int]:
    """Width and height from a picture's header, without decoding it.

    Raises:
        ImageError: the file is no picture.
    """
    try:
        with Image.open(path) as image:
            return image.size
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise ImageError(f"the file is no picture ({error})", where=str(path), remedy="replace it") from error


def _look(image: Image.Image, *, several: bool) -> tuple[Look, Grey]:
    grey = image if image.mode == "L" else image.convert("RGB").convert("L")
    pixels = np.asarray(grey)
    content = hashlib.blake2b(f"{image.size}{image.mode}".encode() + image.tobytes(), digest_size=8).digest()
    small = np.asarray(grey.resize((9, 8), Image.Resampling.BOX), dtype=np.int16)
    look = Look(
        width=image.width,
        height=image.height,
        mode=image.mode,
        turned=image.getexif().get(ORIENTATION_TAG, 1) != 1,
        several=several,
        content=int.from_bytes(content, "little", signed=True),
        outline=int.from_bytes(np.packbits(small[:, 1:] > small[:, :-1]).tobytes(), "little", signed=True),
        likeness=grey.resize((LIKENESS_SIDE, LIKENESS_SIDE), Image.Resampling.BOX).tobytes(),
        mean=float(pixels.mean()),
        contrast=float(pixels.std()),
    )
    return look, pixels
