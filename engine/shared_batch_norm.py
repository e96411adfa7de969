# SPDX-License-Identifier: Apache-2.0
"""Batch statistics over all processes that train together, on GPUs and on the processor.

PyTorch's SyncBatchNorm computes on GPUs alone, and takes the place of layers that also hold an activation, as those of
timm do, without that activation. Here layers stay what they are, and only learn their statistics from all processes.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import torch
from lightning.pytorch.plugins import LayerSync
from torch import Tensor
from torch.nn.modules.batchnorm import _BatchNorm
from typing_extensions import override

if TYPE_CHECKING:
    from torch import nn


class SharedBatchNorm(LayerSync):
    """Makes the batch normalisations of a network share their statistics while it trains."""

    @override
    def apply(self, model: nn.Module) -> nn.Module:
        """Share from now on; weights and their names stay."""
        for layer in model.modules():
            if isinstance(layer, _BatchNorm):
                layer.forward = partial(_normalised, layer)  # type: ignore[method-assign]
        return model

    @override
    def revert(self, model: nn.Module) -> nn.Module:
        """Each process for itself again."""
        for layer in model.modules():
            layer.__dict__.pop("forward", None)
        return model


def _normalised(layer: Any, features: Tensor) -> Tensor:
    if not (layer.training and torch.distributed.is_initialized()):
        alone: Tensor = type(layer).forward(layer, features)
        return alone
    exact = features.float() if features.dtype in {torch.float16, torch.bfloat16} else features
    dims = [dim for dim in range(features.ndim) if dim != 1]
    shape = [1, -1, *(1 for _ in dims[1:])]
    count = _total(exact.new_tensor(exact.numel() / exact.shape[1]))
    mean = _total(exact.sum(dim=dims)) / count
    off = exact - mean.view(shape)
    variance = _total(off.square().sum(dim=dims)) / count
    _follow(layer, mean.detach(), (variance * count / (count - 1).clamp_min(1)).detach())
    found = off * torch.rsqrt(variance + layer.eps).view(shape)
    if layer.affine:
        found = found * layer.weight.view(shape) + layer.bias.view(shape)
    return _activated(layer, found.to(features.dtype))


class _Total(torch.autograd.Function):
    """The sum over all processes, through which gradients flow back to each of them."""

    @staticmethod
    def forward(_context: Any, values: Tensor) -> Tensor:
        return _summed(values)

    @staticmethod
    def backward(_context: Any, *gradients: Tensor) -> Tensor:
        return _summed(gradients[0])


def _summed(values: Tensor) -> Tensor:
    everywhere = values.detach().clone()
    torch.distributed.all_reduce(everywhere)
    return everywhere


def _total(values: Tensor) -> Tensor:
    summed: Tensor = _Total.apply(values)  # type: ignore[no-untyped-call]
    return summed


def _follow(layer: Any, mean: Tensor, variance: Tensor) -> None:
    if not layer.track_running_stats:
        return
    layer.num_batches_tracked.add_(1)
    share = layer.momentum if layer.momentum is not None else 1.0 / float(layer.num_batches_tracked)
    layer.running_mean.lerp_(mean.to(layer.running_mean.dtype), share)
    layer.running_var.lerp_(variance.to(layer.running_var.dtype), share)


def _activated(layer: Any, features: Tensor) -> Tensor:
    """What timm's layers do after they have normalised."""
    for name in ("drop", "act"):
        after = getattr(layer, name, None)
        features = features if after is None else after(features)
    return features
