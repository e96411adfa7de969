# SPDX-License-Identifier: Apache-2.0
"""Charts as SVG text: no script, no network, every text escaped."""

from __future__ import annotations

import math
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

_WIDTH, _HEIGHT, _LEFT, _RIGHT, _TOP, _BOTTOM = 640, 260, 64, 12, 12, 36
Points = list[tuple[float, float]]


@dataclass(frozen=True, slots=True)
class Line:
    """A series: its points, its style class, and what is shown when the mouse rests on it."""

    points: Points
    style: str
    title: str = ""
    marks: bool = False


def chart(lines: Sequence[Line], x_label: str, y_label: str, about: str) -> str:
    """Lines and marks over two axes; an empty text where there is no point."""
    points = [point for line in lines for point in line.points]
    if not points:
        return ""
    xs, ys = _span([x for x, _ in points]), _span([y for _, y in points])

    def place(x: float, y: float) -> tuple[float, float]:
        right, down = (x - xs[0]) / (xs[1] - xs[0]), (y - ys[0]) / (ys[1] - ys[0])
        return _LEFT + right * (_WIDTH - _LEFT - _RIGHT), _HEIGHT - _BOTTOM - down * (_HEIGHT - _TOP - _BOTTOM)

    body = _axes(xs, ys, x_label, y_label) + "".join(_drawn(line, place) for line in lines)
    return _svg(body, _HEIGHT, about)


def bars(rows: Sequence[tuple[str, float, float, float]], about: str) -> str:
    """A bar for each name and share of 1, with a line from the low to the high end of where it may lie."""
    drawn, height = [], 22
    for place, (name, share, low, high) in enumerate(rows):
        y = place * height + 4
        width, start, end = (max(1.0, part * (_WIDTH - 420)) for part in (share, low, high))
        drawn.append(
            f'<text x="290" y="{y + 13}" text-anchor="end">{escape(name)}</text>'
            f'<rect class="bar" x="296" y="{y}" width="{width:.1f}" height="16"/>'
            f'<path class="range" d="M{296 + start:.1f} {y + 8}H{296 + end:.1f}"/>'
            f'<text x="{302 + max(width, end):.1f}" y="{y + 13}">{share:.0%} ({low:.0%} to {high:.0%})</text>'
        )
    return _svg("".join(drawn), height * len(rows) + 8, about) if rows else ""


def parallel(
    axes: Sequence[tuple[str, str, str]], rows: Sequence[tuple[Sequence[float], float, str]], about: str
) -> str:
    """A line for each row over all axes, which are names with what stands at their low and at their high end.

    Every value is from 0 to 1, as is `shade`, 1 being the best.
    """
    if not axes or not rows:
        return ""
    width = max(_WIDTH, 100 * len(axes))
    places = [90 + n * (width - 180) / max(1, len(axes) - 1) for n in range(len(axes))]
    body = "".join(
        f'<line class="axis" x1="{x:.1f}" x2="{x:.1f}" y1="16" y2="204"/>'
        f'<text class="soft" x="{x:.1f}" y="11" text-anchor="middle">{escape(high)}</text>'
        f'<text class="soft" x="{x:.1f}" y="217" text-anchor="middle">{escape(low)}</text>'
        f'<text x="{x:.1f}" y="{234 + 14 * (n % 2)}" text-anchor="middle">{escape(name)}</text>'
        for n, (x, (name, low, high)) in enumerate(zip(places, axes, strict=True))
    )
    for values, shade, title in sorted(rows, key=lambda row: row[1]):
        path = " ".join(f"{x:.1f},{204 - 188 * v:.1f}" for x, v in zip(places, values, strict=True))
        opacity = 0.15 + 0.85 * shade**2
        body += (
            f'<polyline class="line" opacity="{opacity:.2f}" points="{path}"><title>{escape(title)}</title></polyline>'
        )
    return _svg(body, 256, about, width)


def _drawn(line: Line, place: Any) -> str:
    placed = [place(x, y) for x, y in line.points]
    title = f"<title>{escape(line.title)}</title>" if line.title else ""
    dots = (f'<circle class="{line.style}" cx="{x:.1f}" cy="{y:.1f}" r="3.5">{title}</circle>' for x, y in placed)
    if line.marks:
        return "".join(dots)
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in placed)
    return f'<polyline class="{line.style}" points="{path}">{title}</polyline>'


def _axes(xs: tuple[float, float], ys: tuple[float, float], x_label: str, y_label: str) -> str:
    bottom, right = _HEIGHT - _BOTTOM, _WIDTH - _RIGHT
    parts = [f'<path class="axis" d="M{_LEFT} {_TOP}V{bottom}H{right}"/>']
    for value in _ticks(*xs):
        x = _LEFT + (value - xs[0]) / (xs[1] - xs[0]) * (right - _LEFT)
        parts.append(f'<text x="{x:.0f}" y="{bottom + 15}" text-anchor="middle">{value:.6g}</text>')
    for value in _ticks(*ys):
        y = bottom - (value - ys[0]) / (ys[1] - ys[0]) * (bottom - _TOP)
        parts.append(f'<path class="axis" d="M{_LEFT} {y:.1f}H{right}"/>')
        parts.append(f'<text x="{_LEFT - 6}" y="{y + 4:.0f}" text-anchor="end">{value:.6g}</text>')
    middle = (_LEFT + right) / 2
    parts.append(f'<text x="{middle:.0f}" y="{_HEIGHT - 4}" text-anchor="middle">{escape(x_label)}</text>')
    parts.append(f'<text x="14" y="{_HEIGHT / 2:.0f}" class="sideways">{escape(y_label)}</text>')
    return "".join(parts)


def _ticks(low: float, high: float) -> list[float]:
    """Round numbers from low to high, four to nine of them."""
    step = 10 ** math.floor(math.log10((high - low) / 3))
    step *= next(factor for factor in (5, 2, 1) if (high - low) / (factor * step) >= 3)
    return [n * step for n in range(math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9) + 1)]


def _span(values: Sequence[float]) -> tuple[float, float]:
    low, high = min(values), max(values)
    if math.isclose(low, high):
        return low - 0.5, high + 0.5
    return low, high


def _svg(body: str, height: int, about: str, width: int = _WIDTH) -> str:
    # What is wider than the page is scrolled to, not shrunk.
    wide = f' style="min-width: {width}px"' if width > _WIDTH else ""
    return f'<svg viewBox="0 0 {width} {height}"{wide} role="img" aria-label="{escape(about)}">{body}</svg>'
