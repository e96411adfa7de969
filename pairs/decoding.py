# SPDX-License-Identifier: Apache-2.0
"""One picture file to 8-bit pixels, whatever mode it is stored in: the one decoder of the data check and the engine.

Grey, palette, CMYK and the like are converted as Pillow does it; transparency is laid over black, the value that
augmentation pads with, so that colours hidden under transparent pixels never count. Orientation tags are ignored.

Files of 16 bits a channel seldom use them all. A set of such pictures is scaled as one, test and golden alike, so that
the highest level of the bit depth that it uses is white (`white_level`). Pillow would clip grey, and keep the upper
bytes of colours only; the lower ones are had by decoding once more with the bytes of each channel swapped.
"""

from __future__ import annotations

import os
import stat
import struct
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from itertools import islice
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np
from PIL import Image

from core.errors import ImageError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from numpy.typing import NDArray

    Levels = NDArray[np.uint16]

FULL_WHITE = 65_535
# What Pillow's decoders raise for broken files, beside OSError.
_BROKEN = (OSError, SyntaxError, ValueError, EOFError, IndexError, struct.error)
BROKEN = (ImageError, Image.DecompressionBombError, *_BROKEN)
_WIDE_GREY = ("I", "I;16", "I;16B", "I;16L", "I;16N")
WHITES = (255, 1023, 4095, 16_383, FULL_WHITE)  # pictures of 8, 10, 12, 14 and 16 bits
_NATIVE = "L" if sys.byteorder == "little" else "B"
_OTHER_ORDER = {"L": "B", "B": "L", "N": "B" if _NATIVE == "L" else "L"}
_GREY_ALPHA = "LA;16B"
_LOOKED_AT_ONCE = 64


def decode(image: Image.Image, path: Path | str | BinaryIO, white: int = FULL_WHITE, place: str = "") -> Image.Image:
    """The 8-bit picture, grey (L) or RGB, of an open file; in one of 16 bits a channel `white` becomes 255.

    `path` is what it was opened from, for some files have to be opened again: a path, or a stream that can go back.

    Raises:
        ImageError: its levels are floating point, or outside 0..65535.
        Exception: whatever Pillow raises for a broken file (see `broken_told`).
    """
    if image.mode == "F":
        raise unusable("holds floating point values", place or str(path), "save it with 8 or 16 bits per channel")
    if image.mode in _WIDE_GREY or (white != FULL_WHITE and is_wide(image)):
        levels = _levels(image, path, place)
        scaled = np.round(np.minimum(levels, white) * (255.0 / white)).astype(np.uint8)
        if scaled.ndim == 3 and scaled.shape[2] == 4:
            scaled[..., 3] = np.round(levels[..., 3] / 257.0)  # how opaque is no level of light
        image = Image.fromarray(scaled)
    if image.mode in {"L", "RGB"} and not image.has_transparency_data:
        image.load()
        return image
    if image.has_transparency_data:
        picture = image.convert("RGBA")
        black = Image.new("RGBA", picture.size, (0, 0, 0, 255))
        return Image.alpha_composite(black, picture).convert("RGB")
    return image.convert("RGB")


def is_wide(image: Image.Image) -> bool:
    """Whether an open file holds 16 bits a channel that can be read whole."""
    return image.mode in _WIDE_GREY or any(_bytewise(tile.args) for tile in getattr(image, "tile", ()))


def is_wide_file(path: Path | str) -> bool:
    """Whether a file holds 16 bits a channel, by its header; no for such as can't be read."""
    with suppress(*BROKEN):
        require_ordinary(path)
        with Image.open(path) as image:
            return is_wide(image)
    return False


def peak_level(path: Path | str) -> int:
    """The highest level of a file of 16 bits a channel; 0 for other files and such as can't be read."""
    with suppress(*BROKEN):
        require_ordinary(path)
        with Image.open(path) as image:
            if is_wide(image):
                levels = _levels(image, path, "")
                return int((levels[..., :3] if levels.ndim == 3 else levels).max(initial=0))
    return 0


def white_level(paths: Iterable[Path | str]) -> tuple[int, int]:
    """What is white in a set of pictures, and the highest level that they use; (65535, 0) where none has 16 bits.

    Whether the set has is told by its first picture. All are decoded then, unless one shows that all bits are used.
    """
    waiting = iter(paths)
    first = next(waiting, None)
    if first is None or not is_wide_file(first):
        return FULL_WHITE, 0
    peak = peak_level(first)
    with ThreadPoolExecutor(min(8, os.cpu_count() or 1)) as pool:
        while peak <= WHITES[-2] and (some := list(islice(waiting, _LOOKED_AT_ONCE))):
            peak = max(peak, *pool.map(peak_level, some))
    return next(white for white in WHITES if peak <= white), peak


def require_ordinary(path: Path | str) -> None:
    """A pipe or a device would keep its reader waiting.

    Raises:
        ImageError: the file is one.
        FileNotFoundError, NotADirectoryError: there is none.
    """
    if not stat.S_ISREG(os.stat(path).st_mode):  # noqa: PTH116 - paths are texts in the engine
        raise unusable("is no ordinary file", str(path), "replace the file, or take its row out")


def broken_told(problem: Exception, place: str) -> ImageError:
    """What Pillow raised for a file, as an error of ours."""
    if isinstance(problem, ImageError):
        return problem
    if isinstance(problem, Image.DecompressionBombError):
        limit = (Image.MAX_IMAGE_PIXELS or 0) * 2 // 1_000_000
        return unusable(f"has more than {limit} million pixels", place, "cut or scale it down")
    reason = str(problem).partition("\n")[0] or type(problem).__name__
    return unusable(f"can't be decoded ({reason})", place, "replace the file, or take its row out")


def unusable(what: str, place: str, remedy: str) -> ImageError:
    """An error that says of a picture what it is or has."""
    return ImageError(f"the picture {what}", where=place, remedy=remedy)


def _levels(image: Image.Image, path: Path | str | BinaryIO, place: str) -> Levels:
    """The levels (H, W) or (H, W, C) of a picture of 16 bits a channel."""
    values = np.asarray(image)
    if image.mode in _WIDE_GREY:
        if values.size and (values.min() < 0 or values.max() > FULL_WHITE):
            remedy = "save it with 8 or 16 bits per channel"
            raise unusable("holds grey values outside 0..65535", place or str(path), remedy)
        return values.astype(np.uint16)
    with Image.open(path) as again:
        grey_alpha = any(_raw_mode(tile.args) == _GREY_ALPHA for tile in again.tile)
        again.tile = [tile._replace(args=_bytewise(tile.args)) for tile in again.tile]
        lower = np.asarray(again)
    if grey_alpha:
        return np.ascontiguousarray(lower).view(">u2")[..., (0, 0, 0, 1)].astype(np.uint16)
    levels: Levels = values.astype(np.uint16) << 8 | lower
    return levels


def _raw_mode(args: Any) -> Any:
    return args[0] if isinstance(args, tuple) and args else args


def _bytewise(args: Any) -> Any:
    """The arguments by which a decoder of 16-bit colour gives the bytes that Pillow drops; None for all others.

    Colours come with the bytes of each channel swapped; grey with alpha as four bytes, both of each in turn.
    """
    mode = _raw_mode(args)
    if mode == _GREY_ALPHA:
        other = "RGBA"
    elif isinstance(mode, str) and mode[:-1] in {"RGB;16", "RGBA;16", "RGBX;16"} and mode[-1] in _OTHER_ORDER:
        other = mode[:-1] + _OTHER_ORDER[mode[-1]]
    else:
        return None
    return (other, *args[1:]) if isinstance(args, tuple) else other
