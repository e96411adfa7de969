# SPDX-License-Identifier: Apache-2.0
"""Evidence maps: where in a test picture the model sees what speaks for a defect."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch.nn import functional

from engine.alignment import moved_back
from engine.classify.attribution import first_order

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    from numpy.typing import NDArray
    from torch import Tensor

    from engine.classify.cell_centres import Shift, Size
    from engine.classify.head_kinds import Features
    from engine.classify.network import PairNetwork
    from engine.classify.network_input import Layout, NetworkInput

_CELL = 4  # pixels a side that slopes by pixel, which are noisy, are averaged over


def explain(network: PairNetwork, inputs: NetworkInput, goldens: Features) -> tuple[Tensor, list[Tensor]]:
    """What the network says of a batch, and per level what each place of its input adds to the margin.

    Args:
        network: in evaluation mode.
        inputs: B pairs with N golden pictures each.
        goldens: features of the golden pictures, (B * N, ...) each.

    Returns:
        The output, (B,) or (B, classes), and maps (B, h, w) of any sizes.
    """
    head, count = network.head, inputs.goldens.shape[1]
    if head.has_places:
        return head.explain(network.describe(inputs.tests), goldens, count)
    # Features without a place: the slopes are followed through the backbone down to the pixels.
    output, (pixels,) = first_order(
        lambda pictures: head.compare(network.describe(pictures[0]), goldens, count),
        head.margin,
        [inputs.tests],
        [inputs.goldens[inputs.golden_of].flatten(0, 1)],
        count,
    )
    return output, [functional.avg_pool2d(pixels, _CELL)]


def on_test_pictures(
    levels: list[Tensor], inputs: NetworkInput, layout: Layout, off_centre: Mapping[Size, Shift] | None = None
) -> Tensor:
    """Maps of evidence (B, H, W), 0 or more, in the pixels of the test pictures as they were read.

    What speaks against a defect is left out, level by level. Of several lightings the one with most evidence counts.
    `off_centre` tells of levels whose cells look past their middle, see `cell_shifts`.
    """
    size = inputs.tests.shape[-2:]
    scaled = [_scaled(level.unsqueeze(1).float().clamp(min=0), size, off_centre or {}) for level in levels]
    lightings = layout.split(torch.stack(scaled).sum(dim=0))  # (B, L, 1, H, W)
    maps = lightings.amax(dim=(1, 2))
    return maps if inputs.shifts is None else moved_back(maps, inputs.shifts)


def _scaled(level: Tensor, size: torch.Size, off_centre: Mapping[Size, Shift]) -> Tensor:
    whole = functional.interpolate(level, size, mode="bilinear", align_corners=False)
    shift = off_centre.get((level.shape[-2], level.shape[-1]), (0.0, 0.0))
    for axis, pixels in zip((-2, -1), map(round, shift), strict=True):
        if pixels:
            whole = whole.index_select(axis, _from(pixels, whole.shape[axis], whole.device))
    return whole


def _from(pixels: int, count: int, device: torch.device) -> Tensor:
    """Where each of `count` pixels is taken from, when all move on by `pixels`."""
    return (torch.arange(count, device=device) - pixels).clamp(0, count - 1)


def to_grey(maps: Tensor, scores: Tensor, threshold: float) -> NDArray[np.uint8]:
    """Maps (B, H, W) as grey pictures: a pair's strongest place is 255 at and above the threshold, and dimmer below.

    Below it brightness falls with the score: at half the threshold the strongest place is 128, and a pair that is
    clearly PASS stays black.
    """
    peak = maps.amax(dim=(1, 2), keepdim=True).clamp(min=torch.finfo(maps.dtype).tiny)
    over = (scores / threshold).clamp(0, 1) if threshold > 0 else (scores > threshold).to(maps.dtype)
    grey = torch.nan_to_num(maps / peak * over.view(-1, 1, 1)) * 255
    pictures: NDArray[np.uint8] = grey.round().to(torch.uint8).cpu().numpy()
    return pictures
