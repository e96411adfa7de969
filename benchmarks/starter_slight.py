# SPDX-License-Identifier: Apache-2.0
"""Slight changes of a crop's test picture, each kind above and below what counts as a flaw.

A part or a print turned by half, a crack, a scratch, a part of another colour, a part that lies a few pixels off: flaws
near the limit of what a person sees. The same change, weaker, is what light, wear and tolerance do, and no flaw, so
that a network learns where the limit lies, and not that such a change was drawn.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from pairs.flaws.shapes import line, polygon, softened, softness

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Picture = NDArray[np.uint8]
    Array = NDArray[np.float32]
    Rng = np.random.Generator

_TRIES = 30
_CROP = 128  # pixels: the side of the crops that sizes are meant for
_SHOWS, _FEWEST = 24, 14  # levels of a changed pixel, and such pixels
_DEEPEST = 34.0  # levels: the mean of as many of the strongest
_HIDDEN = 14.0  # levels: a change that stays below is no flaw


def slight(rng: Rng, picture: Picture, kind: str, *, flaw: bool) -> Picture | None:
    """The picture (H, W, 3) with a change of a kind in it, as a flaw or as what is harmless; None where none fits."""
    levels = picture.astype(np.float32)
    fewest = round(_FEWEST * _grown(levels) ** 2)
    for _ in range(_TRIES):
        changed = np.clip(_MAKERS[kind](rng, levels, flaw), 0, 255)
        depth = np.abs(changed - levels).max(axis=2)
        strongest = float(np.partition(depth, -fewest, axis=None)[-fewest:].mean())
        shows = int((depth > _SHOWS).sum()) >= fewest and strongest >= _DEEPEST
        if shows if flaw else 3.0 < strongest <= _HIDDEN or (kind == "moved" and strongest > 3.0):
            return np.asarray(np.round(changed), dtype=np.uint8)
    return None


def recoloured(rng: Rng, golden: Picture, test: Picture) -> tuple[Picture, Picture]:
    """A black and white pair in two colours, as near to each other as dark copper on a dark board at times."""
    dark = rng.uniform(10, 170, 3)
    light = dark + rng.choice((-1, 1)) * rng.uniform(25, 150) * rng.uniform(0.4, 1.0, 3)
    both = []
    for picture in (golden, test):
        share = softened(picture.mean(axis=2) / 255, 0.6)[..., None]
        grain = rng.standard_normal(picture.shape) * rng.uniform(0, 4)
        both.append(np.clip(dark + (light - dark) * share + grain, 0, 255).astype(np.uint8))
    return both[0], both[1]


def _grown(levels: Array) -> float:
    """How many times as large a crop shows what one of 128 px does."""
    return levels.shape[0] / _CROP


def _box(rng: Rng, side: int, low: float, high: float) -> tuple[int, int, int, int]:
    """A box (top, left, height, width) that lies more often near the middle, where the part is."""
    grown = side / _CROP
    high, wide = (int(grown * np.exp(rng.uniform(math.log(low), math.log(high)))) for _ in range(2))
    middle = np.clip(rng.normal(side / 2, side / 5, 2), 0, side)
    top = int(np.clip(middle[0] - high / 2, 2, side - high - 3))
    left = int(np.clip(middle[1] - wide / 2, 2, side - wide - 3))
    return top, left, int(high), wide


def _alpha(side: int, box: tuple[int, int, int, int], soft: float) -> Array:
    """How much of each pixel (H, W) a box covers, with soft edges."""
    covered = np.zeros((side, side), dtype=np.float32)
    covered[box[0] : box[0] + box[2], box[1] : box[1] + box[3]] = 1
    return softened(covered, soft)


def _turned(rng: Rng, levels: Array, _flaw: bool) -> Array:
    side = levels.shape[0]
    top, left, high, wide = box = _box(rng, side, 10, 44)
    other = levels.copy()
    part = np.s_[top : top + high, left : left + wide]
    other[part] = levels[part][::-1, ::-1]
    return np.asarray(levels + (other - levels) * _alpha(side, box, softness(rng))[..., None])


def _moved(rng: Rng, levels: Array, flaw: bool) -> Array:
    side = levels.shape[0]
    box = _box(rng, side, 14, 70)
    far = _grown(levels) * (rng.uniform(3.0, 6.0) if flaw else rng.uniform(0.4, 1.0))
    turn = rng.uniform(0, 2 * math.pi)
    step = (far * math.cos(turn), far * math.sin(turn))
    image = Image.fromarray(levels.astype(np.uint8))
    other = np.asarray(
        image.transform(image.size, Image.Transform.AFFINE, (1, 0, step[0], 0, 1, step[1]), Image.Resampling.BICUBIC),
        dtype=np.float32,
    )
    return np.asarray(levels + (other - levels) * _alpha(side, box, rng.uniform(0.6, 1.5))[..., None])


def _coloured(rng: Rng, levels: Array, flaw: bool) -> Array:
    """What has one colour about a place takes another one: a body, a pad, a part of the board."""
    side = levels.shape[0]
    top, left, high, wide = box = _box(rng, side, 14, 60)
    inside = levels[top : top + high, left : left + wide].reshape(-1, 3)
    colour = inside[int(rng.integers(len(inside)))]
    alike = softened((np.abs(levels - colour).max(axis=2) < 28).astype(np.float32), 0.7) * _alpha(side, box, 0.8)
    way = rng.normal(0, 1, 3) if rng.random() < 0.7 else np.full(3, rng.choice((-1.0, 1.0)))
    way = way / np.abs(way).max() * (rng.uniform(34, 75) if flaw else rng.uniform(4, 12))
    return np.asarray(levels + alike[..., None] * way.astype(np.float32))


def _crack(rng: Rng, levels: Array, flaw: bool) -> Array:
    return _stroke(rng, levels, flaw, 0.35, rng.uniform(14, 60))


def _scratch(rng: Rng, levels: Array, flaw: bool) -> Array:
    return _stroke(rng, levels, flaw, 0.04, rng.uniform(10, 50))


def _stroke(rng: Rng, levels: Array, flaw: bool, jagged: float, long: float) -> Array:
    """A thin line, darker or brighter than what it crosses; jagged like a crack, or nearly straight."""
    side, grown = levels.shape[0], _grown(levels)
    steps = int(rng.integers(5, 10))
    turns = rng.uniform(0, 2 * math.pi) + np.cumsum(rng.normal(0, jagged, steps)) + rng.normal(0, 2 * jagged, steps)
    points = np.cumsum(np.stack([np.cos(turns), np.sin(turns)], axis=1) * grown * long / steps, axis=0)
    middle = np.clip(rng.normal(0, side / 5, 2), -side * 0.45, side * 0.45)
    width = grown * (rng.uniform(1.4, 2.6) if flaw else rng.uniform(0.7, 2.0))
    alpha = line(side, points - points.mean(axis=0) + middle, width, softness(rng))
    depth = rng.uniform(45, 110) if flaw else rng.uniform(5, 16)
    tint = rng.choice((-1, 1), p=(0.6, 0.4)) * depth * rng.uniform(0.7, 1.0, 3)
    return np.asarray(levels + alpha[..., None] * tint.astype(np.float32))


def _speck(rng: Rng, levels: Array, flaw: bool) -> Array:
    """A grain of 3 to 6 px, or dust that hardly shows."""
    side = levels.shape[0]
    reach = _grown(levels) * rng.uniform(1.6, 3.2)
    turns = np.linspace(0, 2 * math.pi, 9, endpoint=False)
    points = np.stack([np.cos(turns), np.sin(turns)], axis=1) * (reach * rng.uniform(0.6, 1.3, (9, 1)))
    alpha = polygon(side, points + np.clip(rng.normal(0, side / 5, 2), -side * 0.45, side * 0.45), softness(rng))
    depth = rng.uniform(45, 120) if flaw else rng.uniform(4, 14)
    tint = rng.choice((-1, 1)) * depth * rng.uniform(0.6, 1.0, 3)
    return np.asarray(levels + alpha[..., None] * tint.astype(np.float32))


_MAKERS: dict[str, Callable[[Rng, Array, bool], Array]] = {
    "turned": _turned,
    "moved": _moved,
    "coloured": _coloured,
    "crack": _crack,
    "scratch": _scratch,
    "speck": _speck,
}
KINDS = tuple(_MAKERS)
HARMLESS = tuple(kind for kind in KINDS if kind != "turned")
