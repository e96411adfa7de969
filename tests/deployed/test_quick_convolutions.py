# SPDX-License-Identifier: Apache-2.0
"""Large convolutions with half of their products give what plain ones give; others stay as they are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper

from deployed.quick_convolutions import with_quick_convolutions
from deployed.sessions import Session

if TYPE_CHECKING:
    from onnx import ModelProto

HEIGHT, WIDTH, MAPS, OUTPUTS = 32, 36, 5, 7
CHANCE = np.random.default_rng(0)
PICTURES = CHANCE.standard_normal((3, MAPS, HEIGHT, WIDTH)).astype(np.float32)
KERNEL = CHANCE.standard_normal((OUTPUTS, MAPS, 3, 3)).astype(np.float32)
BIAS = CHANCE.standard_normal(OUTPUTS).astype(np.float32)
POOLS = [
    helper.make_node("Relu", ["found"], ["seen"], name="relu"),
    helper.make_node("ReduceMax", ["seen"], ["most"], name="most", axes=[2, 3], keepdims=0),
    helper.make_node("ReduceMean", ["seen"], ["mean"], name="mean", axes=[2, 3], keepdims=0),
]


def network(*, biased: bool = True, pooled: bool = False, height: int | str = HEIGHT, **how: Any) -> ModelProto:
    """One convolution, or one with the pools of a comparing part behind it."""
    inputs = ["pictures", "kernel", *(["bias"] if biased else [])]
    nodes = [helper.make_node("Conv", inputs, ["found"], name="conv", **(how or {"pads": [1, 1, 1, 1]}))]
    outputs = ["most", "mean"] if pooled else ["found"]
    graph = helper.make_graph(
        [*nodes, *(POOLS if pooled else [])],
        "network",
        [helper.make_tensor_value_info("pictures", TensorProto.FLOAT, ["batch", MAPS, height, WIDTH])],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in outputs],
        initializer=[numpy_helper.from_array(KERNEL, "kernel"), numpy_helper.from_array(BIAS, "bias")],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


@pytest.fixture(autouse=True)
def on_a_known_processor(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("platform.machine", lambda: "x86_64")


@pytest.mark.parametrize("biased", [True, False], ids=["bias", "no bias"])
@pytest.mark.parametrize("pooled", [True, False], ids=["pooled", "whole"])
def test_half_of_the_products_give_the_same(biased: bool, pooled: bool) -> None:
    plain = network(biased=biased, pooled=pooled)
    quick = with_quick_convolutions(plain)
    assert all(list(weight.dims[2:]) != [3, 3] for weight in quick.graph.initializer)
    results = (Session(form).run({"pictures": PICTURES}) for form in (quick, plain))
    for found, expected in zip(*results, strict=True):
        assert found.shape == expected.shape
        assert found == pytest.approx(expected, abs=2e-5)


@pytest.mark.parametrize(
    "other",
    [
        {"height": HEIGHT + 2},
        {"height": "height"},
        {"height": 4},
        {"strides": [2, 2], "pads": [1, 1, 1, 1]},
        {"pads": [1, 1, 0, 0]},
        {"auto_pad": "SAME_UPPER"},
        {"dilations": [2, 2], "pads": [1, 1, 1, 1]},
    ],
    ids=str,
)
def test_others_stay_as_they_are(other: dict[str, Any]) -> None:
    plain = network(**other)
    assert with_quick_convolutions(plain) == plain


def test_other_processors_compute_as_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("platform.machine", lambda: "arm64")
    plain = network()
    assert with_quick_convolutions(plain) == plain
