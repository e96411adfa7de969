# SPDX-License-Identifier: Apache-2.0
"""Geometry of the page's drawings: numbers and SVG paths, no markup."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from scoring.figures import needed_catches
from scoring.scored import curve

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reports.score_axis import Floats, ScoreAxis
    from scoring.scored import Bools, Curve, Scored

WIDTH, HALF = 360.0, 84.0  # the histogram, in SVG units; one half per class
BINS = 60
PLOT_WIDTH, PLOT_HEIGHT = 300.0, 190.0
OPERATING_RECALLS = (1.0, 0.999, 0.995, 0.99, 0.98, 0.95, 0.9, 0.8)
USUAL_RECALL = 0.99
ZOOMS = (0.9, 0.8, 0.5, 0.0)

Tick = tuple[float, str]


@dataclass(frozen=True, slots=True)
class Histogram:
    """Defects upwards and PASS pairs downwards from the middle line; without labels all upwards, as `upper`."""

    upper: str
    lower: str
    upper_peak: int
    lower_peak: int
    ticks: tuple[Tick, ...]


@dataclass(frozen=True, slots=True)
class Plot:
    """One line in a frame of PLOT_WIDTH x PLOT_HEIGHT; `low_x` and the like say how the script finds a point."""

    path: str
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]
    low_x: float
    low_y: float
    logarithmic: bool = False
    target: tuple[float, float, float, float] | None = None

    def x(self, value: float) -> float:
        """The x of a rate from 0 to 1."""
        return PLOT_WIDTH * (min(max(value, self.low_x), 1.0) - self.low_x) / (1 - self.low_x)

    def y(self, value: float) -> float:
        """The y of a rate from 0 to 1."""
        if self.logarithmic:
            power = math.log10(value) if value > 0 else self.low_y
            return PLOT_HEIGHT * max(power, self.low_y) / self.low_y
        return PLOT_HEIGHT * (1 - (max(value, self.low_y) - self.low_y) / (1 - self.low_y))


@dataclass(frozen=True, slots=True)
class OperatingPoint:
    """The highest threshold that reaches a recall, and what it costs."""

    recall: float
    threshold: float
    escapes: int
    false_alarms: int
    false_alarm_rate: float
    precision: float


def histogram(scores: Floats, defect: Bools, axis: ScoreAxis, *, labelled: bool) -> Histogram:
    """Bars whose height is the square root of the count, so that a single defect beside thousands is seen."""
    bins = np.minimum((axis.place(scores) * BINS).astype(np.int64), BINS - 1)
    up = defect if labelled else np.ones_like(defect)
    upper, lower = np.bincount(bins[up], minlength=BINS), np.bincount(bins[~up], minlength=BINS)
    ticks = tuple((WIDTH * place, text) for place, text in axis.ticks())
    drawn = _bars(upper, -HALF, HALF) if labelled else _bars(upper, -2 * HALF, 2 * HALF)
    return Histogram(drawn, _bars(lower, HALF, HALF), int(upper.max()), int(lower.max()), ticks)


def _bars(counts: Counts, highest: float, base: float) -> str:
    """One path of all bars that stand on `base`; negative heights go up."""
    peak = max(1, int(counts.max()))
    step = WIDTH / BINS
    parts = []
    for place, count in enumerate(counts.tolist()):
        if count:
            height = max(1.5 / abs(highest), math.sqrt(count / peak)) * highest
            parts.append(f"M{_n(place * step + 0.4)} {_n(base)}v{_n(height)}h{_n(step - 0.8)}v{_n(-height)}z")
    return "".join(parts)


def precision_recall(pairs: Scored, here: float = 1.0) -> Plot:
    """Precision over recall; needs both classes. `here` is a recall that has to be in sight."""
    points = curve(pairs)
    flagged = points.caught[1:] + points.false_alarms[1:]
    recall, precision = points.caught[1:] / points.defects, points.caught[1:] / flagged
    low = _zoom(min(here, float(precision[recall >= 0.5].max()))) if (recall >= 0.5).any() else 0.0
    seen = recall >= low
    usual = seen & (recall <= USUAL_RECALL)  # the last defects may cost everything: they must not set the scale
    low_y = _zoom(float(precision[usual if usual.any() else seen].min()))
    plot = Plot("", _percent_ticks(low), _percent_ticks(low_y, down=True), low, low_y)
    return _drawn(plot, recall[seen], precision[seen])


def false_alarms_over_recall(pairs: Scored, target: tuple[float, float] | None, here: float = 1.0) -> Plot:
    """False alarm rate, logarithmic, over recall; needs both classes.

    `target` is the false alarm rate to stay below and the recall to keep: the corner is shaded. `here` is a recall
    that has to be in sight.
    """
    points = curve(pairs)
    recall, rate = points.caught / points.defects, points.false_alarms / points.passes
    first = int(np.searchsorted(points.caught, needed_catches(points.defects, 0.5)))
    low = _zoom(min(here, 1 - float(rate[min(first, len(rate) - 1)])))
    decades = _decades(points.passes, target)
    plot = Plot("", _percent_ticks(low), _log_ticks(decades), low, -float(decades), logarithmic=True)
    return _drawn(_with_target(plot, target), recall[recall >= low], rate[recall >= low])


def _decades(passes: int, target: tuple[float, float] | None) -> int:
    """So many that a single false alarm, and a corner below the target's rate, can be seen."""
    wanted = math.floor(-math.log10(target[0])) + 1 if target and target[0] > 0 else 0
    return max(2, min(6, max(wanted, math.ceil(math.log10(passes)))))


def _with_target(plot: Plot, target: tuple[float, float] | None) -> Plot:
    if target is None:
        return plot
    rate, recall = target
    left, top = min(plot.x(recall), PLOT_WIDTH - 4), plot.y(rate)
    corner = (round(left, 1), round(top, 1), round(PLOT_WIDTH - left, 1), round(max(PLOT_HEIGHT - top, 3), 1))
    return Plot(plot.path, plot.x_ticks, plot.y_ticks, plot.low_x, plot.low_y, plot.logarithmic, corner)


def operating_points(pairs: Scored, recalls: Sequence[float] = OPERATING_RECALLS) -> list[OperatingPoint]:
    """What each recall costs; needs both classes. A recall that so few defects can't tell from the next is left out."""
    points = curve(pairs)
    found: dict[int, OperatingPoint] = {}
    for recall in recalls:
        place = int(np.searchsorted(points.caught, needed_catches(points.defects, recall)))
        found.setdefault(place, _operating_point(points, recall, place))
    return list(found.values())


def _operating_point(points: Curve, recall: float, place: int) -> OperatingPoint:
    caught, false_alarms = int(points.caught[place]), int(points.false_alarms[place])
    return OperatingPoint(
        recall=recall,
        threshold=float(points.thresholds[place]),
        escapes=points.defects - caught,
        false_alarms=false_alarms,
        false_alarm_rate=false_alarms / points.passes,
        precision=caught / (caught + false_alarms),
    )


def _zoom(value: float) -> float:
    """Where an axis begins so that what is at `value` and above fills the frame."""
    return next(low for low in ZOOMS if value >= (low + 0.03 if low else -1))


def _drawn(plot: Plot, xs: Floats, ys: Floats) -> Plot:
    """The line through the points, from the frame's left edge, without those that fall on the same third of a unit."""
    xs, ys = np.append(plot.low_x, xs) if len(xs) else xs, np.append(ys[:1], ys)
    steps = [
        (round(plot.x(x) * 3) / 3, round(plot.y(y) * 3) / 3) for x, y in zip(xs.tolist(), ys.tolist(), strict=True)
    ]
    kept = [step for step, before in zip(steps, [None, *steps[:-1]], strict=True) if step != before]
    path = "M" + "L".join(f"{_n(x)} {_n(y)}" for x, y in kept) if kept else ""
    return Plot(path, plot.x_ticks, plot.y_ticks, plot.low_x, plot.low_y, plot.logarithmic, plot.target)


def _percent_ticks(low: float, *, down: bool = False) -> tuple[Tick, ...]:
    values = [low + (1 - low) * i / 5 for i in range(6)] if low != 0.8 else [0.8, 0.85, 0.9, 0.95, 1.0]
    length = PLOT_HEIGHT if down else PLOT_WIDTH
    shares = [(v - low) / (1 - low) for v in values]
    return tuple((length * (1 - s if down else s), f"{100 * v:.3g}%") for v, s in zip(values, shares, strict=True))


def _log_ticks(decades: int) -> tuple[Tick, ...]:
    texts = [f"{100 * 10.0**-d:.6g}%" for d in range(decades)] + ["0"]
    return tuple((PLOT_HEIGHT * d / decades, text) for d, text in enumerate(texts))


def _n(value: float) -> str:
    """A coordinate without needless digits."""
    return f"{value:.2f}".rstrip("0").rstrip(".")


if TYPE_CHECKING:
    from scoring.scored import Counts
