# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest

from scoring.paired import paired_difference


def test_models_that_agree_everywhere_do_not_differ() -> None:
    found = paired_difference([(True, True)] * 3 + [(False, False)] * 7)
    assert (found.cases, found.first_wrong, found.second_wrong) == (10, 3, 3)
    assert (found.difference, found.lower, found.upper, found.told) == (0.0, 0.0, 0.0, False)


def test_a_clear_difference_is_told_with_its_sign() -> None:
    worse = paired_difference([(False, True)] * 12 + [(False, False)] * 88)
    assert worse.difference == pytest.approx(0.12)
    assert 0 < worse.lower < 0.12 == pytest.approx(worse.upper)
    assert worse.told
    better = paired_difference([(True, False)] * 12 + [(False, False)] * 88)
    assert (better.difference, better.lower, better.upper) == pytest.approx(
        (-worse.difference, -worse.upper, -worse.lower)
    )


def test_few_cases_tell_nothing() -> None:
    found = paired_difference([(False, True)] * 3 + [(True, False)] + [(False, False)] * 20)
    assert found.lower < 0 < found.difference < found.upper
    assert not found.told
    assert paired_difference([]).told is False
