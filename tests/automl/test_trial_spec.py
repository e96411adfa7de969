# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from dataclasses import replace

from automl.trial_spec import TrialKeys, fixed_values
from automl.types import Objective

INTERVAL = "train.validation_interval"
KEYS = TrialKeys("train.num_epochs", INTERVAL, None, "resume", "weights", checkpointer=False)
LOSS = (Objective("val_loss", "minimize"),)


def test_each_epoch_is_validated_unless_the_user_says_otherwise() -> None:
    assert fixed_values(KEYS, LOSS, {}, None) == {INTERVAL: 1}
    assert fixed_values(KEYS, LOSS, {INTERVAL: 5}, None) == {}
    assert fixed_values(replace(KEYS, validation_interval=None), LOSS, {}, None) == {}


def test_a_start_gives_its_weights_and_is_not_gone_on_from() -> None:
    values = fixed_values(KEYS, LOSS, {INTERVAL: 5}, "model.pth")
    assert values == {"weights": "model.pth", "resume": None}
    assert fixed_values(replace(KEYS, weights=None), LOSS, {INTERVAL: 5}, "model.pth") == {}
