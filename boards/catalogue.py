# SPDX-License-Identifier: Apache-2.0
"""The parts that stand on the boards: bodies and pads in millimetres, after common land patterns."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Literal

Family = Literal["resistor", "capacitor", "diode", "led", "tantalum", "gullwing", "can"]


@dataclass(frozen=True, slots=True)
class Pad:
    """A copper land: its centre and size in the part's frame, and the unit vector along which a trace leaves it."""

    x: float
    y: float
    width: float
    height: float
    exit_x: float
    exit_y: float


@dataclass(frozen=True, slots=True)
class Part:
    """A kind of component, its length along x."""

    kind: str
    prefix: str
    family: Family
    length: float  # of the body
    width: float
    tall: float
    pads: tuple[Pad, ...]
    polar: bool = False
    pitch: float = 0.0  # between the leads of one side
    foot: float = 0.0  # length of the lead's flat end

    @property
    def extent(self) -> tuple[float, float]:
        """Width and height of body and pads together."""
        return _extent(self.kind)

    @property
    def chip(self) -> bool:
        """Whether solder climbs the metal ends of its body."""
        return self.family in {"resistor", "capacitor", "led"}

    @property
    def two_ended(self) -> bool:
        """Whether it is a small part with one joint at either end."""
        return len(self.pads) == 2 and self.family != "can"


@cache
def _extent(kind: str) -> tuple[float, float]:
    part = PARTS[kind]
    across = max([part.length / 2, *(abs(p.x) + p.width / 2 for p in part.pads)]) * 2
    along = max([part.width / 2, *(abs(p.y) + p.height / 2 for p in part.pads)]) * 2
    return across, along


def _two_pads(gap: float, width: float, height: float) -> tuple[Pad, ...]:
    at = (gap + width) / 2
    return Pad(-at, 0, width, height, -1, 0), Pad(at, 0, width, height, 1, 0)


def _row(count: int, pitch: float) -> list[float]:
    return [(k - (count - 1) / 2) * pitch for k in range(count)]


def _dual(count: int, pitch: float, span: float, land: tuple[float, float]) -> tuple[Pad, ...]:
    """Pads on the two long sides; the rows run along x and pin 1 is at the lower left, numbered counter-clockwise."""
    xs, y = _row(count // 2, pitch), span / 2
    lower = tuple(Pad(x, y, land[0], land[1], 0, 1) for x in xs)
    return lower + tuple(Pad(x, -y, land[0], land[1], 0, -1) for x in reversed(xs))


def _quad(count: int, pitch: float, span: float, land: tuple[float, float]) -> tuple[Pad, ...]:
    at, d = _row(count // 4, pitch), span / 2
    lower = tuple(Pad(x, d, land[0], land[1], 0, 1) for x in at)
    right = tuple(Pad(d, -y, land[1], land[0], 1, 0) for y in at)
    upper = tuple(Pad(-x, -d, land[0], land[1], 0, -1) for x in at)
    return lower + right + upper + tuple(Pad(-d, y, land[1], land[0], -1, 0) for y in at)


def _sot23() -> tuple[Pad, ...]:
    return Pad(-0.95, 1.0, 0.7, 0.9, 0, 1), Pad(0.95, 1.0, 0.7, 0.9, 0, 1), Pad(0, -1.0, 0.7, 0.9, 0, -1)


PARTS: dict[str, Part] = {
    part.kind: part
    for part in (
        Part("R0402", "R", "resistor", 1.0, 0.5, 0.32, _two_pads(0.46, 0.52, 0.58)),
        Part("R0603", "R", "resistor", 1.6, 0.8, 0.45, _two_pads(0.76, 0.80, 0.90)),
        Part("R0805", "R", "resistor", 2.0, 1.25, 0.5, _two_pads(1.00, 0.95, 1.35)),
        Part("C0402", "C", "capacitor", 1.0, 0.5, 0.5, _two_pads(0.46, 0.52, 0.58)),
        Part("C0603", "C", "capacitor", 1.6, 0.8, 0.8, _two_pads(0.76, 0.80, 0.90)),
        Part("C0805", "C", "capacitor", 2.0, 1.25, 1.0, _two_pads(1.00, 0.95, 1.35)),
        Part("D-SOD123", "D", "diode", 2.7, 1.6, 1.1, _two_pads(2.35, 1.0, 1.1), polar=True, foot=0.45),
        Part("LED0603", "D", "led", 1.6, 0.8, 0.5, _two_pads(0.76, 0.80, 0.85), polar=True),
        Part("T3528", "C", "tantalum", 3.5, 2.8, 1.9, _two_pads(2.0, 1.4, 2.4), polar=True),
        Part("SOT23", "Q", "gullwing", 2.9, 1.3, 1.0, _sot23(), pitch=1.9, foot=0.4),
        Part(
            "SOIC8", "U", "gullwing", 4.9, 3.9, 1.5, _dual(8, 1.27, 5.4, (0.6, 1.55)), polar=True, pitch=1.27, foot=0.7
        ),
        Part(
            "SOIC14",
            "U",
            "gullwing",
            8.6,
            3.9,
            1.5,
            _dual(14, 1.27, 5.4, (0.6, 1.55)),
            polar=True,
            pitch=1.27,
            foot=0.7,
        ),
        Part(
            "TSSOP16",
            "U",
            "gullwing",
            5.0,
            4.4,
            1.0,
            _dual(16, 0.65, 5.9, (0.36, 1.4)),
            polar=True,
            pitch=0.65,
            foot=0.6,
        ),
        Part(
            "QFP32", "U", "gullwing", 7.0, 7.0, 1.2, _quad(32, 0.8, 8.5, (0.45, 1.4)), polar=True, pitch=0.8, foot=0.6
        ),
        Part(
            "QFP44",
            "U",
            "gullwing",
            10.0,
            10.0,
            1.4,
            _quad(44, 0.8, 11.4, (0.45, 1.5)),
            polar=True,
            pitch=0.8,
            foot=0.6,
        ),
    )
}
SMALL = ("R0402", "R0603", "R0805", "C0402", "C0603", "C0805", "D-SOD123", "LED0603", "T3528", "SOT23")
SMALL_WEIGHTS = (0.15, 0.22, 0.08, 0.15, 0.16, 0.08, 0.06, 0.04, 0.03, 0.03)
CIRCUITS = ("SOIC8", "SOIC14", "TSSOP16", "QFP32", "QFP44")
CIRCUIT_WEIGHTS = (0.36, 0.16, 0.18, 0.2, 0.1)
