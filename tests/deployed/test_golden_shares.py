# SPDX-License-Identifier: Apache-2.0
"""A network in two steps, what golden images bring along and the rest, says what it says in one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch

from deployed.golden_shares import Halves, halves_of
from deployed.sessions import Session
from deployed.siamese_graph import Parts
from engine.classify.exported_parts import parts_of
from engine.classify.network import build_network
from engine.export.quantization import StaticQuantizer
from spec.load import parse_experiment
from tests.deployed.test_pair_model import tree_of

if TYPE_CHECKING:
    from onnx import ModelProto

SIZE = (32, 32)
CHANCE = np.random.default_rng(0)
TESTS = CHANCE.standard_normal((3, 3, *SIZE)).astype(np.float32)
GOLDENS = CHANCE.standard_normal((6, 3, *SIZE)).astype(np.float32)


def parts_for(goldens: int, **classify: object) -> Parts:
    torch.manual_seed(0)
    tree = tree_of({"num_golden": goldens, "image_height": 32, "image_width": 32}, classify)
    return parts_of(build_network(parse_experiment(tree, "evaluate"), SIZE).eval(), SIZE, goldens, 17)


def run(graph: ModelProto, *arrays: np.ndarray) -> list[np.ndarray]:
    session = Session(graph)
    return session.run(dict(zip(session.inputs, arrays, strict=True)))


def in_two_steps(halves: Halves, goldens: np.ndarray) -> np.ndarray:
    return run(halves.judge, TESTS, *run(halves.golden, goldens))[0]


def test_convolutions_over_golden_maps_have_a_share_and_say_the_same() -> None:
    parts, goldens = parts_for(1), GOLDENS[:3]
    halves = halves_of(parts)
    levels = len(parts.describe.graph.output)
    assert len(halves.golden.graph.output) == 2 * levels
    described = run(parts.describe, goldens)
    expected = run(parts.compare, *run(parts.describe, TESTS), *described)[0]
    assert in_two_steps(halves, goldens) == pytest.approx(expected, abs=1e-5)
    for found, level in zip(run(halves.golden, goldens), described, strict=False):  # what tells of evidence takes these
        assert found == pytest.approx(level, abs=1e-5)
    assert halves.judge_alike
    one = [level[:1] for level in run(halves.golden, goldens)]
    expected = run(parts.compare, *run(parts.describe, TESTS), *run(parts.describe, goldens[[0, 0, 0]]))[0]
    assert run(halves.judge_alike, TESTS, *one)[0] == pytest.approx(expected, abs=1e-5)
    kept = sum(weight.ByteSize() for weight in halves.judge.graph.initializer)
    assert kept < sum(
        weight.ByteSize() for part in (parts.describe, parts.compare) for weight in part.graph.initializer
    )


@pytest.mark.parametrize(("count", "module"), [(1, "euclidean"), (2, "learnable")], ids=["distances", "two golden"])
def test_other_comparisons_bring_their_features_alone(count: int, module: str) -> None:
    parts, goldens = parts_for(count, difference_module=module), GOLDENS[: 3 * count]
    halves = halves_of(parts)
    assert len(halves.golden.graph.output) == len(parts.describe.graph.output)
    expected = run(parts.compare, *run(parts.describe, TESTS), *run(parts.describe, goldens))[0]
    assert in_two_steps(halves, goldens) == pytest.approx(expected, abs=1e-5)


def test_a_quantised_comparison_stays_whole() -> None:
    parts = parts_for(1)
    features = [*run(parts.describe, TESTS), *run(parts.describe, GOLDENS[:3])]
    names = [entry.name for entry in parts.compare.graph.input]
    with StaticQuantizer(parts.compare, lambda: iter([dict(zip(names, features, strict=True))]), "minmax") as quantizer:
        small = Parts(parts.describe, quantizer.quantized([]))
    halves = halves_of(small)
    assert not halves.judge_alike
    assert len(halves.golden.graph.output) == len(parts.describe.graph.output)
    assert in_two_steps(halves, GOLDENS[:3]) == pytest.approx(run(small.compare, *features)[0], abs=1e-5)
