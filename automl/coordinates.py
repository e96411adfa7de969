# SPDX-License-Identifier: Apache-2.0
"""Points of a search space as rows of numbers, for the Gaussian process: drawn, moved a little, and compared."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from automl.dimensions import MARGIN, Ordered

if TYPE_CHECKING:
    from collections.abc import Sequence

    from automl.dimensions import Dimension
    from automl.space import Space
    from automl.types import Point

    Rows = np.ndarray[Any, np.dtype[np.float64]]

_OTHER_OPTION = 0.5  # how often an option that may be changed is


class Coordinates:
    """A column for each parameter: a share of its range, a place in its row from 0 to 1, or the number of an option."""

    def __init__(self, space: Space) -> None:
        self._space, self._dimensions = space, space.dimensions
        self.columns = len(self._dimensions)
        counts = [_count(dimension) for dimension in self._dimensions]
        self._counts = np.maximum(1, np.array(counts))
        self._steps = np.maximum(1, self._counts - 1)
        self._ordered = np.array([isinstance(dimension, Ordered) for dimension in self._dimensions])
        self._options = np.array([count > 0 for count in counts]) & ~self._ordered
        self.column_of = np.repeat(np.arange(self.columns), np.where(self._options, self._counts, 1))
        keys = {key for dimension in self._dimensions for key in space.nodes[dimension.key].get("active_when", {})}
        self._switches = [n for n, dimension in enumerate(self._dimensions) if dimension.key in keys]
        self._known: dict[tuple[float, ...], list[bool]] = {}

    def rows(self, points: Sequence[Point]) -> Rows:
        """The points, one a row."""
        found = [[self._encoded(n, point[d.key]) for n, d in enumerate(self._dimensions)] for point in points]
        return np.array(found, dtype=np.float64).reshape(len(points), self.columns)

    def point(self, row: Rows) -> Point:
        """The point of a row."""
        return {d.key: self._decoded(n, float(row[n])) for n, d in enumerate(self._dimensions)}

    def draw(self, random: np.random.Generator, count: int) -> Rows:
        """Rows drawn evenly."""
        shares = random.random((count, self.columns))
        places = np.floor(shares * self._counts)
        numbers = shares * (1 + 2 * MARGIN) - MARGIN
        return self._inside(np.where(self._options, places, np.where(self._ordered, places / self._steps, numbers)))

    def near(self, random: np.random.Generator, rows: Rows, spread: Rows | float) -> Rows:
        """A row near each of these: about a third of its columns moved by normal draws, at least one of them.

        `spread`: the deviation, a share of the range; one for all rows, or a column with one for each.
        """
        moved = np.asarray(random.random(rows.shape) < max(1.5 / self.columns, 0.3))
        moved[np.arange(len(rows)), random.integers(0, self.columns, len(rows))] = True
        moved &= ~self._options | (random.random(rows.shape) < _OTHER_OPTION)
        step = random.standard_normal(rows.shape) * spread
        whole = np.sign(step) * np.maximum(1, np.round(np.abs(step) * self._steps)) / self._steps
        other = np.floor(random.random(rows.shape) * self._counts)
        changed = np.where(self._options, other, rows + np.where(self._ordered, whole, step))
        return self._inside(np.where(moved, changed, rows))

    def features(self, rows: Rows) -> Rows:
        """What rows are compared by: the squared distance of two rows is the sum over these columns.

        An option has a column of its own. A parameter without effect lies in the middle, and no option of it is
        chosen, so that it tells nothing where it has none in both, and little where in one (after Swersky et al. 2014,
        "Raiders of the lost architecture").
        """
        active = self._active(rows)
        columns = []
        for n in range(self.columns):
            if self._options[n]:
                chosen = rows[:, n, None] == np.arange(self._counts[n])
                columns.append(chosen * active[:, n, None] * math.sqrt(0.5))
            else:
                columns.append(np.where(active[:, n], rows[:, n], 0.5)[:, None])
        return np.concatenate(columns, axis=1)

    def _inside(self, rows: Rows) -> Rows:
        held = np.where(self._options, rows, np.clip(rows, 0.0, 1.0))
        return np.where(self._ordered, np.round(held * self._steps) / self._steps, held)

    def _active(self, rows: Rows) -> np.ndarray[Any, np.dtype[np.bool_]]:
        """Which parameters have an effect in each row: the switches alone tell."""
        if not self._switches:
            return np.ones(rows.shape, dtype=bool)
        kinds, first, kind_of = np.unique(rows[:, self._switches], axis=0, return_index=True, return_inverse=True)
        for kind, row in zip(map(tuple, kinds), rows[first], strict=True):
            if kind not in self._known:
                values = self._space.values(self.point(row))
                self._known[kind] = [dimension.key in values for dimension in self._dimensions]
        return np.array([self._known[tuple(kind)] for kind in kinds])[kind_of.reshape(-1)]

    def _encoded(self, column: int, coordinate: Any) -> float:
        dimension = self._dimensions[column]
        if self._ordered[column]:
            return float(coordinate / self._steps[column])
        if not self._options[column]:
            return min(1.0, max(0.0, float(coordinate)))
        return float(_options(dimension).index(dimension.decode(coordinate)))

    def _decoded(self, column: int, number: float) -> Any:
        dimension = self._dimensions[column]
        if self._ordered[column]:
            return round(number * self._steps[column])
        return dimension.encode(_options(dimension)[int(number)]) if self._options[column] else number


def _options(dimension: Dimension) -> tuple[Any, ...]:
    options: tuple[Any, ...] = getattr(dimension, "options", ())
    return options


def _count(dimension: Dimension) -> int:
    """How many values there are to choose from; 0 of numbers without steps."""
    return len(dimension.values) if isinstance(dimension, Ordered) else len(_options(dimension))
