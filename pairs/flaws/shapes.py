# SPDX-License-Identifier: Apache-2.0
"""Soft shapes that flaws have: how much of each pixel (H, W) they cover, 0 to 1, around the middle of a window."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

Array = NDArray[np.float32]
Points = NDArray[np.float64]

_FINE = 4  # drawn so many times as large, then made small again
_SHARPEST, _SOFTEST = 0.4, 0.9  # pixels: a camera shows no sharper edge than this blur


def softness(rng: np.random.Generator) -> float:
    """Blur of a shape's edges in pixels, about that of a camera."""
    return float(rng.uniform(_SHARPEST, _SOFTEST))


def blob(rng: np.random.Generator, side: int, size: float, ragged: float = 0.25) -> Array:
    """A rounded or ragged patch of about `size` pixels across in a window of `side` pixels."""
    turns = np.linspace(0, 2 * math.pi, 28, endpoint=False)
    radius = np.ones_like(turns)
    for wave in range(2, 6):
        radius += ragged / wave * rng.normal() * np.cos(wave * turns + rng.uniform(0, 2 * math.pi))
    radius = np.clip(radius, 0.35, 1.6)
    flat, turn = rng.uniform(0.55, 1.0), rng.uniform(0, 2 * math.pi)
    points = np.stack([np.cos(turns) * radius, np.sin(turns) * radius * flat], axis=1)
    return polygon(side, _fitted(_turned(points, turn), size), softness(rng))


def rectangle(rng: np.random.Generator, side: int, size: float, upright: float = 0.7) -> Array:
    """A rectangle of `size` pixels along its longer side; upright with that chance, else turned."""
    flat = rng.uniform(0.35, 1.0)
    points = np.array([(-1, -flat), (1, -flat), (1, flat), (-1, flat)])
    turn = float(rng.choice((0.0, math.pi / 2))) if rng.random() < upright else rng.uniform(0, math.pi)
    return polygon(side, _fitted(_turned(points, turn), size), softness(rng))


def stroke(rng: np.random.Generator, side: int, size: float, width: float) -> Array:
    """A wandering line of about `size` pixels from end to end."""
    steps = np.linspace(-1, 1, 9)
    bend = np.cumsum(rng.normal(0, 0.12, 9))
    points = _turned(np.stack([steps, bend - bend.mean()], axis=1), rng.uniform(0, 2 * math.pi))
    return line(side, _fitted(points, max(1.0, size - width)), width, softness(rng))


def polygon(side: int, points: Points, soft: float) -> Array:
    """A filled polygon (N, 2) around the window's middle."""
    image = Image.new("L", (side * _FINE, side * _FINE))
    ImageDraw.Draw(image).polygon([tuple(p) for p in ((points + side / 2) * _FINE).tolist()], fill=255)
    return _small(image, side, soft)


def line(side: int, points: Points, width: float, soft: float) -> Array:
    """A line along points (N, 2) around the window's middle, with round ends."""
    image = Image.new("L", (side * _FINE, side * _FINE))
    pen, spots = ImageDraw.Draw(image), ((points + side / 2) * _FINE).tolist()
    pen.line([tuple(p) for p in spots], fill=255, width=max(1, round(width * _FINE)), joint="curve")
    reach = width * _FINE / 2
    for x, y in (spots[0], spots[-1]):
        pen.ellipse((x - reach, y - reach, x + reach, y + reach), fill=255)
    return _small(image, side, soft)


def softened(values: NDArray[np.generic], sigma: float) -> Array:
    """A field (H, W) of 0..1, blurred."""
    image = Image.fromarray(np.round(np.asarray(values, dtype=np.float32) * 255).astype(np.uint8))
    blurred = image.filter(ImageFilter.GaussianBlur(sigma))
    return np.asarray(np.asarray(blurred, dtype=np.float32) / np.float32(255), dtype=np.float32)


def cloud(rng: np.random.Generator, side: int, grain: float) -> Array:
    """Smooth noise (side, side) of 0..1, its features about `grain` pixels wide."""
    knots = max(2, round(side / max(grain, 1.0)))
    coarse = rng.uniform(0, 255, (knots, knots)).astype(np.uint8)
    fine = Image.fromarray(coarse).resize((side, side), Image.Resampling.BICUBIC)
    return np.asarray(np.asarray(fine, dtype=np.float32) / np.float32(255), dtype=np.float32)


def _small(image: Image.Image, side: int, soft: float) -> Array:
    return softened(np.asarray(image.resize((side, side), Image.Resampling.BOX), dtype=np.float32) / 255, soft)


def _turned(points: Points, angle: float) -> Points:
    cos, sin = math.cos(angle), math.sin(angle)
    return np.stack([points[:, 0] * cos - points[:, 1] * sin, points[:, 0] * sin + points[:, 1] * cos], axis=1)


def _fitted(points: Points, size: float) -> Points:
    """Points (N, 2) centred, the longer side of their box `size` pixels."""
    low, high = points.min(axis=0), points.max(axis=0)
    return np.asarray((points - (low + high) / 2) * (size / float((high - low).max())))
