# SPDX-License-Identifier: Apache-2.0
"""A line-scan camera's black and white picture of bare copper, and what makes two scans of one design differ."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from boards.fields import blurred, cloud

if TYPE_CHECKING:
    from boards.copper_shapes import Disc

Array = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class ScanError:
    """How one scan is off; lengths in pixels."""

    shift: tuple[float, float]
    angle: float  # radians
    wobble: float  # sideways unsteadiness of the transport
    etch: float  # the level at which copper counts: above 0.5 the copper is thinner
    raggedness: float  # roughness of edges
    drill: tuple[float, float]  # offset of all holes
    drill_spread: float  # of each hole for itself
    specks: int  # dust of one or two pixels per scan of 128 x 128
    seed: int


def draw_scan_error(rng: np.random.Generator, nuisance: float) -> ScanError:
    """Registration within about a pixel, drill within a few, edges a little eaten or swollen."""
    spread = 0.5 if rng.random() < 0.65 else 1.8  # most scans are registered well, some are not
    dx, dy = np.clip(rng.normal(0, spread, 2), -3.5, 3.5) * nuisance
    drill = np.clip(rng.normal(0, 2.2, 2), -6, 6) * nuisance
    return ScanError(
        shift=(float(dx), float(dy)),
        angle=float(np.clip(rng.normal(0, 0.0015), -0.004, 0.004)) * nuisance,
        wobble=float(rng.uniform(0, 0.7)) * nuisance,
        etch=0.5 + float(np.clip(rng.normal(0, 0.12), -0.28, 0.28)) * nuisance,
        raggedness=float(rng.uniform(0.03, 0.16)) * min(nuisance, 1.5),
        drill=(float(drill[0]), float(drill[1])),
        drill_spread=0.5 * nuisance,
        specks=int(rng.poisson(0.25 * nuisance)),
        seed=int(rng.integers(2**62)),
    )


def scan(copper: Array, holes: tuple[Disc, ...], error: ScanError) -> NDArray[np.bool_]:
    """Scan a piece of a pattern (H,W), holes in its own pixels: True where the camera sees copper (H,W)."""
    rng = np.random.default_rng(error.seed)
    spread = rng.normal(0, 1, (len(holes), 2)) * error.drill_spread + np.array(error.drill)
    field = _displaced(drilled(copper, holes, spread), error, rng)
    field = blurred(field, 0.8)
    border = 4 * np.clip(field * (1 - field), 0, None)  # rough edges, but no grain on the plain
    field += np.float32(2 * error.raggedness) * border * cloud(rng, field.shape, 2)
    seen = field > error.etch
    for _ in range(error.specks):
        y, x = rng.integers(2, np.array(seen.shape) - 2)
        high, wide = rng.integers(1, 4, 2)
        seen[y : y + high, x : x + wide] ^= True
    return np.asarray(seen)


def drilled(copper: Array, holes: tuple[Disc, ...], offsets: NDArray[np.float64]) -> Array:
    """The copper (H,W) less its holes, each off by (x, y) of the offsets (N,2)."""
    out = copper.copy()
    for hole, (du, dv) in zip(holes, offsets.tolist(), strict=True):
        x, y, reach = hole.x + du, hole.y + dv, hole.radius + 2
        top, left = max(0, int(y - reach)), max(0, int(x - reach))
        bottom, right = min(out.shape[0], int(y + reach) + 1), min(out.shape[1], int(x + reach) + 1)
        if bottom <= top or right <= left:
            continue
        v, u = np.mgrid[top:bottom, left:right]
        cover = np.clip(hole.radius - np.hypot(u + 0.5 - x, v + 0.5 - y) + 0.5, 0, 1)
        out[top:bottom, left:right] *= 1 - cover
    return out


def _displaced(field: Array, error: ScanError, rng: np.random.Generator) -> Array:
    """The field (H,W) shifted, turned about its middle and shaken from row to row, by bilinear sampling."""
    rows, columns = field.shape
    v, u = np.mgrid[0:rows, 0:columns].astype(np.float32)
    sway = error.wobble * cloud(rng, (rows, 2), 12)
    x = u + error.shift[0] - error.angle * (v - rows / 2) + sway[:, :1]
    y = v + error.shift[1] + error.angle * (u - columns / 2) + sway[:, 1:]
    x, y = np.clip(x, 0, columns - 1.001), np.clip(y, 0, rows - 1.001)
    left, top = x.astype(np.intp), y.astype(np.intp)
    a, b = (x - left).astype(np.float32), (y - top).astype(np.float32)
    upper = field[top, left] * (1 - a) + field[top, left + 1] * a
    lower = field[top + 1, left] * (1 - a) + field[top + 1, left + 1] * a
    return np.asarray(upper * (1 - b) + lower * b, dtype=np.float32)
