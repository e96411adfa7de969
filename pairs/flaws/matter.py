# SPDX-License-Identifier: Apache-2.0
"""Flaws that need no structure beneath: matter that lies on a board, parts that are covered or gone, other pieces.

Each maker takes a window (S, S, 3) of 0..255 around a place, and gives it with the flaw, or None where it can't be.
"""

from __future__ import annotations

import math
import string
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from pairs.flaws.shapes import blob, cloud, rectangle, softened, softness, stroke
from pairs.flaws.tones import grain_of, grained, mixed, two_tones

if TYPE_CHECKING:
    from collections.abc import Callable

Array = NDArray[np.float32]

_LEAST_STRUCTURE = 10.0  # levels of deviation beneath what goes missing
_FARTHEST_COLOUR = 40.0  # levels; nearer colours cover nothing that shows


@dataclass(frozen=True, slots=True)
class Place:
    """Where a flaw is wanted: the window, the whole picture (H, W, 3) that it is cut from, and the flaw's size."""

    window: Array
    picture: NDArray[np.uint8]
    size: float

    @property
    def side(self) -> int:
        """Pixels of the window's side."""
        return int(self.window.shape[0])

    def inner(self) -> Array:
        """The middle, as large as the flaw."""
        reach = max(2, math.ceil(self.size / 2))
        middle = self.side // 2
        return self.window[middle - reach : middle + reach, middle - reach : middle + reach]

    def has_structure(self) -> bool:
        """Whether there is something to be seen where the flaw is to be."""
        return float(self.inner().mean(axis=2).std()) >= _LEAST_STRUCTURE


def missing(rng: np.random.Generator, place: Place) -> Array | None:
    """A part that is not there: the ground around it is seen in its place."""
    tones = two_tones(place.window)
    if tones is None or not place.has_structure():
        return None
    alpha = _patch(rng, place)
    return mixed(place.window, grained(rng, tones.ground_colour, place.side, grain_of(place.window)), alpha)


def covered(rng: np.random.Generator, place: Place) -> Array | None:
    """A label, tape or blob of one colour over a part."""
    alpha = rectangle(rng, place.side, place.size) if rng.random() < 0.7 else blob(rng, place.side, place.size)
    return mixed(place.window, grained(rng, _other_colour(rng, place), place.side, grain_of(place.window)), alpha)


def pasted(rng: np.random.Generator, place: Place) -> Array | None:
    """A piece of another place of the picture."""
    height, width = place.picture.shape[:2]
    side = place.side
    if height <= side or width <= side:
        return None
    top, left = int(rng.integers(height - side)), int(rng.integers(width - side))
    piece = place.picture[top : top + side, left : left + side].astype(np.float32)
    return mixed(place.window, np.rot90(piece, int(rng.integers(4))), _patch(rng, place))


def scratch(rng: np.random.Generator, place: Place) -> Array | None:
    """A thin line, brighter or darker than what it crosses."""
    width = rng.uniform(1.0, max(1.4, min(4.0, place.size / 12)))
    alpha = stroke(rng, place.side, place.size, width) * np.float32(rng.uniform(0.6, 1.0))
    alpha = alpha * (0.55 + 0.45 * cloud(rng, place.side, place.size / 4))
    return mixed(place.window, grained(rng, _other_colour(rng, place), place.side, grain_of(place.window)), alpha)


def smear(rng: np.random.Generator, place: Place) -> Array | None:
    """What lies there, drawn out in one direction."""
    if not place.has_structure():
        return None
    turn, steps = rng.uniform(0, 2 * math.pi), max(3, round(place.size / 2))
    reach = place.size * rng.uniform(0.3, 0.6)
    moved = [
        np.roll(place.window, (round(math.sin(turn) * reach * t), round(math.cos(turn) * reach * t)), (0, 1))
        for t in np.linspace(0, 1, steps).tolist()
    ]
    return mixed(place.window, np.asarray(np.mean(moved, axis=0), dtype=np.float32), blob(rng, place.side, place.size))


def spot(rng: np.random.Generator, place: Place) -> Array | None:
    """A drop, a crumb or a hole: a small patch of a colour of its own."""
    alpha = blob(rng, place.side, place.size, ragged=0.1) * np.float32(rng.uniform(0.75, 1.0))
    return mixed(place.window, grained(rng, _other_colour(rng, place), place.side, grain_of(place.window)), alpha)


def residue(rng: np.random.Generator, place: Place) -> Array | None:
    """A thin, cloudy film of flux, dust or oxide."""
    alpha = blob(rng, place.side, place.size, ragged=0.5)
    alpha = softened(alpha, max(0.8, place.size / 20)) * (0.35 + 0.6 * cloud(rng, place.side, max(2, place.size / 5)))
    film = np.array(
        rng.choice(((235, 232, 220), (60, 45, 30), (150, 110, 60), (190, 195, 200), (30, 30, 30))), dtype=np.float32
    )
    return mixed(place.window, grained(rng, film, place.side, grain_of(place.window)), alpha)


def wrong_print(rng: np.random.Generator, place: Place) -> Array | None:
    """Other letters than there should be, or the piece with its print turned by half."""
    alpha = rectangle(rng, place.side, place.size, upright=1.0)
    if place.has_structure() and rng.random() < 0.4:
        return mixed(place.window, place.window[::-1, ::-1], alpha)
    tones = two_tones(place.window)
    if tones is None:
        return None
    plain = grained(rng, tones.ground_colour, place.side, grain_of(place.window))
    ink = tones.figure_colour if tones.contrast > _FARTHEST_COLOUR else _other_colour(rng, place)
    text = _letters(rng, place.side, place.size)
    beneath = mixed(place.window, plain, alpha) if rng.random() < 0.6 else place.window
    return mixed(beneath, np.broadcast_to(ink, plain.shape), np.minimum(text, 1.0))


MAKERS: dict[str, Callable[[np.random.Generator, Place], Array | None]] = {
    "missing": missing,
    "covered": covered,
    "pasted": pasted,
    "scratch": scratch,
    "smear": smear,
    "spot": spot,
    "residue": residue,
    "print": wrong_print,
}


def _patch(rng: np.random.Generator, place: Place) -> Array:
    return (rectangle if rng.random() < 0.5 else blob)(rng, place.side, place.size)


def _other_colour(rng: np.random.Generator, place: Place) -> Array:
    """A colour away from what lies there: a grey or a colour of things, or one of the picture's own."""
    here = np.median(place.inner(), axis=(0, 1))
    colour: NDArray[np.float64]
    height, width = place.picture.shape[:2]
    for _ in range(20):
        draw = rng.random()
        if draw < 0.4:
            colour = np.full(3, rng.uniform(0, 255)) + rng.normal(0, 6, 3)
        elif draw < 0.8:
            colour = place.picture[int(rng.integers(height)), int(rng.integers(width))].astype(np.float64)
        else:
            colour = rng.uniform(0, 255, 3)
        if float(np.abs(colour - here).max()) >= _FARTHEST_COLOUR:
            break
    else:
        colour = np.asarray(255.0 - here, dtype=np.float64)
    return np.asarray(np.clip(colour, 0, 255), dtype=np.float32)


def _letters(rng: np.random.Generator, side: int, size: float) -> Array:
    """Random letters that fill about `size` pixels across."""
    count = int(rng.integers(1, 5))
    text = "".join(rng.choice(list(string.ascii_uppercase + string.digits), count))
    font = ImageFont.load_default(max(6.0, 1.5 * size / count))
    image = Image.new("L", (side, side))
    ImageDraw.Draw(image).text((side / 2, side / 2), text, fill=255, font=font, anchor="mm")
    image = image.rotate(90 * int(rng.integers(4)))
    return softened(np.asarray(image, dtype=np.float32) / 255, softness(rng))
