# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import numpy as np
import pytest

from scoring.pixels import (
    LEVELS,
    best_threshold,
    change_figures,
    confusion,
    level_counts,
    pixel_figures,
    pixel_names,
)


def test_figures_of_two_classes_by_hand() -> None:
    truth = np.array([[0, 0, 0, 1], [1, 1, 255, 0]])
    predicted = np.array([[0, 1, 0, 1], [1, 0, 1, 0]])
    matrix = confusion(truth, predicted, 2)
    assert matrix.tolist() == [[3, 1], [1, 2]]
    found = pixel_figures(matrix)
    assert found["acc"] == 5 / 7
    assert found["iou_0"] == 3 / 5
    assert found["iou_1"] == 2 / 4
    assert found["F1_1"] == 4 / 6
    assert found["precision_1"] == 2 / 3
    assert found["recall_0"] == 3 / 4
    assert found["miou"] == pytest.approx((3 / 5 + 2 / 4) / 2)
    assert found["mf1"] == pytest.approx((6 / 8 + 4 / 6) / 2)
    assert tuple(found) == pixel_names(2)


def test_a_class_that_is_nowhere_has_no_figures_and_no_part_in_the_means() -> None:
    found = pixel_figures(confusion(np.array([0, 0, 1]), np.array([0, 0, 1]), 3))
    assert found["iou_2"] is None
    assert found["miou"] == 1.0
    assert pixel_figures(np.zeros((2, 2), dtype=np.int64))["acc"] is None


def test_changed_is_every_class_but_the_first() -> None:
    matrix = np.array([[10, 1, 1], [2, 5, 3], [0, 1, 7]])
    assert change_figures(matrix) == {"f1": 32 / 36, "iou": 16 / 20, "precision": 16 / 18, "recall": 16 / 18}


@pytest.mark.parametrize("seed", range(5))
def test_the_threshold_has_the_best_f1_of_all_thousandths(seed: int) -> None:
    chance = np.random.default_rng(seed)
    changed = chance.random(2000) < 0.1
    probability = np.clip(chance.normal(0.3 + 0.3 * changed, 0.15), 0, 1)

    def f1(threshold: float) -> float:
        marked = probability > threshold
        return float(2 * (marked & changed).sum() / (marked.sum() + changed.sum()))

    chosen = best_threshold(level_counts(probability, changed))
    assert chosen is not None
    assert f1(chosen) == max(f1(k / LEVELS) for k in range(1, LEVELS))


def test_counts_add_up_and_a_threshold_that_is_a_level_leaves_it_out() -> None:
    probability, changed = np.array([0.0, 0.5, 0.5001, 1.0]), np.array([False, False, True, True])
    counts = level_counts(probability, changed)
    assert counts.sum(axis=1).tolist() == [2, 2]
    assert best_threshold(counts) == pytest.approx(0.5)
    assert best_threshold(counts * [[1], [0]]) is None


def test_among_equal_thresholds_the_middle_one_counts() -> None:
    counts = level_counts(np.array([0.1, 0.9]), np.array([False, True]))
    assert best_threshold(counts) == pytest.approx(0.5, abs=0.01)
