# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reports.charts import false_alarms_over_recall, histogram, operating_points, precision_recall
from reports.score_axis import score_axis
from scoring.figures import false_alarm_rate_at
from scoring.scored import scored

SCORES = st.lists(st.floats(allow_nan=False, allow_infinity=False, width=64), max_size=40)


@settings(deadline=None)
@given(SCORES, st.none() | st.floats(-1e300, 1e300))
def test_every_score_has_a_place(values: list[float], threshold: float | None) -> None:
    scores = np.array(values, dtype=np.float64)
    axis = score_axis(scores, threshold)
    places = axis.place(scores)
    assert axis.low < axis.high
    assert ((places >= 0) & (places <= 1)).all()
    assert (np.diff(places[np.argsort(scores)]) >= 0).all()
    assert all(0 <= place <= 1 for place, _ in axis.ticks())


def test_confident_probabilities_stand_on_log_odds() -> None:
    axis = score_axis(np.array([0.0, 1e-5, 0.0001, 0.0002, 0.9999, 1.0, 0.4]), 0.3)
    assert axis.kind == "logodds"
    assert "0.5" in [text for _, text in axis.ticks()]
    assert score_axis(np.linspace(0, 1, 50), 0.3) == score_axis(np.linspace(0.2, 0.8, 50), 0.3)


def test_distances_stand_on_a_linear_axis_that_a_straggler_does_not_stretch() -> None:
    axis = score_axis(np.append(np.linspace(0, 4, 500), 1e9), 2.0)
    assert axis.kind == "linear"
    assert axis.high < 100


@settings(deadline=None)
@given(st.lists(st.tuples(st.booleans(), st.floats(0, 1)), min_size=1, max_size=60))
def test_bars_hold_every_pair(pairs: list[tuple[bool, float]]) -> None:
    defect = np.array([bad for bad, _ in pairs])
    scores = np.array([score for _, score in pairs])
    drawn = histogram(scores, defect, score_axis(scores, None), labelled=True)
    assert bool(drawn.upper) == bool(defect.any())
    assert bool(drawn.lower) == bool((~defect).any())
    assert drawn.upper_peak <= defect.sum()


@pytest.fixture
def pairs() -> tuple[list[int], list[float]]:
    chance = np.random.default_rng(2)
    labels = (chance.random(400) < 0.3).astype(int)
    return labels.tolist(), (chance.normal(0, 1, 400) + 2 * labels).tolist()


def test_operating_points_are_those_of_scoring(pairs: tuple[list[int], list[float]]) -> None:
    known = scored(*pairs)
    for point in operating_points(known):
        assert point.false_alarm_rate == false_alarm_rate_at(known, point.recall)
        caught = int(((known.score > point.threshold) & known.defect).sum())
        assert caught / known.defects >= point.recall - 1e-9
        assert point.escapes == known.defects - caught


def test_curves_stay_inside_their_frame(pairs: tuple[list[int], list[float]]) -> None:
    for plot in (precision_recall(scored(*pairs)), false_alarms_over_recall(scored(*pairs), (0.01, 0.99))):
        numbers = [float(n) for n in re.findall(r"-?[0-9.]+", plot.path)]
        assert all(-0.1 <= x <= 300.1 for x in numbers[::2])
        assert all(-0.1 <= y <= 190.1 for y in numbers[1::2])


@pytest.mark.parametrize("recall", [0.97, 0.84, 0.6, 0.1])
def test_the_present_threshold_is_in_sight(recall: float) -> None:
    known = scored([0] * 500 + [1] * 100, np.linspace(0, 0.5, 500).tolist() + np.linspace(0.45, 1, 100).tolist())
    for plot in (precision_recall(known, recall), false_alarms_over_recall(known, None, recall)):
        assert plot.low_x < recall
    assert precision_recall(known).low_x > 0.8


def test_perfect_scores_draw_a_line_along_the_frame() -> None:
    known = scored([0] * 50 + [1] * 50, [0.1] * 50 + [0.9] * 50)
    assert precision_recall(known).path.startswith("M0 0")
    target = false_alarms_over_recall(known, (0.001, 1.0)).target
    assert target is not None
    assert target[0] + target[2] == pytest.approx(300)
