# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from boards.bare import BareBoard
from boards.copper_patterns import draw_pattern
from boards.lighting import LIGHTINGS, _clipped_cosine, shade
from boards.polylines import along
from boards.settings import LIGHTS, SynthesisSettings
from boards.spots import trace_spots
from boards.surface import Material, Surface
from boards.unit import Design, draw_design


@pytest.fixture(scope="module", params=[3, 4, 5])
def design(request: pytest.FixtureRequest) -> Design:
    return draw_design(np.random.default_rng(request.param), 30)


def test_a_board_has_the_components_asked_for_under_names_of_their_own(design: Design) -> None:
    names = [item.name for item in design.plan.placed]
    assert len(names) == len(set(names)) == 30
    assert all(name.startswith(item.part.prefix) for name, item in zip(names, design.plan.placed, strict=True))


def test_no_component_stands_on_another(design: Design) -> None:
    for a, b in itertools.combinations(design.plan.placed, 2):
        apart_x = abs(a.x - b.x) - (a.extent[0] + b.extent[0]) / 2
        apart_y = abs(a.y - b.y) - (a.extent[1] + b.extent[1]) / 2
        assert max(apart_x, apart_y) > 0.3, (a.name, b.name)


def test_no_name_runs_into_another(design: Design) -> None:
    for a, b in itertools.combinations(design.plan.placed, 2):
        (ax, ay, wide_a, high_a), (bx, by, wide_b, high_b) = a.legend, b.legend
        assert abs(ax - bx) > (wide_a + wide_b) / 2 or abs(ay - by) > (high_a + high_b) / 2, (a.name, b.name)
    assert min(item.legend[3] for item in design.plan.placed) > 0.35  # mm, to be read


def test_no_flaw_is_looked_for_under_a_name(design: Design) -> None:
    seen = trace_spots(design)
    open_to_view = seen.place[~seen.hidden]
    assert len(open_to_view) > 100
    for item in design.plan.placed:
        x, y, width, height = item.legend
        under = (np.abs(open_to_view - (x, y)) < (width / 2, height / 2)).all(axis=1)
        assert not under.any(), item.name


def test_traces_run_at_multiples_of_45_degrees_and_stay_on_the_board(design: Design) -> None:
    assert len(design.routed.traces) > 20
    for trace in design.routed.traces:
        steps = np.diff(trace.points, axis=0)
        steps = steps[np.hypot(*steps.T) > 0.2]
        eighths = np.degrees(np.arctan2(steps[:, 1], steps[:, 0])) / 45
        assert np.abs(eighths - np.round(eighths)).max() < 0.05
        assert (trace.points > 0).all()
        assert (trace.points < (design.plan.width, design.plan.height)).all()


def test_traces_of_different_nets_keep_a_distance(design: Design) -> None:
    ends = {
        tuple(np.round(point, 6)) for trace in design.routed.traces for point in (trace.points[0], trace.points[-1])
    }
    assert len(ends) > len(design.routed.traces)
    sampled = [(trace.width, along(trace.points, 0.1)) for trace in design.routed.traces]
    boxes = [(width, samples, samples.min(axis=0), samples.max(axis=0)) for width, samples in sampled]
    for (wide_a, a, low_a, high_a), (wide_b, b, low_b, high_b) in itertools.combinations(boxes, 2):
        least = 0.05 + (wide_a + wide_b) / 2
        if np.maximum(low_a - high_b, low_b - high_a).max() <= least:  # else their boxes are further apart
            assert np.hypot(*(a[:, None] - b[None]).transpose(2, 0, 1)).min() > least


@pytest.mark.parametrize("zenith", [0.2, 0.8, 1.36])
def test_a_rings_matt_light_is_the_clipped_cosine_averaged_around_it(zenith: float) -> None:
    around = np.linspace(0, 2 * math.pi, 4001)[:-1]
    table = _clipped_cosine(zenith)
    for entry in (0, 100, 300, len(table) - 1):
        tilt = entry / (len(table) - 1) * math.pi / 2
        cosine = math.cos(tilt) * math.cos(zenith) + math.sin(tilt) * math.sin(zenith) * np.cos(around)
        assert table[entry] == pytest.approx(np.maximum(cosine, 0).mean(), abs=1e-3)


def test_low_light_shows_a_slope_and_leaves_a_mirror_dark() -> None:
    metal = Surface.blank(64, Material((0.8, 0.8, 0.8), 0.9, 0.15))
    metal.height[:] = np.clip(np.arange(64) - 24, 0, 12) * 0.02 * math.tan(1.36 / 2)  # a ramp that mirrors the ring
    lit = shade(metal, "LowAngleLight", 50)[..., 0]
    assert lit[32, 30] > 5 * lit[32, 10]


def test_every_light_is_defined_and_shows_metal_otherwise_than_the_next() -> None:
    assert set(LIGHTINGS) == set(LIGHTS)
    metal = Surface.blank(8, Material((0.8, 0.8, 0.8), 0.9, 0.15))
    levels = sorted(float(shade(metal, light, 10)[4, 4].mean()) for light in LIGHTS)
    assert all(b > a * 1.05 for a, b in itertools.pairwise(levels))


@pytest.mark.parametrize("seed", range(6))
def test_a_bare_pattern_has_copper_and_gaps(seed: int) -> None:
    copper = draw_pattern(np.random.default_rng(seed), 320).copper
    assert copper.shape == (320, 320)
    assert 0.01 < (copper > 0.5).mean() < 0.99
    assert (np.abs(copper - 0.5) < 0.45).mean() < 0.15  # hard edges


def test_scans_of_good_sites_are_black_and_white_and_nearly_the_golden_one() -> None:
    board = BareBoard(SynthesisSettings(style="bare", boards=3, components=6, nuisance=0.0, seed=2), 0)
    for site in range(6):
        golden, test = np.asarray(board.golden(site)[0]), np.asarray(board.test(0, site, None).images[0])
        assert set(np.unique(golden)) <= {0, 255}
        assert (golden != test).mean() < 0.02
