# SPDX-License-Identifier: Apache-2.0
"""Padding that a convolution works out from the size of its input, as TensorFlow does, turned into a fixed one.

An exported graph has one picture size: worked out anew for each picture, the padding would cost a dozen small
operations per convolution and keep ONNX Runtime from joining it to the convolution.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import nn

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor


def fix_padding(network: nn.Module, run_once: Callable[[], object]) -> None:
    """Give every convolution of `network` whose padding depends on its input the one it has in `run_once`, in place."""
    from timm.layers.conv2d_same import Conv2dSame
    from timm.layers.padding import get_same_padding

    sizes: dict[str, tuple[int, int]] = {}
    hooks = [
        module.register_forward_hook(_watch(name, sizes))
        for name, module in network.named_modules()
        if isinstance(module, Conv2dSame)
    ]
    try:
        with torch.no_grad():
            run_once()
    finally:
        for hook in hooks:
            hook.remove()
    for name, size in sizes.items():
        same: Any = network.get_submodule(name)
        along = zip(size, same.kernel_size, same.stride, same.dilation, strict=True)
        sides = [get_same_padding(*axis) for axis in along]
        parent, _, last = name.rpartition(".")
        setattr(network.get_submodule(parent), last, _with_padding(same, *sides))


def _watch(name: str, sizes: dict[str, tuple[int, int]]) -> Callable[[Any, tuple[Tensor, ...], Tensor], None]:
    def watch(_module: Any, inputs: tuple[Tensor, ...], _output: Tensor) -> None:
        sizes[name] = (inputs[0].shape[-2], inputs[0].shape[-1])

    return watch


def _with_padding(same: Any, rows: int, columns: int) -> nn.Module:
    """The convolution behind `rows` and `columns` of zeros, half of them first as TensorFlow does."""
    plain = nn.Conv2d(
        same.in_channels,
        same.out_channels,
        same.kernel_size,
        same.stride,
        dilation=same.dilation,
        groups=same.groups,
        bias=same.bias is not None,
    )
    plain.weight, plain.bias = same.weight, same.bias
    top, left = rows // 2, columns // 2
    return nn.Sequential(nn.ZeroPad2d((left, columns - left, top, rows - top)), plain)
