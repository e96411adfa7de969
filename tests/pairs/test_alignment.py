# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import numpy as np
import pytest

from pairs.alignment import estimate_shift
from pairs.look_findings import SHIFT_PIXELS


@pytest.mark.parametrize("moved", [1, 2, 3])
def test_parallel_tracks_with_a_short_are_not_taken_for_a_large_shift(moved: int) -> None:
    y, x = np.mgrid[:64, :64]
    golden, test = (np.where((x + y - by) % 17 < 8, 0, 255).astype(np.uint8) for by in (0, moved))
    test[28:40, 28:40] = 0
    assert max(map(abs, estimate_shift(golden, test))) < SHIFT_PIXELS
