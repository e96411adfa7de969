# SPDX-License-Identifier: Apache-2.0
"""Pictures that were sent, as the pixels that files would give, within limits that hold before anything is decoded."""

from __future__ import annotations

import io
from collections import OrderedDict
from threading import Lock
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, UnidentifiedImageError

from core.errors import DataError, ImageError
from pairs.decoding import BROKEN, broken_told, decode
from pairs.rgb_pixels import as_pixels

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence

    from numpy.typing import NDArray

    from core.served_pairs import Picture

    Pixels = NDArray[np.uint8]

TOO_LARGE = "data.image_size"


def opened(sent: Picture, white: int, most_pixels: int, place: str) -> Image.Image:
    """The decoded picture, in its own size.

    Args:
        sent: the picture.
        white: the level that becomes 255 in 16-bit pictures.
        most_pixels: larger pictures are refused by their header.
        place: what errors call the picture.

    Raises:
        ImageError: it is no picture, broken or too large.
    """
    if sent.shape:
        _require_size(sent.shape[1], sent.shape[0], most_pixels, place)
        return Image.fromarray(np.frombuffer(sent.data, np.uint8).reshape(sent.shape))
    stream = io.BytesIO(sent.data)
    try:
        with Image.open(stream) as image:
            _require_size(*image.size, most_pixels, place)
            return decode(image, stream, white, place)
    except UnidentifiedImageError:
        remedy = "send a file in a format that Pillow reads, such as PNG, JPEG, BMP or TIFF"
        raise ImageError("this is no picture", where=place, remedy=remedy) from None
    except BROKEN as problem:
        raise broken_told(problem, place) from None


def _require_size(width: int, height: int, most: int, place: str) -> None:
    if width * height > most:
        message = f"the picture has {width} x {height} pixels, and {most:,} are allowed"
        raise ImageError(message, code=TOO_LARGE, where=place, remedy="cut it, or scale it down")


def lightings(
    sent: tuple[Picture, ...], size: tuple[int, int], white: int, most_pixels: int, place: str
) -> tuple[Pixels, tuple[int, int]]:
    """Pictures as (L, 3, H, W) of `size` (height, width), and the width and height that the first one had.

    Raises:
        ImageError: one of them can't be used.
    """
    pictures = [opened(one, white, most_pixels, _named(place, i, len(sent))) for i, one in enumerate(sent)]
    return np.stack([as_pixels(picture, *size) for picture in pictures]), pictures[0].size


def _named(place: str, number: int, count: int) -> str:
    return f"{place} picture {number + 1}" if count > 1 else f"{place} picture"


def require_count(found: int, names: Sequence[str | None], place: str) -> None:
    """As many pictures as named lightings, or golden pictures as several times those.

    Raises:
        DataError: it is another number.
    """
    lights = len(names)
    if found == lights or (place == "golden" and found and found % lights == 0):
        return
    told = f" ({', '.join(map(str, names))})" if lights > 1 else ""
    message = f"{found} {place} pictures were sent, and the model takes {lights} lightings{told}"
    raise DataError(message, code="data.lightings", where=place, remedy="send one picture for each, in this order")


class KeptPixels:
    """Decoded golden pictures by name, the latest used of them within `limit` bytes; for any number of threads."""

    def __init__(self, limit: int) -> None:
        self._lock = Lock()
        self._limit, self._bytes = limit, 0
        self._known: OrderedDict[Hashable, Pixels] = OrderedDict()

    def get(self, name: str) -> Pixels | None:
        """The pixels, if they are still known."""
        with self._lock:
            if name in self._known:
                self._known.move_to_end(name)
            return self._known.get(name)

    def keep(self, name: str, pixels: Pixels) -> None:
        """Keep them, and let go of those not used for longest."""
        with self._lock:
            if name in self._known:
                return
            self._known[name] = pixels
            self._bytes += pixels.nbytes
            while self._bytes > self._limit and len(self._known) > 1:
                self._bytes -= self._known.popitem(last=False)[1].nbytes
