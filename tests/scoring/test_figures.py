# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import DataError
from scoring.figures import summarize
from scoring.thresholds import best_f1

# Two defects out of six; sorted by score: 0.9 defect, 0.8 PASS, 0.7 defect, then three PASS.
LABELS = [1, 0, 1, 0, 0, 0]
SCORES = [0.9, 0.8, 0.7, 0.4, 0.2, 0.1]


def test_figures_of_a_hand_computed_example() -> None:
    figures = summarize(LABELS, SCORES, 0.75)
    assert (figures["rows"], figures["defects"], figures["passes"], figures["threshold"]) == (6, 2, 4, 0.75)
    assert (figures["caught"], figures["escapes"], figures["false_alarms"], figures["true_passes"]) == (1, 1, 1, 3)
    assert figures["accuracy"] == pytest.approx(4 / 6)
    assert figures["precision"] == figures["recall"] == figures["f1"] == 0.5
    assert figures["false_alarm_rate"] == 0.25
    assert figures["auc"] == 7 / 8  # seven of the eight pairs of defect and PASS are in order
    assert figures["average_precision"] == pytest.approx((1 + 2 / 3) / 2)
    assert figures["far_at_100_recall"] == figures["far_at_99_recall"] == 0.25
    assert figures["escapes_per_million"] == figures["false_alarms_per_million"] == pytest.approx(1e6 / 6)
    assert figures["reasons"] == {}


def test_the_threshold_is_strict() -> None:
    at_a_score = summarize(LABELS, SCORES, 0.7)
    assert (at_a_score["escapes"], at_a_score["false_alarms"]) == (1, 1)
    assert summarize(LABELS, SCORES, math.nextafter(0.7, 0))["escapes"] == 0


def test_best_f1_of_a_hand_computed_example() -> None:
    threshold = best_f1(LABELS, SCORES)
    assert threshold.value == pytest.approx(math.sqrt(0.7 * 0.4))  # midway, by ratio
    assert threshold.f1 == pytest.approx(0.8)
    assert (threshold.precision, threshold.recall) == (pytest.approx(2 / 3), 1.0)


def test_ties_are_one_operating_point() -> None:
    labels, scores = [1, 0, 1, 0], [0.5, 0.5, 0.5, 0.1]
    figures = summarize(labels, scores, best_f1(labels, scores).value)
    assert figures["auc"] == 0.75
    assert figures["average_precision"] == pytest.approx(2 / 3)
    assert figures["far_at_99_recall"] == 0.5
    assert (figures["caught"], figures["false_alarms"]) == (2, 1)


def test_a_recall_between_two_steps_takes_the_next_one() -> None:
    labels = [1] * 200 + [0] * 100
    scores = [1.0] * 198 + [0.5, 0.3] + [0.4] * 10 + [0.1] * 90
    figures = summarize(labels, scores, 0.0)
    assert figures["far_at_99_recall"] == 0.0  # 198 of 200 will do
    assert figures["far_at_99_9_recall"] == figures["far_at_100_recall"] == 0.1


def test_neighbouring_floats_and_huge_scores_have_a_threshold_between_them() -> None:
    for low, high in ((1.0, math.nextafter(1.0, 2.0)), (-1.7e308, 1.7e308), (0.0, 5e-324)):
        threshold = best_f1([0, 1], [low, high])
        assert threshold.f1 == 1.0
        assert threshold.value is not None
        assert low <= threshold.value < high


def test_without_any_defect_there_is_no_recall_and_no_threshold() -> None:
    threshold = best_f1([0, 0], [0.1, 0.2])
    assert (threshold.value, threshold.f1) == (None, None)
    assert "no defect" in threshold.reason
    figures = summarize([0, 0], [0.1, 0.2], 0.15)
    assert [figures[name] for name in ("recall", "f1", "auc", "average_precision", "far_at_100_recall")] == [None] * 5
    assert figures["reasons"]["auc"] == "there is no defect among the pairs"
    assert (figures["accuracy"], figures["false_alarm_rate"], figures["precision"]) == (0.5, 0.5, 0.0)


def test_without_any_pass_there_is_no_false_alarm_rate() -> None:
    assert best_f1([1, 1], [0.1, 0.2]).f1 == 1.0
    figures = summarize([1, 1], [0.1, 0.2], 0.15)
    assert [figures[name] for name in ("false_alarm_rate", "auc", "far_at_100_recall")] == [None] * 3
    assert "no PASS" in figures["reasons"]["auc"]
    assert (figures["recall"], figures["f1"]) == (0.5, pytest.approx(2 / 3))


def test_nothing_flagged_has_no_precision() -> None:
    figures = summarize([1, 0], [0.1, 0.2], 0.9)
    assert figures["precision"] is None
    assert figures["reasons"] == {"precision": "no pair was flagged"}
    assert (figures["recall"], figures["f1"]) == (0.0, 0.0)


@pytest.mark.parametrize(
    ("labels", "scores", "reason"),
    [([], [], "there are no pairs"), ([0, 1, 1], [0.1, math.nan, math.inf], "2 of 3 scores are not finite")],
)
def test_no_pairs_and_broken_scores_give_no_figure(labels: list[int], scores: list[float], reason: str) -> None:
    assert best_f1(labels, scores).reason == reason
    figures = summarize(labels, scores, 0.5)
    given_anyway = {"rows", "defects", "passes", "threshold", "reasons"}
    assert {name for name, value in figures.items() if value is not None} == given_anyway
    assert set(figures["reasons"].values()) == {reason}


def test_without_a_threshold_the_other_figures_stand() -> None:
    figures = summarize(LABELS, SCORES, None)
    assert figures["auc"] == 7 / 8
    assert figures["escapes"] is None
    assert figures["reasons"]["escapes"] == "there is no threshold"


@pytest.mark.parametrize(
    ("labels", "scores", "code"),
    [
        ([0, 1], [0.5], "scoring.lengths"),
        ([0, 2], [0.5, 0.6], "scoring.labels"),
        (["PASS", "open"], [0.5, 0.6], "scoring.labels"),
        ([0, 1], ["high", "low"], "scoring.scores"),
    ],
)
def test_what_is_no_label_or_score_is_an_error(labels: list[int], scores: list[float], code: str) -> None:
    with pytest.raises(DataError) as caught:
        summarize(labels, scores, 0.5)
    assert caught.value.code == code


scored_pairs = st.lists(st.tuples(st.booleans(), st.integers(-5, 5)), min_size=2, max_size=60).filter(
    lambda rows: len({label for label, _ in rows}) == 2
)


@settings(deadline=None, max_examples=60)
@given(scored_pairs, st.integers(-6, 5))
def test_figures_agree_with_scikit_learn(rows: list[tuple[bool, int]], threshold: int) -> None:
    metrics = pytest.importorskip("sklearn.metrics", reason="scikit-learn is not installed")
    labels, scores = [label for label, _ in rows], [score / 5 for _, score in rows]
    flagged = [score > threshold / 5 for score in scores]
    figures = summarize(labels, scores, threshold / 5)
    assert figures["auc"] == pytest.approx(metrics.roc_auc_score(labels, scores))
    assert figures["average_precision"] == pytest.approx(metrics.average_precision_score(labels, scores))
    assert figures["accuracy"] == pytest.approx(metrics.accuracy_score(labels, flagged))
    assert figures["recall"] == pytest.approx(metrics.recall_score(labels, flagged))
    assert figures["f1"] == pytest.approx(metrics.f1_score(labels, flagged))
    assert figures["precision"] is None or figures["precision"] == pytest.approx(
        metrics.precision_score(labels, flagged)
    )


@settings(deadline=None, max_examples=60)
@given(scored_pairs)
def test_no_threshold_beats_the_best_one(rows: list[tuple[bool, int]]) -> None:
    labels, scores = [label for label, _ in rows], [score / 5 for _, score in rows]
    best = best_f1(labels, scores)
    assert summarize(labels, scores, best.value)["f1"] == pytest.approx(best.f1)
    others = [summarize(labels, scores, value)["f1"] for value in np.linspace(-1.1, 1.0, 43)]
    assert best.f1 is not None
    assert max(others) <= best.f1 + 1e-12


@settings(deadline=None, max_examples=60)
@given(scored_pairs, st.sampled_from([0.2, 1.0, 4.0, 50.0]))
def test_no_threshold_has_a_better_f_beta_than_the_one_for_a_cost(rows: list[tuple[bool, int]], cost: float) -> None:
    labels, scores = [label for label, _ in rows], [score / 5 for _, score in rows]

    def f_beta(threshold: float) -> float:
        at = summarize(labels, scores, threshold)
        precision, recall = at["precision"] or 0.0, at["recall"]
        return (1 + cost) * precision * recall / ((cost * precision + recall) or 1.0)

    best = best_f1(labels, scores, cost).value
    assert best is not None
    assert max(f_beta(value) for value in np.linspace(-1.1, 1.0, 22)) <= f_beta(best) + 1e-12


def test_figures_are_strict_json() -> None:
    labels = np.array([True, False])
    scores = np.array([0.5, np.nan], dtype=np.float32)
    assert json.loads(json.dumps(summarize(labels, scores, np.float32(0.5)), allow_nan=False))["rows"] == 2
