# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest

from scoring.choice import judge
from scoring.rounding import as_percent, at_least, at_most, plainly
from scoring.targets import parse


@pytest.mark.parametrize(
    ("rate", "text"),
    [
        (0.0, "0.00%"),
        (1.0, "100.00%"),
        (0.5, "50.00%"),
        (0.12345, "12.35%"),
        (1 - 1e-6, "99.9999%"),
        (1e-6, "0.0001%"),
        (0.99996, "99.996%"),
        (3 / 29_400, "0.01%"),
        (1 / 29_400, "0.003%"),
    ],
)
def test_only_none_and_all_read_as_0_and_100_percent(rate: float, text: str) -> None:
    assert as_percent(rate) == text


def test_fractions_too_and_what_no_place_can_tell_stays_short() -> None:
    assert plainly(0.99998, 4, 1) == "0.99998"
    assert plainly(1.0, 4, 1) == "1.0000"
    assert plainly(1e-12, 2, 100) == "0.00"


def test_bounds_are_rounded_to_the_safe_side() -> None:
    assert (at_least(0.860892), at_most(0.860892)) == ("86.08%", "86.09%")
    assert (at_least(0.9999999), at_most(0.0000001)) == ("99.99%", "0.01%")
    assert (at_least(0.0), at_most(1.0), at_least(0.29), at_most(0.29)) == ("0.00%", "100.00%", "29.00%", "29.00%")


def test_a_verdict_on_very_many_pairs_claims_no_more_than_its_bounds() -> None:
    labels, scores = [1] * 300_000 + [0] * 10, [0.9] * 300_000 + [0.1] * 10
    verdict = judge(labels, scores, 0.5, parse("recall>=99%"))
    assert 0.99998 < verdict.recall_at_least < 0.999991
    assert "recall is at least 99.99%" in verdict.sentence()
