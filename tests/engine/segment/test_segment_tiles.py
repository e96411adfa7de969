# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from itertools import pairwise

import pytest
import torch

from deployed.tiling import Canvas, tiles_of
from engine.segment.draws import EpochDraws
from engine.segment.tiles import (
    change_centres,
    cut,
    draw_tile,
    padded,
    tiles_per_pair,
)


@pytest.mark.parametrize(("height", "width"), [(64, 64), (65, 200), (640, 640), (10, 500), (300, 64)])
def test_tiles_cover_every_pixel_and_stay_inside(height: int, width: int) -> None:
    seen = torch.zeros(max(64, height), max(64, width))
    for corner in tiles_of(height, width, 64):
        square = cut(seen, corner, 64)
        assert square.shape == (64, 64)
        square += 1
    assert seen.min() >= 1
    tops = sorted({top for top, _ in tiles_of(height, width, 64)})
    assert all(b - a <= 48 for a, b in pairwise(tops))


def test_what_is_cut_and_put_together_again_is_the_picture() -> None:
    picture = torch.rand(2, 150, 90, generator=torch.Generator().manual_seed(1))
    canvas = Canvas(2, (150, 90), 64)
    for corner in tiles_of(150, 90, 64):
        canvas.add(corner, cut(picture, corner, 64).numpy())
    assert torch.allclose(torch.from_numpy(canvas.whole()), picture, atol=1e-6)


def test_small_pictures_are_padded_and_cut_back() -> None:
    picture = torch.arange(12, dtype=torch.uint8).view(1, 3, 4)
    grown = padded(picture, 6)
    assert grown.shape == (1, 6, 6)
    assert grown.dtype == torch.uint8
    assert grown[0, 5].tolist() == [8, 9, 10, 11, 11, 11]
    label = padded(torch.zeros(3, 4, dtype=torch.uint8), 6, 255)
    assert label[2].tolist() == [0, 0, 0, 0, 255, 255]
    canvas = Canvas(1, (3, 4), 6)
    canvas.add((0, 0), grown.float().numpy())
    assert torch.equal(torch.from_numpy(canvas.whole()), picture.float())


def test_changed_tiles_hold_a_change_and_the_others_lie_anywhere() -> None:
    label = torch.zeros(300, 400, dtype=torch.uint8)
    label[250:256, 20:30] = 1
    label[10, 390] = 255
    centres = change_centres(label, 255)
    assert centres == ((253, 25),)
    for seed in range(50):
        corner = draw_tile((300, 400), centres, 1.0, 64, seed)
        assert cut(label, corner, 64).eq(1).any()
        assert corner == draw_tile((300, 400), centres, 1.0, 64, seed)
    anywhere = {draw_tile((300, 400), centres, 0.0, 64, seed) for seed in range(50)}
    assert len(anywhere) > 40
    assert all(0 <= top <= 236 and 0 <= left <= 336 for top, left in anywhere)
    share = sum(bool(cut(label, draw_tile((300, 400), centres, 0.5, 64, s), 64).eq(1).any()) for s in range(200)) / 200
    assert 0.4 < share < 0.7


def test_an_epoch_shows_each_pair_as_often_as_it_has_tiles() -> None:
    assert tiles_per_pair(640, 640, 256) == 6
    assert tiles_per_pair(20, 20, 256) == 1
    draws = EpochDraws(5, 3, 2, shuffle=True, seed=7)
    batches = list(draws)
    assert len(batches) == len(draws) == 7
    shown = [draw.index for batch in batches for draw in batch]
    assert all(shown.count(i) in {2, 3} for i in range(5))
    assert list(draws) == batches
    draws.set_epoch(1)
    assert list(draws) != batches
    draws.resume_at(0, 4)
    assert list(draws) == batches[4:]
    assert [b[0].index for b in EpochDraws(5, 1, 1, shuffle=False, seed=7)] == [0, 1, 2, 3, 4]
