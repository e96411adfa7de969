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
    found = pressed(costs, even=7)
    assert [found[n] for n in (1, 2, 4, 6)] == [1.0, 2.0, 3.0, 0.0]
    scale = 3.0 - 0.6  # from the median to the lowest tenth
    assert found[5] == pytest.approx(3 + scale * math.log1p(1 / scale))
    assert found[3] == pytest.approx(3 + scale * math.log1p((1e6 - 3) / scale))
    assert sorted(range(7), key=found.__getitem__) == sorted(range(7), key=costs.__getitem__)


def test_the_scale_remembers_the_first_results_as_a_search_closes_in() -> None:
    costs = [0.0, 10.0, 20.0, 30.0, 1.0, 1.0, 1.0, 1.0, 0.9]
    scale = math.sqrt((1.0 - 0.72) * (15.0 - 3.0))
    assert pressed(costs, even=4)[3] == pytest.approx(1 + scale * math.log1p(29 / scale))
    assert pressed(costs, even=1) == pressed(costs, even=4)  # fewer have no spread


@pytest.mark.parametrize("costs", [[1.0, 2.0, 1e6], [1.0, 1.0, 1.0, 1.0, 9.0], [], [1.0, 1.0, 1.0, 1.0, 5.0, 0.0, 9.0]])
def test_few_results_and_such_without_a_spread_stay_as_they_are(costs: list[float]) -> None:
    assert pressed(costs, even=4) == costs


def test_the_least_number_of_results_has_a_tail() -> None:
    costs = [0.0, 1.0, 2.0, 100.0]
    assert len(costs) == LEAST
    assert pressed(costs, even=9)[:3] == [0.0, 1.0, pytest.approx(1.5 + 1.2 * math.log1p(0.5 / 1.2))]


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
