# SPDX-License-Identifier: Apache-2.0
"""What a window of a picture shows: its two main tones, which of them is the ground, and its grain."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pairs.flaws.shapes import softened

Array = NDArray[np.float32]
Mask = NDArray[np.bool_]

_LEVELS = 64


@dataclass(frozen=True, slots=True)
class Tones:
    """Two tones of a window (H, W, 3): `figure` where the rarer one is, and the median colour (3,) of both."""

    figure: Mask
    figure_colour: Array
    ground_colour: Array

    @property
    def contrast(self) -> float:
        """Levels between both, of the colour that differs most."""
        return float(np.abs(self.figure_colour - self.ground_colour).max())


def two_tones(window: Array) -> Tones | None:
    """The tones that part a window best (Otsu, "A threshold selection method from gray-level histograms", 1979)."""
    grey = window.mean(axis=2)
    counts, edges = np.histogram(grey, _LEVELS, (0.0, 256.0))
    middles, below = (edges[:-1] + edges[1:]) / 2, np.cumsum(counts)
    above, sums = grey.size - below, np.cumsum(counts * middles)
    with np.errstate(divide="ignore", invalid="ignore"):
        spread = below * above * (sums / below - (sums[-1] - sums) / above) ** 2
    spread = np.nan_to_num(spread)
    if not spread.any():
        return None
    bright = grey > edges[int(spread.argmax()) + 1]
    figure = bright if bright.mean() <= 0.5 else ~bright
    if not figure.any():
        return None
    return Tones(figure, np.median(window[figure], axis=0), np.median(window[~figure], axis=0))


def grain_of(window: Array) -> float:
    """The deviation of a window's noise in levels, from differences of neighbours, which edges hardly sway."""
    steps = np.diff(window.mean(axis=2), axis=1)
    return float(np.median(np.abs(steps)) / 0.6745 / np.sqrt(2))


def grained(rng: np.random.Generator, colour: Array, side: int, grain: float) -> Array:
    """A plain window (side, side, 3) of a colour with noise like its surroundings'."""
    noise = rng.standard_normal((side, side, 1), dtype=np.float32) * np.float32(1.2 * grain)
    return np.asarray(colour[None, None, :] + noise, dtype=np.float32)


def mixed(window: Array, matter: Array, alpha: Array) -> Array:
    """Matter (H, W, 3) laid over a window as much as `alpha` (H, W) says."""
    return np.asarray(window + (matter - window) * alpha[..., None], dtype=np.float32)


def shape_of(mask: Mask, alpha: Array) -> Array:
    """The part of a soft shape that lies within a mask, with soft edges."""
    return np.asarray(softened(mask, 0.6) * alpha, dtype=np.float32)
