# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from typing import Any

import pytest

from scoring.origin import ThresholdOrigin


@pytest.mark.parametrize("kind", ["validation", "given", "default", "unknown"])
def test_an_origin_reads_back_the_same(kind: Any) -> None:
    origin = ThresholdOrigin(kind, "validation", "far<=0.1% at recall=100%")
    assert ThresholdOrigin.from_json(origin.to_json()) == origin


@pytest.mark.parametrize("document", [None, "given", ["kind"], 3, {}, {"kind": "guessed", "split": "test"}])
def test_what_is_no_origin_is_of_unknown_origin(document: Any) -> None:
    assert ThresholdOrigin.from_json(document) == ThresholdOrigin("unknown", "", "")
