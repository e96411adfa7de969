# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import numpy as np
import pytest
import torch

from deployed.pixel_alignment import GoldenLook, best_shift, grey, moved
from engine.alignment import best_shifts
from engine.alignment import moved as engine_moved


def pictures(count: int, height: int, width: int, seed: int = 0) -> np.ndarray:
    chance = np.random.default_rng(seed)
    coarse = chance.integers(0, 256, (count, 2, 3, height // 4 + 1, width // 4 + 1), dtype=np.uint8)
    return coarse.repeat(4, axis=-1).repeat(4, axis=-2)[..., :height, :width].copy()


@pytest.mark.parametrize(("height", "width", "reach"), [(64, 64, 6), (48, 80, 3), (9, 30, 8), (33, 65, 1)])
def test_shifts_are_those_of_the_engine(height: int, width: int, reach: int) -> None:
    goldens = pictures(8, height, width)
    chance = np.random.default_rng(1)
    shifts = chance.integers(-reach, reach + 1, (8, 2))
    tests = np.stack([moved(one, tuple(shift)) for one, shift in zip(goldens, -shifts, strict=True)])
    tests = np.clip(tests.astype(int) + chance.integers(-9, 10, tests.shape), 0, 255).astype(np.uint8)
    looks = [GoldenLook.of(level, reach) for level in grey(goldens)]
    found = [best_shift(level, look, reach) for level, look in zip(grey(tests), looks, strict=True)]
    expected = best_shifts(torch.from_numpy(grey(tests)), torch.from_numpy(grey(goldens)), reach)
    assert found == [tuple(shift) for shift in expected.tolist()]


def test_where_nothing_tells_the_image_stays() -> None:
    flat = np.full((1, 1, 3, 40, 40), 90, dtype=np.uint8)
    assert best_shift(grey(flat)[0], GoldenLook.of(grey(flat)[0], 5), 5) == (0, 0)


def test_pixels_move_as_in_the_engine() -> None:
    picture = pictures(1, 20, 24)
    for shift in ((0, 0), (3, -2), (-5, 4), (2, 0), (0, 1)):
        expected = engine_moved(torch.from_numpy(picture).float(), torch.tensor([shift]))
        assert np.array_equal(moved(picture[0], shift), expected[0].numpy().astype(np.uint8))
