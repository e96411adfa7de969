# SPDX-License-Identifier: Apache-2.0
"""Covariance matrix adaptation (Hansen 2016, arXiv:1604.00772) with the library that Optuna uses for it.

The strategy is made again from the results, generation by generation: nothing of it is stored. Every parameter has one
coordinate in [0, 1], which its distribution turns into a value.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from automl.draws import seed_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from automl.space import Space
    from automl.types import Objective, Point

_SPREAD = 0.25


class CmaSuggester:
    """Suggestions of CMA-ES; told of every run that begins and of how it ends, in their order."""

    def __init__(self, space: Space, objectives: Sequence[Objective], seed: int) -> None:
        import numpy as np
        from cmaes import CMA  # type: ignore[import-untyped]

        self._space, self._objective, self._seed = space, objectives[0], seed
        size = max(2, len(space.dimensions))
        middle, ends = np.full(size, 0.5), np.tile([0.0, 1.0], (size, 1))
        self._strategy = CMA(mean=middle, sigma=_SPREAD, bounds=ends, seed=seed)
        self._running: dict[int, dict[str, Any]] = {}
        self._told: list[tuple[Any, float]] = []

    def suggest(self, number: int) -> tuple[Point, dict[str, Any]]:
        """The point of suggestion `number`, with its coordinates and generation to be remembered."""
        self._strategy.reseed_rng(seed_of(self._seed, "cmaes", number))
        shares = [float(share) for share in self._strategy.ask()]
        dimensions = self._space.dimensions
        point = {d.key: d.draw(min(share, 1 - 1e-9)) for d, share in zip(dimensions, shares, strict=False)}
        return self._space.canonical(point), {"shares": shares, "generation": self._strategy.generation}

    def begin(self, run: int, point: Point, attrs: dict[str, Any]) -> None:
        """A run with these coordinates is on its way; the defaults have none."""
        del point
        self._running[run] = attrs

    def end(self, run: int, values: Sequence[float] | None) -> None:
        """The run has these values; None when it failed. A generation that is whole moves the strategy on."""
        import numpy as np

        attrs = self._running.pop(run)
        if values is None or attrs.get("generation") != self._strategy.generation:
            return
        self._told.append((np.array(attrs["shares"]), self._objective.key(values[0])))
        if len(self._told) == self._strategy.population_size:
            self._strategy.tell(self._told)
            self._told = []
