# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json

import numpy as np
import pytest

from core.errors import DataError
from scoring.binomial import cases_needed, clopper_pearson, incomplete_beta, lower_bound, upper_bound
from scoring.bootstrap import bootstrap
from scoring.calibration import calibrate
from scoring.groups import by_board, by_kind
from scoring.sheet import figure_sheet
from scoring.targets import parse


@pytest.mark.parametrize(
    ("hits", "cases"), [(0, 10), (10, 10), (1, 10), (7, 10), (171, 171), (999, 1000), (3, 100_000)]
)
def test_exact_bounds_agree_with_scipy(hits: int, cases: int) -> None:
    stats = pytest.importorskip("scipy.stats", reason="scipy is not installed")
    exact = stats.binomtest(hits, cases).proportion_ci(0.95, method="exact")
    interval = clopper_pearson(hits, cases)
    assert (interval.lower, interval.upper) == pytest.approx((exact.low, exact.high), abs=1e-8)
    one_sided = stats.binomtest(hits, cases, alternative="greater").proportion_ci(0.95, method="exact")
    assert lower_bound(hits, cases) == pytest.approx(one_sided.low, abs=1e-8)


def test_bounds_of_hand_computed_cases() -> None:
    assert lower_bound(1, 1) == pytest.approx(0.05)
    assert upper_bound(0, 2) == pytest.approx(1 - 0.05**0.5)
    assert (lower_bound(0, 5), upper_bound(5, 5), lower_bound(0, 0), upper_bound(0, 0)) == (0, 1, 0, 1)
    assert incomplete_beta(0.5, 2, 3) == pytest.approx(11 / 16)
    assert [cases_needed(rate) for rate in (0.0, 0.5, 0.95, 0.99, 0.999, 1.0)] == [1, 5, 59, 299, 2995, None]


def test_recall_per_kind_and_figures_per_board() -> None:
    kinds = ["open", "PASS", "short", "open", "PASS"]
    scores, boards = [0.9, 0.8, 0.2, 0.1, 0.3], ["b", "a", "a", "b", "a"]
    opened, short = by_kind(kinds, scores, 0.5)
    assert (opened.name, opened.defects, opened.caught, opened.escapes, opened.recall) == ("open", 2, 1, 1, 0.5)
    assert opened.recall_interval == clopper_pearson(1, 2)
    assert (short.name, short.recall) == ("short", 0.0)
    a, b = by_board(boards, [kind != "PASS" for kind in kinds], scores, 0.5)
    assert (a.name, a.defects, a.passes, a.false_alarms, a.false_alarm_rate) == ("a", 1, 2, 1, 0.5)
    assert (b.passes, b.false_alarm_rate, b.recall) == (0, None, 0.5)


def test_groups_refuse_unequal_lengths_and_broken_scores() -> None:
    with pytest.raises(DataError, match="1 group names and 2 pairs"):
        by_board(["a"], [0, 1], [0.1, 0.2], 0.5)
    with pytest.raises(DataError, match="not finite"):
        by_kind(["open"], [np.nan], 0.5)


def boards_with_errors() -> tuple[list[str], list[int], list[float]]:
    """Ten boards of 20 pairs, half of them defects; on one board every defect escapes."""
    boards = [f"board{i // 20}" for i in range(200)]
    labels = [i % 2 for i in range(200)]
    scores = [0.9 if label and not board.endswith("9") else 0.1 for label, board in zip(labels, boards, strict=True)]
    return boards, labels, scores


def test_intervals_cover_what_was_found_and_repeat_with_the_seed() -> None:
    boards, labels, scores = boards_with_errors()
    first = bootstrap(labels, scores, 0.5, boards, draws=300)
    assert first == bootstrap(labels, scores, 0.5, boards, draws=300)
    pairs = [str(i) for i in range(200)]
    assert bootstrap(labels, scores, 0.5, pairs, draws=20) != bootstrap(labels, scores, 0.5, pairs, draws=20, seed=5)
    recall = first["recall"]
    assert recall is not None
    assert recall.lower < 0.9 < recall.upper == 1.0
    assert recall.method == "bootstrap over boards"


def test_resampling_boards_is_wider_than_resampling_pairs() -> None:
    boards, labels, scores = boards_with_errors()
    by_boards = bootstrap(labels, scores, 0.5, boards, draws=300)["recall"]
    by_pairs = bootstrap(labels, scores, 0.5, [str(i) for i in range(200)], draws=300)["recall"]
    assert by_boards is not None
    assert by_pairs is not None
    assert by_boards.upper - by_boards.lower > 1.5 * (by_pairs.upper - by_pairs.lower)


def test_no_escape_at_all_is_no_certainty() -> None:
    boards, labels, _ = boards_with_errors()
    found = bootstrap(labels, [float(label) for label in labels], 0.5, boards, draws=200)
    assert found["recall"] == clopper_pearson(100, 100)
    escapes = found["escapes_per_million"]
    assert escapes is not None
    assert (escapes.lower, escapes.upper) == (0.0, pytest.approx(1e6 * clopper_pearson(0, 200).upper))


def test_few_boards_are_no_surer_than_their_pairs_counted_one_by_one() -> None:
    """One escape among five boards: resampling alone would put the recall at 92 % or more, where the pairs say 87 %."""
    boards = [f"b{i // 8}" for i in range(40)]
    scores = [0.1, *[0.9] * 39]
    recall = bootstrap([1] * 40, scores, 0.5, boards, draws=200)["recall"]
    exact = clopper_pearson(39, 40)
    assert recall is not None
    assert (recall.lower, recall.upper) == (exact.lower, 1.0)
    assert recall.method == "bootstrap over boards and exact binomial"


def test_one_mistake_more_never_makes_a_rate_surer() -> None:
    boards, labels, _ = boards_with_errors()
    bounds = []
    for alarms in range(6):
        flagged = [float(label or (not label and i // 2 < alarms)) for i, label in enumerate(labels)]
        found = bootstrap(labels, flagged, 0.5, boards, draws=200)
        intervals = [found[name] for name in ("false_alarm_rate", "false_alarms_per_million")]
        bounds.append([interval.upper for interval in intervals if interval])
    assert bounds == sorted(bounds)
    assert len({bound for bound, _ in bounds}) == 6


def test_a_single_defect_has_the_interval_of_one_case_and_no_defect_none() -> None:
    boards = [f"b{i}" for i in range(10)]
    found = bootstrap([1] + [0] * 9, [0.9] * 10, 0.5, boards, draws=50)
    assert found["recall"] == clopper_pearson(1, 1)
    assert found["auc"] is None
    without = bootstrap([0] * 10, [0.9] * 10, 0.5, boards, draws=50)
    assert (without["recall"], without["f1"]) == (None, None)


def test_resampled_auc_is_the_plain_one_when_boards_are_equal() -> None:
    labels, scores = [1, 0, 1, 0] * 2, [0.5, 0.5, 0.5, 0.1] * 2
    area = bootstrap(labels, scores, 0.3, ["a"] * 4 + ["b"] * 4, draws=20)["auc"]
    assert area is not None
    assert area.lower == area.upper == 0.75


def test_one_board_or_no_pass_gives_no_interval() -> None:
    assert set(bootstrap([1, 0], [0.9, 0.1], 0.5, ["a", "a"]).values()) == {None}
    found = bootstrap([1, 1, 1], [0.9, 0.1, 0.8], 0.5, ["a", "b", "c"], draws=50)
    assert (found["auc"], found["false_alarm_rate"]) == (None, None)
    assert found["recall"] is not None


def test_calibration_of_a_hand_computed_example() -> None:
    calibration = calibrate([0, 1, 1, 1], [0.1, 0.3, 0.9, 1.0], bins=2)
    low, high = calibration.bins
    assert (low.pairs, low.mean_score, low.defect_rate) == (2, pytest.approx(0.2), 0.5)
    assert (high.pairs, high.mean_score, high.defect_rate) == (2, pytest.approx(0.95), 1.0)
    assert calibration.brier == pytest.approx((0.01 + 0.49 + 0.01 + 0) / 4)
    assert calibration.expected_error == pytest.approx((2 * 0.3 + 2 * 0.05) / 4)


def test_bin_borders_and_empty_bins() -> None:
    calibration = calibrate([0, 1, 1], [0.0, 0.5, 1.0], bins=4)
    assert [b.pairs for b in calibration.bins] == [1, 1, 0, 1]
    assert calibration.bins[2].mean_score is None


@pytest.mark.parametrize(("label", "brier"), [(0, 0.04), (1, 0.64)])
def test_pairs_of_one_class_are_calibrated_as_well(label: int, brier: float) -> None:
    calibration = calibrate([label] * 3, [0.2] * 3)
    assert (calibration.reason, calibration.brier) == ("", pytest.approx(brier))


@pytest.mark.parametrize(
    ("labels", "scores", "reason"),
    [([0, 1], [0.5, 3.2], "distances"), ([], [], "no pairs"), ([0, 1], [0.5, np.inf], "not finite")],
)
def test_scores_that_are_no_probabilities_are_not_calibrated(
    labels: list[int], scores: list[float], reason: str
) -> None:
    calibration = calibrate(labels, scores)
    assert (calibration.brier, calibration.expected_error, calibration.bins) == (None, None, ())
    assert reason in calibration.reason


def test_the_sheet_holds_every_part_as_strict_json() -> None:
    boards, labels, scores = boards_with_errors()
    kinds = ["open" if label else "PASS" for label in labels]
    sheet = figure_sheet(kinds, scores, 0.5, boards=boards, target=parse("escapes<=1%"), draws=50)
    assert json.loads(json.dumps(sheet, allow_nan=False)) == sheet
    assert (sheet["escapes"], sheet["by_kind"][0]["escapes"], len(sheet["by_board"])) == (10, 10, 10)
    assert sheet["target"]["met"] is False
    assert sheet["intervals"]["recall"]["method"] == "bootstrap over boards"


@pytest.mark.parametrize(("kinds", "scores"), [([], []), (["PASS"], [0.2]), (["open", "PASS"], [np.nan, 0.1])])
def test_the_sheet_of_nothing_one_class_and_broken_scores(kinds: list[str], scores: list[float]) -> None:
    sheet = figure_sheet(kinds, scores, 0.5, target=parse("recall>=99%"))
    json.dumps(sheet, allow_nan=False)
    assert sheet["auc"] is None
    assert sheet["target"]["met"] is None
