# SPDX-License-Identifier: Apache-2.0
"""What the starter's pairs show beside surfaces: solder mask, holes seen from two sides, the board's edge, dirt."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np
from starter_surfaces import SIDE, Rng, blurred, slow

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Picture = NDArray[np.uint8]
    Levels = NDArray[np.float32]
    Mask = NDArray[np.bool_]

FINE = 4  # bits of a pixel's fraction where outlines are drawn
MASKS = (
    (20, 95, 35),
    (10, 60, 20),
    (35, 120, 60),
    (25, 85, 45),
    (15, 40, 110),
    (110, 20, 25),
    (25, 25, 28),
    (210, 212, 205),
    (60, 20, 85),
)
METALS = ((190, 185, 175), (205, 175, 95), (150, 120, 95))


def masked_pair(rng: Rng, golden: Picture, test: Picture) -> tuple[Picture, Picture]:
    """Two pictures of boards under solder mask, from their artwork in black and white (SIDE, SIDE, 3).

    Copper under the mask has the ground's colour, a little lighter or darker, and a fine rim at times. Pads and print
    lie on both in the same places.
    """
    ground = np.array(MASKS[int(rng.integers(len(MASKS)))]) * np.exp(rng.normal(0, 0.25)) + rng.normal(0, 8, 3)
    ground = np.clip(ground, 4, 225)
    step = rng.uniform(7, 45) * rng.choice((1, 1, 1, -1))
    copper = np.clip(ground * (1 + step / max(30.0, float(ground.max()))) + rng.normal(0, 2, 3), 0, 250)
    soft, rim = rng.uniform(0.6, 1.6), rng.choice((0.0, 0.0, 0.4, 0.8)) * rng.choice((-1, 1))
    turned = rng.random() < 0.5
    ground_grain, fine = rng.uniform(0, 0.05) * slow(rng, 120), rng.uniform(0, 0.03) * slow(rng, rng.choice((2, 4, 8)))
    seed = int(rng.integers(2**31))
    found = []
    for art in (golden, test):
        share = blurred(art.astype(np.float32) / 255, soft)[..., :1]
        share = 1 - share if turned else share
        levels = ground + (copper - ground) * (share + rim * 4 * share * (1 - share))
        levels = levels * (1 + ground_grain + fine)[..., None]
        found.append(_with_pads(np.random.default_rng(seed), levels))
    return found[0], found[1]


def _with_pads(rng: Rng, levels: Levels) -> Picture:
    """Pads with holes and lines of print."""
    picture = np.clip(levels, 0, 255).astype(np.uint8)
    metal = np.array(METALS[int(rng.integers(len(METALS)))]) * rng.uniform(0.7, 1.15)
    pitch = rng.uniform(24, 70)
    radius = pitch * rng.uniform(0.2, 0.4)
    for _ in range(int(rng.integers(0, 5))):
        x, y = rng.uniform(0, SIDE, 2)
        along = rng.choice((0, 1))
        for number in range(int(rng.integers(1, 12))):
            at = (x + number * pitch * along, y + number * pitch * (1 - along))
            _disc(picture, at, (radius, radius), metal * rng.uniform(0.8, 1.2))
            _disc(picture, at, (radius * 0.5, radius * 0.5), metal * 0.35)
    ink = tuple(float(one) for one in np.clip(rng.normal(225, 15, 3), 0, 255))
    for _ in range(int(rng.integers(0, 4))):
        x, y, wide, high = (*rng.uniform(0, SIDE, 2), *rng.uniform(30, 200, 2))
        cv2.rectangle(
            picture, (int(x), int(y)), (int(x + wide), int(y + high)), ink, int(rng.integers(1, 5)), cv2.LINE_AA
        )
    return np.asarray(cv2.GaussianBlur(picture, (0, 0), 0.6), dtype=np.uint8)


def with_holes(rng: Rng, golden: Picture, test: Picture) -> tuple[Picture, Picture, Mask]:
    """Holes through which each camera sees another part of the wall, and where they are."""
    first, second = golden.copy(), test.copy()
    covered = np.zeros((SIDE, SIDE), dtype=np.uint8)
    for _ in range(int(rng.integers(1, 7))):
        at, radius = rng.uniform(0, SIDE, 2), float(np.exp(rng.uniform(np.log(6), np.log(60))))
        ring, rim = radius * rng.uniform(1.0, 1.8), rng.uniform(70, 230) * (1 + rng.normal(0, 0.06, 3))
        inside, wall = rng.uniform(0, 60) * np.ones(3), rng.uniform(20, 160) * (1 + rng.normal(0, 0.05, 3))
        for picture in (first, second):
            _disc(picture, at, (ring, ring), rim)
            _disc(picture, at, (radius, radius), wall * rng.uniform(0.7, 1.3))
            off = rng.normal(0, 0.1 * radius, 2)
            depth = radius * rng.uniform(0.78, 0.97)
            _disc(picture, at + off, (depth, depth), inside + rng.uniform(0, 12))
        _disc(covered, at, (ring + 2, ring + 2), np.full(1, 1.0))
    return _smooth(first, covered), _smooth(second, covered), covered > 0


def with_edge(rng: Rng, golden: Picture, test: Picture) -> tuple[Picture, Picture, Mask]:
    """The board's edge along one side, and what lies beyond, a few pixels apart in both pictures."""
    width, tilt = rng.uniform(8, 60), rng.normal(0, 3)
    beyond, shine = rng.uniform(0, 250) * (1 + rng.normal(0, 0.04, 3)), rng.normal(0, 60)
    turns = int(rng.integers(4))
    v, u = np.mgrid[0:SIDE, 0:SIDE].astype(np.float32)
    covered = np.zeros((SIDE, SIDE), dtype=bool)
    found = []
    for picture in (golden, test):
        end = width + rng.normal(0, 1.2) + (tilt + rng.normal(0, 0.7)) * (v / SIDE - 0.5)
        share = np.clip((end - u) / rng.uniform(1, 3) + 0.5, 0, 1)[..., None]
        lit = shine * rng.uniform(0.3, 1.2) * np.exp(-np.square((u - end) / 1.5))[..., None]
        ground = beyond * rng.uniform(0.85, 1.15) + (rng.uniform(0, 8) * slow(rng, rng.choice((2, 20, 100))))[..., None]
        levels = np.rot90(picture, turns) * (1 - share) + ground * share + lit
        covered |= np.rot90(u < end + 3, -turns)
        found.append(np.rot90(np.clip(levels, 0, 255).astype(np.uint8), -turns))
    return np.ascontiguousarray(found[0]), np.ascontiguousarray(found[1]), covered


def with_dirt(rng: Rng, picture: Picture, largest: float) -> Picture:
    """Specks of dust, up to `largest` pixels across, that no other picture has."""
    dirty = picture.copy()
    for _ in range(int(rng.integers(1, 14))):
        at, across = rng.uniform(0, SIDE, 2), rng.uniform(0.7, largest / 2, 2)
        _disc(dirty, at, tuple(across.tolist()), rng.uniform(0, 255) + rng.normal(0, 10, 3))
    soft = cv2.GaussianBlur(dirty, (0, 0), 0.6)
    return np.where((dirty != picture).any(axis=2, keepdims=True), soft, picture)


def _disc(
    picture: Picture, at: tuple[float, float] | NDArray[np.float64], radii: tuple[float, float], colour: Levels
) -> None:
    middle = tuple(round(float(one) * 2**FINE) for one in at)
    axes = tuple(round(float(one) * 2**FINE) for one in radii)
    shade = tuple(float(one) for one in np.clip(colour, 0, 255))
    cv2.ellipse(picture, middle, axes, 0, 0, 360, shade, -1, cv2.LINE_AA, FINE)


def _smooth(picture: Picture, where: NDArray[np.uint8]) -> Picture:
    """A picture whose drawn parts are as soft as a camera shows them."""
    return np.where(where[..., None] > 0, cv2.GaussianBlur(picture, (0, 0), 0.8), picture)
