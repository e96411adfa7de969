# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import torch
from torch import Tensor, nn

from engine.classify.batch_norm_folding import with_folded_batch_norm
from engine.classify.network import ClassifyNetwork, build_network
from spec.experiment import Experiment

if TYPE_CHECKING:
    from engine.backbones.base import Backbone


def network(backbone: str, **classify: Any) -> ClassifyNetwork:
    torch.manual_seed(0)
    tree = {"model": {"backbone": {"type": backbone}, "classify": {"difference_head": "pooled", **classify}}}
    made = build_network(Experiment.model_validate(tree), (64, 64))
    for module in made.modules():
        if isinstance(module, nn.BatchNorm2d):  # as after some training
            module.running_mean = torch.randn_like(module.running_mean) * 0.1
            module.running_var = torch.rand_like(module.running_var) + 0.5
    return made.eval()


def norms(module: nn.Module) -> int:
    return sum(isinstance(part, nn.BatchNorm2d) for part in module.modules())


@pytest.mark.parametrize("backbone", ["timm/test_efficientnet", "timm/test_resnet"])
def test_a_folded_network_says_the_same_with_fewer_layers(backbone: str) -> None:
    given = network(backbone)
    quick = with_folded_batch_norm(given, 64, 64)
    assert quick is not given
    assert norms(quick) < norms(given)
    tests, goldens = torch.randn(3, 3, 64, 64), torch.randn(3, 1, 3, 64, 64)
    with torch.inference_mode():
        assert torch.allclose(quick(tests, goldens), given(tests, goldens), atol=1e-3)


class Backwards(nn.Module):
    """Registers a convolution and a normalisation in the opposite order of their use."""

    def __init__(self, inside: Backbone) -> None:
        super().__init__()
        self.convolution = nn.Conv2d(3, 3, 1)
        self.norm = nn.BatchNorm2d(3)
        nn.init.constant_(self.norm.weight, 5.0)
        nn.init.constant_(self.norm.bias, 3.0)
        self.inside = inside

    def forward(self, images: Tensor) -> list[Tensor]:
        return self.inside(self.convolution(self.norm(images)))


def test_a_network_that_can_not_be_folded_is_left_as_it_is() -> None:
    given = network("timm/test_resnet")
    given.backbone = Backwards(given.backbone)  # type: ignore[assignment]
    given.eval()
    assert with_folded_batch_norm(given, 64, 64) is given
