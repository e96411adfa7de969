# SPDX-License-Identifier: Apache-2.0
"""Statistics that are shared: with one process alone they have to be those of PyTorch, activations included."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING

import pytest
import torch

from engine.torch_setup import prepare_torch

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from torch import Tensor, nn


@pytest.fixture
def group(tmp_path: Path) -> Iterator[None]:
    """A group of this process alone; several train in test_segment_processes."""
    prepare_torch()  # before Lightning and timm are imported
    torch.distributed.init_process_group("gloo", init_method=f"file://{tmp_path / 'group'}", rank=0, world_size=1)
    yield
    torch.distributed.destroy_process_group()


def layers() -> dict[str, nn.Module]:
    from timm.layers import BatchNormAct2d

    plain = torch.nn.BatchNorm2d(4)
    return {
        "plain": plain,
        "with activation": BatchNormAct2d(4, act_layer=torch.nn.ReLU),
        "without weights": torch.nn.BatchNorm2d(4, affine=False),
        "mean of all": torch.nn.BatchNorm2d(4, momentum=None),
        "nothing kept": torch.nn.BatchNorm2d(4, track_running_stats=False),
    }


def learned(layer: nn.Module, features: Tensor) -> list[Tensor]:
    """Output, gradients and statistics of two steps, and the output of the layer in use."""
    found = []
    for step in (1.0, 2.0):
        given = (features * step).requires_grad_()
        output = layer(given)
        (output * output.detach().cos()).sum().backward()
        found += [output.detach(), given.grad if given.grad is not None else given]
    found += [parameter.grad for parameter in layer.parameters() if parameter.grad is not None]
    return [*found, *layer.buffers(), layer.eval()(features)]


@pytest.mark.usefixtures("group")
@pytest.mark.parametrize("name", ["plain", "with activation", "without weights", "mean of all", "nothing kept"])
def test_one_process_alone_learns_what_the_layer_does(name: str) -> None:
    from engine.shared_batch_norm import SharedBatchNorm

    layer = layers()[name].double()
    shared = deepcopy(layer)
    assert SharedBatchNorm().apply(shared) is shared
    features = torch.randn(6, 4, 5, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(1)) * 2 + 3

    ours, theirs = learned(shared, features), learned(layer, features)

    assert len(ours) == len(theirs)
    for one, other in zip(ours, theirs, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-9, atol=1e-9)
    assert shared.state_dict().keys() == layer.state_dict().keys()
    assert "forward" in shared.__dict__
    assert "forward" not in SharedBatchNorm().revert(shared).__dict__
