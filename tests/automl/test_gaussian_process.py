# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from automl.coordinates import Coordinates
from automl.dimensions import Choice, Number, Ordered, Weighted
from automl.gaussian_process import GaussianProcess, log_improvement
from automl.proposals import propose
from automl.space import Space

DIMENSIONS = (
    Number("lr", 1e-6, 1e-2, log=True),
    Ordered("depth", (1, 2, 4, 8)),
    Choice("optim", ("adamw", "sgd", "adam")),
    Weighted("size", (64, 128), (1.0, 3.0)),
    Choice("augment", (False, True)),
    Number("angle", 0.0, 30.0),
)
BASE = {"lr": 1e-4, "depth": 4, "optim": "sgd", "size": 128, "augment": True, "angle": 10.0}


def mixed(**nodes: dict[str, Any]) -> Space:
    return Space(DIMENSIONS, BASE, {d.key: nodes.get(d.key, {}) for d in DIMENSIONS})


def conditional() -> Space:
    return mixed(angle={"active_when": {"augment": [True]}})


def line(count: int = 1) -> Space:
    dimensions = tuple(Number(f"x{n}", 0.0, 1.0) for n in range(count))
    return Space(dimensions, {d.key: 0.5 for d in dimensions}, {d.key: {} for d in dimensions})


def test_a_point_becomes_a_row_and_the_same_point_again() -> None:
    coordinates, space = Coordinates(mixed()), mixed()
    rows = coordinates.draw(np.random.default_rng(1), 200)
    for row in rows:
        point = coordinates.point(row)
        assert space.values(coordinates.point(coordinates.rows([point])[0])) == space.values(point)
    seen = [space.values(coordinates.point(row)) for row in rows]
    assert {one["depth"] for one in seen} == {1, 2, 4, 8}
    assert {one["optim"] for one in seen} == {"adamw", "sgd", "adam"}
    assert {one["size"] for one in seen} == {64, 128}


def test_a_row_near_another_differs_from_it_and_stays_in_the_space() -> None:
    coordinates, random = Coordinates(mixed()), np.random.default_rng(2)
    rows = np.repeat(coordinates.rows([mixed().defaults()]), 500, axis=0)
    for spread in (0.004, 0.2):
        near = coordinates.near(random, rows, spread)
        assert (near != rows).any(axis=1).mean() > 0.6  # an option that is drawn may be the one that it was
        assert near.min() >= 0.0
        assert near[:, [0, 1, 5]].max() <= 1.0
        assert set(np.unique(near[:, 2])) == {0.0, 1.0, 2.0}
        assert {mixed().values(coordinates.point(row))["depth"] for row in near} == {2, 4, 8} | (
            {1} if spread > 0.1 else set()
        )
    assert np.abs(coordinates.near(random, rows, 0.004)[:, 0] - rows[:, 0]).max() < 0.03


def test_what_has_no_effect_sets_no_points_apart() -> None:
    coordinates = Coordinates(conditional())
    points = [
        {**conditional().defaults(), "augment": switch, "angle": angle} for switch in (0, 1) for angle in (0.1, 0.9)
    ]
    off_low, off_high, on_low, on_high = coordinates.features(coordinates.rows(points))
    assert np.array_equal(off_low, off_high)
    assert not np.array_equal(on_low, on_high)
    away = ((off_low - on_low) ** 2).sum()
    assert away == pytest.approx(1 + 0.4**2)  # the other option, and the angle from the middle of its range


def test_the_process_passes_through_results_and_falls_back_to_their_mean() -> None:
    coordinates = Coordinates(line())
    rows = np.linspace(0, 0.6, 9)[:, None]
    values = np.sin(8 * rows[:, 0])
    process = GaussianProcess(coordinates, rows, values)
    assert process.expected(rows) == pytest.approx(values, abs=0.02)
    assert process.expected(np.array([[0.337]]))[0] == pytest.approx(math.sin(8 * 0.337), abs=0.03)


def test_a_parameter_that_tells_nothing_is_known_for_it() -> None:
    random = np.random.default_rng(3)
    rows = random.random((24, 3))
    process = GaussianProcess(Coordinates(line(3)), rows, np.cos(6 * rows[:, 1]))
    there = np.array([[0.1, 0.4, 0.2], [0.9, 0.4, 0.9]])
    assert process.expected(there) == pytest.approx(np.cos(6 * 0.4) * np.ones(2), abs=0.15)


def test_the_gradient_is_that_of_the_loss() -> None:
    space = conditional()
    coordinates, random = Coordinates(space), np.random.default_rng(4)
    rows = coordinates.draw(random, 15)
    process = GaussianProcess(coordinates, rows, random.standard_normal(15))
    chosen = random.normal(0, 1, coordinates.columns + 2)
    _, gradient = process.loss(chosen)
    for n in range(len(chosen)):
        step = np.zeros_like(chosen)
        step[n] = 1e-5
        slope = (process.loss(chosen + step)[0] - process.loss(chosen - step)[0]) / 2e-5
        assert gradient[n] == pytest.approx(slope, rel=1e-4, abs=1e-5)


@pytest.mark.parametrize("mean", [3.0, 0.5, -0.5, -2.0, -6.0, -25.0])
def test_the_improvement_is_the_mean_of_what_is_above_nothing(mean: float) -> None:
    high = np.linspace(0, 12, 400_001)  # of a normal draw around `mean`, relative to its density at 0
    relative = np.exp(-0.5 * (high - mean) ** 2 + 0.5 * mean**2)
    area = float(((high * relative)[1:] + (high * relative)[:-1]).sum() / 2 * (high[1] - high[0]))
    expected = math.log(area) - 0.5 * mean**2 - 0.5 * math.log(2 * math.pi)
    assert log_improvement(np.array([mean]))[0] == pytest.approx(expected, abs=1e-3)


def test_what_runs_already_is_not_proposed_again() -> None:
    space = line(2)
    tried = [{"x0": a / 4, "x1": b / 4} for a in range(5) for b in range(5) if (a, b) != (2, 2)]
    values = [(p["x0"] - 0.52) ** 2 + (p["x1"] - 0.47) ** 2 for p in tried]
    alone = next(propose(space, tried, values, [], 1))
    assert math.hypot(alone["x0"] - 0.52, alone["x1"] - 0.47) < 0.1
    beside = next(propose(space, tried, values, [alone], 1))
    assert math.hypot(beside["x0"] - alone["x0"], beside["x1"] - alone["x1"]) > 1e-3
    assert next(propose(space, tried, values, [alone], 1)) == beside


def test_proposals_go_to_the_best_options_and_their_strength() -> None:
    space = conditional()

    def worth(point: dict[str, Any]) -> float:
        v = space.values(point)
        kind = {"adamw": 0.0, "adam": 0.4, "sgd": 1.0}[v["optim"]] + 0.1 * abs(v["depth"] - 2)
        return kind + (math.log10(v["lr"]) + 3.5) ** 2 / 4 - (1 - (v["angle"] - 20) ** 2 / 400 if v["augment"] else 0)

    coordinates = Coordinates(space)
    tried = [space.canonical(coordinates.point(row)) for row in coordinates.draw(np.random.default_rng(5), 6)]
    for number in range(20):
        tried.append(next(propose(space, tried, [worth(point) for point in tried], [], number)))
    best = space.values(min(tried, key=worth))
    assert best["augment"] is True
    assert (best["optim"], best["depth"]) == ("adamw", 2)
    assert worth(min(tried, key=worth)) < -0.9


@pytest.mark.parametrize("values", [[1.0, 1.0, 1.0], [1.0, math.inf, -math.inf], [math.nan] * 3, [0.5]])
def test_results_of_no_spread_or_no_number_end_in_a_proposal(values: list[float]) -> None:
    tried = [{"x0": 0.1 * n} for n in range(len(values))]
    points = list(propose(line(), tried, values, [{"x0": 0.9}], 1))
    assert points
    assert all(0.0 <= point["x0"] <= 1.0 for point in points)


def test_a_few_bad_results_hide_nothing_of_what_sets_the_good_ones_apart() -> None:
    space = line(2)
    random = np.random.default_rng(6)
    tried = [{"x0": float(a), "x1": float(b)} for a, b in random.random((20, 2))]
    values = [math.expm1(20 * ((p["x0"] - 0.55) ** 2 + (p["x1"] - 0.4) ** 2)) for p in tried]

    points = [next(propose(space, tried, values, [], seed)) for seed in range(4)]

    assert max(math.hypot(p["x0"] - 0.55, p["x1"] - 0.4) for p in points) < 0.25
