# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json
import math
import subprocess
import sys

import numpy as np
import pytest

from core.errors import InputError
from scoring.choice import choose_threshold, judge
from scoring.targets import Target, parse


@pytest.mark.parametrize(
    ("text", "target"),
    [
        ("far<=0.1% at recall=100%", Target("far", "<=", 0.001, 1.0)),
        (" FAR <= 0.001 at recall = 1 ", Target("far", "<=", 0.001, 1.0)),
        ("far≤.5% at recall>=99.9%", Target("far", "<=", 0.005, 0.999)),
        ("far<1000ppm at recall=100%", Target("far", "<", 0.001, 1.0)),
        ("precision>=95% at recall=99%", Target("precision", ">=", 0.95, 0.99)),
        ("recall>=99.5%", Target("recall", ">=", 0.995)),
        ("escapes<=500ppm", Target("escapes", "<=", 0.0005)),
        ("escapes<=0", Target("escapes", "<=", 0.0)),
        ("recall>=99.99999999%", Target("recall", ">=", 0.9999999999)),
    ],
)
def test_targets_are_read_and_written(text: str, target: Target) -> None:
    assert parse(text) == target
    assert parse(str(target)) == target


@pytest.mark.parametrize(
    ("text", "remedy"),
    [
        ("", "METRIC OPERATOR VALUE"),
        ("far<=0.1%", "at recall=100%"),
        ("precision>=95%", "at recall"),
        ("recall>=99% at recall=100%", "leave"),
        ("far>=0.1% at recall=100%", "<="),
        ("recall<=99%", ">="),
        ("far==0.1% at recall=100%", "<="),
        ("recal>=99%", "Did you mean 'recall'"),
        ("recall>=101%", "between 0% and 100%"),
        ("recall>=99", "between 0% and 100%"),
        ("far<=0.1% at recall=200%", "between 0% and 100%"),
        ("far<=0.1% by recall=100%", "METRIC OPERATOR VALUE"),
        ("f1>=90%", "far, precision, recall, escapes"),
        ("far<0% at recall=100%", "<=0%"),
        ("escapes<0", "<=0%"),
        ("recall>100%", ">=100%"),
        ("precision>1 at recall=99%", ">=100%"),
        ("far<=-1% at recall=100%", "METRIC OPERATOR VALUE"),
        ("far<=0.1% at recall=100%; drop", "METRIC OPERATOR VALUE"),
    ],
)
def test_what_is_no_target_says_how_to_write_one(text: str, remedy: str) -> None:
    with pytest.raises(InputError) as caught:
        parse(text)
    assert caught.value.code == "scoring.target"
    assert remedy in caught.value.remedy


def test_parsing_loads_no_numpy() -> None:
    code = "import sys, scoring.targets as t; t.parse('recall>=99%'); print('numpy' in sys.modules)"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "False"


def test_the_threshold_of_a_far_target_keeps_the_recall() -> None:
    labels = [1, 1, 0, 1, 0, 0]
    scores = [0.9, 0.8, 0.7, 0.6, 0.3, 0.1]
    choice = choose_threshold(labels, scores, parse("far<=40% at recall=100%"))
    assert choice.threshold == pytest.approx(math.sqrt(0.6 * 0.3))
    assert (choice.verdict.met, choice.verdict.achieved, choice.verdict.recall) == (True, pytest.approx(1 / 3), 1.0)
    missed = choose_threshold(labels, scores, parse("far<=10% at recall=100%"))
    assert (missed.threshold, missed.verdict.met) == (pytest.approx(math.sqrt(0.6 * 0.3)), False)
    assert "NOT met" in missed.verdict.sentence()
    lower = choose_threshold(labels, scores, parse("far<=0% at recall=60%"))
    assert (lower.threshold, lower.verdict.met) == (pytest.approx(math.sqrt(0.8 * 0.7)), True)
    assert lower.verdict.recall == pytest.approx(2 / 3)


def test_recall_escape_and_precision_targets() -> None:
    labels = [1, 1, 0, 1, 0, 0]
    scores = [0.9, 0.8, 0.7, 0.6, 0.3, 0.1]
    for text in ("recall>=100%", "escapes<=0"):
        choice = choose_threshold(labels, scores, parse(text))
        assert (choice.threshold, choice.verdict.escapes, choice.verdict.met) == (
            pytest.approx(math.sqrt(0.6 * 0.3)),
            0,
            True,
        )
    precise = choose_threshold(labels, scores, parse("precision>=100% at recall=50%"))
    assert (precise.threshold, precise.verdict.achieved) == (pytest.approx(math.sqrt(0.8 * 0.7)), 1.0)
    impossible = choose_threshold(labels, scores, parse("precision>=100% at recall=100%"))
    assert (impossible.verdict.met, impossible.verdict.recall, impossible.verdict.achieved) == (False, 1.0, 0.75)


def test_an_operator_without_equality_is_strict() -> None:
    labels, scores = [1, 0, 0, 0, 0], [0.9, 0.95, 0.3, 0.2, 0.1]
    assert choose_threshold(labels, scores, parse("far<=25% at recall=100%")).verdict.met
    assert not choose_threshold(labels, scores, parse("far<25% at recall=100%")).verdict.met


def test_few_defects_prove_nothing_and_the_sentence_says_so() -> None:
    labels = [1] * 20 + [0] * 1000
    scores = [0.9] * 20 + [0.1] * 1000
    verdict = choose_threshold(labels, scores, parse("far<=1% at recall=99%")).verdict
    assert (verdict.met, verdict.proven, verdict.defects_needed) == (True, False, 299)
    assert verdict.recall_at_least == pytest.approx(0.05 ** (1 / 20))  # the exact form of the rule of three
    assert verdict.sentence() == (
        "target far<=1% at recall=99%: met (0 of 20 defects escaped, 0 of 1000 good pairs flagged); at 95% confidence "
        "recall is at least 86.08% and the false alarm rate at most 0.30%; showing this recall takes 299 defects "
        "without an escape"
    )


def test_enough_pairs_prove_a_target_but_never_one_of_100_percent() -> None:
    labels = [1] * 300 + [0] * 1000
    scores = [0.9] * 300 + [0.1] * 1000
    assert choose_threshold(labels, scores, parse("far<=1% at recall=99%")).verdict.proven
    whole = choose_threshold(labels, scores, parse("far<=1% at recall=100%")).verdict
    assert (whole.met, whole.proven, whole.defects_needed) == (True, False, None)
    assert "don't prove it" in whole.sentence()


def test_a_threshold_from_validation_is_judged_on_test_unchanged() -> None:
    target = parse("far<=20% at recall=100%")
    threshold = choose_threshold([1, 1, 0, 0], [0.9, 0.8, 0.2, 0.1], target).threshold
    verdict = judge([1, 1, 0, 0], [0.9, 0.3, 0.2, 0.1], threshold, target)
    assert (verdict.threshold, verdict.met, verdict.escapes, verdict.achieved) == (threshold, False, 1, 0.0)


@pytest.mark.parametrize(
    ("labels", "scores", "reason"),
    [
        ([], [], "no pairs"),
        ([0, 0], [0.1, 0.2], "no defect"),
        ([1, 1], [0.1, 0.2], "no PASS"),
        ([1, 0], [np.nan, 0.2], "not finite"),
    ],
)
def test_where_the_pairs_can_not_tell_nothing_is_claimed(labels: list[int], scores: list[float], reason: str) -> None:
    choice = choose_threshold(labels, scores, parse("far<=1% at recall=100%"))
    assert (choice.threshold, choice.verdict.met, choice.verdict.proven) == (None, None, False)
    assert reason in choice.verdict.reason
    assert reason in choice.verdict.sentence()
    json.dumps(choice.as_dict(), allow_nan=False)


def test_a_recall_target_needs_no_good_pair() -> None:
    verdict = choose_threshold([1, 1], [0.8, 0.9], parse("recall>=100%")).verdict
    assert verdict.met
    assert "false alarm rate" not in verdict.sentence()


def test_a_verdict_without_a_threshold() -> None:
    verdict = judge([1, 0], [0.8, 0.1], None, parse("recall>=100%"))
    assert (verdict.met, verdict.reason) == (None, "there is no threshold")
