# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import itertools
from typing import Any

import pytest
import torch

from engine.optimization import build_optimizer, learning_rate_factor
from spec.train_section import Optim


def factors(epochs: int, steps: int = 4, **settings: Any) -> list[float]:
    factor = learning_rate_factor(Optim.model_validate(settings), epochs, steps)
    return [factor(step) for step in range(epochs * steps)]


def test_linear_falls_once_an_epoch_and_never_to_zero() -> None:
    per_epoch = factors(4)[::4]
    assert per_epoch == pytest.approx([1 - e / 5 for e in range(4)])
    assert len(set(factors(4)[4:8])) == 1


def test_step_falls_to_a_tenth_at_each_third() -> None:
    assert factors(9, policy="step")[::4] == pytest.approx([1, 1, 1, 0.1, 0.1, 0.1, 0.01, 0.01, 0.01])
    assert factors(2, policy="step")[::4] == pytest.approx([1, 0.1])  # fewer than three epochs have no whole third


def test_cosine_falls_with_every_step() -> None:
    values = factors(4, policy="cosine")
    assert values[0] == 1.0
    assert values[8] == pytest.approx(0.5)
    assert all(a > b for a, b in itertools.pairwise(values))
    assert values[-1] > 0.0


def test_warm_up_rises_by_step_over_a_part_of_an_epoch() -> None:
    values = factors(4, steps=4, warmup_epochs=1.5)
    assert values[:6] == pytest.approx([1 / 6, 2 / 6, 3 / 6, 4 / 6, 5 / 6 * 0.8, 0.8])


@pytest.mark.parametrize(
    ("name", "kind"), [("adamw", torch.optim.AdamW), ("adam", torch.optim.Adam), ("sgd", torch.optim.SGD)]
)
def test_optimisers_take_the_spec_s_values_and_leave_frozen_weights_out(name: str, kind: type) -> None:
    network = torch.nn.ModuleDict({"backbone": torch.nn.Linear(2, 2), "head": torch.nn.Linear(2, 1)})
    network["backbone"].bias.requires_grad_(requires_grad=False)
    values = {"optim": name, "lr": 0.02, "weight_decay": 0.03, "momentum": 0.7, "backbone_lr_scale": 0.5}
    optimizer = build_optimizer(Optim.model_validate(values), network.backbone, network.head)
    assert type(optimizer) is kind
    backbone, head = optimizer.param_groups
    assert backbone["params"] == [network["backbone"].weight]
    assert head["params"] == list(network["head"].parameters())
    assert (backbone["lr"], head["lr"], head["weight_decay"]) == (0.01, 0.02, 0.03)
    assert head.get("momentum", 0.7) == 0.7
    assert head.get("betas", (0.9, 0.999)) == (0.9, 0.999)


def test_a_backbone_that_is_not_trained_has_no_group() -> None:
    network = torch.nn.ModuleDict({"backbone": torch.nn.Linear(2, 2), "head": torch.nn.Linear(2, 1)})
    network["backbone"].requires_grad_(requires_grad=False)
    (group,) = build_optimizer(Optim(), network.backbone, network.head).param_groups
    assert group["params"] == list(network["head"].parameters())
