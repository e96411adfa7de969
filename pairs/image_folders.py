# SPDX-License-Identifier: Apache-2.0
"""Which pictures lie in which folder: each folder is listed once instead of asking for each file."""

from __future__ import annotations

import os
import posixpath
from collections import Counter
from typing import TYPE_CHECKING

from pairs.classify_csv import image_suffix

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

IMAGE_EXTENSIONS = (".jpg", ".jpeg", ".png", ".bmp", ".tif", ".tiff", ".webp")
# What programs put beside a picture under its name: U5_mask.png is no lighting of U5 and no golden image of its own.
_SIDECARS = frozenset({"annotation", "annotations", "gt", "label", "labels", "mask", "masks", "overlay", "thumb"})


def is_picture(name: str) -> bool:
    """Whether a file name, or its ending alone, is that of a picture; hidden files (`._U5.png` of macOS) are none."""
    return name.lower().endswith(IMAGE_EXTENSIONS) and not name.startswith("._")


def is_sidecar(light: str) -> bool:
    """Whether what follows an object's name is the usual name of something put beside its pictures."""
    return light.lower() in _SIDECARS


class ImageFolders:
    """The folders below `images_dir`; per folder, which object names have a picture under which lighting."""

    def __init__(self, images_dir: Path, lights: Sequence[str | None], image_ext: str) -> None:
        self.images_dir = images_dir
        self.lights = tuple(lights)
        self.image_ext = image_ext
        self._suffixes = [image_suffix(light, image_ext) for light in self.lights]
        self._every_light = (1 << len(self._suffixes)) - 1
        self._listed: dict[str, dict[str, int] | None] = {}
        self._shut: set[str] = set()
        self._candidates: dict[str, list[str]] = {}

    def exists(self, folder: str) -> bool:
        """Whether there is such a folder."""
        return self._seen(folder) is not None

    def is_shut(self, folder: str) -> bool:
        """Whether there is such a folder, but nobody may look into it."""
        return not self.exists(folder) and folder in self._shut

    def missing_lights(self, folder: str, object_name: str) -> list[str | None]:
        """The lightings under which an object has no picture in a folder."""
        if "/" in object_name:
            folder, object_name = posixpath.split(posixpath.join(folder, object_name))
        mask = (self._seen(folder) or {}).get(object_name, 0)
        if mask == self._every_light:
            return []
        return [light for bit, light in enumerate(self.lights) if not mask >> bit & 1]

    def candidates(self, folder: str) -> list[str]:
        """The sorted object names that have a picture under every lighting: the golden images to draw from."""
        if folder not in self._candidates:
            seen = self._seen(folder) or {}
            whole = {name for name, mask in seen.items() if mask == self._every_light}
            drawn = (name for name in whole if not name.startswith(".") and not _stands_beside(name, whole))
            self._candidates[folder] = sorted(drawn)
        return self._candidates[folder]

    def extensions(self, folder: str) -> Counter[str]:
        """How many files of each image extension, as written, lie in a folder."""
        return Counter(os.path.splitext(name)[1] for name in self.pictures(folder))  # noqa: PTH122

    def pictures(self, folder: str) -> list[str]:
        """The names of a folder's pictures, whatever their extension."""
        names = os.listdir(self.images_dir / folder) if self.exists(folder) else []  # noqa: PTH208 - names as text
        return [name for name in names if is_picture(name)]

    def _seen(self, folder: str) -> dict[str, int] | None:
        if folder not in self._listed:
            self._listed[folder] = self._list(folder)
        return self._listed[folder]

    def _list(self, folder: str) -> dict[str, int] | None:
        try:
            names = os.listdir(self.images_dir / folder)  # noqa: PTH208 - names as text, a Path each would cost seconds
        except (OSError, ValueError) as problem:
            if not isinstance(problem, FileNotFoundError | NotADirectoryError | ValueError):
                self._shut.add(folder)
            return None
        seen: dict[str, int] = {}
        for bit, suffix in enumerate(self._suffixes):
            for name in names:
                if name.endswith(suffix):
                    stem = name.removesuffix(suffix)
                    seen[stem] = seen.get(stem, 0) | 1 << bit
        return seen


def _stands_beside(name: str, names: set[str]) -> bool:
    stem, _, last = name.rpartition("_")
    return is_sidecar(last) and stem in names


def leaves_folder(path: str) -> bool:
    """Whether a path is absolute, or climbs out of the folder that it is relative to."""
    return path.startswith("/") or posixpath.normpath(path).split("/")[0] == ".."
