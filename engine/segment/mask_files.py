# SPDX-License-Identifier: Apache-2.0
"""The pictures that scoring leaves behind: masks of class ids, overlays, and now and then everything side by side.

`masks/` and `overlays/` hold one picture for each pair, at the size of its test picture. Every n-th batch one coloured
prediction is written as well, and A | B | prediction | label in `combined_visualisation/`, as the container does.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from core.errors import InputError
from core.file_names import MASKS_FOLDER

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray
    from torch import Tensor

    from engine.segment.pictures import WholePair

    Bytes = NDArray[np.uint8]

OVERLAYS = "overlays"
COMBINED = "combined_visualisation"
_MARK = np.array((214, 16, 60), dtype=np.float64)
_TINT = 0.35
_GAP = 4
# Colours of class ids without a color_map: black, white, then the qualitative set of ColorBrewer (Dark2).
_COLOURS = ((0, 0, 0), (255, 255, 255), (27, 158, 119), (217, 95, 2), (117, 112, 179), (231, 41, 138), (102, 166, 30))
_IGNORED_COLOUR = (128, 128, 128)


@dataclass(frozen=True, slots=True)
class MaskFiles:
    """Writes the pictures of one action into its results folder."""

    folder: Path
    colours: Mapping[str, Sequence[int]] | None
    names: Mapping[str, str]  # of the masks, by those of the pairs

    def prepare(self) -> None:
        """Take away what an earlier run left, and make the folders.

        Raises:
            InputError: they can't be written.
        """
        try:
            for name in (MASKS_FOLDER, OVERLAYS, COMBINED):
                shutil.rmtree(self.folder / name, ignore_errors=True)
                (self.folder / name).mkdir(parents=True)
        except OSError as problem:
            raise _unwritable(self.folder, problem) from problem

    def write(self, name: str, pair: WholePair, mask: Bytes) -> None:
        """The mask (H, W) of a pair and its overlay; `mask` has the size of the files that are written.

        Raises:
            InputError: they can't be written.
        """
        place = self.names[name]
        test = _resized(_as_picture(pair.test), mask.shape)
        try:
            Image.fromarray(mask).save(self.folder / MASKS_FOLDER / place)
            overlay = Image.fromarray(_overlay(test, mask > 0))
            overlay.save(self.folder / OVERLAYS / Path(place).with_suffix(".jpg"), quality=90)
        except OSError as problem:
            raise _unwritable(self.folder, problem) from problem

    def show(self, name: str, pair: WholePair, mask: Bytes) -> None:
        """The coloured prediction under the pair's name, and everything side by side; `mask` has the pair's size.

        Raises:
            InputError: they can't be written.
        """
        shown = [self._coloured(mask)] + ([] if pair.label is None else [self._coloured(pair.label.numpy())])
        row = _side_by_side([_as_picture(pair.golden), _as_picture(pair.test), *shown])
        place = self.names[name]
        try:
            Image.fromarray(shown[0]).save(self.folder / place)
            Image.fromarray(row).save(self.folder / COMBINED / place)
        except OSError as problem:
            raise _unwritable(self.folder, problem) from problem

    def _coloured(self, mask: Bytes) -> Bytes:
        table = np.tile(np.array(_IGNORED_COLOUR, dtype=np.uint8), (256, 1))
        table[: len(_COLOURS)] = _COLOURS
        for text, colour in (self.colours or {}).items():
            table[int(text)] = colour
        return table[mask]


def mask_names(names: Sequence[str]) -> dict[str, str]:
    """The file name of each pair's mask: the pair's, ending in .png; two that would share one keep their ending."""
    stems: dict[str, list[str]] = {}
    for name in names:
        stems.setdefault(Path(name).stem, []).append(name)
    return {name: f"{stem}.png" if len(same) == 1 else f"{name}.png" for stem, same in stems.items() for name in same}


def _as_picture(picture: Tensor) -> Bytes:
    return np.ascontiguousarray(picture.numpy().transpose(1, 2, 0))


def _resized(picture: Bytes, size: Any) -> Bytes:
    if picture.shape[:2] == tuple(size):
        return picture
    return np.asarray(Image.fromarray(picture).resize((size[1], size[0]), Image.Resampling.BILINEAR))


def _overlay(test: Bytes, changed: NDArray[np.bool_]) -> Bytes:
    """The test picture with what changed tinted, and its outline drawn."""
    picture = test.astype(np.float64)
    picture[changed] = (1 - _TINT) * picture[changed] + _TINT * _MARK
    picture[_outline(changed)] = _MARK
    return picture.astype(np.uint8)


def _outline(changed: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The pixels just outside of what changed, so that none of it is covered."""
    grown = np.pad(changed, 1)
    around = np.zeros_like(changed)
    height, width = changed.shape
    for down in range(3):
        for right in range(3):
            around |= grown[down : down + height, right : right + width]
    return around & ~changed


def _side_by_side(pictures: Sequence[Bytes]) -> Bytes:
    height = pictures[0].shape[0]
    gap = np.full((height, _GAP, 3), 255, dtype=np.uint8)
    parts = [part for picture in pictures for part in (picture, gap)]
    return np.concatenate(parts[:-1], axis=1)


def _unwritable(folder: Path, problem: OSError) -> InputError:
    message = f"the masks can't be written ({problem.strerror})"
    remedy = "make room, or name another results_dir"
    return InputError(message, code="data.unwritable", where=str(folder), remedy=remedy)
