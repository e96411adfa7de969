# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import math
from typing import Any

import pytest

from scoring.origin import ThresholdOrigin


@pytest.mark.parametrize("kind", ["validation", "given", "default", "unknown"])
def test_an_origin_reads_back_the_same(kind: Any) -> None:
    origin = ThresholdOrigin(kind, "validation", "far<=0.1% at recall=100%")
    assert ThresholdOrigin.from_json(origin.to_json()) == origin
    dear = ThresholdOrigin(kind, "validation", escape_cost=5.0)
    assert ThresholdOrigin.from_json(dear.to_json()) == dear


def test_only_an_unusual_cost_of_an_escape_is_told() -> None:
    plain, dear = ThresholdOrigin("validation"), ThresholdOrigin("validation", escape_cost=5.0)
    assert plain.to_json() == {"kind": "validation", "split": "", "target": ""}
    assert plain.words() == "chosen for the best F1 on validation data"
    assert dear.words() == "chosen for the best F1 with an escape as bad as 5 false alarms on validation data"


@pytest.mark.parametrize("cost", [None, "5", True, 0, -1.0, math.nan, math.inf, [2]])
def test_what_is_no_cost_is_the_usual_one(cost: Any) -> None:
    assert ThresholdOrigin.from_json({"kind": "validation", "escape_cost": cost}) == ThresholdOrigin("validation")


@pytest.mark.parametrize("document", [None, "given", ["kind"], 3, {}, {"kind": "guessed", "split": "test"}])
def test_what_is_no_origin_is_of_unknown_origin(document: Any) -> None:
    assert ThresholdOrigin.from_json(document) == ThresholdOrigin("unknown", "", "")
