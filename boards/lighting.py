# SPDX-License-Identifier: Apache-2.0
"""Lightings of an inspection station: rings of lamps at an angle from the camera's axis, a dome, one lamp at the side.

A ring is symmetric about the camera's axis, so what it sends into the camera depends only on a facet's tilt:
diffuse light as the clipped cosine averaged over the ring, the highlight where twice the tilt meets the ring's angle.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from boards.fields import blurred

if TYPE_CHECKING:
    from boards.surface import Surface

Array = NDArray[np.float32]
_Colour = tuple[float, float, float]
_STEPS = 512  # entries of the tables over tilt


@dataclass(frozen=True, slots=True)
class Ring:
    """Lamps at `zenith` radians from the axis, `spread` radians thick, with a linear RGB strength."""

    zenith: float
    spread: float
    strength: _Colour


@dataclass(frozen=True, slots=True)
class Lighting:
    """A set-up: rings, a dome (light from everywhere), a lamp from one side, and how much hollows lose."""

    rings: tuple[Ring, ...] = ()
    dome: float = 0.0
    side: float = 0.0  # a lamp half-way down one side, which throws shadows
    hollow: float = 0.5  # share of the light that deep corners lose
    exposure: float = 1.0
    polish: float = 1.0  # highlights against matt light: small lamps make them brighter


LIGHTINGS = {
    "SolderLight": Lighting(
        rings=(
            Ring(0.28, 0.20, (1.35, 1.22, 1.08)),
            Ring(0.80, 0.24, (0.75, 0.90, 0.70)),
            Ring(1.35, 0.24, (0.45, 0.62, 1.10)),
        ),
        dome=0.10,
        exposure=0.46,
        polish=1.7,
    ),
    "UniformLight": Lighting(dome=1.0, rings=(Ring(0.5, 0.4, (0.15, 0.15, 0.15)),), hollow=0.6, exposure=0.95),
    "LowAngleLight": Lighting(rings=(Ring(1.36, 0.14, (1.6, 1.6, 1.65)),), dome=0.03, hollow=0.9, exposure=1.15),
    "WhiteLight": Lighting(rings=(Ring(0.55, 0.25, (0.62, 0.62, 0.60)),), dome=0.38, side=0.42, exposure=0.9),
}


def shade(surface: Surface, light: str, scale: float) -> Array:
    """The light that reaches the camera: linear RGB (H,W,3). `scale` is pixels per millimetre."""
    lighting = LIGHTINGS[light]
    down, right = np.gradient(surface.height * np.float32(scale))
    upright = (1 / np.sqrt(1 + down**2 + right**2)).astype(np.float32)
    tilt = np.arccos(np.clip(upright, 0, 1)).astype(np.float32)
    open_sky = 1 - np.float32(lighting.hollow) * _hollows(surface.height, scale)
    diffuse = np.empty_like(surface.colour)
    gleam = np.empty_like(surface.colour)
    _domes(lighting, upright, diffuse, gleam)
    for ring in lighting.rings:
        _ring(ring, tilt, surface.roughness, diffuse, gleam)
    if lighting.side:
        diffuse += (lighting.side * _side(surface.height, (down, right), scale))[..., None]
    tint = 1 + surface.mirror[..., None] * (surface.colour - 1)
    matt = (1 - surface.mirror)[..., None] * surface.colour * diffuse
    bright = np.float32(lighting.polish) * surface.mirror[..., None] * tint * gleam
    return (matt + bright) * (np.float32(lighting.exposure) * open_sky)[..., None]


def _domes(lighting: Lighting, upright: Array, diffuse: Array, gleam: Array) -> None:
    diffuse[:] = (lighting.dome * (0.5 + 0.5 * upright))[..., None]
    gleam[:] = (lighting.dome * (0.35 + 0.3 * upright))[..., None]


def _ring(ring: Ring, tilt: Array, roughness: Array, diffuse: Array, gleam: Array) -> None:
    strength = np.array(ring.strength, dtype=np.float32)
    entry = (tilt * ((_STEPS - 1) / (math.pi / 2))).astype(np.intp)
    diffuse += _clipped_cosine(ring.zenith)[entry][..., None] * strength
    width = roughness**2 + np.float32(ring.spread**2)
    lobe = np.exp(-((2 * tilt - np.float32(ring.zenith)) ** 2) / (2 * width)) * (0.22 / np.sqrt(width))
    gleam += lobe[..., None] * strength


def _clipped_cosine(zenith: float) -> Array:
    """The mean of max(0, n·l) around a ring, for tilts from 0 to 90 degrees: a closed form of its integral."""
    tilt = np.linspace(0, math.pi / 2, _STEPS)
    level, swing = np.cos(tilt) * math.cos(zenith), np.sin(tilt) * math.sin(zenith)
    limit = np.arccos(np.clip(-level / np.maximum(swing, 1e-9), -1, 1))
    return np.asarray((level * limit + swing * np.sin(limit)) / math.pi, dtype=np.float32)


def _side(height: Array, slope: tuple[Array, Array], scale: float) -> Array:
    """What a lamp at the upper left, at 45 degrees, gives a matt facet, less the shadows that it throws."""
    down, right = slope
    lit = np.maximum(0.0, (0.5 * down + 0.5 * right + 0.7071) / np.sqrt(1 + down**2 + right**2))
    shadow = np.zeros_like(height)
    for step in (0.08, 0.16, 0.3, 0.5, 0.8):  # mm towards the lamp
        pixels = round(step * scale * 0.7071)
        if 0 < pixels < height.shape[0]:
            blocker = np.pad(height, ((pixels, 0), (pixels, 0)), mode="edge")[:-pixels, :-pixels]
            shadow = np.maximum(shadow, np.clip((blocker - height - step) / 0.08, 0, 1))
    return np.asarray(lit * (1 - 0.75 * blurred(shadow, 0.03 * scale)), dtype=np.float32)


def _hollows(height: Array, scale: float) -> Array:
    """How much of the sky the surroundings hide, 0 to 1, from how far a point lies below them."""
    near = blurred(height, 0.12 * scale) - height
    wide = blurred(height, 0.5 * scale) - height
    return np.clip(near * 1.6 + wide * 0.7, 0, 1)
