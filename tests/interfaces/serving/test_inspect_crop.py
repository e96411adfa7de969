# SPDX-License-Identifier: Apache-2.0
"""A pair of crops judged by an exported file at once."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image, ImageFilter

from interfaces.cli import main

if TYPE_CHECKING:
    from pathlib import Path


def inspected(capsys: pytest.CaptureFixture[str], *words: object) -> dict[str, Any]:
    assert main(["inspect", *map(str, words), "--json"]) == 0
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def test_a_good_part_passes_and_a_spoiled_one_does_not(model: Any, capsys: pytest.CaptureFixture[str]) -> None:
    good, bad = (inspected(capsys, model.onnx, model.golden, test) for test in (model.good, model.bad))
    assert (good["verdict"], bad["verdict"]) == ("PASS", "NO_PASS")
    assert good["score"] < good["threshold"] < bad["score"]
    assert good["self_test"]["pairs"] > 0
    assert good["warnings"] == []


@pytest.mark.parametrize("harm", ["dark", "soft"])
def test_a_pair_unlike_those_of_the_training_never_passes(
    model: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str], harm: str
) -> None:
    for name, path in (("golden", model.golden), ("test", model.good)):
        with Image.open(path) as picture:
            changed = picture.point(lambda v: v // 12) if harm == "dark" else picture.filter(ImageFilter.BoxBlur(4))
            changed.save(tmp_path / f"{name}.png")
    found = inspected(capsys, model.onnx, tmp_path / "golden.png", tmp_path / "test.png")
    assert found["verdict"] != "PASS"
    assert any("trained on" in warning for warning in found["warnings"])
