# SPDX-License-Identifier: Apache-2.0
"""Test-time augmentation of doubtful pairs: what a defect is does not depend on how a board is turned.

A pair whose margin is close to zero is scored again, turned and mirrored, and the mean of all views counts. Clear pairs
cost nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor

if TYPE_CHECKING:
    from collections.abc import Callable

    from engine.classify.network import PairNetwork
    from engine.classify.network_input import Layout, NetworkInput

View = tuple[int, bool]  # quarter turns counter-clockwise, then whether left and right are swapped
_SQUARE: tuple[View, ...] = tuple((turns, mirrored) for mirrored in (False, True) for turns in range(4))[1:]
_OBLONG: tuple[View, ...] = ((2, False), (0, True), (2, True))  # those that keep the size
_FEWEST = 8  # views in one pass of the network, which is slow on single pictures


@torch.no_grad()
def mean_of_views(
    network: PairNetwork, inputs: NetworkInput, output: Tensor, layout: Layout, doubtful_below: float
) -> Tensor:
    """The output of a batch with that of its doubtful pairs averaged over all views.

    Args:
        network: in evaluation mode.
        inputs: B pairs.
        output: logits (B, classes); distances (B,) are handed back as they are, for they have no middle.
        layout: how lightings stand in the pictures; each lighting is turned by itself.
        doubtful_below: pairs whose margin lies closer to zero than this are doubtful; 0 doubts nothing.
    """
    if doubtful_below <= 0.0 or output.dim() == 1:
        return output
    doubtful = (network.head.margin(output).abs() < doubtful_below).nonzero().flatten()
    if len(doubtful) == 0:
        return output
    tests, goldens = inputs.tests[doubtful], inputs.goldens[inputs.golden_of[doubtful]]
    views = [_seen(layout, view) for view in _views_of(layout.split(tests))]
    total, step = output[doubtful].clone(), max(len(inputs.tests), _FEWEST)
    todo = [(pair, view) for pair in range(len(doubtful)) for view in views]
    for start in range(0, len(todo), step):
        some = todo[start : start + step]
        turned = [torch.stack([view(side[pair]) for pair, view in some]) for side in (tests, goldens)]
        pairs = torch.tensor([pair for pair, _ in some], device=total.device)
        total.index_add_(0, pairs, network(*turned).to(total.dtype))
    return output.index_copy(0, doubtful, total / (1 + len(views)))


def _views_of(lightings: Tensor) -> tuple[View, ...]:
    return _SQUARE if lightings.shape[-1] == lightings.shape[-2] else _OBLONG


def _seen(layout: Layout, view: View) -> Callable[[Tensor], Tensor]:
    """Turns pictures (..., 3, H, W), each lighting in its place."""
    turns, mirrored = view

    def turn(pictures: Tensor) -> Tensor:
        lightings = torch.rot90(layout.split(pictures), turns, (-2, -1))
        return layout.combine(lightings.flip(-1) if mirrored else lightings)

    return turn
