# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest

from core.dotted import nest
from core.errors import SpecError
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
    chosen = choose(LABELS, SCORES, parse("recall>=99%"), epoch=1)
    assert chosen is not None
    assert Threshold.of_checkpoint({"threshold": chosen.value, **chosen.origin_keys()}) == chosen
    older = Threshold.of_checkpoint({"threshold": 0.4, "threshold_source": "best F1 on validation, epoch 1"})
    assert older is not None
    assert (older.value, older.origin.kind) == (0.4, "unknown")
    assert Threshold.of_checkpoint({"threshold": None}) is None
