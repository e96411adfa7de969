# SPDX-License-Identifier: Apache-2.0
"""Surfaces of the starter's pairs: brushed, scratched, grained and stained, each specimen in its own way."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Picture = NDArray[np.uint8]
    Levels = NDArray[np.float32]

SIDE = 512
Rng = np.random.Generator


def slow(rng: Rng, grain: float) -> Levels:
    """Smooth noise of unit spread, features about `grain` pixels wide."""
    knots = max(2, round(SIDE / grain) + 1)
    coarse = rng.standard_normal((knots, knots)).astype(np.float32)
    return np.asarray(Image.fromarray(coarse).resize((SIDE, SIDE), Image.Resampling.BICUBIC), dtype=np.float32)


def blurred(levels: Levels, sigma: float) -> Levels:
    """Levels (H, W, 3) of 0..1 out of focus."""
    image = Image.fromarray(np.round(np.clip(levels, 0, 1) * 255).astype(np.uint8))
    return np.asarray(image.filter(ImageFilter.GaussianBlur(sigma)), dtype=np.float32) / 255


def specimens(rng: Rng, first: Picture, second: Picture) -> tuple[Picture, Picture]:
    """Two specimens whose surfaces are brushed and grained each in its own way, here more and there less."""
    count, spread, turn = int(rng.integers(0, 900)), rng.choice((0.03, 0.4, 3.0)), rng.uniform(0, np.pi)
    depth, grain, soft = rng.uniform(4, 26), rng.uniform(0, 9), rng.uniform(0.4, 2.0)
    where = np.clip(0.5 + slow(rng, rng.choice((60, 150))), 0, 1)
    found = []
    for scene in (first, second):
        image = Image.new("L", (SIDE, SIDE), 128)
        pen = ImageDraw.Draw(image)
        for x, y in rng.uniform(0, SIDE, (count, 2)).tolist():
            angle, reach = turn + rng.normal(0, spread), rng.uniform(10, 120)
            ends = (
                x - reach * np.cos(angle),
                y - reach * np.sin(angle),
                x + reach * np.cos(angle),
                y + reach * np.sin(angle),
            )
            pen.line(ends, fill=int(np.clip(128 + rng.normal(0, depth), 0, 255)), width=int(rng.integers(1, 3)))
        lines = np.asarray(image.filter(ImageFilter.GaussianBlur(0.5)), dtype=np.float32) - 128
        specks = _specks(rng, soft) * np.float32(soft * grain / 20)
        found.append(np.clip(scene + (where * (lines + specks))[..., None], 0, 255).astype(np.uint8))
    return found[0], found[1]


def _specks(rng: Rng, soft: float) -> Levels:
    noise = Image.fromarray(np.clip(128 + 40 * rng.standard_normal((SIDE, SIDE)), 0, 255).astype(np.uint8))
    return np.asarray(noise.filter(ImageFilter.GaussianBlur(soft)), dtype=np.float32) - 128


def metal_pair(rng: Rng, golden: Picture, test: Picture) -> tuple[Picture, Picture]:
    """Two specimens of a board whose copper is bare metal, from its artwork in black and white (SIDE, SIDE, 3).

    Metal and ground lie within the middle of the levels, so that nothing of the surface is cut off. Outlines have a rim
    that shines on the side of the light. Scratches lie in the metal, on the ground or everywhere; stains, bands of the
    scanner, grain and how bright the rim is are each specimen's own.
    """
    shades = _shades(rng)
    rim, width, side = rng.uniform(-60, 90), rng.uniform(0.6, 1.6), rng.uniform(0, 2 * np.pi)
    all_round = rng.random() < 0.5
    wear = _Wear(rng)
    first, second = (
        _specimen(rng, art, shades, (rim * rng.uniform(0.3, 1.2), width, side, all_round), wear)
        for art in (golden, test)
    )
    return first, second


class _Wear:
    """What both specimens have in common: how worn they are, and in which direction they were brushed."""

    def __init__(self, rng: Rng) -> None:
        self.scratches = int(rng.choice((0, 60, 250, 700))) * rng.uniform(0.5, 1.2)
        self.depth, self.spread, self.turn = rng.uniform(8, 38), rng.choice((0.05, 0.5, 3.0)), rng.uniform(0, np.pi)
        self.colour = rng.normal(0, 0.25, 3)
        self.place = str(rng.choice(("metal", "metal", "ground", "everywhere")))
        self.stain, self.bands, self.grain = rng.uniform(0, 10), rng.uniform(0, 4), rng.uniform(0, 9)
        self.soft = rng.uniform(0.4, 1.6)
        self.turned = rng.random() < 0.5  # metal is what is dark in the artwork


def _shades(rng: Rng) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The colours of ground and metal, apart by 25 levels of grey at least."""
    while True:
        greys = rng.uniform(45, 205, 2)
        if abs(greys[0] - greys[1]) > 25:
            tints = rng.normal(0, rng.choice((3, 14, 30)), (2, 3))
            return greys[0] + tints[0], greys[1] + tints[1]


def _specimen(
    rng: Rng, art: Picture, shades: tuple[Any, Any], rim: tuple[float, float, float, bool], wear: _Wear
) -> Picture:
    share = blurred(art.astype(np.float32) / 255, 0.8)[..., 0]
    share = 1 - share if wear.turned else share
    ground, metal = shades
    levels = ground + (metal - ground) * share[..., None]
    levels = levels + _rim(share, *rim)[..., None]
    where = {"metal": share, "ground": 1 - share, "everywhere": np.ones_like(share)}[wear.place]
    lines = _scratches(rng, wear)
    levels = levels + (where * lines)[..., None] * (1 + wear.colour)
    levels = levels + wear.stain * slow(rng, rng.choice((60, 150, 300)))[..., None] * rng.normal(0, 0.6, 3)
    v, u = np.mgrid[0:SIDE, 0:SIDE]
    along = u * np.cos(wear.turn) + v * np.sin(wear.turn)
    levels = levels + (wear.bands * np.sin(along / rng.uniform(1.5, 9) + rng.uniform(0, 7)) * slow(rng, 200))[..., None]
    levels = levels + (_specks(rng, wear.soft) * wear.soft * wear.grain / 20)[..., None]
    return np.clip(levels, 0, 255).astype(np.uint8)


def _rim(share: Levels, strength: float, width: float, side: float, all_round: bool) -> Levels:
    """A rim along the outlines, brightest where they face the light."""
    soft = blurred(np.repeat(share[..., None], 3, axis=2), width)[..., 0]
    down, right = np.gradient(soft)
    steep = np.hypot(down, right)
    facing = down * np.sin(side) + right * np.cos(side)
    found = steep if all_round else np.clip(facing, 0, None)
    return np.asarray(strength * found / max(float(steep.max()), 0.05), dtype=np.float32)


def _scratches(rng: Rng, wear: _Wear) -> Levels:
    """Straight and bent scratches, bright and dark, most of them faint."""
    image = Image.new("L", (SIDE, SIDE), 128)
    pen = ImageDraw.Draw(image)
    count = int(wear.scratches * rng.uniform(0.6, 1.5))
    for x, y in rng.uniform(0, SIDE, (count, 2)).tolist():
        angle, reach, bend = wear.turn + rng.normal(0, wear.spread), rng.exponential(90), rng.normal(0, 0.5)
        steps = np.linspace(-1, 1, 7)
        turns = angle + bend * steps
        points = np.stack([x + reach * steps * np.cos(turns), y + reach * steps * np.sin(turns)], axis=1)
        fill = int(np.clip(128 + abs(rng.normal(0, wear.depth)) * rng.choice((1, 1, -1)), 0, 255))
        pen.line([tuple(p) for p in points.tolist()], fill=fill, width=1 if rng.random() < 0.85 else 2)
    return np.asarray(image.filter(ImageFilter.GaussianBlur(0.5)), dtype=np.float32) - 128
