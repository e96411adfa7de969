# SPDX-License-Identifier: Apache-2.0
"""Which actions go without PyTorch, whatever an exported file is called."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from core.file_names import is_exported, is_model
from engine.export.file_settings import needs_torch
from engine.settings import Run
from spec.load import parse_experiment


@pytest.mark.parametrize(
    ("name", "needed"), [("line.onnx", False), ("LINE.ONNX", False), ("line.pth", True), ("", True)]
)
@pytest.mark.parametrize("calibrate_to", [None, 0.01])
def test_an_exported_file_inspects_and_calibrates_without_torch(
    name: str, needed: bool, calibrate_to: float | None
) -> None:
    tree: dict[str, Any] = {"task": "segment", "inspect": {"checkpoint": name, "calibrate_to": calibrate_to}}
    assert needs_torch(Run("inspect", parse_experiment(tree, "inspect"), Path())) is needed


def test_how_models_are_called_does_not_hang_on_capitals() -> None:
    assert [is_model(name) for name in ("a.PTH", "a.Onnx", "a.json", "onnx")] == [True, True, False, False]
    assert [is_exported(name) for name in (Path("a.ONNX"), Path("a.pth"))] == [True, False]
