# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest

from core.dotted import nest
from core.errors import SpecError
from engine.targets import choose, target_of
from scoring.targets import parse
from spec.load import parse_experiment

LABELS = [0, 0, 0, 0, 1, 1, 1, 1]
SCORES = [0.1, 0.2, 0.3, 0.6, 0.5, 0.7, 0.8, 0.9]


def test_the_threshold_follows_the_target_and_without_one_the_best_f1() -> None:
    strict = choose(LABELS, SCORES, parse("far<=25% at recall=100%"), epoch=3)
    assert strict.value is not None
    assert 0.3 < strict.value < 0.5
    assert "epoch 3" in strict.source
    assert "met" in strict.source
    relaxed = choose(LABELS, SCORES, parse("far<=0% at recall=75%"), epoch=3)
    assert relaxed.value is not None
    assert 0.6 < relaxed.value < 0.7
    assert choose(LABELS, SCORES, None, epoch=3).source == "best F1 on validation, epoch 3"


def test_validation_without_defects_chooses_nothing() -> None:
    assert choose([0, 0], [0.1, 0.2], parse("far<=1% at recall=99%"), epoch=0).value is None


def test_a_target_that_can_not_be_read_is_an_error_of_its_key() -> None:
    assert target_of(parse_experiment({}, "evaluate")) is None
    experiment = parse_experiment(nest({"model.classify.target": "as good as possible"}), "evaluate")
    with pytest.raises(SpecError) as caught:
        target_of(experiment)
    assert caught.value.where == "model.classify.target"
    assert caught.value.remedy
