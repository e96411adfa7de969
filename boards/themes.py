# SPDX-License-Identifier: Apache-2.0
"""What a board is made of: solder mask, ink, finish and solder, drawn once per design. Colours are linear RGB."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from boards.surface import Material

if TYPE_CHECKING:
    import numpy as np

LAMINATE = Material((0.30, 0.26, 0.13), 0.03, 0.5)
COPPER = Material((0.78, 0.36, 0.20), 0.82, 0.22)
CONVEYOR = Material((0.014, 0.014, 0.015), 0.01, 0.5)
HOLE = Material((0.006, 0.006, 0.006), 0.0, 0.5)
# name: over laminate, over copper
_MASKS = {
    "green": ((0.010, 0.085, 0.030), (0.028, 0.200, 0.070)),
    "dark green": ((0.004, 0.040, 0.018), (0.012, 0.095, 0.042)),
    "blue": ((0.006, 0.028, 0.130), (0.020, 0.085, 0.300)),
    "red": ((0.160, 0.010, 0.010), (0.380, 0.040, 0.030)),
    "black": ((0.009, 0.009, 0.010), (0.022, 0.022, 0.024)),
    "white": ((0.560, 0.560, 0.530), (0.680, 0.660, 0.610)),
    "purple": ((0.040, 0.010, 0.075), (0.110, 0.032, 0.170)),
}
_MASK_WEIGHTS = (0.34, 0.18, 0.16, 0.10, 0.10, 0.06, 0.06)
_FINISHES = {
    "gold": Material((0.95, 0.66, 0.26), 0.86, 0.16),
    "tin": Material((0.80, 0.80, 0.78), 0.84, 0.20),
    "silver": Material((0.92, 0.90, 0.86), 0.88, 0.12),
    "organic": Material((0.80, 0.42, 0.26), 0.80, 0.20),
}
_SOLDERS = {"lead-free": Material((0.74, 0.74, 0.73), 0.84, 0.20), "leaded": Material((0.84, 0.84, 0.85), 0.90, 0.11)}


@dataclass(frozen=True, slots=True)
class Theme:
    """The materials and habits of one board design."""

    mask: str
    over_laminate: Material
    over_copper: Material
    ink: Material
    finish: Material
    solder: Material
    pour: bool  # the free area is filled with copper
    tented: bool  # the mask covers the vias
    trace: float  # usual trace width, mm
    clearance: float  # between copper of different nets, mm
    round_pads: float  # corner radius of lands, as a share of their shorter side


def draw_theme(rng: np.random.Generator) -> Theme:
    """A plausible combination of mask, ink, finish and design rules."""
    name = str(rng.choice(list(_MASKS), p=_MASK_WEIGHTS))
    roughness, tint = float(rng.uniform(0.10, 0.32)), float(rng.uniform(0.85, 1.2))
    laminate, copper = (tuple(c * tint for c in colour) for colour in _MASKS[name])
    ink = (0.02, 0.02, 0.02) if name == "white" else (0.80, 0.80, 0.76)
    if name != "white" and rng.random() < 0.12:
        ink = (0.80, 0.62, 0.10)
    return Theme(
        mask=name,
        over_laminate=Material(_rgb(laminate), 0.045, roughness),
        over_copper=Material(_rgb(copper), 0.055, roughness),
        ink=Material(ink, 0.02, 0.5),
        finish=_FINISHES[str(rng.choice(list(_FINISHES), p=(0.4, 0.35, 0.15, 0.1)))],
        solder=_SOLDERS[str(rng.choice(list(_SOLDERS), p=(0.7, 0.3)))],
        pour=bool(rng.random() < 0.55),
        tented=bool(rng.random() < 0.55),
        trace=float(rng.choice((0.15, 0.2, 0.25))),
        clearance=float(rng.choice((0.18, 0.22, 0.28))),
        round_pads=float(rng.choice((0.0, 0.15, 0.3))),
    )


def _rgb(colour: tuple[float, ...]) -> tuple[float, float, float]:
    return colour[0], colour[1], colour[2]
