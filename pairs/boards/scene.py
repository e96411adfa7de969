# SPDX-License-Identifier: Apache-2.0
"""One unit as the camera's window sees it: the board, then solder, leads, bodies and what fell on it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from pairs.boards.artwork import bare_board
from pairs.boards.bodies import cap_length, frame_of, paint_body, paint_lead
from pairs.boards.fields import cover, rounded_box, smooth
from pairs.boards.glyphs import text_strokes
from pairs.boards.joints import Joint, land_distance, paint_blob, paint_joint
from pairs.boards.patch import Patch, Stage
from pairs.boards.surface import Material, Surface
from pairs.boards.view import Artwork, Window, moved, turned

if TYPE_CHECKING:
    from pairs.boards.catalogue import Pad
    from pairs.boards.floorplan import Placed
    from pairs.boards.unit import Mounting, Stroke, Unit

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
    patch = stage.patch(item.x, item.y, max(item.extent) * 0.75 + 0.5)
    if patch is None:
        return
    rng = np.random.default_rng((unit.seed, 2, index))
    variant = sum(item.name.encode()) + len(unit.design.plan.placed)
    body_x, body_y = _body_centre(item, mounting)
    for number in range(len(part.pads)):
        _joint(stage, unit, index, number, (body_x, body_y))
    if mounting.present:
        frame = frame_of(patch, part, mounting, (body_x, body_y, item.angle + mounting.turn))
        paint_body(frame, part, variant, rng, mounting)


def _body_centre(item: Placed, mounting: Mounting) -> tuple[float, float]:
    return item.x + mounting.dx, item.y + mounting.dy


def _joint(stage: Stage, unit: Unit, index: int, number: int, body: tuple[float, float]) -> None:
    """One land with its solder, and the lead that stands on it."""
    item, mounting, theme = unit.design.plan.placed[index], unit.mountings[index], unit.design.theme
    pad = item.part.pads[number]
    on_board = item.pad_on_board(pad)
    patch = stage.patch(on_board.x, on_board.y, max(pad.width, pad.height) * 1.3 + 0.4)
    if patch is None:
        return
    rng = np.random.default_rng((unit.seed, 3, index, number))
    u, v = patch.local(item.x, item.y, item.angle)
    land = land_distance(u - pad.x, v - pad.y, pad.width, pad.height, theme.round_pads)
    terminal, rise = _terminal(patch, item, mounting, pad, body)
    fill = mounting.fill[number] if mounting.fill else 1.0
    joint = Joint(land, terminal, _climb(item), min(pad.width, pad.height))
    paint_joint(patch, joint, theme.solder, fill, rng)
    if terminal is not None and rise is not None:
        paint_lead(patch, _lead(patch, item, mounting, pad, body), rise)


def _climb(item: Placed) -> float:
    """How high solder climbs: most of a chip's end, but only the thickness of a lead's foot."""
    return 0.75 * item.part.tall if item.part.two_ended and not item.part.foot else 0.22


def _frame(patch: Patch, item: Placed, mounting: Mounting, body: tuple[float, float]) -> tuple[Array, Array]:
    return patch.local(body[0], body[1], item.angle + mounting.turn)


def _terminal(
    patch: Patch, item: Placed, mounting: Mounting, pad: Pad, body: tuple[float, float]
) -> tuple[Array | None, Array | None]:
    """The distance to what a land's solder wets, and the height of the lead there; chips' ends are no leads."""
    part = item.part
    side = 1 if pad.x > 0 else -1
    if not mounting.present or (mounting.lift and side != mounting.lifted_end):
        return None, None
    u, v = _frame(patch, item, mounting, body)
    if part.two_ended and part.family in {"resistor", "capacitor", "led"}:
        cap = cap_length(part)
        return rounded_box(u - side * (part.length - cap) / 2, v, cap, part.width), None
    out, across, tip, width = _lead_axes(u, v, item, pad)
    foot = part.foot or 0.2
    distance = np.maximum(np.abs(out - tip + foot / 2) - foot / 2, np.abs(across) - width / 2)
    edge = part.length / 2 if pad.exit_x else part.width / 2
    return distance.astype(np.float32), _gull(out, edge, tip - foot, part.tall)


def _gull(out: Array, edge: float, foot_start: float, tall: float) -> Array:
    """A lead's height: half the body's height where it leaves the body, flat on the land at its foot."""
    way = (out - edge) / max(foot_start - edge, 0.05)
    return np.asarray(0.19 + (0.5 * tall - 0.19) * (1 - smooth((way - 0.15) / 0.85)), dtype=np.float32)


def _lead_axes(u: Array, v: Array, item: Placed, pad: Pad) -> tuple[Array, Array, float, float]:
    """Outward and sideways position, where the lead's tip is, and its width."""
    out = u * np.float32(pad.exit_x) + v * np.float32(pad.exit_y)
    sideways = (v - np.float32(pad.y)) if pad.exit_x else (u - np.float32(pad.x))
    at, long = (abs(pad.x), pad.width) if pad.exit_x else (abs(pad.y), pad.height)
    wide = pad.height if pad.exit_x else pad.width
    tip = item.part.length / 2 + (item.part.foot or 0.12) if item.part.two_ended else at + 0.16 * long
    return out, sideways, tip, wide * (0.6 if item.part.two_ended else 0.72)


def _lead(patch: Patch, item: Placed, mounting: Mounting, pad: Pad, body: tuple[float, float]) -> Array:
    u, v = _frame(patch, item, mounting, body)
    out, across, tip, width = _lead_axes(u, v, item, pad)
    start = (item.part.length / 2 if pad.exit_x else item.part.width / 2) - 0.1
    middle, half = (start + tip) / 2, (tip - start) / 2
    return np.asarray(np.maximum(np.abs(out - middle) - half, np.abs(across) - width / 2), dtype=np.float32)


def _markings(stage: Stage, unit: Unit) -> None:
    """Print on resistors, laser marking on circuits."""
    prints, lasers = Artwork(stage.window), Artwork(stage.window)
    for item, mounting in zip(unit.design.plan.placed, unit.mountings, strict=True):
        if not item.marking or not mounting.present or mounting.lift:
            continue
        if not stage.window.sees(item.x, item.y, max(item.extent)):
            continue
        target = prints if item.part.family in {"resistor", "tantalum"} else lasers
        _mark(target, item, mounting)
    stage.surface.paint(prints.coverage() * 0.9, _PRINT)
    stage.surface.paint(lasers.coverage() * 0.8, _LASER)


def _mark(target: Artwork, item: Placed, mounting: Mounting) -> None:
    size = min(item.part.width * 0.5, item.part.length * 0.62 / len(item.marking), 0.9)
    x, y = _body_centre(item, mounting)
    for stroke in text_strokes(item.marking, size):
        target.line(moved(turned(stroke, item.angle + mounting.turn), x, y), size * 0.17)


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
