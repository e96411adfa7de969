# SPDX-License-Identifier: Apache-2.0
"""The five predictions of both decoders, and what becomes of them."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from engine.segment.network import SegmentNetwork, build_network
from spec.load import parse_experiment


def network_of(backbone: str, *, decoder: str = "full", finest_stride: int = 4, **section: Any) -> SegmentNetwork:
    tree = {
        "task": "segment",
        "model": {
            "backbone": {"type": backbone, "finest_stride": finest_stride},
            "decode_head": {"decoder_params": {"embed_dim": 8}},
            "segment": {"decoder": decoder},
        },
        "dataset": {"segment": {"img_size": 64, **section}},
    }
    torch.manual_seed(0)
    return build_network(parse_experiment(tree, "train")).eval()


@pytest.mark.parametrize(
    ("backbone", "how", "sides"),
    [
        ("fan_tiny_8_p4_hybrid", {}, [4, 4, 8, 16, 64]),
        ("timm/test_resnet", {}, [2, 4, 8, 16, 64]),
        ("timm/tf_efficientnet_lite0", {"finest_stride": 2}, [4, 8, 16, 32, 64]),
        ("timm/tf_efficientnet_lite0", {"finest_stride": 2, "decoder": "light"}, [4, 8, 16, 32, 64]),
    ],
)
@torch.inference_mode()
def test_predictions_come_coarsest_first_and_the_last_has_the_size_of_the_picture(
    backbone: str, how: dict[str, Any], sides: list[int]
) -> None:
    network = network_of(backbone, num_classes=3, label_transform="None", **how)
    goldens, tests = torch.rand(2, 2, 3, 64, 64, generator=torch.Generator().manual_seed(1))
    predictions = network(goldens, tests)
    assert [tuple(one.shape) for one in predictions] == [(2, 3, side, side) for side in sides]
    probabilities = network.probabilities(goldens, tests)
    assert torch.allclose(probabilities.sum(dim=1), torch.ones(2, 64, 64), atol=1e-5)
    assert torch.equal(probabilities, predictions[-1].softmax(dim=1))


@torch.inference_mode()
def test_all_scales_are_averaged_where_the_spec_asks_for_it() -> None:
    network = network_of("timm/test_resnet", multi_scale_infer=True)
    pictures = torch.rand(2, 1, 3, 64, 64, generator=torch.Generator().manual_seed(1))
    enlarged = [torch.nn.functional.interpolate(one, (64, 64), mode="nearest") for one in network(*pictures)]
    expected = (sum(enlarged[1:], enlarged[0]) / 5).softmax(dim=1)
    assert torch.allclose(network.probabilities(*pictures), expected, atol=1e-6)


@torch.inference_mode()
def test_a_pair_is_predicted_alike_alone_and_in_a_batch() -> None:
    network = network_of("timm/test_resnet", decoder="light")
    goldens, tests = torch.rand(2, 3, 3, 64, 64, generator=torch.Generator().manual_seed(1))
    together = network.probabilities(goldens, tests)
    assert torch.allclose(together[1:2], network.probabilities(goldens[1:2], tests[1:2]), atol=1e-5)
