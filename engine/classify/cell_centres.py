# SPDX-License-Identifier: Apache-2.0
"""Where the cells of a feature map look: a convolution with a stride may look to one side of the cell that it fills.

With a kernel of 3, a stride of 2 and a padding of 1 on both sides, each cell is centred on the first of its two pixels;
with TensorFlow's padding, on the right and at the bottom alone, on the second. Over several such steps that adds up to
half a cell: 7.5 pixels at a stride of 16.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

if TYPE_CHECKING:
    from collections.abc import Callable

Size = tuple[int, int]  # height and width
Shift = tuple[float, float]  # down and to the right


def cell_shifts(backbone: nn.Module, run: Callable[[Tensor], object], height: int, width: int) -> dict[Size, Shift]:
    """How many pixels the cells of a backbone's maps look past their middle, by the maps' sizes.

    Sizes that are missing look straight on. `run` is called once, on an empty picture of `height` x `width`.
    """
    found: dict[Size, Shift] = {(height, width): (0.0, 0.0)}

    def watch(module: Any, inputs: tuple[Tensor, ...], output: Tensor) -> None:
        before, after = _size(inputs[0]), _size(output)
        if before in found and after[0] < before[0] and after[1] < before[1]:
            steps = (
                known + pixels / cells * _step(module, axis, cells, left)
                for axis, (known, pixels, cells, left) in enumerate(
                    zip(found[before], (height, width), before, after, strict=True)
                )
            )
            found.setdefault(after, (next(steps), next(steps)))

    kinds = (nn.Conv2d, nn.MaxPool2d, nn.AvgPool2d)
    hooks = [part.register_forward_hook(watch) for part in backbone.modules() if isinstance(part, kinds)]
    try:
        with torch.inference_mode():
            run(torch.zeros(1, 3, height, width))
    finally:
        for hook in hooks:
            hook.remove()
    return found


def _size(maps: Tensor) -> Size:
    return maps.shape[-2], maps.shape[-1]


def _step(module: Any, axis: int, cells: int, left: int) -> float:
    """How far along one axis a module that makes `left` cells of `cells` looks past their middle, in cells before."""
    kernel, stride, padding, dilation = (
        _along(axis, getattr(module, name, 1)) for name in ("kernel_size", "stride", "padding", "dilation")
    )
    reach = dilation * (kernel - 1)
    if padding == 0:  # what a module adds by itself, as TensorFlow does: half of what is missing comes first
        padding = max(0, (left - 1) * stride + reach + 1 - cells) // 2
    return reach / 2 - padding - (stride - 1) / 2


def _along(axis: int, value: Any) -> int:
    return int(value[axis] if isinstance(value, tuple) else value)
