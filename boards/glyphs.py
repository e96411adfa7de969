# SPDX-License-Identifier: Apache-2.0
"""A stroke font for silkscreen and part marking: every glyph is a set of polylines on a grid of 4 by 6 steps."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float64]

_ADVANCE = 5.6  # grid steps from one glyph to the next
_HEIGHT = 6.0
# Two digits are a grid point (x to the right, y upwards), a blank joins two points, a bar lifts the pen.
_STROKES = {
    "0": "10 30 41 45 36 16 05 01 10|12 34",
    "1": "05 26 20|10 30",
    "2": "05 16 36 45 44 00 40",
    "3": "05 16 36 45 44 33 23|33 42 41 30 10 01",
    "4": "30 36 02 42",
    "5": "46 06 03 33 42 41 30 10 01",
    "6": "45 36 16 05 01 10 30 41 42 33 13 02",
    "7": "06 46 20",
    "8": "13 04 05 16 36 45 44 33 13 02 01 10 30 41 42 33",
    "9": "01 10 30 41 45 36 16 05 04 13 33 44",
    "A": "00 04 26 44 40|02 42",
    "B": "00 06 36 45 44 33 03|33 42 41 30 00",
    "C": "45 36 16 05 01 10 30 41",
    "D": "00 06 26 44 42 20 00",
    "E": "46 06 00 40|03 33",
    "F": "46 06 00|03 33",
    "G": "45 36 16 05 01 10 30 41 43 23",
    "H": "00 06|40 46|03 43",
    "I": "20 26|10 30|16 36",
    "J": "46 41 30 10 01",
    "K": "00 06|46 02|13 40",
    "L": "06 00 40",
    "M": "00 06 23 46 40",
    "N": "00 06 40 46",
    "O": "10 30 41 45 36 16 05 01 10",
    "P": "00 06 36 45 44 33 03",
    "Q": "10 30 41 45 36 16 05 01 10|22 40",
    "R": "00 06 36 45 44 33 03|23 40",
    "S": "45 36 16 05 04 13 33 42 41 30 10 01",
    "T": "06 46|26 20",
    "U": "06 01 10 30 41 46",
    "V": "06 20 46",
    "W": "06 10 23 30 46",
    "X": "00 46|06 40",
    "Y": "06 23 46|23 20",
    "Z": "06 46 00 40",
    "-": "13 33",
    "+": "13 33|22 24",
    ".": "20 21",
}


def text_width(text: str, height: float) -> float:
    """The width of a line of text of the given cap height, in the same unit."""
    return (len(text) * _ADVANCE - (_ADVANCE - 4)) * height / _HEIGHT


@cache
def text_strokes(text: str, height: float) -> tuple[Points, ...]:
    """The polylines of a line of text, centred on the origin, y downwards; unknown characters stay blank."""
    scale, left = height / _HEIGHT, -text_width(text, height) / 2
    strokes = []
    for place, character in enumerate(text.upper()):
        for stroke in filter(None, _STROKES.get(character, "").split("|")):
            grid = np.array([(int(p[0]), int(p[1])) for p in stroke.split()], dtype=np.float64)
            x = left + (grid[:, 0] + place * _ADVANCE) * scale
            strokes.append(np.stack([x, (_HEIGHT / 2 - grid[:, 1]) * scale], axis=1))
    return tuple(strokes)
