# SPDX-License-Identifier: Apache-2.0
"""What the Gaussian process is told of results that went astray."""

from __future__ import annotations

import math

import pytest

from automl.dimensions import Number
from automl.pressed import LEAST, pressed
from automl.space import Space
from automl.types import Objective


def test_only_what_is_worse_than_the_median_is_pressed_and_the_order_stays() -> None:
    costs = [5.0, 1.0, 2.0, 1e6, 3.0, 4.0, 0.0]
    found = pressed(costs)
    assert [found[n] for n in (1, 2, 4, 6)] == [1.0, 2.0, 3.0, 0.0]
    spread = 3.0 - 0.6  # from the median to the lowest tenth
    assert found[5] == pytest.approx(3 + spread * math.log1p(1 / spread))
    assert found[3] == pytest.approx(3 + spread * math.log1p((1e6 - 3) / spread))
    assert sorted(range(7), key=found.__getitem__) == sorted(range(7), key=costs.__getitem__)


@pytest.mark.parametrize("costs", [[1.0, 2.0, 1e6], [1.0, 1.0, 1.0, 1.0, 9.0], [], [2.0, 1.0, 1.0, 1.0]])
def test_few_results_and_such_without_a_spread_stay_as_they_are(costs: list[float]) -> None:
    assert pressed(costs) == costs


def test_the_least_number_of_results_has_a_tail() -> None:
    costs = [0.0, 1.0, 2.0, 100.0]
    assert len(costs) == LEAST
    assert pressed(costs)[:3] == [0.0, 1.0, pytest.approx(1.5 + 1.2 * math.log1p(0.5 / 1.2))]


@pytest.mark.parametrize("direction", ["minimize", "maximize"])
def test_one_result_far_astray_does_not_hide_where_the_good_ones_lie(direction: str) -> None:
    from automl.samplers import Suggester

    space = Space((Number("x", 0.0, 1.0),), {"x": 0.5}, {"x": {}})
    model = Suggester(space, (Objective("value", direction),), "gp", 1, start=2)  # type: ignore[arg-type]
    results = [(0.1, 1.0), (0.3, 0.3), (0.55, 0.02), (0.7, 0.05), (0.8, 0.4), (0.95, 1e6)]
    for run, (place, cost) in enumerate(results):
        model.begin(run, {"x": place}, {})
        model.end(run, [cost if direction == "minimize" else -cost])
    assert 0.35 < model.suggest(len(results))[0]["x"] < 0.75
