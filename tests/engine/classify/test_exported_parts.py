# SPDX-License-Identifier: Apache-2.0
"""Every kind of network as a graph: joined, taken apart, and run by ONNX Runtime for any number of pairs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import onnx
import pytest
import torch
from torch import nn

from deployed.siamese_graph import join, take_apart
from engine.classify.exported_parts import NAMES, check_whole, parts_of
from engine.classify.network import build_network
from engine.classify.onnx_network import OnnxNetwork
from spec.experiment import Experiment

if TYPE_CHECKING:
    from engine.classify.network import ClassifyNetwork

KINDS: dict[str, dict[str, Any]] = {
    "pooled": {"difference_head": "pooled"},
    "flatten": {"difference_head": "flatten"},
    "distance": {"difference_module": "euclidean"},
}


def network_of(backbone: str, classify: dict[str, Any], height: int, width: int) -> ClassifyNetwork:
    torch.manual_seed(1)
    experiment = Experiment.model_validate(
        {"model": {"backbone": {"type": backbone}, "classify": {"learnable_difference_modules": 2, **classify}}}
    )
    network = build_network(experiment, (height, width)).eval()
    for module in network.modules():
        if isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d):  # as after some training
            module.running_mean = torch.randn_like(module.running_mean) * 0.1
            module.running_var = torch.rand_like(module.running_var) + 0.5
    return network


@pytest.mark.parametrize(
    ("backbone", "kind", "goldens", "size"),
    [
        ("timm/test_resnet", "pooled", 1, (64, 64)),
        ("timm/test_efficientnet", "pooled", 3, (128, 64)),
        ("timm/test_resnet", "flatten", 2, (64, 96)),
        ("timm/test_efficientnet", "distance", 1, (64, 64)),
        ("timm/test_resnet", "distance", 2, (64, 64)),
        ("timm/tf_efficientnet_lite0", "pooled", 1, (64, 96)),  # pads as TensorFlow does
    ],
)
def test_graph_and_parts_say_what_the_network_says(
    backbone: str, kind: str, goldens: int, size: tuple[int, int]
) -> None:
    network = network_of(backbone, KINDS[kind], *size)
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    whole = join(parts_of(network, size, goldens, opset=17), NAMES, -1)
    onnx.checker.check_model(whole, full_check=True)
    again = onnx.load_model_from_string(whole.SerializeToString())
    exported = OnnxNetwork(take_apart(again), [], distances=kind == "distance")
    check_whole(whole, exported, goldens, size)
    for pairs in (1, 5):
        tests, each = torch.randn(pairs, 3, *size), torch.randn(pairs, goldens, 3, *size)
        with torch.inference_mode():
            expected = network(tests, each)
        assert torch.allclose(exported(tests, each), expected, atol=1e-4)
        assert torch.allclose(exported.score(expected), network.score(expected))
        assert torch.allclose(exported.head.margin(expected), network.head.margin(expected))
    assert exported.can_explain == (kind == "pooled")
    assert all(torch.equal(tensor, before[name]) for name, tensor in network.state_dict().items())


def test_evidence_that_needs_no_slopes_comes_with_the_file() -> None:
    network = network_of("timm/test_resnet", KINDS["pooled"], 64, 64)
    exported = OnnxNetwork(take_apart(join(parts_of(network, (64, 64), 1, opset=17), NAMES, -1)), [], distances=False)
    pictures = torch.randn(4, 3, 64, 64)
    with torch.inference_mode():
        features = network.describe(pictures)
        output, places = network.head.explain([f[:2] for f in features], [f[2:] for f in features], 1)
    own = exported.describe(pictures)
    found, maps = exported.head.explain([f[:2] for f in own], [f[2:] for f in own], 1)
    assert torch.allclose(found, output, atol=1e-4)
    assert len(maps) == len(places) == 4
    assert all(torch.allclose(ours, theirs, atol=1e-4) for ours, theirs in zip(maps, places, strict=True))


def test_a_fixed_batch_stands_in_the_whole_and_not_in_its_parts() -> None:
    network = network_of("timm/test_resnet", KINDS["pooled"], 64, 64)
    whole = join(parts_of(network, (64, 64), 1, opset=18), NAMES, 4)
    assert [entry.version for entry in whole.opset_import] == [18]
    shapes = [[d.dim_value for d in entry.type.tensor_type.shape.dim] for entry in whole.graph.input]
    assert shapes == [[4, 3, 64, 64], [4, 3, 64, 64]]
    exported = OnnxNetwork(take_apart(whole), [], distances=False)
    check_whole(whole, exported, 1, (64, 64))
    assert exported(torch.zeros(3, 3, 64, 64), torch.zeros(3, 1, 3, 64, 64)).shape == (3, 2)


def test_a_graph_that_was_not_joined_has_no_parts() -> None:
    plain = onnx.helper.make_graph([], "plain", [], [])
    with pytest.raises(ValueError, match="parts"):
        take_apart(onnx.helper.make_model(plain))
