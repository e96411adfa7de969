# SPDX-License-Identifier: Apache-2.0
"""The bodies of components, painted in their own frame: length along u, pin 1 or cathode at negative u."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from boards.fields import cloud, cover, rounded_box, smooth
from boards.surface import Material

if TYPE_CHECKING:
    from boards.catalogue import Part
    from boards.patch import Patch
    from boards.unit import Mounting

Array = NDArray[np.float32]

_CAP = Material((0.76, 0.75, 0.73), 0.80, 0.24)
_LEAD = Material((0.72, 0.72, 0.71), 0.82, 0.22)
_ALUMINA = Material((0.72, 0.71, 0.68), 0.03, 0.5)
_GLASS = (Material((0.010, 0.010, 0.011), 0.06, 0.20), Material((0.010, 0.016, 0.040), 0.06, 0.20))
_CERAMIC = (
    Material((0.36, 0.22, 0.11), 0.04, 0.35),
    Material((0.28, 0.19, 0.12), 0.04, 0.35),
    Material((0.42, 0.33, 0.23), 0.04, 0.35),
    Material((0.25, 0.23, 0.21), 0.04, 0.35),
)
_EPOXY = Material((0.020, 0.020, 0.021), 0.045, 0.40)
_BAND = Material((0.55, 0.55, 0.53), 0.03, 0.5)
_TANTALUM = (Material((0.62, 0.36, 0.04), 0.04, 0.35), Material((0.022, 0.022, 0.022), 0.045, 0.4))
_TANTALUM_BAND = (Material((0.12, 0.05, 0.01), 0.04, 0.4), Material((0.60, 0.58, 0.50), 0.04, 0.4))
_LENS = Material((0.74, 0.74, 0.62), 0.10, 0.12)
_GREEN_MARK = Material((0.04, 0.30, 0.09), 0.04, 0.35)


@dataclass(frozen=True, slots=True)
class Frame:
    """A body's own coordinates over a patch, with how high its ground is above the board (a tombstone's slope)."""

    patch: Patch
    u: Array
    v: Array
    ground: Array | float
    cosine: float = 1.0  # foreshortening along u


def cap_length(part: Part) -> float:
    """How far the metal reaches around either end of a chip, mm."""
    return part.length * (0.24 if part.family == "capacitor" else 0.2)


def frame_of(patch: Patch, part: Part, mounting: Mounting, place: tuple[float, float, float]) -> Frame:
    """The frame of a body at a place (x, y, angle) that lies flat, or of one that stands on an end."""
    u, v = patch.local(*place)
    if mounting.lift == 0:
        return Frame(patch, u, v, 0.05)
    end, cosine = mounting.lifted_end, math.cos(mounting.lift)
    way = part.length / 2 - end * u  # from the end that stays down
    slope = np.maximum(way, 0) * math.tan(mounting.lift)
    return Frame(patch, (end * (part.length / 2 - way / cosine)).astype(np.float32), v, 0.05 + slope, cosine)


def paint_body(frame: Frame, part: Part, variant: int, rng: np.random.Generator, mounting: Mounting) -> None:
    """Paint a component's body; `variant` is the design's choice among colours, `rng` the unit's grain."""
    grain = 1 + 0.04 * cloud(rng, frame.u.shape, 2)
    if part.chip:
        _chip(frame, part, variant, grain)
    elif part.family in {"diode", "tantalum"}:
        _moulded(frame, part, variant, grain)
    else:
        _circuit(frame, part, grain)
    if mounting.lift:
        _standing_end(frame, part, mounting)


def _slab(frame: Frame, size: tuple[float, float], tall: float, bevel: float, corner: float) -> tuple[Array, Array]:
    """The cover (H,W) and height (H,W) of a block with rounded edges."""
    distance = rounded_box(frame.u, frame.v, *size, corner)
    inside = np.clip(-distance / bevel, 0, 1)
    height = frame.ground + tall * (0.55 + 0.45 * np.sqrt(1 - (1 - inside) ** 2))
    return cover(distance, frame.patch.scale * frame.cosine), np.asarray(height, dtype=np.float32)


def _chip(frame: Frame, part: Part, variant: int, grain: Array) -> None:
    length, width, cap = part.length, part.width, cap_length(part)
    middle = _middle(part, variant)
    share, height = _slab(frame, (length, width), part.tall, 0.16 * width, 0.08 * width)
    frame.patch.surface.paint(share, middle, grain, height)
    ends = share * np.clip((np.abs(frame.u) - (length / 2 - cap)) * frame.patch.scale + 0.5, 0, 1)
    frame.patch.surface.paint(ends, _CAP, 1 + (grain - 1) * 0.6, height + 0.015)
    if part.family == "resistor":
        top = cover(rounded_box(frame.u, frame.v, length - 2 * cap, width * 0.88, 0.02), frame.patch.scale)
        frame.patch.surface.paint(top, _GLASS[variant % 5 == 0], grain, height + 0.01)
    if part.family == "led":
        _led_top(frame, part, height)


def _middle(part: Part, variant: int) -> Material:
    if part.family == "resistor":
        return _ALUMINA
    return _ALUMINA if part.family == "led" else _CERAMIC[variant % len(_CERAMIC)]


def _led_top(frame: Frame, part: Part, height: Array) -> None:
    scale, inner = frame.patch.scale, part.length - 2 * cap_length(part)
    distance = rounded_box(frame.u, frame.v, inner, part.width * 0.9, 0.1)
    bulge = 0.12 * np.sqrt(np.clip(-distance / (0.3 * part.width), 0, 1)).astype(np.float32)
    frame.patch.surface.paint(cover(distance, scale), _LENS, 1.0, height + bulge)
    mark = rounded_box(frame.u + inner / 2 - 0.12, frame.v, 0.22, part.width * 0.9)
    frame.patch.surface.paint(cover(mark, scale), _GREEN_MARK)


def _moulded(frame: Frame, part: Part, variant: int, grain: Array) -> None:
    """A moulded two-lead body with a band at the cathode (diode) or the anode (tantalum)."""
    choice = variant % 2 if part.family == "tantalum" else 1
    body, band = (_TANTALUM[choice], _TANTALUM_BAND[choice]) if part.family == "tantalum" else (_EPOXY, _BAND)
    share, height = _slab(frame, (part.length, part.width), part.tall, 0.1 * part.width, 0.03)
    frame.patch.surface.paint(share, body, grain, height)
    stripe = share * cover(np.abs(frame.u + part.length * 0.34) - part.length * 0.075, frame.patch.scale)
    frame.patch.surface.paint(stripe, band, grain)


def _circuit(frame: Frame, part: Part, grain: Array) -> None:
    share, height = _slab(frame, (part.length, part.width), part.tall, 0.14, 0.04)
    frame.patch.surface.paint(share, _EPOXY, grain, height)
    if not part.polar:
        return
    radius = 0.07 * min(part.length, part.width) + 0.08
    inset = radius + 0.32
    spot = np.hypot(frame.u + part.length / 2 - inset, frame.v - part.width / 2 + inset) - radius
    dip = (0.08 * smooth(-spot / 0.12)).astype(np.float32)
    frame.patch.surface.paint(cover(spot.astype(np.float32), frame.patch.scale), _EPOXY, 2.2, height - dip)
    if part.length > part.width or part.kind.startswith("SOIC"):
        notch = np.hypot(frame.u + part.length / 2, frame.v) - 0.14 * part.width
        frame.patch.surface.paint(
            share * cover(notch.astype(np.float32), frame.patch.scale), _EPOXY, 0.5, height - 0.15
        )


def _standing_end(frame: Frame, part: Part, mounting: Mounting) -> None:
    """The raised end of a tombstone, which faces the camera."""
    end, scale = mounting.lifted_end, frame.patch.scale
    beyond = (-end * frame.u - part.length / 2) * frame.cosine  # mm behind the raised edge, as seen from above
    depth = part.tall * math.sin(mounting.lift)
    distance = np.maximum(np.abs(beyond - depth / 2) - depth / 2, np.abs(frame.v) - part.width / 2)
    top = part.length * math.sin(mounting.lift) + part.tall * math.cos(mounting.lift)
    height = (top - np.clip(beyond, 0, depth) / max(math.tan(mounting.lift), 0.2)).astype(np.float32)
    frame.patch.surface.paint(cover(distance.astype(np.float32), scale), _CAP, 1.0, height)


def paint_lead(patch: Patch, distance: Array, rise: Array) -> None:
    """A lead: its outline (H,W) as a signed distance and its height over the board (H,W)."""
    edge = np.clip(-distance / 0.06, 0, 1)
    patch.surface.paint(cover(distance, patch.scale), _LEAD, 1.0, rise - 0.03 * (1 - edge) ** 2)
