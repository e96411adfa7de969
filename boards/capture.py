# SPDX-License-Identifier: Apache-2.0
"""What the station's camera makes of a lit board: harmless differences that an inspector has to see past."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from boards.fields import blurred

if TYPE_CHECKING:
    from boards.view import Window

Array = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Pose:
    """How far the camera is off its taught position, in parts of the view and radians."""

    dx: float = 0.0
    dy: float = 0.0
    angle: float = 0.0
    zoom: float = 1.0

    def of(self, window: Window) -> Window:
        """The window that the camera shows in truth."""
        side = window.side
        x, y = window.x + self.dx * side, window.y + self.dy * side
        return replace(window, x=x, y=y, side=side * self.zoom, angle=window.angle + self.angle)


@dataclass(frozen=True, slots=True)
class Exposure:
    """How one photograph came out."""

    blur: float  # pixels
    noise: float  # standard deviation at mid-grey, of full scale
    gain: tuple[float, float, float]
    slope: tuple[float, float]  # illumination gradient across the picture, x and y
    gamma: float
    quality: int  # of the JPEG
    seed: int


def draw_pose(rng: np.random.Generator, nuisance: float) -> Pose:
    """The station's repeatability: about a pixel of 128, a few tenths of a degree."""
    dx, dy = np.clip(rng.normal(0, 0.006, 2), -0.013, 0.013) * nuisance
    angle = np.clip(rng.normal(0, 0.006), -0.016, 0.016) * nuisance
    return Pose(float(dx), float(dy), float(angle), 1 + float(rng.uniform(-0.006, 0.006)) * nuisance)


def draw_exposure(rng: np.random.Generator, nuisance: float) -> Exposure:
    """Focus, sensor noise, lamp ageing, white balance and illumination gradient of one photograph."""
    level = 1 + rng.normal(0, 0.045) * nuisance
    cast = 1 + rng.normal(0, 0.018, 3) * nuisance
    gain = tuple(float(g) for g in np.clip(level * cast, 0.5, 1.6))
    slope = tuple(float(s) for s in rng.normal(0, 0.045, 2) * nuisance)
    return Exposure(
        blur=0.35 + abs(float(rng.normal(0, 0.25))) * nuisance,
        noise=float(rng.uniform(0.004, 0.014)) * nuisance,
        gain=(gain[0], gain[1], gain[2]),
        slope=(slope[0], slope[1]),
        gamma=1 + float(np.clip(rng.normal(0, 0.03), -0.1, 0.1)) * nuisance,
        quality=int(rng.integers(86, 95)),
        seed=int(rng.integers(2**62)),
    )


def develop(light: Array, exposure: Exposure) -> Image.Image:
    """Turn linear light (H,W,3) into a picture."""
    rng = np.random.default_rng(exposure.seed)
    image = blurred(light, exposure.blur)
    image = image * np.array(exposure.gain, np.float32) * _gradient(light.shape[0], exposure.slope)[..., None]
    image = _tone(image)
    image = np.power(image, np.float32(exposure.gamma / 2.2))
    grain = rng.standard_normal(image.shape, dtype=np.float32) * np.float32(exposure.noise)
    image += grain * (0.6 + 0.8 * image)
    return Image.fromarray(np.round(np.clip(image, 0, 1) * 255).astype(np.uint8))


def _tone(image: Array) -> Array:
    """A sensor's shoulder: linear up to three quarters, then bending towards white."""
    over = np.maximum(image - 0.75, 0)
    return np.asarray(np.clip(image, 0, 0.75) + 0.25 * (1 - np.exp(-over / 0.25)), dtype=np.float32)


def _gradient(pixels: int, slope: tuple[float, float]) -> Array:
    ramp = np.linspace(-1, 1, pixels, dtype=np.float32)
    return np.asarray(1 + slope[0] * ramp[None, :] + slope[1] * ramp[:, None], dtype=np.float32)
