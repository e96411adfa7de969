# SPDX-License-Identifier: Apache-2.0
"""What an output is due to, to first order: slope times difference, place by place."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor

    Levels = list[Tensor]  # (M, channels, height, width) each


def first_order(
    output_of: Callable[[Levels], Tensor],
    margin_of: Callable[[Tensor], Tensor],
    tests: Levels,
    goldens: Levels,
    count: int,
) -> tuple[Tensor, list[Tensor]]:
    """An output, and what each place of the test levels adds to its margin over the golden ones.

    The slope of the margin times the difference to the golden image, summed over channels: "gradient times input" of
    Ancona et al., "Towards better understanding of gradient-based attribution methods", ICLR 2018, with the golden
    image as reference. Where nothing differs it is 0.

    Args:
        output_of: from test levels to the output of B pairs.
        margin_of: from the output to the margin (B,).
        tests: (B, ...) each.
        goldens: (B * count, ...) each; of several golden images the nearest counts, value by value.
        count: golden images per pair.

    Returns:
        The output, and (B, height, width) for each level.
    """
    # Nothing that was made in inference mode may stand in a graph of slopes: everything in it is made anew.
    with torch.inference_mode(mode=False), torch.enable_grad():
        points = [level.clone().requires_grad_() for level in tests]
        output = output_of(points)
        slopes = torch.autograd.grad(margin_of(output).sum(), points)
    differences = [_nearest_difference(*levels, count) for levels in zip(tests, goldens, strict=True)]
    places = [(slope * difference).sum(dim=1) for slope, difference in zip(slopes, differences, strict=True)]
    return output.detach(), places


def _nearest_difference(tests: Tensor, goldens: Tensor, count: int) -> Tensor:
    differences = tests.unsqueeze(1) - goldens.reshape(-1, count, *goldens.shape[1:])
    nearest = differences.abs().argmin(dim=1, keepdim=True)
    return differences.gather(1, nearest).squeeze(1)
