# SPDX-License-Identifier: Apache-2.0
"""Charts as SVG text: no script, no network, every text escaped."""

from __future__ import annotations

import math
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

# Frame and letters as those of the plots in reports on inspections.
_WIDTH, _HEIGHT, _LEFT, _RIGHT, _TOP, _BOTTOM = 364, 238, 52, 12, 10, 38
_DRAWING = 640  # the width of drawings that need the whole page
_AXIS, _ROWS = 65, 4  # the width of a parallel axis, and the rows over which names longer than that are spread
Points = list[tuple[float, float]]


@dataclass(frozen=True, slots=True)
class Line:
    """A series: its points, its style class, and what is shown when the mouse rests on it."""

    points: Points
    style: str
    title: str = ""
    marks: bool = False


def chart(lines: Sequence[Line], x_label: str, y_label: str, about: str, *, whole: bool = False) -> str:
    """Lines and marks over two axes, the lower one in `whole` numbers or not; an empty text where there is no point."""
    points = [point for line in lines for point in line.points]
    if not points:
        return ""
    xs, ys = _span([x for x, _ in points]), _span([y for _, y in points])

    def place(x: float, y: float) -> tuple[float, float]:
        right, down = (x - xs[0]) / (xs[1] - xs[0]), (y - ys[0]) / (ys[1] - ys[0])
        return _LEFT + right * (_WIDTH - _LEFT - _RIGHT), _HEIGHT - _BOTTOM - down * (_HEIGHT - _TOP - _BOTTOM)

    body = _axes(xs, ys, x_label, y_label, 1.0 if whole else 0.0) + "".join(_drawn(line, place) for line in lines)
    return _svg(body, _HEIGHT, about)


def bars(rows: Sequence[tuple[str, float, float, float]], about: str) -> str:
    """A bar for each name and share of 1, with a line from the low to the high end of where it may lie."""
    drawn, height = [], 22
    for place, (name, share, low, high) in enumerate(rows):
        y = place * height + 4
        width, start, end = (max(1.0, part * (_DRAWING - 420)) for part in (share, low, high))
        told = f"{share:.0%} ({100 * low:.0f}\N{EN DASH}{high:.0%})"
        drawn.append(
            f'<text class="name" x="290" y="{y + 12}" text-anchor="end">{escape(name)}</text>'
            f'<rect class="share" x="296" y="{y}" width="{width:.1f}" height="16"/>'
            f'<path class="range" d="M{296 + start:.1f} {y + 8}H{296 + end:.1f}"/>'
            f'<text x="{304 + max(width, end):.1f}" y="{y + 12}">{told}</text>'
        )
    return _svg("".join(drawn), height * len(rows) + 8, about, _DRAWING) if rows else ""


def parallel(
    axes: Sequence[tuple[str, str, str]], rows: Sequence[tuple[Sequence[float], float, str]], about: str
) -> str:
    """A line for each row over all axes, which are names with what stands at their low and at their high end.

    Every value is from 0 to 1, as is `shade`, 1 being the best.
    """
    if not axes or not rows:
        return ""
    width = max(_DRAWING, _AXIS * len(axes))
    places = [90 + n * (width - 180) / max(1, len(axes) - 1) for n in range(len(axes))]
    body = "".join(
        f'<line class="grid" x1="{x:.1f}" x2="{x:.1f}" y1="16" y2="204"/>'
        f'<text x="{x:.1f}" y="11" text-anchor="middle">{escape(high)}</text>'
        f'<text x="{x:.1f}" y="217" text-anchor="middle">{escape(low)}</text>'
        f'<text class="name" x="{x:.1f}" y="{234 + 14 * (n % _ROWS)}" text-anchor="middle">{escape(name)}</text>'
        for n, (x, (name, low, high)) in enumerate(zip(places, axes, strict=True))
    )
    for values, shade, title in sorted(rows, key=lambda row: row[1]):
        path = " ".join(f"{x:.1f},{204 - 188 * v:.1f}" for x, v in zip(places, values, strict=True))
        opacity = 0.15 + 0.85 * shade**2
        body += (
            f'<polyline class="line" opacity="{opacity:.2f}" points="{path}"><title>{escape(title)}</title></polyline>'
        )
    return _svg(body, 242 + 14 * _ROWS, about, width)


def _drawn(line: Line, place: Any) -> str:
    placed = [place(x, y) for x, y in line.points]
    title = f"<title>{escape(line.title)}</title>" if line.title else ""
    dots = (f'<circle class="{line.style}" cx="{x:.1f}" cy="{y:.1f}" r="2.6">{title}</circle>' for x, y in placed)
    if line.marks:
        return "".join(dots)
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in placed)
    return f'<polyline class="{line.style}" points="{path}">{title}</polyline>'


def _axes(xs: tuple[float, float], ys: tuple[float, float], x_label: str, y_label: str, step: float) -> str:
    bottom, right = _HEIGHT - _BOTTOM, _WIDTH - _RIGHT
    parts = []
    for value in _ticks(*xs, step):
        x = _LEFT + (value - xs[0]) / (xs[1] - xs[0]) * (right - _LEFT)
        parts.append(f'<path class="grid" d="M{x:.1f} {_TOP}V{bottom}"/>')
        parts.append(f'<text x="{x:.1f}" y="{bottom + 14}" text-anchor="middle">{value:.6g}</text>')
    for value in _ticks(*ys):
        y = bottom - (value - ys[0]) / (ys[1] - ys[0]) * (bottom - _TOP)
        parts.append(f'<path class="grid" d="M{_LEFT} {y:.1f}H{right}"/>')
        parts.append(f'<text x="{_LEFT - 6}" y="{y + 3.2:.1f}" text-anchor="end">{value:.6g}</text>')
    across, down = (_LEFT + right) / 2, (_TOP + bottom) / 2
    parts.append(f'<text x="{across:.0f}" y="{bottom + 32}" text-anchor="middle">{escape(x_label)}</text>')
    turned = f"translate(8 {down:.0f}) rotate(-90)"
    parts.append(f'<text transform="{turned}" text-anchor="middle">{escape(y_label)}</text>')
    return "".join(parts)


def _ticks(low: float, high: float, least: float = 0.0) -> list[float]:
    """Round numbers from low to high, four to nine of them; fewer where they would be closer than `least`."""
    step = 10 ** math.floor(math.log10((high - low) / 3))
    step *= next(factor for factor in (5, 2, 1) if (high - low) / (factor * step) >= 3)
    step = max(step, least)
    return [n * step for n in range(math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9) + 1)]


def _span(values: Sequence[float]) -> tuple[float, float]:
    low, high = min(values), max(values)
    if math.isclose(low, high):
        return low - 0.5, high + 0.5
    return low, high


def _svg(body: str, height: int, about: str, width: int = _WIDTH) -> str:
    # What is wider than a page is scrolled to, not shrunk.
    wide = f' width="{width}"' if width > _DRAWING else ""
    return f'<svg viewBox="0 0 {width} {height}"{wide} role="img" aria-label="{escape(about)}">{body}</svg>'
