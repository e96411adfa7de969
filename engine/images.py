# SPDX-License-Identifier: Apache-2.0
"""One picture file to 8-bit RGB pixels, whatever mode it is stored in.

Conversions: grey, palette, CMYK and the like as Pillow does them; 16-bit grey is scaled from 0..65535 to 0..255 (Pillow
would clip it); transparency is laid over black, the value that augmentation pads with, so that colours hidden under
transparent pixels never count. Orientation tags are ignored: pixels are taken as stored.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from core.errors import ImageError

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

# What Pillow's decoders raise for broken files, beside OSError.
_BROKEN = (OSError, SyntaxError, ValueError, EOFError, IndexError, struct.error)
_WIDE_GREY = ("I", "I;16", "I;16B", "I;16L", "I;16N")


def read_rgb(path: Path | str, height: int, width: int, *, where: str = "") -> NDArray[np.uint8]:
    """Decode one file and resize it (bilinear, antialiased) to `height` x `width`.

    Returns:
        Pixels (3, height, width), red, green, blue.

    Raises:
        ImageError: the file is missing, truncated, no picture, too large, or of a mode without a meaning as colours.
    """
    place = f"{path} ({where})" if where else str(path)
    try:
        with Image.open(path) as image:
            picture = _to_rgb(image, place)
    except FileNotFoundError:
        raise ImageError("there is no such picture", code="data.image_missing", where=place) from None
    except Image.DecompressionBombError:
        limit = (Image.MAX_IMAGE_PIXELS or 0) * 2 // 1_000_000
        raise _unusable(f"has more than {limit} million pixels", place, "cut or scale it down") from None
    except _BROKEN as problem:
        reason = str(problem).partition("\n")[0] or type(problem).__name__
        raise _unusable(f"can't be decoded ({reason})", place, "replace the file, or take its row out") from None
    if picture.size != (width, height):
        picture = picture.resize((width, height), Image.Resampling.BILINEAR)
    return np.ascontiguousarray(np.asarray(picture).transpose(2, 0, 1))


def _to_rgb(image: Image.Image, place: str) -> Image.Image:
    if image.mode in _WIDE_GREY:
        return _from_wide_grey(image, place)
    if image.mode == "F":
        raise _unusable("holds floating point values", place, "save it with 8 or 16 bits per channel")
    if image.has_transparency_data:
        picture = image.convert("RGBA")
        black = Image.new("RGBA", picture.size, (0, 0, 0, 255))
        return Image.alpha_composite(black, picture).convert("RGB")
    return image.convert("RGB")


def _from_wide_grey(image: Image.Image, place: str) -> Image.Image:
    values = np.asarray(image)
    if values.size and (values.min() < 0 or values.max() > 65535):
        raise _unusable("holds grey values outside 0..65535", place, "save it with 8 or 16 bits per channel")
    return Image.fromarray(np.round(values / 257.0).astype(np.uint8)).convert("RGB")


def _unusable(what: str, place: str, remedy: str) -> ImageError:
    return ImageError(f"the picture {what}", where=place, remedy=remedy)
