# SPDX-License-Identifier: Apache-2.0
"""The estimate of GPU memory: what it counts, how it grows, and that the network keeps what it says."""

from __future__ import annotations

from typing import Any

import pytest

from core import dotted
from spec.backbones import NAMED
from spec.gpu_memory import COUNTED, estimate
from spec.load import default_tree, parse_experiment

GB = 10**9


def spec(**values: Any) -> dict[str, Any]:
    tree = default_tree("train")
    settings = {
        "model.backbone.type": "c_radio_v2_vit_base_patch16_224",
        "dataset.classify.num_input": 1,
        "model.classify.difference_module": "learnable",
    } | {name.replace("__", "."): value for name, value in values.items()}
    for key, value in settings.items():
        dotted.put(tree, key, value)
    return tree


def needed(**values: Any) -> int:
    found = estimate(spec(**values), "train")
    assert found is not None
    return found


def test_the_documented_defaults_fit_the_documented_gpu_but_for_their_four_lightings() -> None:
    assert needed() == pytest.approx(16 * GB, rel=0.15)
    assert needed(dataset__classify__num_input=4) > 60 * GB


@pytest.mark.parametrize(
    ("change", "least", "most"),
    [
        ({"dataset__classify__batch_size": 32}, 1.6, 2.0),
        ({"dataset__classify__image_width": 448, "dataset__classify__image_height": 448}, 3.5, 5.0),
        ({"dataset__classify__num_golden": 3}, 1.6, 2.0),
        ({"train__precision": "bf16"}, 0.5, 0.8),
        ({"model__backbone__freeze_backbone": True}, 0.85, 0.99),
        ({"model__classify__difference_module": "euclidean"}, 0.3, 0.6),
        ({"model__backbone__type": "fan_tiny_8_p4_hybrid"}, 0.3, 0.6),
    ],
)
def test_it_grows_and_shrinks_with_what_takes_memory(change: dict[str, Any], least: float, most: float) -> None:
    assert least < needed(**change) / needed() < most


def test_what_was_not_counted_is_not_guessed() -> None:
    assert estimate(spec(), "evaluate") is None
    assert estimate(spec(model__backbone__type="timm/resnet18"), "train") is None
    assert set(NAMED) == COUNTED.keys()


def test_the_network_keeps_for_its_backward_pass_what_the_table_says() -> None:
    import torch

    from engine.classify.network import build_network

    name, side, batch = "fan_tiny_8_p4_hybrid", 224, 2
    experiment = parse_experiment(
        spec(
            model__backbone__type=name,
            model__backbone__pretrained_backbone_path=None,
            model__decode_head__in_channels=[128, 256, 192, 192],
            model__decode_head__feature_strides=[4, 8, 16, 16],
            train__classify__loss="ce",
            dataset__classify__input_map=None,
        ),
        "train",
    )
    kept: dict[int, tuple[int, Any]] = {}

    def identity(tensor: torch.Tensor) -> int:
        return int(tensor.untyped_storage()._cdata)  # noqa: SLF001 - storages of the meta device have no address

    def keep(tensor: torch.Tensor) -> torch.Tensor:
        kept[identity(tensor)] = (tensor.untyped_storage().nbytes(), tensor)
        return tensor

    with torch.device("meta"):
        network = build_network(experiment, (side, side)).train()
        own = {identity(part) for part in (*network.parameters(), *network.buffers())}
        with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
            network(torch.randn(batch, 3, side, side), torch.randn(batch, 1, 3, side, side))
    total = sum(size for number, (size, _) in kept.items() if number not in own)

    assert total / (batch * 2 * side * side) == pytest.approx(COUNTED[name][1], rel=0.02)
    parameters = sum(part.numel() for part in network.backbone.parameters())
    assert parameters / 1e6 == pytest.approx(COUNTED[name][0], rel=0.02)
