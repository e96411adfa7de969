# SPDX-License-Identifier: Apache-2.0
"""Designs of bare boards, drawn as a mixture of motifs that a kind of board is known for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from boards.copper_motifs import MOTIFS
from boards.copper_shapes import Disc, Net, Room, lay
from boards.view import Artwork, Window

if TYPE_CHECKING:
    from collections.abc import Iterator

Array = NDArray[np.float32]

_HABITS = {
    "dense": ("buses", "buses", "lands", "drilled", "strays", "buses"),
    "power": ("power", "power", "drilled", "lands", "legend", "buses"),
    "drilled": ("arcs", "buses", "drilled", "drilled", "buses", "strays"),
    "poured": ("pour", "channels", "drilled_in_pour", "islands", "channels"),
    "sparse": ("dots", "arcs", "legend", "strays", "lands"),
    "mixed": ("power", "buses", "drilled", "lands", "dots", "strays"),
}
_HABIT_WEIGHTS = (0.24, 0.16, 0.18, 0.20, 0.08, 0.14)


@dataclass(frozen=True, slots=True)
class Pattern:
    """A drawn board: copper as the share of every pixel (H,W), and the drilled holes, which the drill may misplace."""

    copper: Array
    holes: tuple[Disc, ...]


def draw_pattern(rng: np.random.Generator, pixels: int) -> Pattern:
    """Draw one design of a side in pixels."""
    art, holes = Artwork(Window(pixels / 2, pixels / 2, pixels, pixels), 2), []
    for net in _design(rng, pixels):
        lay(art, net)
        holes += net.holes
    return Pattern(art.coverage(), tuple(holes))


def _design(rng: np.random.Generator, pixels: int) -> Iterator[Net]:
    room = Room()
    for name in _HABITS[str(rng.choice(list(_HABITS), p=_HABIT_WEIGHTS))]:
        if name == "pour" or rng.random() < 0.85:
            yield from MOTIFS[name](rng, pixels, room)
