# SPDX-License-Identifier: Apache-2.0
"""The bare board of a unit in a window: copper, mask, openings, ink, drills and scratches."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from boards.fields import blurred, cloud
from boards.glyphs import text_strokes
from boards.surface import Surface
from boards.themes import CONVEYOR, COPPER, HOLE, LAMINATE
from boards.view import Artwork, Window, moved, rectangle, turned

if TYPE_CHECKING:
    from boards.catalogue import Pad
    from boards.floorplan import Placed
    from boards.routing import Trace, Via
    from boards.unit import Stroke, Unit

Array = NDArray[np.float32]

_COPPER_THICKNESS = 0.045  # mm, with plating
_INK_THICKNESS = 0.018
_CORNER = 1.0  # mm, radius of the board's corners
_OPENING = 0.05  # mm by which the mask keeps off the lands


@dataclass(frozen=True, slots=True)
class _InView:
    """What of a design a window shows."""

    unit: Unit
    window: Window
    traces: tuple[Trace, ...]
    vias: tuple[Via, ...]
    lands: tuple[Pad, ...]


def _in_view(unit: Unit, window: Window) -> _InView:
    routed, items = unit.design.routed, unit.design.plan.placed
    return _InView(
        unit,
        window,
        tuple(trace for trace in routed.traces if window.sees_box(trace.box)),
        tuple(via for via in routed.vias if window.sees(via.x, via.y, 1.0)),
        tuple(land for item in items if window.sees(item.x, item.y, max(item.extent) / 2 + 1) for land in item.lands),
    )


def bare_board(unit: Unit, window: Window) -> Surface:
    """The board before any part stands on it."""
    theme, rng, seen = unit.design.theme, np.random.default_rng((unit.seed, 1)), _in_view(unit, window)
    copper, opening = _copper(seen), _openings(seen)
    surface = Surface.blank(window.pixels, theme.over_laminate)
    surface.paint(copper, theme.over_copper)
    surface.height += _COPPER_THICKNESS * blurred(copper, 0.02 * window.scale)
    shape = copper.shape
    surface.colour *= (1 + 0.04 * cloud(rng, shape, 0.5 * window.scale))[..., None]
    surface.height += np.float32(0.0012) * cloud(rng, shape, 0.35 * window.scale)
    surface.paint(opening * (1 - copper), LAMINATE, 1 + 0.1 * cloud(rng, shape, 2))
    surface.paint(opening * copper, theme.finish, 1 + 0.04 * cloud(rng, shape, 2))
    _drills(seen, surface)
    _ink(seen, surface, opening, rng)
    _scratches(seen, surface, copper)
    _surroundings(seen, surface)
    return surface


def _surroundings(seen: _InView, surface: Surface) -> None:
    """The dark conveyor beside the board."""
    window, plan = seen.window, seen.unit.design.plan
    half = 0.53 * window.side
    if half < min(window.x, window.y, plan.width - window.x, plan.height - window.y):
        return
    board, outline = Artwork(window), rectangle((plan.width / 2, plan.height / 2), (plan.width, plan.height), -_CORNER)
    board.polygon(outline)
    board.line(np.concatenate([outline, outline[:1]]), 2 * _CORNER)
    outside = 1 - board.coverage()
    surface.paint(outside, CONVEYOR, 1.0, np.full_like(outside, -1.6))


def _copper(seen: _InView) -> Array:
    art = Artwork(seen.window)
    for trace in seen.traces:
        art.line(trace.points, trace.width)
    for via in seen.vias:
        art.disc(via.x, via.y, via.ring)
    for pad in seen.lands:
        art.polygon(rectangle((pad.x, pad.y), (pad.width, pad.height)))
    copper, marks = art.coverage(), seen.unit.marks
    if seen.unit.design.theme.pour:
        copper = np.maximum(copper, _pour(seen))
    if marks.copper:
        copper = np.maximum(copper, _strokes(seen.window, marks.copper))
    return copper * (1 - _strokes(seen.window, marks.cuts)) if marks.cuts else copper


def _strokes(window: Window, strokes: tuple[Stroke, ...]) -> Array:
    art = Artwork(window)
    for stroke in strokes:
        art.line(stroke.points, stroke.width)
    return art.coverage()


def _pour(seen: _InView) -> Array:
    """Copper that fills the free area of the board but for a clearance."""
    margin, plan, art = seen.unit.design.theme.clearance, seen.unit.design.plan, Artwork(seen.window)
    art.polygon(rectangle((plan.width / 2, plan.height / 2), (plan.width, plan.height), -0.5))
    for trace in seen.traces:
        art.line(trace.points, trace.width + 2 * margin, 0)
    for via in seen.vias:
        art.disc(via.x, via.y, via.ring + margin, 0)
    for pad in seen.lands:
        art.polygon(rectangle((pad.x, pad.y), (pad.width, pad.height), margin), 0)
    return art.coverage()


def _openings(seen: _InView) -> Array:
    art = Artwork(seen.window)
    for pad in seen.lands:
        art.polygon(rectangle((pad.x, pad.y), (pad.width, pad.height), _OPENING))
    if not seen.unit.design.theme.tented:
        for via in seen.vias:
            art.disc(via.x, via.y, via.ring + _OPENING)
    return art.coverage()


def _drills(seen: _InView, surface: Surface) -> None:
    holes = Artwork(seen.window)
    for via in seen.vias:
        holes.disc(via.x, via.y, via.drill)
    share = holes.coverage()
    if seen.unit.design.theme.tented:
        surface.height -= 0.06 * blurred(share, 0.05 * seen.window.scale)
        surface.colour *= (1 - 0.35 * share)[..., None]
    else:
        surface.paint(share, HOLE, 1.0, np.full_like(share, -0.5))


def _ink(seen: _InView, surface: Surface, opening: Array, rng: np.random.Generator) -> None:
    window, ink = seen.window, Artwork(seen.window)
    for item in seen.unit.design.plan.placed:
        if window.sees(item.x, item.y, max(item.extent) / 2 + 2):
            _legend(ink, item)
    wear = np.clip(0.97 + 0.05 * cloud(rng, opening.shape, 0.12 * window.scale), 0, 1)
    share = ink.coverage() * (1 - opening) * wear
    surface.paint(share, seen.unit.design.theme.ink)
    surface.height += _INK_THICKNESS * blurred(share, 0.015 * window.scale)


def _legend(ink: Artwork, item: Placed) -> None:
    """A component's name, its outline where the body leaves room, and a mark at its first pin or cathode."""
    part, (x, y, _, size) = item.part, item.legend
    for stroke in text_strokes(item.name, size):
        ink.line(moved(stroke, x, y), min(0.13, 0.2 * size))
    across, along = part.extent
    if part.two_ended:
        for side in (-1, 1):
            edge = moved(np.array([(-part.length * 0.12, 0), (part.length * 0.12, 0)]), 0, side * (along / 2 + 0.14))
            ink.line(_on_board(edge, item), 0.12)
        if part.polar:
            bar = moved(np.array([(0, -along / 2), (0, along / 2)]), -across / 2 - 0.18, 0)
            ink.line(_on_board(bar, item), 0.16)
    elif part.polar:
        pin = part.pads[0]
        at = np.array([(pin.x - pin.width / 2 - 0.35, pin.y + 0.1)])
        spot = _on_board(at, item)[0]
        ink.disc(float(spot[0]), float(spot[1]), 0.17)


def _on_board(points: NDArray[np.float64], item: Placed) -> NDArray[np.float64]:
    return moved(turned(points, item.angle), item.x, item.y)


def _scratches(seen: _InView, surface: Surface, copper: Array) -> None:
    for stroke in seen.unit.marks.scratches:
        share = _strokes(seen.window, (stroke,))
        surface.paint(share * (1 - copper), LAMINATE, 1.25)
        surface.paint(share * copper, COPPER, 1.0)
        surface.height -= 0.03 * blurred(share, 0.01 * seen.window.scale)
