# SPDX-License-Identifier: Apache-2.0
"""Test-time augmentation of doubtful pairs: what a defect is does not depend on how a board is turned.

A pair whose margin is close to zero is scored again, turned and mirrored, and the mean of all views counts. Where it is
looked at enlarged as well, that look counts twice as much as all views together: what is slight at the size of the
input is plain there. Clear pairs cost nothing.
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
_LARGER = 2 / 3  # what a look at enlarged pictures counts; the views together count the rest
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
    doubtful = doubtful_pairs(network, output, doubtful_below)
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


def doubtful_pairs(network: PairNetwork, output: Tensor, doubtful_below: float) -> Tensor:
    """The places in a batch of the pairs to look at again; of distances there are none. See `mean_of_views`."""
    if doubtful_below <= 0.0 or output.dim() == 1:
        return torch.zeros(0, dtype=torch.int64, device=output.device)
    return (network.head.margin(output).abs() < doubtful_below).nonzero().flatten()


@torch.no_grad()
def mean_with_larger(network: PairNetwork, larger: NetworkInput, mean: Tensor, doubtful: Tensor) -> Tensor:
    """The outputs of doubtful pairs and those of a look at the same pairs enlarged, one part and two.

    Args:
        network: in evaluation mode; it has to take pictures of that size.
        larger: the doubtful pairs, enlarged, each with its own golden images.
        mean: logits (B, classes) of all pairs, of the doubtful ones the mean of their views.
        doubtful: their places among all pairs.
    """
    if len(doubtful) == 0:
        return mean
    sides = zip(torch.split(larger.tests, _FEWEST), torch.split(larger.goldens, _FEWEST), strict=True)
    looks = torch.cat([network(tests, goldens) for tests, goldens in sides])
    return mean.index_copy(0, doubtful, torch.lerp(mean[doubtful], looks.to(mean.dtype), _LARGER))


def _views_of(lightings: Tensor) -> tuple[View, ...]:
    return _SQUARE if lightings.shape[-1] == lightings.shape[-2] else _OBLONG


def _seen(layout: Layout, view: View) -> Callable[[Tensor], Tensor]:
    """Turns pictures (..., 3, H, W), each lighting in its place."""
    turns, mirrored = view

    def turn(pictures: Tensor) -> Tensor:
        lightings = torch.rot90(layout.split(pictures), turns, (-2, -1))
        return layout.combine(lightings.flip(-1) if mirrored else lightings)

    return turn
