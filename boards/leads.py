# SPDX-License-Identifier: Apache-2.0
"""What a component sets down on its lands: the metal ends of chips, the leads of circuits and moulded parts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from boards.bodies import cap_length
from boards.fields import rounded_box, smooth

if TYPE_CHECKING:
    from boards.catalogue import Pad, Part

Array = NDArray[np.float32]

_STAND = 0.19  # mm: the top of a lead's foot above the board


@dataclass(frozen=True, slots=True)
class Terminal:
    """Signed distances (H,W) in mm: to what solder wets, and to the whole lead, with its height (H,W)."""

    wetted: Array
    lead: Array | None = None
    rise: Array | None = None


def terminal_of(u: Array, v: Array, part: Part, pad: Pad) -> Terminal:
    """The terminal that stands on a pad, at positions (H,W) in the body's frame."""
    if part.chip:
        cap, side = cap_length(part), 1 if pad.x > 0 else -1
        return Terminal(rounded_box(u - np.float32(side * (part.length - cap) / 2), v, cap, part.width))
    out = u * np.float32(pad.exit_x) + v * np.float32(pad.exit_y)
    across = np.abs((v - np.float32(pad.y)) if pad.exit_x else (u - np.float32(pad.x)))
    tip, half_width = _tip(part, pad)
    edge, foot = (part.length if pad.exit_x else part.width) / 2, part.foot or 0.2
    return Terminal(
        _bar(out, across, (tip - foot, tip), half_width),
        _bar(out, across, (edge - 0.1, tip), half_width),
        _gull(out, edge, tip - foot, part.tall),
    )


def climb_of(part: Part) -> float:
    """How high solder climbs, mm: half of a chip's end, but only the thickness of a lead's foot."""
    return 0.55 * part.tall if part.chip else 0.22


def _tip(part: Part, pad: Pad) -> tuple[float, float]:
    """How far out the lead reaches from the body's middle, and half its width."""
    at, long, wide = (abs(pad.x), pad.width, pad.height) if pad.exit_x else (abs(pad.y), pad.height, pad.width)
    if part.two_ended:
        return part.length / 2 + (part.foot or 0.12), 0.3 * wide
    return at + 0.16 * long, 0.36 * wide


def _bar(out: Array, across: Array, reach: tuple[float, float], half_width: float) -> Array:
    middle, half = (reach[0] + reach[1]) / 2, (reach[1] - reach[0]) / 2
    return np.asarray(np.maximum(np.abs(out - middle) - half, across - half_width), dtype=np.float32)


def _gull(out: Array, edge: float, foot_start: float, tall: float) -> Array:
    """A lead's height: half the body's height where it leaves the body, flat on the land at its foot."""
    way = (out - edge) / max(foot_start - edge, 0.05)
    return np.asarray(_STAND + (0.5 * tall - _STAND) * (1 - smooth((way - 0.15) / 0.85)), dtype=np.float32)
