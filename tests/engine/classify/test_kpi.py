# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest

from engine.classify.kpi import (
    evaluation_kpi,
    false_alarm_rate_at_full_recall,
    headline,
    in_words,
    training_kpi,
    validation_kpi,
)
from scoring.figures import summarize

LABELS = [0, 0, 0, 0, 0, 1, 1, 1]
SCORES = [0.1, 0.2, 0.3, 0.6, 0.9, 0.3, 0.7, 0.95]


def test_evaluation_counts_shares_of_each_class_and_a_strict_margin() -> None:
    kpi = evaluation_kpi(LABELS, SCORES, 0.3, None)
    # Above 0.3: PASS 0.6 and 0.9 (false alarms), defects 0.7 and 0.95; the defect at exactly 0.3 escapes.
    assert kpi["test_acc"] == pytest.approx(100 * 5 / 8)
    assert kpi["test_fpr"] == pytest.approx(100 * 2 / 5)
    assert kpi["test_fnr"] == pytest.approx(100 * 1 / 3)
    assert kpi["test_fpr_of_all"] == pytest.approx(100 * 2 / 8)
    assert kpi["test_fnr_of_all"] == pytest.approx(100 * 1 / 8)
    assert kpi["defect_acc"] == pytest.approx(100 * 2 / 3)
    assert kpi["precision"] == pytest.approx(2 / 4)
    assert kpi["recall"] == pytest.approx(2 / 3)
    assert kpi["f1"] == pytest.approx(4 / 7)
    assert kpi["escapes"] == 1
    assert {"auc", "ap", "far_at_99_recall"} <= set(kpi)
    assert "threshold" not in kpi


def test_figures_at_the_model_s_threshold_have_names_of_their_own() -> None:
    kpi = evaluation_kpi(LABELS, SCORES, 0.3, 0.65)
    assert kpi["threshold"] == 0.65
    assert kpi["f1"] == pytest.approx(4 / 7)
    assert kpi["f1_at_threshold"] == pytest.approx(4 / 6)
    assert kpi["precision_at_threshold"] == pytest.approx(2 / 3)
    assert kpi["recall_at_threshold"] == pytest.approx(2 / 3)
    assert kpi["escapes_at_threshold"] == 1
    assert kpi["false_alarm_rate_at_threshold"] == pytest.approx(1 / 5)


def test_validation_uses_the_given_margin() -> None:
    low, high = (validation_kpi(0.5, LABELS, SCORES, margin) for margin in (0.3, 2.0))
    assert low["val_acc"] == pytest.approx(62.5)
    assert high["val_acc"] == pytest.approx(62.5)  # nothing is flagged: all five PASS are right
    assert high["val_fpr"] == 0.0
    assert low["val_loss"] == 0.5
    assert low["val_f1"] == pytest.approx(4 / 7)


def test_training_figures() -> None:
    assert training_kpi(0.25, LABELS, SCORES, 0.5) == {
        "train_loss": 0.25,
        "train_acc": pytest.approx(100 * 5 / 8),
        "train_fpr": pytest.approx(100 * 2 / 5),
        "train_fpr_of_all": pytest.approx(100 * 2 / 8),
    }


def test_val_far_is_the_share_of_pass_pairs_flagged_when_every_defect_is() -> None:
    # All defects are caught just below 0.3, where the threshold is strict: PASS at 0.3, 0.6, 0.9 are then flagged too.
    assert false_alarm_rate_at_full_recall(LABELS, SCORES) == pytest.approx(100 * 3 / 5)
    assert false_alarm_rate_at_full_recall([0, 0, 1], [0.1, 0.2, 0.5]) == 0.0
    assert false_alarm_rate_at_full_recall([0, 0, 1], [0.6, 0.7, 0.5]) == 100.0


@pytest.mark.parametrize("label", [0, 1])
def test_val_far_is_100_when_a_class_is_missing(label: int) -> None:
    assert false_alarm_rate_at_full_recall([label] * 3, [0.1, 0.2, 0.3]) == 100.0


def test_what_has_no_meaning_is_none_not_a_number() -> None:
    kpi = evaluation_kpi([0, 0], [0.1, 0.9], 0.5, None)
    assert kpi["defect_acc"] is None
    assert kpi["recall"] is None
    assert kpi["auc"] is None
    assert kpi["test_fpr"] == 50.0
    assert kpi["test_fnr"] == 0.0  # as in the container
    assert evaluation_kpi([1, 1], [0.1, 0.9], 0.5, None)["test_fpr"] == 0.0


def test_figures_that_a_monitor_may_rank_by_are_taken_at_their_own_recall() -> None:
    """One hundred defects, of which one scores low: at 99 % recall it may escape, at 100 % it may not."""
    labels, scores = [1] * 100 + [0] * 10, [0.05] + [0.9] * 99 + [0.01] * 2 + [0.1] * 5 + [0.95] * 3
    kpi = validation_kpi(0.5, labels, scores, 0.5)
    assert kpi["val_far"] == pytest.approx(100 * 8 / 10)
    assert kpi["val_far_at_99_recall"] == pytest.approx(3 / 10)
    assert kpi["val_fpr"] == pytest.approx(100 * 3 / 10)
    assert kpi["val_fpr_of_all"] == pytest.approx(100 * 3 / 110)


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("val_far", 12.5, "12.5% at 100% recall"),
        ("val_far_at_99_recall", 0.125, "12.5%"),
        ("test_fpr", 1.25, "1.25%"),
        ("test_fnr_of_all", 1.25, "1.25%"),
        ("recall_at_threshold", 0.975, "97.5%"),
        ("val_loss", 0.25, "0.25"),
        ("escapes", 3, "3"),
        ("auc", None, "undefined"),
    ],
)
def test_every_rate_is_told_in_percent(name: str, value: float | None, told: str) -> None:
    assert in_words(name, value) == told


def test_the_headline_names_what_each_rate_is_a_share_of() -> None:
    sheet = summarize(LABELS, SCORES, 0.65)
    assert headline(sheet, 0.65) == (
        "at threshold 0.65: recall 66.67% (2 of 3 defects), false alarm rate 20% (1 of 5 PASS pairs), "
        "F1 66.67%, escapes 1"
    )
