# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest
import torch

from engine.alignment import align, best_shifts, moved, shifts_onto


def _textures(count: int, side: int = 48, seed: int = 0) -> torch.Tensor:
    noise = torch.rand(count, 1, side, side, generator=torch.Generator().manual_seed(seed))
    return torch.nn.functional.avg_pool2d(noise, 3, 1, 1)[:, 0]


@pytest.mark.parametrize(("dy", "dx"), [(0, 0), (3, -2), (-4, 4), (4, 0), (0, -1)])
def test_a_shift_is_found_exactly_and_undone(dy: int, dx: int) -> None:
    wide = _textures(3, 64)
    golden = wide[:, 8:56, 8:56]
    test = wide[:, 8 + dy : 56 + dy, 8 + dx : 56 + dx]  # seen from a camera that stands dy, dx further
    assert best_shifts(test, golden, 4).tolist() == [[dy, dx]] * 3
    as_pictures = [image.view(3, 1, 1, 48, 48).expand(3, 2, 3, 48, 48) for image in (test, golden)]
    moved = align(*as_pictures, 4)
    assert torch.equal(moved[..., 4:-4, 4:-4], as_pictures[1][..., 4:-4, 4:-4])


@pytest.mark.parametrize("reach", [3, 9])
def test_the_search_equals_a_plain_loop_over_all_shifts(reach: int) -> None:
    tests, goldens = _textures(4, 20, seed=1), _textures(4, 20, seed=2)
    for test, golden, found in zip(tests, goldens, best_shifts(tests, goldens, reach).tolist(), strict=True):
        costs = {}
        for dy in range(-reach, reach + 1):
            for dx in range(-reach, reach + 1):
                g = golden[max(dy, 0) : 20 + min(dy, 0), max(dx, 0) : 20 + min(dx, 0)]
                t = test[max(-dy, 0) : 20 + min(-dy, 0), max(-dx, 0) : 20 + min(-dx, 0)]
                costs[dy, dx] = float((g - t).square().mean()) + 2.5e-5 * (dy * dy + dx * dx)
        assert tuple(found) == min(costs, key=lambda shift: costs[shift])


def test_nothing_moves_without_reach_or_without_texture() -> None:
    flat = torch.full((2, 1, 3, 16, 16), 0.5)
    assert torch.equal(align(flat, flat, 6), flat)
    textured = _textures(2, 16).view(2, 1, 1, 16, 16).expand(2, 1, 3, 16, 16)
    assert align(textured, textured.flip(0), 0) is textured


@pytest.mark.parametrize("reach", [1, 2])
def test_a_pair_is_laid_on_its_golden_image_by_all_its_lightings_up_to_the_reach(reach: int) -> None:
    wide = _textures(2, 40).view(1, 2, 1, 40, 40).expand(1, 2, 3, 40, 40)
    golden, test = wide[..., 8:32, 8:32], wide[..., 7:31, 8:32]
    assert shifts_onto(test, golden, reach).tolist() == [[-1, 0]]


def test_a_defect_does_not_pull_a_registered_image_away() -> None:
    golden = _textures(1)
    test = golden.clone()
    test[:, 20:30, 20:26] = 1.0
    assert best_shifts(test, golden, 6).tolist() == [[0, 0]]


def test_pairs_that_hardly_tell_a_shift_stay_where_they_are() -> None:
    """Noise of a flat picture fits best somewhere by chance; a shift has to be worth more than that."""
    flat = torch.full((2, 24, 24), 0.5)
    assert best_shifts(flat, flat, 4).tolist() == [[0, 0]] * 2
    wide = _textures(1, 40)
    golden, test = wide[:, 8:32, 8:32], wide[:, 11:35, 8:32]
    assert best_shifts(test, golden, 4).tolist() == [[3, 0]]
    faint = 0.005  # of the contrast; the squared errors fall below the cost of three pixels
    assert best_shifts(0.5 + faint * test, 0.5 + faint * golden, 4).tolist() == [[0, 0]]


def test_edges_are_repeated_where_a_picture_was_moved() -> None:
    picture = torch.arange(20.0).view(1, 1, 1, 4, 5).expand(1, 2, 3, 4, 5)
    down_and_left = moved(picture, torch.tensor([[2, -1]]))
    rows, columns = [0, 0, 0, 1], [1, 2, 3, 4, 4]
    assert torch.equal(down_and_left, picture[..., rows, :][..., columns])
