# SPDX-License-Identifier: Apache-2.0
"""What bare boards are made of: buses, drilled pads, power traces, pours with channels, lands of parts, letters.

Each motif yields nets in the order in which they are drawn; what comes later keeps its distance from what is there.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from boards.copper_shapes import Disc, Line, Net, Plate, Room, Shape, disc
from boards.glyphs import text_strokes, text_width
from boards.polylines import octilinear, parallel
from boards.view import moved, rectangle, turned

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

Points = NDArray[np.float64]


def _path(rng: np.random.Generator, pixels: int) -> Points:
    """A way across the board with a few corners of 45 degrees, none of them sharp."""
    corners = [rng.uniform(-0.1, 1.1, 2) * pixels]
    heading = rng.choice((-1, 1), 2)
    for _ in range(int(rng.integers(1, 4))):
        end = corners[-1] + heading * rng.uniform(0.12, 0.7, 2) * pixels * rng.permutation((1.0, 0.35))
        corners += [*octilinear(corners[-1], end, 2), end]
    return np.array(corners)


def _buses(rng: np.random.Generator, pixels: int, _room: Room) -> Iterator[Net]:
    width = float(rng.choice((4, 5, 6, 7, 8, 10, 13)))
    gap = float(rng.uniform(0.9, 2.2)) * max(width, 5)
    for _ in range(int(rng.integers(3, 7))):
        path, lanes = _path(rng, pixels), int(rng.integers(1, 9))
        for lane in range(lanes):
            points = parallel(path, lane * (width + gap))
            shapes: list[Shape] = [Line(points, width)]
            holes = []
            for tip in (points[0], points[-1]):
                if rng.random() < 0.7:
                    radius = width * float(rng.uniform(0.9, 1.7))
                    shapes.append(disc(tip, radius))
                    if rng.random() < 0.5 and radius > 7:
                        holes.append(disc(tip, radius * float(rng.uniform(0.4, 0.65))))
            yield Net(shapes, min(gap, 12), holes=holes)


def _strays(rng: np.random.Generator, pixels: int, _room: Room) -> Iterator[Net]:
    """Single traces, some wavy at their bends, some ending in a pad."""
    for _ in range(int(rng.integers(3, 9))):
        width = float(rng.choice((4, 5, 7, 9, 14)))
        points = _path(rng, pixels)
        shapes: list[Shape] = [Line(points, width), disc(points[-1], width * 1.4)]
        yield Net(shapes, float(rng.uniform(6, 14)))


def _power(rng: np.random.Generator, pixels: int, _room: Room) -> Iterator[Net]:
    """Broad conductors side by side with narrow gaps, bulges and drilled pads on them."""
    for _ in range(int(rng.integers(2, 5))):
        path, offset = _path(rng, pixels), 0.0
        for _ in range(int(rng.integers(1, 4))):
            width, gap = float(rng.uniform(18, 75)), float(rng.uniform(6, 16))
            points = parallel(path, offset + width / 2)
            shapes: list[Shape] = [Line(points, width)]
            holes = []
            for _ in range(int(rng.integers(0, 4))):
                k, t = int(rng.integers(len(points) - 1)), float(rng.uniform(0, 1))
                at = points[k] * (1 - t) + points[k + 1] * t
                radius = float(rng.uniform(12, 24))
                shapes.append(disc(at, radius + 5))
                holes.append(disc(at, radius * 0.55))
            yield Net(shapes, gap, holes=holes)
            offset += width + gap


def _grid(rng: np.random.Generator, pixels: int, room: Room) -> list[tuple[float, float]]:
    """The middles of pads in rows, or nothing where there is no room for them."""
    pitch = float(rng.uniform(44, 84))
    rows, columns = int(rng.integers(1, 4)), int(rng.integers(3, 12))
    if rng.random() < 0.4:
        rows, columns = columns, rows
    for _ in range(10):
        x, y = rng.uniform(-0.1, 0.8, 2) * pixels
        places = [(x + c * pitch, y + r * pitch) for r in range(rows) for c in range(columns)]
        if room.take(np.array(places), 0.6 * pitch):
            return places
    return []


def _drilled(rng: np.random.Generator, pixels: int, room: Room) -> Iterator[Net]:
    """Rows of drilled pads, round or oblong, some with a trace."""
    for _ in range(int(rng.integers(1, 4))):
        radius = float(rng.uniform(12, 22))
        hole = radius * float(rng.uniform(0.5, 0.85))
        long, upright = float(rng.choice((0.0, 0.0, 0.5))) * radius, rng.random() < 0.5
        for x, y in _grid(rng, pixels, room):
            reach = np.array([(-long, 0), (long, 0)]) if not upright else np.array([(0, -long), (0, long)])
            shapes: list[Shape] = [Line(moved(reach, x, y), 2 * radius), Disc(x, y, radius)]
            if rng.random() < 0.4:
                tail = np.array([(x, y), *octilinear(np.array((x, y)), np.array((x, y)) + rng.uniform(-90, 90, 2), 1)])
                shapes.append(Line(tail, float(rng.choice((5, 7, 10)))))
            yield Net(shapes, float(rng.uniform(7, 12)), holes=[Disc(x, y, hole)] if rng.random() < 0.9 else [])


def _dots(rng: np.random.Generator, pixels: int, _room: Room) -> Iterator[Net]:
    for _ in range(int(rng.integers(4, 16))):
        x, y = (rng.uniform(0, 1, 2) * pixels).tolist()
        radius = float(rng.choice((7, 10, 14, 22, 45), p=(0.3, 0.3, 0.2, 0.15, 0.05)))
        yield Net([Disc(x, y, radius)], 10, holes=[Disc(x, y, radius * 0.45)] if rng.random() < 0.3 else [])


def _arcs(rng: np.random.Generator, pixels: int, _room: Room) -> Iterator[Net]:
    """Large discs, rings and round plates that reach over the border."""
    for _ in range(int(rng.integers(1, 4))):
        x, y = (rng.uniform(-0.3, 1.3, 2) * pixels).tolist()
        radius = float(rng.uniform(50, 330))
        turns = np.linspace(0, 2 * math.pi, 90)
        ring = np.stack([x + radius * np.cos(turns), y + radius * np.sin(turns)], axis=1)
        if rng.random() < 0.55:
            yield Net([Line(ring, float(rng.uniform(5, 45)))], float(rng.uniform(8, 20)))
        else:
            yield Net([Plate(ring)], float(rng.uniform(8, 20)), holes=[Disc(x, y, radius * 0.2)])


def _lands(rng: np.random.Generator, pixels: int, room: Room) -> Iterator[Net]:
    """Rows of lands for circuits and pairs for chips, each with a trace that leads away."""
    for _ in range(int(rng.integers(2, 6))):
        chip = rng.random() < 0.5
        wide, long = float(rng.uniform(8, 16)), float(rng.uniform(24, 60))
        if chip:
            wide, long = float(rng.uniform(18, 36)), float(rng.uniform(16, 30))
        count = 2 if chip else int(rng.integers(4, 13))
        pitch = wide * float(rng.uniform(1.7, 2.4)) if not chip else wide + float(rng.uniform(10, 30))
        centre, quarter = rng.uniform(0.05, 0.95, 2) * pixels, int(rng.integers(4))
        reach = np.array([(-count * pitch / 2, -long / 2), (count * pitch / 2, long / 2 + 50)])
        if not room.take(moved(turned(reach, quarter * math.pi / 2), *centre.tolist()), 4):
            continue
        trace = float(rng.choice((4, 5, 6, 8)))
        for k in range(count):
            at = np.array([((k - (count - 1) / 2) * pitch, 0.0)])
            shapes: list[Shape] = [_land(at, (wide, long), centre, quarter, float(rng.choice((0.0, 3.0))))]
            if rng.random() < 0.75:
                tail = _tail(rng, long)
                points = moved(turned(tail + at, quarter * math.pi / 2), *centre.tolist())
                shapes += [Line(points, trace), disc(points[-1], trace * float(rng.uniform(0.9, 1.6)))]
            yield Net(shapes, min(6.0, 0.35 * pitch))


def _tail(rng: np.random.Generator, long: float) -> Points:
    """The trace that leaves a land: straight on, then aside, then on."""
    reach = long / 2 + float(rng.uniform(20, 90))
    bend = float(rng.choice((-1, 0, 1))) * float(rng.uniform(10, 60))
    return np.array([(0.0, 0.0), (0.0, reach), (bend, reach + abs(bend)), (bend, reach + abs(bend) + 30)])


def _land(at: Points, size: tuple[float, float], centre: Points, quarter: int, rounding: float) -> Plate:
    box = rectangle((float(at[0, 0]), float(at[0, 1])), size, -rounding)
    return Plate(moved(turned(box, quarter * math.pi / 2), *centre.tolist()), rounding)


def _pour(_rng: np.random.Generator, pixels: int, _room: Room) -> Iterator[Net]:
    yield Net([Plate(rectangle((pixels / 2, pixels / 2), (pixels * 1.2, pixels * 1.2)))], 0.0)


def _channels(rng: np.random.Generator, pixels: int, _room: Room) -> Iterator[Net]:
    """Gaps that divide a pour, some with a trace inside."""
    for _ in range(int(rng.integers(2, 6))):
        points, width = _path(rng, pixels), float(rng.uniform(7, 22))
        yield Net([Line(points, width)], 0.0, hollow=True)
        if rng.random() < 0.35:
            trace = float(rng.uniform(4, 12))
            yield Net([Line(points, trace)], float(rng.uniform(6, 12)))


def _drilled_in_pour(rng: np.random.Generator, pixels: int, room: Room) -> Iterator[Net]:
    """Drilled pads, either isolated from the pour or tied to it by spokes."""
    for x, y in _grid(rng, pixels, room):
        radius = float(rng.uniform(12, 24))
        hole = [Disc(x, y, radius * float(rng.uniform(0.4, 0.7)))]
        tied = rng.random() < 0.4
        yield Net([Disc(x, y, radius)], float(rng.uniform(7, 13)), holes=hole)
        if tied:
            spoke = np.array([(x - 2 * radius, y), (x + 2 * radius, y)])
            yield Net([Line(spoke, radius * 0.5)], 0.0)


def _islands(rng: np.random.Generator, pixels: int, _room: Room) -> Iterator[Net]:
    """Cut-outs with rounded corners, round clearances, and the blunt edge of the pour."""
    for _ in range(int(rng.integers(2, 6))):
        x, y = (rng.uniform(0, 1, 2) * pixels).tolist()
        size = (float(rng.uniform(30, 160)), float(rng.uniform(30, 130)))
        if rng.random() < 0.5:
            yield Net([Disc(x, y, max(size) / 2)], 0.0, hollow=True)
        else:
            yield Net([Plate(rectangle((x, y), size), float(rng.uniform(4, 20)))], 0.0, hollow=True)
        if rng.random() < 0.3:
            yield Net([Disc(x, y, min(size) * 0.2)], 0.0)


def _legend(rng: np.random.Generator, pixels: int, room: Room) -> Iterator[Net]:
    """Letters in copper."""
    letters = "ABCDEFGHJKLMNPRSTUVWXYZ0123456789-"
    for _ in range(int(rng.integers(1, 3))):
        text = "".join(rng.choice(list(letters), int(rng.integers(3, 9))))
        height, quarter = float(rng.uniform(22, 48)), int(rng.integers(4))
        x, y = (rng.uniform(0.1, 0.9, 2) * pixels).tolist()
        across = np.array([(-1.0, -1.0), (1.0, 1.0)]) * (text_width(text, height) / 2, height / 2)
        if not room.take(moved(turned(across, quarter * math.pi / 2), x, y), 6):
            continue
        strokes = [moved(turned(s, quarter * math.pi / 2), x, y) for s in text_strokes(text, height)]
        shapes: list[Shape] = [Line(stroke, height * 0.11) for stroke in strokes]
        yield Net(shapes, 6.0)


MOTIFS: dict[str, Callable[[np.random.Generator, int, Room], Iterator[Net]]] = {
    "buses": _buses,
    "strays": _strays,
    "power": _power,
    "drilled": _drilled,
    "dots": _dots,
    "arcs": _arcs,
    "lands": _lands,
    "pour": _pour,
    "channels": _channels,
    "drilled_in_pour": _drilled_in_pour,
    "islands": _islands,
    "legend": _legend,
}
