# SPDX-License-Identifier: Apache-2.0
"""Solder: fillets that climb from a land to a terminal, domes on lands without one, and leads' feet."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from boards.fields import cloud, cover, rounded_box, smooth

if TYPE_CHECKING:
    from boards.patch import Patch
    from boards.surface import Material

Array = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Joint:
    """What a joint connects, as signed distances (H,W) in mm: the land, and the terminal where there is one."""

    land: Array
    terminal: Array | None
    climb: float  # how high the solder wets the terminal, mm
    reach: float  # the land's shorter side, mm


def paint_joint(patch: Patch, joint: Joint, solder: Material, fill: float, rng: np.random.Generator) -> None:
    """Flow solder over a land; less than its usual `fill` leaves a part of the land bare and the fillet flat."""
    ripple = cloud(rng, joint.land.shape, 5)
    starved = max(0.0, 1 - fill)
    shrink = starved * joint.reach * (0.42 + 0.10 * ripple) + 0.012 + 0.006 * np.abs(ripple)
    wet = (joint.land + shrink).astype(np.float32)
    climb = joint.climb * float(rng.uniform(0.85, 1.1)) * fill
    height = _fillet(wet, joint.terminal, climb) if joint.terminal is not None else _dome(wet, joint.reach, fill)
    share = cover(wet, patch.scale)
    patch.surface.paint(share, solder, 1 + 0.03 * ripple, 0.03 + height + 0.0025 * ripple)


def _fillet(wet: Array, terminal: Array, climb: float) -> Array:
    """A concave slope: high at the terminal, thin at the edge of the wetted land."""
    inner, outer = np.maximum(terminal, 0), np.maximum(-wet, 0)
    way = inner / np.maximum(inner + outer, 1e-4)
    near = np.exp(-np.maximum(inner - 0.15, 0) * 2.2)
    return np.asarray(
        climb * near * (1 - way) ** 1.9 + 0.05 * smooth((outer / 0.12).astype(np.float32)), dtype=np.float32
    )


def _dome(wet: Array, reach: float, fill: float) -> Array:
    """Solder that flowed without a terminal: a low cushion."""
    bulge = np.clip(-wet / (0.5 * reach), 0, 1)
    return np.asarray((0.05 + 0.09 * reach) * fill * np.sqrt(1 - (1 - bulge) ** 2), dtype=np.float32)


def paint_blob(patch: Patch, distance: Array, height: float, solder: Material) -> None:
    """Solder where none belongs: a rounded web of the given height over the inside of `distance`."""
    depth = np.clip(-distance / max(float(-distance.min()), 1e-3), 0, 1)
    rise = (height * np.sqrt(1 - (1 - depth) ** 2)).astype(np.float32)
    patch.surface.paint(cover(distance, patch.scale), solder, 1.0, np.maximum(patch.surface.height, 0.03 + rise))


def land_distance(u: Array, v: Array, width: float, height: float, rounding: float) -> Array:
    """The signed distance to a land with rounded corners."""
    return rounded_box(u, v, width, height, rounding * min(width, height))
