# SPDX-License-Identifier: Apache-2.0
"""Optimisers and learning rate schedules."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import torch

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import nn

    from spec.train_section import Optim

Group = dict[str, Any]
_BETAS = (0.9, 0.999)


def build_optimizer(settings: Optim, backbone: nn.Module, head: nn.Module) -> torch.optim.Optimizer:
    """The optimiser that the spec names, over the parameters that are trained; the backbone has its own scale."""
    groups = parameter_groups(settings, backbone, head)
    lr, decay = settings.lr, settings.weight_decay
    if settings.optim == "sgd":
        return torch.optim.SGD(groups, lr=lr, momentum=settings.momentum, weight_decay=decay)
    if settings.optim == "adam":
        return torch.optim.Adam(groups, lr=lr, betas=_BETAS, weight_decay=decay)
    return torch.optim.AdamW(groups, lr=lr, betas=_BETAS, weight_decay=decay)


def parameter_groups(settings: Optim, backbone: nn.Module, head: nn.Module) -> list[Group]:
    """Backbone and head, each with its learning rate; a part that is not trained at all is left out."""
    rates = ((backbone, settings.lr * settings.backbone_lr_scale), (head, settings.lr))
    groups: list[Group] = []
    for part, rate in rates:
        trained = [parameter for parameter in part.parameters() if parameter.requires_grad]
        if trained:
            groups.append({"params": trained, "lr": rate})
    return groups


def learning_rate_factor(settings: Optim, epochs: int, steps_per_epoch: int) -> Callable[[int], float]:
    """What the learning rate is multiplied with at a global step.

    linear: 1 - e / (epochs + 1) and step: 0.1 at each third, both constant within epoch e; cosine falls with every
    step. A warm-up rises in a line from the first step, whichever the policy.
    """
    warmup_steps = round(settings.warmup_epochs * steps_per_epoch)

    def factor(step: int) -> float:
        warmth = min(1.0, (step + 1) / warmup_steps) if warmup_steps else 1.0
        return warmth * _policy_factor(settings.policy, step / steps_per_epoch, epochs)

    return factor


def _policy_factor(policy: str, progress: float, epochs: int) -> float:
    epoch = math.floor(progress)
    if policy == "step":
        return math.pow(0.1, epoch // max(1, epochs // 3))
    if policy == "cosine":
        return 0.5 * (1.0 + math.cos(math.pi * min(1.0, progress / epochs)))
    return 1.0 - epoch / (epochs + 1)
