# SPDX-License-Identifier: Apache-2.0
"""Flaws that are drawn into a picture: what changed is the mask, and it has the kind's look and the size asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image, ImageDraw

from pairs.flaws.drawing import KINDS, draw_flaw, drawn_size

if TYPE_CHECKING:
    from numpy.typing import NDArray


@pytest.fixture(scope="module")
def board() -> NDArray[np.uint8]:
    """Lines, pads and parts on a green ground with grain."""
    rng = np.random.default_rng(5)
    ground = np.clip(np.array((30, 90, 50)) + rng.normal(0, 3, (320, 320, 3)), 0, 255).astype(np.uint8)
    image = Image.fromarray(ground)
    pen = ImageDraw.Draw(image)
    for at in range(10, 320, 22):
        pen.line((at, 0, at, 320), fill=(200, 180, 90), width=8)
    for x in range(30, 300, 60):
        for y in range(20, 300, 60):
            pen.rectangle((x, y, x + 26, y + 16), fill=(25, 25, 30))
    return np.asarray(image)


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_changes_its_mask_and_next_to_nothing_else(board: NDArray[np.uint8], kind: str) -> None:
    drawn = draw_flaw(board, kind, 20, np.random.default_rng(3))
    assert drawn is not None
    picture, flaw = drawn
    step = np.abs(picture.astype(int) - board).max(axis=2)
    assert step[flaw.mask].min() >= 14
    assert step[~flaw.mask].max() <= 15  # a soft edge, rounded
    x, y, width, height = flaw.box
    assert flaw.mask[y : y + height, x : x + width].sum() == flaw.mask.sum()
    assert 10 <= flaw.size == max(width, height) <= 34


@pytest.mark.parametrize("size", [6, 15, 40])
def test_a_flaw_is_about_as_large_as_asked(board: NDArray[np.uint8], size: int) -> None:
    rng = np.random.default_rng(0)
    found = [draw_flaw(board, kind, size, rng) for kind in KINDS]
    sizes = [one[1].size for one in found if one]
    assert len(sizes) >= len(KINDS) - 2  # a bridge has to reach from line to line
    assert all(0.5 * size <= one <= 1.6 * size + 2 for one in sizes)


def test_the_same_draw_gives_the_same_picture(board: NDArray[np.uint8]) -> None:
    first, second = (draw_flaw(board, "residue", 25, np.random.default_rng(8)) for _ in range(2))
    assert first is not None
    assert second is not None
    assert np.array_equal(first[0], second[0])


def test_what_is_kept_stays_untouched(board: NDArray[np.uint8]) -> None:
    kept = np.zeros(board.shape[:2], dtype=bool)
    kept[:, :200] = True
    for seed in range(6):
        drawn = draw_flaw(board, "covered", 12, np.random.default_rng(seed), kept)
        if drawn:
            assert not (drawn[1].mask & kept).any()
            assert np.array_equal(drawn[0][:, :200], board[:, :200])


def test_grey_pictures_stay_grey(board: NDArray[np.uint8]) -> None:
    grey = np.repeat(board[..., :1], 3, axis=2)
    for seed in range(5):
        drawn = draw_flaw(grey, "covered", 20, np.random.default_rng(seed))
        assert drawn is not None
        assert np.ptp(drawn[0].astype(int), axis=2).max() == 0


def test_nothing_is_drawn_where_there_is_no_room_or_nothing_to_spoil(board: NDArray[np.uint8]) -> None:
    assert draw_flaw(board[:40, :40], "spot", 30, np.random.default_rng(0)) is None
    plain = np.full((200, 200, 3), 128, dtype=np.uint8)
    for kind in ("bridge", "gap", "bite", "missing", "shift"):
        assert draw_flaw(plain, kind, 12, np.random.default_rng(0)) is None


def test_sizes_are_drawn_within_their_range() -> None:
    rng = np.random.default_rng(1)
    drawn = [drawn_size(rng, 5, 80) for _ in range(400)]
    assert 5 <= min(drawn) < max(drawn) <= 80
    assert abs(np.median(drawn) - 20) < 4  # as many below the geometric mean as above it
