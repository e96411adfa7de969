# SPDX-License-Identifier: Apache-2.0
"""Pictures for a page: read from inside one folder only, bounded in size, as JPEG data URIs.

File names come from a CSV that anybody may have written. Whatever leads out of the folder, through `..`, an absolute
path or a link, is treated as missing, and only decoders of ordinary picture formats are used.
"""

from __future__ import annotations

import base64
import io
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from pairs.decoding import BROKEN, FULL_WHITE, decode, white_level
from pairs.image_folders import is_picture

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from numpy.typing import NDArray

FORMATS = ("JPEG", "PNG", "BMP", "TIFF", "WEBP")
LARGEST_SIDE = 256
MOST_PIXELS = 64_000_000
QUALITY = 82
GAIN = 2  # differences are drawn twice as strong as they are
_MARKED, _LABELLED = (255, 40, 90), (0, 200, 255)
_COLD, _HOT = np.array((255.0, 214.0, 10.0)), np.array((214.0, 16.0, 60.0))


@dataclass(frozen=True, slots=True)
class Picture:
    """A decoded picture, at most 256 px a side, or the reason why there is none; `size` is that of the file."""

    image: Image.Image | None = None
    size: tuple[int, int] = (0, 0)
    reason: str = ""


class PictureFolder:
    """Reads pictures below one folder and nowhere else."""

    def __init__(self, root: Path | None) -> None:
        self._root = root.resolve() if root is not None and root.is_dir() else None

    @property
    def there(self) -> bool:
        """Whether there is such a folder on this machine."""
        return self._root is not None

    def read(self, relative: str, white: int = FULL_WHITE, side: int = LARGEST_SIDE) -> Picture:
        """The picture at a path relative to the folder; a reason instead of an error. `white` is that of its set."""
        path = self._inside(relative)
        return Picture(reason="missing") if path is None else _decode(path, white, side)

    def read_mask(self, relative: str, side: int) -> Picture:
        """A mask of class ids: in grey, and smaller ones keep every region, however small, in sight."""
        path = self._inside(relative)
        return Picture(reason="missing") if path is None else _decode_mask(path, side)

    def white_level(self, relatives: Iterable[str]) -> int:
        """What is white in the pictures of 16 bits a channel at these paths."""
        inside = (path for path in map(self._inside, relatives) if path is not None and _is_readable(path))
        with warnings.catch_warnings(action="ignore"):
            return white_level(inside)[0]

    def names(self, relative: str, suffix: str) -> list[str]:
        """The sorted names, without `suffix`, of the pictures in a folder that end with it."""
        folder = self._inside(relative, folder=True)
        if folder is None:
            return []
        names = [path.name for path in folder.iterdir() if is_picture(path.name)]
        return sorted(name.removesuffix(suffix) for name in names if name.endswith(suffix))

    def _inside(self, relative: str, *, folder: bool = False) -> Path | None:
        if self._root is None:
            return None
        try:
            path = (self._root / relative).resolve(strict=True)
            inside = path.is_relative_to(self._root) and (path.is_dir() if folder else path.is_file())
        except (OSError, ValueError, RuntimeError):  # a NUL in the name, a loop of links, a name that is too long
            return None
        return path if inside else None


def _is_readable(path: Path) -> bool:
    try:
        with Image.open(path, formats=FORMATS) as image:
            return image.width * image.height <= MOST_PIXELS
    except BROKEN:
        return False


def _decode_mask(path: Path, side: int) -> Picture:
    try:
        with warnings.catch_warnings(action="ignore"), Image.open(path, formats=FORMATS) as image:
            if image.width * image.height > MOST_PIXELS:
                return Picture(reason="too large to show")
            return Picture(_shrunk(image.convert("L"), side), image.size)
    except BROKEN:
        return Picture(reason="can't be decoded")


def _shrunk(mask: Image.Image, side: int) -> Image.Image:
    """A mask with the sides that a picture of its size gets, each pixel the highest id of those it stands for."""
    factor = -(-max(mask.size) // side)
    size = (max(1, mask.width * side // max(mask.size)), max(1, mask.height * side // max(mask.size)))
    if factor <= 1:
        return mask
    ids = np.asarray(mask)
    fitting = np.pad(ids, ((0, -ids.shape[0] % factor), (0, -ids.shape[1] % factor)))
    blocks = fitting.reshape(fitting.shape[0] // factor, factor, -1, factor).max(axis=(1, 3))
    return Image.fromarray(blocks).resize(size, Image.Resampling.NEAREST)


def _decode(path: Path, white: int, side: int) -> Picture:
    try:
        with warnings.catch_warnings(action="ignore"), Image.open(path, formats=FORMATS) as image:
            if image.width * image.height > MOST_PIXELS:
                return Picture(reason="too large to show")
            size = image.size
            picture = decode(image, path, white)
            picture.thumbnail((side, side), Image.Resampling.LANCZOS)
            return Picture(picture, size)
    except BROKEN:
        return Picture(reason="can't be decoded")


def difference(golden: Image.Image, test: Image.Image) -> Image.Image:
    """Where test and golden differ, dark on white: the largest difference among the channels, doubled."""
    levels = np.abs(_rgb(test).astype(np.int16) - _rgb(golden.resize(test.size))).max(axis=2)
    return Image.fromarray((255 - np.clip(GAIN * levels, 0, 255)).astype(np.uint8))


def heat(evidence: Image.Image, test: Image.Image | None) -> Image.Image:
    """An evidence map (grey) as colour from yellow to red, laid over the dimmed test picture where there is one.

    The map covers the whole test picture, whatever the size and aspect that the network saw it in.
    """
    size = test.size if test else evidence.size
    strength = np.asarray(evidence.convert("L").resize(size), dtype=np.float64)[..., None] / 255
    ground = np.asarray(test.convert("L"), dtype=np.float64)[..., None] * 0.6 if test else 24.0
    colour = _COLD + (_HOT - _COLD) * strength
    cover = 0.85 * strength**0.8
    return Image.fromarray((ground * (1 - cover) + colour * cover).astype(np.uint8))


def outlined(test: Image.Image, mask: Image.Image, label: Image.Image | None) -> Image.Image:
    """The test picture with the outline of what a mask marks, and, in another colour, of what a label marks."""
    pixels = np.array(test.convert("RGB"))
    for marks, colour in ((label, _LABELLED), (mask, _MARKED)):
        if marks is not None:
            ids = np.asarray(marks.resize(test.size, Image.Resampling.NEAREST))
            pixels[_outline(ids > 0)] = colour
    return Image.fromarray(pixels)


def _outline(marked: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The pixels around what is marked, so that nothing of it is covered."""
    grown = np.pad(marked, 1)
    height, width = marked.shape
    near = [grown[down : down + height, right : right + width] for down in range(3) for right in range(3)]
    around: NDArray[np.bool_] = np.logical_or.reduce(near) & ~marked
    return around


def data_uri(image: Image.Image) -> str:
    """The picture as a JPEG inside a URI; the same pixels give the same text."""
    buffer = io.BytesIO()
    image.save(buffer, format="JPEG", quality=QUALITY)
    return "data:image/jpeg;base64," + base64.b64encode(buffer.getvalue()).decode("ascii")


def _rgb(image: Image.Image) -> NDArray[np.uint8]:
    return np.asarray(image.convert("RGB"))
