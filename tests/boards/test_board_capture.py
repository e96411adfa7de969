# SPDX-License-Identifier: Apache-2.0
"""The harmless differences between two photographs of a good board: each of them there, none of them out of bounds."""

from __future__ import annotations

import math

import numpy as np
import pytest

from boards.assembled import AssembledBoard
from boards.capture import Exposure, develop, draw_exposure, draw_pose
from boards.settings import SynthesisSettings
from boards.unit import draw_design, draw_unit
from boards.view import Window

SIDE = 64
PLAIN = {
    "blur": 0.0,
    "noise": 0.0,
    "gain": (1.0, 1.0, 1.0),
    "slope": (0.0, 0.0),
    "gamma": 1.0,
    "quality": 90,
    "seed": 1,
}


def photograph(light: np.ndarray, **changed: object) -> np.ndarray:
    return np.asarray(develop(light.astype(np.float32), Exposure(**{**PLAIN, **changed})), dtype=np.float64)  # type: ignore[arg-type]


@pytest.fixture
def grey() -> np.ndarray:
    return np.full((SIDE, SIDE, 3), 0.25)


@pytest.fixture
def edge(grey: np.ndarray) -> np.ndarray:
    grey[:, SIDE // 2 :] = 0.6
    return grey


def test_blur_widens_an_edge_and_nothing_else(edge: np.ndarray) -> None:
    sharp, soft = photograph(edge), photograph(edge, blur=1.5)
    widths = [len(np.unique(picture[SIDE // 2, :, 0])) for picture in (sharp, soft)]
    assert widths[0] == 2
    assert widths[1] > 5
    assert np.array_equal(sharp[:, [4, -4]], soft[:, [4, -4]])


def test_noise_has_no_direction_and_grows_with_light(edge: np.ndarray) -> None:
    noise = photograph(edge, noise=0.01) - photograph(edge)
    dark, bright = noise[:, : SIDE // 2], noise[:, SIDE // 2 :]
    assert abs(noise.mean()) < 0.1
    assert 1 < dark.std() < bright.std() < 6


def test_an_illumination_gradient_runs_across_the_picture(grey: np.ndarray) -> None:
    picture = photograph(grey, slope=(0.1, -0.1))[..., 0]
    assert picture[-1, 0] < picture[SIDE // 2, SIDE // 2] < picture[0, -1]
    assert abs(picture[0, 0] - picture[-1, -1]) <= 1


def test_a_colour_cast_moves_the_channels_apart(grey: np.ndarray) -> None:
    assert np.ptp(photograph(grey).mean(axis=(0, 1))) == 0
    red, green, blue = photograph(grey, gain=(1.1, 1.0, 0.9)).mean(axis=(0, 1))
    assert red > green + 4 > blue + 8


def test_a_draw_has_every_nuisance_and_none_without() -> None:
    drawn = [draw_exposure(np.random.default_rng(seed), 1.0) for seed in range(200)]
    for name in ("blur", "noise", "gain", "slope", "gamma"):
        assert np.std([np.ravel(getattr(one, name)) for one in drawn], axis=0).min() > 0.001
    calm = draw_exposure(np.random.default_rng(0), 0.0)
    assert (calm.noise, calm.gain, calm.slope, calm.gamma) == (0.0, (1.0, 1.0, 1.0), (0.0, 0.0), 1.0)


def test_a_pose_shifts_and_turns_by_little() -> None:
    window = Window(10.0, 20.0, 8.0, 128)
    seen = [draw_pose(np.random.default_rng(seed), 1.0).of(window) for seed in range(200)]
    shifts = np.array([math.hypot(one.x - 10, one.y - 20) * window.scale for one in seen])
    turns = np.degrees([abs(one.angle) for one in seen])
    assert 0.3 < np.median(shifts) < 2
    assert shifts.max() < 3
    assert 0.1 < np.median(turns) < 0.6
    assert turns.max() < 1
    assert draw_pose(np.random.default_rng(0), 0.0).of(window) == window


def test_components_are_placed_with_a_tolerance() -> None:
    design = draw_design(np.random.default_rng(4), 20)
    placed = draw_unit(np.random.default_rng(5), design, 1.0).mountings
    off = [math.hypot(one.dx, one.dy) for one in placed]
    assert np.median(off) > 0.002
    assert max(off) < 0.1
    assert any(one.turn for one in placed)
    exact = draw_unit(np.random.default_rng(5), design, 0.0).mountings
    assert {(one.dx, one.dy, one.turn) for one in exact} == {(0.0, 0.0, 0.0)}


def test_good_pairs_differ_more_the_stronger_the_nuisance() -> None:
    differences = []
    for nuisance in (0.0, 1.0, 3.0):
        board = AssembledBoard(SynthesisSettings(boards=3, components=6, size=96, nuisance=nuisance, seed=2), 0)
        pairs = [(board.golden(site)[0], board.test(0, site, None).images[0]) for site in range(6)]
        differences.append(np.mean([np.abs(np.asarray(a, float) - np.asarray(b, float)).mean() for a, b in pairs]))
    assert differences[0] < 0.6 * differences[1] < 0.6 * differences[2]
