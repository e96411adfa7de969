# SPDX-License-Identifier: Apache-2.0
"""What a choice of a threshold must hold to at its edges: ties, equal scores, and what few defects can show."""

from __future__ import annotations

import math

import pytest

from scoring.choice import choose_threshold, judge
from scoring.figures import summarize
from scoring.groups import by_board, by_kind
from scoring.sheet import figure_sheet
from scoring.targets import parse
from scoring.thresholds import best_f1

# Two thresholds of F1 2/3: one defect caught and nothing flagged wrongly, or both and two false alarms.
TIED_LABELS = [1, 0, 0, 1, 0]
TIED_SCORES = [0.9, 0.8, 0.7, 0.6, 0.1]


def test_a_score_equal_to_the_threshold_passes_everywhere() -> None:
    labels, scores, kinds, boards = [1, 0, 1], [0.5, 0.5, 0.9], ["open", "PASS", "open"], ["b", "b", "b"]
    figures = summarize(labels, scores, 0.5)
    assert (figures["escapes"], figures["false_alarms"]) == (1, 0)
    for text in ("recall>=50%", "escapes<=50%", "far<=0% at recall=50%", "precision>=100% at recall=50%"):
        verdict = judge(labels, scores, 0.5, parse(text))
        assert (verdict.escapes, verdict.false_alarms, verdict.met) == (1, 0, True)
    (kind,) = by_kind(kinds, scores, 0.5)
    (board,) = by_board(boards, labels, scores, 0.5)
    assert (kind.escapes, board.escapes, board.false_alarms) == (1, 1, 0)
    sheet = figure_sheet(kinds, scores, 0.5, boards=boards, target=parse("recall>=50%"))
    assert (sheet["escapes"], sheet["by_kind"][0]["escapes"], sheet["target"]["escapes"]) == (1, 1, 1)
    just_below = math.nextafter(0.5, 0.0)
    assert (
        summarize(labels, scores, just_below)["escapes"]
        == judge(labels, scores, just_below, parse("recall>=50%")).escapes
        == 0
    )


def test_among_thresholds_of_equal_f1_the_one_that_catches_more_is_taken() -> None:
    assert best_f1(TIED_LABELS, TIED_SCORES).value == pytest.approx(math.sqrt(0.6 * 0.1))
    assert best_f1(TIED_LABELS, TIED_SCORES).recall == 1.0
    for text in ("recall>=50%", "escapes<=50%", "far<=100% at recall=50%"):
        choice = choose_threshold(TIED_LABELS, TIED_SCORES, parse(text))
        assert (choice.threshold, choice.verdict.escapes) == (pytest.approx(math.sqrt(0.6 * 0.1)), 0)


def test_where_nothing_meets_the_target_the_closest_that_keeps_the_recall_is_taken() -> None:
    choice = choose_threshold(TIED_LABELS, TIED_SCORES, parse("far<=10% at recall=100%"))
    assert (choice.threshold, choice.verdict.met) == (pytest.approx(math.sqrt(0.6 * 0.1)), False)
    assert (choice.verdict.achieved, choice.verdict.recall) == (pytest.approx(2 / 3), 1.0)
    choice = choose_threshold(TIED_LABELS, TIED_SCORES, parse("precision>=90% at recall=100%"))
    assert (choice.threshold, choice.verdict.achieved) == (pytest.approx(math.sqrt(0.6 * 0.1)), 0.5)
    # The scores of a defect and of good pairs are the same: no threshold tells them apart.
    choice = choose_threshold([1, 0, 0], [0.5, 0.5, 0.5], parse("far<=10% at recall=100%"))
    assert (choice.verdict.achieved, choice.verdict.escapes) == (1.0, 0)


@pytest.mark.parametrize(
    ("text", "needed"),
    [
        ("escapes<=1%", 299),
        ("escapes<=500ppm", 5990),
        ("escapes<=50%", 5),
        ("escapes<=0", None),
        ("recall>=99.5%", 598),
    ],
)
def test_what_shows_an_escape_target_is_said_and_is_enough(text: str, needed: int | None) -> None:
    assert judge([1, 0], [0.9, 0.1], 0.5, parse(text)).defects_needed == needed
    for defects, proven in ((needed, True), (needed - 1, False)) if needed else ((10_000, False),):
        verdict = judge([1] * defects + [0], [0.9] * defects + [0.1], 0.5, parse(text))
        assert (verdict.met, verdict.proven) == (True, proven)
        assert verdict.recall_at_least == pytest.approx(0.05 ** (1 / defects))


def test_bounds_count_what_escaped() -> None:
    labels, scores = [1] * 100 + [0] * 50, [0.9] * 98 + [0.1] * 2 + [0.1] * 49 + [0.9]
    verdict = judge(labels, scores, 0.5, parse("escapes<=5%"))
    assert (verdict.met, verdict.proven, verdict.achieved) == (True, False, pytest.approx(0.02))
    assert verdict.recall_at_least == pytest.approx(0.938381, abs=1e-6)  # 2 of 100 escaped, one-sided, 95 %
    assert verdict.far_at_most == pytest.approx(0.091398, abs=1e-6)
    assert judge(labels, scores, 0.5, parse("escapes<=7%")).proven
    assert not judge(labels, scores, 0.5, parse("escapes<=1%")).met


def test_in_a_wide_gap_the_threshold_stands_nearer_to_the_good_pairs_but_never_at_their_certainty() -> None:
    labels = [1, 1, 0, 0]
    assert best_f1(labels, [0.95, 0.9, 0.1, 0.02]).value == pytest.approx(0.3)
    assert best_f1(labels, [0.95, 0.9, 1e-6, 1e-9]).value == pytest.approx(math.sqrt(0.05 * 0.9))
    assert best_f1(labels, [8e-3, 6e-3, 4e-3, 0.0]).value == pytest.approx(5e-3)
    assert best_f1(labels, [4.0, 0.9, 0.0, 0.0]).value == pytest.approx(math.sqrt(0.05 * 0.9))


# A defect that scores below three good pairs: to catch it costs three false alarms.
HIDDEN_LABELS = [1, 1, 1, 0, 0, 0, 1, 0]
HIDDEN_SCORES = [0.95, 0.9, 0.8, 0.5, 0.4, 0.3, 0.2, 0.1]


def test_an_escape_may_cost_as_much_as_several_false_alarms() -> None:
    assert best_f1(HIDDEN_LABELS, HIDDEN_SCORES).value == pytest.approx(math.sqrt(0.5 * 0.8))
    dear = best_f1(HIDDEN_LABELS, HIDDEN_SCORES, escape_cost=9)
    assert (dear.recall, dear.precision, dear.f1) == (1.0, pytest.approx(4 / 7), pytest.approx(8 / 11))
    assert dear.value == pytest.approx(0.1**0.9 * 0.2**0.1)
    cheap = best_f1(TIED_LABELS, TIED_SCORES, escape_cost=0.1)
    assert (cheap.recall, cheap.precision) == (0.5, 1.0)


def test_in_a_gap_the_threshold_stands_the_lower_the_more_an_escape_costs() -> None:
    labels, scores = [1, 1, 0, 0], [0.95, 0.9, 0.1, 0.02]
    assert best_f1(labels, scores, escape_cost=3).value == pytest.approx(0.1**0.75 * 0.9**0.25)
    assert best_f1(labels, scores, escape_cost=1 / 3).value == pytest.approx(0.1**0.25 * 0.9**0.75)
    assert best_f1(labels, [8e-3, 6e-3, 4e-3, 0.0], escape_cost=3).value == pytest.approx(4.5e-3)
    assert 0.1 <= (best_f1(labels, scores, escape_cost=1000).value or 0.0) < 0.101


def test_the_cost_of_an_escape_decides_among_the_thresholds_that_meet_a_target() -> None:
    target = parse("recall>=75%")
    assert choose_threshold(HIDDEN_LABELS, HIDDEN_SCORES, target).verdict.escapes == 1
    dear = choose_threshold(HIDDEN_LABELS, HIDDEN_SCORES, target, escape_cost=9).verdict
    assert (dear.escapes, dear.false_alarms, dear.met) == (0, 3, True)
    strict = choose_threshold(HIDDEN_LABELS, HIDDEN_SCORES, parse("far<=0% at recall=75%"), escape_cost=9).verdict
    assert (strict.escapes, strict.false_alarms, strict.met) == (1, 0, True)  # the target goes before the cost
