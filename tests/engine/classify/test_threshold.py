# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
import torch

from core.dotted import nest
from core.errors import CheckpointError, SpecError
from engine.classify.threshold import Threshold, choose, inspection_target
from scoring.origin import ThresholdOrigin
from scoring.targets import parse
from spec.load import parse_experiment

LABELS = [0, 0, 0, 0, 1, 1, 1, 1]
SCORES = [0.1, 0.2, 0.3, 0.6, 0.5, 0.7, 0.8, 0.9]


def test_the_threshold_follows_the_target_and_without_one_the_best_f1() -> None:
    strict = choose(LABELS, SCORES, parse("far<=25% at recall=100%"), epoch=3)
    assert strict is not None
    assert 0.3 < strict.value < 0.5
    assert "epoch 3" in strict.source
    assert "met" in strict.source
    assert strict.origin == ThresholdOrigin("validation", "validation", "far<=25% at recall=100%")
    relaxed = choose(LABELS, SCORES, parse("far<=0% at recall=75%"), epoch=3)
    assert relaxed is not None
    assert 0.6 < relaxed.value < 0.7
    plain = choose(LABELS, SCORES, None, epoch=3)
    assert plain is not None
    assert plain.source == "best F1 on validation, epoch 3"


def test_what_an_escape_costs_moves_the_threshold_and_is_told() -> None:
    labels, scores = [0, 0, 0, 0, 1, 1, 1], [0.1, 0.5, 0.55, 0.6, 0.3, 0.8, 0.9]
    plain, dear = (choose(labels, scores, None, epoch=3, escape_cost=cost) for cost in (1.0, 9.0))
    assert plain is not None
    assert dear is not None
    assert 0.6 < plain.value < 0.8
    assert 0.1 < dear.value < 0.3
    assert dear.source == "best F1 with an escape as bad as 9 false alarms on validation, epoch 3"
    assert dear.origin == ThresholdOrigin("validation", "validation", escape_cost=9.0)
    aimed = choose(labels, scores, parse("recall>=60%"), epoch=3, escape_cost=9.0)
    assert aimed is not None
    assert aimed.value == dear.value
    assert aimed.source.startswith("validation with an escape as bad as 9 false alarms, epoch 3: target recall>=60%")


def test_validation_without_defects_chooses_nothing() -> None:
    assert choose([0, 0], [0.1, 0.2], parse("far<=1% at recall=99%"), epoch=0) is None


def test_a_target_that_can_not_be_read_is_an_error_of_its_key() -> None:
    assert inspection_target(parse_experiment({}, "evaluate")) is None
    experiment = parse_experiment(nest({"model.classify.target": "as good as possible"}), "evaluate")
    with pytest.raises(SpecError) as caught:
        inspection_target(experiment)
    assert caught.value.where == "model.classify.target"
    assert caught.value.remedy


def test_a_margin_tells_whether_somebody_gave_it() -> None:
    usual = parse_experiment({}, "evaluate").model.classify.eval_margin
    assert Threshold.of_margin(usual).origin.kind == "default"
    assert Threshold.of_margin(usual + 0.1).origin.kind == "given"


def test_a_checkpoint_keeps_the_origin_or_leaves_it_unknown() -> None:
    experiment, path = parse_experiment({}, "evaluate"), Path("a.pth")
    chosen = choose(LABELS, SCORES, parse("recall>=99%"), epoch=1)
    assert chosen is not None
    assert Threshold.of_checkpoint({"threshold": chosen.value, **chosen.origin_keys()}, path, experiment) == chosen
    older = {"threshold": 0.4, "threshold_source": "best F1 on validation, epoch 1"}
    found = Threshold.of_checkpoint(older, path, experiment)
    assert found is not None
    assert (found.value, found.origin.kind) == (0.4, "unknown")
    assert Threshold.of_checkpoint({"threshold": None}, path, experiment) is None


@pytest.mark.parametrize(
    "value",
    [math.nan, math.inf, -math.inf, -0.1, 1.5, True, "0.5", [0.5], {}, torch.tensor(0.5), 10**400],
    ids=lambda value: repr(value)[:12],
)
def test_a_threshold_that_no_score_can_be_judged_by_is_an_error(value: Any) -> None:
    with pytest.raises(CheckpointError) as caught:
        Threshold.of_checkpoint({"threshold": value}, Path("a.pth"), parse_experiment({}, "evaluate"))
    assert caught.value.code == "checkpoint.threshold"
    assert caught.value.where == "a.pth"
    assert caught.value.remedy


def test_distances_have_no_upper_end_but_are_finite() -> None:
    euclidean = {"difference_module": "euclidean"}
    experiment = parse_experiment({"model": {"classify": euclidean}}, "evaluate")
    for value in (math.inf, math.nan, 10**400):
        with pytest.raises(CheckpointError):
            Threshold.of_checkpoint({"threshold": value}, Path("a.pth"), experiment)
    found = Threshold.of_checkpoint({"threshold": 3.5}, Path("a.pth"), experiment)
    assert found is not None
    assert found.value == 3.5


def test_a_threshold_that_flags_all_is_read_again() -> None:
    """A defect with the score 0 is caught by a threshold below it."""
    chosen = choose([0, 1], [0.5, 0.0], parse("recall>=100%"), epoch=0)
    assert chosen is not None
    assert chosen.value < 0.0
    content = {"threshold": chosen.value, **chosen.origin_keys()}
    assert Threshold.of_checkpoint(content, Path("a.pth"), parse_experiment({}, "evaluate")) == chosen
