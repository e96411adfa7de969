# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest
import torch
from torch import nn

from engine.classify.evidence import on_test_pictures
from engine.classify.network import ClassifyNetwork, build_network
from engine.classify.network_input import Layout, NetworkInput
from spec.experiment import Experiment

SIDE = 256


def network(backbone: str, module: str = "learnable") -> ClassifyNetwork:
    torch.manual_seed(0)
    classify = {"difference_module": module, **({"difference_head": "pooled"} if module == "learnable" else {})}
    tree = {
        "model": {"backbone": {"type": backbone}, "classify": classify},
        "train": {"classify": {"loss": "ce" if module == "learnable" else "contrastive"}},
    }
    return build_network(Experiment.model_validate(tree), (SIDE, SIDE)).eval()


def average(model: ClassifyNetwork) -> None:
    """Let everything take the mean of what it sees, so that what a cell sees has a plain centre."""
    for part in list(model.backbone.modules()):
        if isinstance(part, nn.Conv2d):
            nn.init.constant_(part.weight, 1 / part.weight[0].numel())
        for name, child in part.named_children():
            if isinstance(child, nn.MaxPool2d):
                setattr(part, name, nn.AvgPool2d(child.kernel_size, child.stride, child.padding))


@pytest.mark.parametrize("backbone", ["timm/resnet18", "timm/tf_efficientnet_lite0"])
def test_cells_look_where_their_slopes_lie(backbone: str) -> None:
    model = network(backbone)
    average(model)
    looks = model.off_centre(SIDE, SIDE)
    picture = torch.ones(1, 3, SIDE, SIDE, requires_grad=True)
    across = torch.arange(SIDE) + 0.5
    for level in model.describe(picture)[:2]:
        cells = level.shape[-1]
        stride, middle = SIDE // cells, cells // 2
        (slopes,) = torch.autograd.grad(level[0, :, middle, middle].sum(), picture, retain_graph=True)
        seen = slopes[0].abs().sum(dim=(0, 1))
        centre = float((seen * across).sum() / seen.sum())
        assert looks[(cells, cells)][1] == pytest.approx(centre - (middle + 0.5) * stride, abs=0.05 * stride)


def test_padding_on_one_side_and_on_both_sides_pull_apart() -> None:
    one, both = (network(name).off_centre(SIDE, SIDE) for name in ("timm/tf_efficientnet_lite0", "timm/test_resnet"))
    assert one[(64, 64)] == (1.5, 1.5)
    assert both[(64, 64)] == (-1.5, -1.5)


def test_a_head_without_places_has_nothing_to_move() -> None:
    assert network("timm/test_resnet", "euclidean").off_centre(SIDE, SIDE) == {}


def test_evidence_moves_to_where_its_cell_looks() -> None:
    level = torch.zeros(1, 4, 4)
    level[0, 1, 2] = 1.0
    inputs = NetworkInput(torch.zeros(1, 3, 32, 32), torch.zeros(1, 1, 3, 32, 32), torch.tensor([0]), ("a",))
    plain, moved = (on_test_pictures([level], inputs, Layout(1, 1), looks) for looks in ({}, {(4, 4): (3.0, -2.0)}))
    assert torch.equal(moved[0, 3:, :-2], plain[0, :-3, 2:])
    assert float(moved.min()) == 0
