# SPDX-License-Identifier: Apache-2.0
"""One unit as the camera's window sees it: the board, then solder, leads, bodies and what fell on it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from boards.artwork import bare_board
from boards.bodies import frame_of, paint_body, paint_lead
from boards.fields import cover
from boards.glyphs import text_strokes
from boards.joints import Joint, land_distance, paint_blob, paint_joint
from boards.leads import climb_of, terminal_of
from boards.patch import Patch, Stage
from boards.surface import Material, Surface
from boards.view import Artwork, Window, moved, turned

if TYPE_CHECKING:
    from boards.floorplan import Placed
    from boards.unit import Mounting, Stroke, Unit

Array = NDArray[np.float32]

_PRINT = Material((0.66, 0.66, 0.62), 0.02, 0.5)
_LASER = Material((0.16, 0.16, 0.155), 0.02, 0.5)


def render(unit: Unit, window: Window) -> Surface:
    """Everything of a unit that lies in a window. The same unit and window give the same surface."""
    surface = bare_board(unit, window)
    stage = Stage.over(window, surface)
    for index, item in enumerate(unit.design.plan.placed):
        if window.sees(item.x, item.y, max(item.extent) * 0.75):
            _component(stage, unit, index, item)
    _markings(stage, unit)
    for stroke in unit.marks.solder:
        _solder_web(stage, unit, stroke)
    for stroke, material in unit.marks.objects:
        _foreign(stage, stroke, material)
    return surface


def _component(stage: Stage, unit: Unit, index: int, item: Placed) -> None:
    mounting, part = unit.mountings[index], item.part
    body = (item.x + mounting.dx, item.y + mounting.dy, item.angle + mounting.turn)
    for number, land in enumerate(item.lands):
        reach = max(land.width, land.height) * 0.7 + 0.4
        if stage.window.sees(land.x, land.y, reach):
            _joint(stage, unit, (index, number), body)
    patch = stage.patch(item.x, item.y, max(item.extent) * 0.75 + 0.5) if mounting.present else None
    if patch is not None:
        variant = sum(item.name.encode()) + len(unit.design.plan.placed)
        rng = np.random.default_rng((unit.seed, 2, index))
        paint_body(frame_of(patch, part, mounting, body), part, variant, rng, mounting)


def _joint(stage: Stage, unit: Unit, which: tuple[int, int], body: tuple[float, float, float]) -> None:
    """One land (component, pad) with its solder, and the lead that stands on it."""
    item, mounting, theme = unit.design.plan.placed[which[0]], unit.mountings[which[0]], unit.design.theme
    land, pad = item.lands[which[1]], item.part.pads[which[1]]
    patch = stage.patch(land.x, land.y, max(pad.width, pad.height) * 0.6 + 0.4)
    if patch is None:
        return
    up = mounting.lift and (pad.x > 0) != (mounting.lifted_end > 0)
    terminal = terminal_of(*patch.local(*body), item.part, pad) if mounting.present and not up else None
    u, v = patch.local(land.x, land.y, item.angle)
    edge = land_distance(u, v, pad.width, pad.height, theme.round_pads)
    joint = Joint(edge, terminal.wetted if terminal else None, climb_of(item.part), min(pad.width, pad.height))
    fill = mounting.fill[which[1]] if mounting.fill else 1.0
    paint_joint(patch, joint, theme.solder, fill, np.random.default_rng((unit.seed, 3, *which)))
    if terminal and terminal.lead is not None and terminal.rise is not None:
        paint_lead(patch, terminal.lead, terminal.rise)


def _markings(stage: Stage, unit: Unit) -> None:
    """Print on resistors, laser marking on circuits."""
    pairs = zip(unit.design.plan.placed, unit.mountings, strict=True)
    marked = [(item, m) for item, m in pairs if item.marking and m.present and not m.lift]
    seen = [(item, m) for item, m in marked if stage.window.sees(item.x, item.y, max(item.extent) * 0.6)]
    for material, printed in ((_PRINT, True), (_LASER, False)):
        mine = [(item, m) for item, m in seen if (item.part.family in {"resistor", "tantalum"}) == printed]
        if mine:
            art = Artwork(stage.window)
            for item, mounting in mine:
                _mark(art, item, mounting)
            stage.surface.paint(art.coverage() * np.float32(0.85), material)


def _mark(art: Artwork, item: Placed, mounting: Mounting) -> None:
    size = min(item.part.width * 0.5, item.part.length * 0.62 / len(item.marking), 0.9)
    for stroke in text_strokes(item.marking, round(size, 3)):
        turned_stroke = turned(stroke, item.angle + mounting.turn)
        art.line(moved(turned_stroke, item.x + mounting.dx, item.y + mounting.dy), size * 0.17)


def _stroke_distance(patch: Patch, stroke: Stroke) -> Array:
    """The signed distance to a polyline with a width."""
    nearest = np.full(patch.x.shape, np.inf, np.float32)
    for (ax, ay), (bx, by) in zip(stroke.points[:-1].tolist(), stroke.points[1:].tolist(), strict=True):
        long = max((bx - ax) ** 2 + (by - ay) ** 2, 1e-9)
        at = np.clip(((patch.x - ax) * (bx - ax) + (patch.y - ay) * (by - ay)) / long, 0, 1)
        nearest = np.minimum(nearest, np.hypot(patch.x - ax - at * (bx - ax), patch.y - ay - at * (by - ay)))
    return np.asarray(nearest - stroke.width / 2, dtype=np.float32)


def _patch_of(stage: Stage, stroke: Stroke) -> Patch | None:
    low, high = stroke.points.min(axis=0), stroke.points.max(axis=0)
    centre = (low + high) / 2
    return stage.patch(float(centre[0]), float(centre[1]), float((high - low).max()) / 2 + stroke.width)


def _solder_web(stage: Stage, unit: Unit, stroke: Stroke) -> None:
    patch = _patch_of(stage, stroke)
    if patch is not None:
        paint_blob(patch, _stroke_distance(patch, stroke), stroke.height, unit.design.theme.solder)


def _foreign(stage: Stage, stroke: Stroke, material: Material) -> None:
    """A fibre, a flake or a ball that lies on whatever is below it."""
    patch = _patch_of(stage, stroke)
    if patch is None:
        return
    distance = _stroke_distance(patch, stroke)
    inside = np.clip(-distance / (stroke.width / 2), 0, 1)
    rise = (stroke.height * np.sqrt(1 - (1 - inside) ** 2)).astype(np.float32)
    patch.surface.paint(cover(distance, patch.scale), material, 1.0, patch.surface.height + rise)
