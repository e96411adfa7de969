# SPDX-License-Identifier: Apache-2.0
"""Thresholds from good pairs alone, with the plain difference of pictures as the evidence."""

from __future__ import annotations

import numpy as np
import pytest

from engine.inspect.calibration import Calibrator
from engine.inspect.difference import plain_difference
from pairs.good_pairs import LaidPair

SIDE, STAINS = 96, 10


def pair_with_stain(strength: int) -> LaidPair:
    """A textured board whose photo has a harmless stain of so many grey levels."""
    golden = np.random.default_rng(5).integers(90, 110, (SIDE, SIDE, 3)).astype(np.uint8)
    test = golden.copy()
    test[40:56, 40:56] += np.uint8(strength)
    return LaidPair(golden, test, np.zeros((SIDE, SIDE), dtype=bool), 0.0)


@pytest.fixture(scope="module")
def calibrator() -> Calibrator:
    found = Calibrator(plain_difference(None, 12), 4, 12, (8.0, 20.0), STAINS)
    for number in range(STAINS):
        found.add(pair_with_stain(20 + 8 * number), number)
    return found


@pytest.mark.parametrize(("wanted", "allowed"), [(0.0, 0), (0.05, 0), (0.1, 1), (0.2, 2), (0.5, 5)])
def test_no_more_good_pairs_are_flagged_than_the_rate_allows(
    calibrator: Calibrator, wanted: float, allowed: int
) -> None:
    found = calibrator.result(wanted)
    assert found.flagged <= allowed
    assert found.to_json()["false_alarm_rate_at_most"] > wanted  # ten pairs show no such rate


def test_a_higher_rate_lowers_the_threshold_and_finds_no_fewer_defects(calibrator: Calibrator) -> None:
    strict, loose = calibrator.result(0.0), calibrator.result(0.5)
    assert loose.threshold < strict.threshold
    assert loose.to_json()["recall"]["found"] >= strict.to_json()["recall"]["found"]
    assert strict.to_json()["recall"]["drawn"] > 0
