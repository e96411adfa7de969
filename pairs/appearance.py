# SPDX-License-Identifier: Apache-2.0
"""What a picture is like as a whole: how sharp, how bright, which tint. Told by squares that are spread over it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Picture = NDArray[np.uint8]
    Levels = NDArray[np.float32]

_SQUARE = 256  # pixels
MOST_PARTS = 5  # in a row and in a column
_FLAT = 2.0  # grey levels from one pixel to the next, root mean square: flatter pictures are neither sharp nor soft


_STEP = 4  # every fourth pixel tells whether a picture has colours
_GREY, _COLOURED = 1.0, 8.0  # levels between the strongest and the weakest channel: at most, at least


def colours_of(picture: Picture) -> float:
    """Levels between the strongest and the weakest channel of a picture (H, W, 3), on average."""
    some = picture[::_STEP, ::_STEP].astype(np.int16)
    return float((some.max(axis=2) - some.min(axis=2)).mean())


def taken_otherwise(golden: float, test: float) -> str:
    """Whether one picture is grey and the other is not, by their `colours_of`; empty where they are alike.

    A model that compares them takes every colour for a change.
    """
    if min(golden, test) > _GREY or max(golden, test) < _COLOURED:
        return ""
    sides = ("golden picture is grey and the test picture", "test picture is grey and the golden picture")
    return f"the {sides[test < golden]} in colour: take both in the same way, or colours count as differences"


class Appearance(NamedTuple):
    """Figures of a picture, None where it has none.

    `sharpness` is how strongly grey levels bend, by how strongly they change from pixel to pixel: 1 to 2 for edges that
    one pixel is wide, near 0 for blurred ones. `exposure` is the mean level in 0..1. `red` and `blue` are how far these
    channels lie above the green one, in shares of the range: 0 for grey pictures.
    """

    sharpness: float | None
    exposure: float
    red: float
    blue: float


def appearance_of(picture: Picture) -> Appearance:
    """The appearance of a picture (H, W, 3)."""
    return appearance_of_parts(_squares(picture))


def appearance_of_parts(squares: Sequence[Picture]) -> Appearance:
    """The appearance of a picture of which these parts (h, w, 3) are known, one at least."""
    bends = changes = 0.0
    tint = np.zeros(3)
    for square in squares:
        tint += square.reshape(-1, 3).mean(axis=0) / 255.0
        grey = square.mean(axis=2, dtype=np.float32)
        changes += _mean_square(grey[1:, :] - grey[:-1, :]) + _mean_square(grey[:, 1:] - grey[:, :-1])
        middle = grey[1:-1, 1:-1]
        around = grey[:-2, 1:-1] + grey[2:, 1:-1] + grey[1:-1, :-2] + grey[1:-1, 2:]
        bends += _mean_square(around - 4 * middle)
    red, green, blue = (tint / len(squares)).tolist()
    sharpness = float(np.sqrt(bends / changes)) if changes > len(squares) * _FLAT**2 else None
    return Appearance(sharpness, (red + green + blue) / 3, red - green, blue - green)


def _mean_square(levels: Levels) -> float:
    return float(np.mean(np.square(levels))) if levels.size else 0.0


def _squares(picture: Picture) -> list[Picture]:
    tops, lefts = (spread_starts(length, _SQUARE, MOST_PARTS) for length in picture.shape[:2])
    return [picture[top : top + _SQUARE, left : left + _SQUARE] for top in tops for left in lefts]


def spread_starts(length: int, side: int, most: int) -> list[int]:
    """Starts of parts of `side` that are spread over a length, `most` of them or as many as lie side by side."""
    count = max(1, min(most, -(-length // side)))
    return sorted({round(start) for start in np.linspace(0, max(0, length - side), count)})
