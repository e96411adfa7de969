# SPDX-License-Identifier: Apache-2.0
"""Descriptions of deployments that were not written here, or not left as they were written."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from core.errors import CheckpointError, SpecError
from engine.export.deployment import build, read_deployment
from spec.deploy_sections import GenTrtEngine

if TYPE_CHECKING:
    from pathlib import Path

KIND = {"kind": "onnxruntime-deployment"}
WHOLE: dict[str, Any] = {**KIND, "graphs": {}, "model": {}, "batch": {"smallest": 1, "largest": 8}}


@pytest.mark.parametrize(
    "told",
    [
        [],
        {},
        {"kind": "tensorrt"},
        KIND,
        {**WHOLE, "graphs": ["compare"]},
        {**WHOLE, "graphs": {"compare": {"file": "../../etc/passwd", "sha256": "0" * 64}}},
        {**WHOLE, "graphs": {"compare": {"file": "gone.onnx", "sha256": "0" * 64}}},
        {**WHOLE, "graphs": {"compare": {"file": 7, "sha256": None}}},
        {**WHOLE, "model": 3},
        {**WHOLE, "batch": {"smallest": 1}},
        {**WHOLE, "batch": {"smallest": "one", "largest": 8}},
    ],
)
def test_a_description_that_is_none_is_refused_with_its_place(tmp_path: Path, told: Any) -> None:
    path = tmp_path / "deployment.json"
    path.write_text(json.dumps(told), encoding="utf-8")
    with pytest.raises(CheckpointError) as caught:
        read_deployment(path)
    assert caught.value.remedy
    assert str(caught.value.where).startswith(str(tmp_path))


def test_a_tensorrt_engine_is_refused_as_one(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="TAO Deploy container"):
        read_deployment(tmp_path / "model.engine")


@pytest.mark.parametrize(
    ("installed", "why"), [(True, "no engine file is named"), (False, "there is no TensorRT here")]
)
def test_why_no_engine_is_built_is_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], installed: bool, why: str
) -> None:
    monkeypatch.setattr("engine.export.deployment.has_tensorrt", lambda: installed)
    run: Any = SimpleNamespace(experiment=SimpleNamespace(gen_trt_engine=GenTrtEngine()))
    with pytest.raises(SpecError, match="onnx_file is not set"):
        build(run, SimpleNamespace())  # type: ignore[arg-type]  # nothing is written to it
    told = capsys.readouterr().out
    assert told.startswith(f"NOTICE {why}")
    assert ("there is no TensorRT here" in told) is not installed


def test_keys_without_effect_are_told(capsys: pytest.CaptureFixture[str]) -> None:
    how = GenTrtEngine.model_validate({"batch_size": 4, "tensorrt": {"layers_precision": ["head:fp16"]}})
    run: Any = SimpleNamespace(experiment=SimpleNamespace(gen_trt_engine=how))
    with pytest.raises(SpecError):
        build(run, SimpleNamespace())  # type: ignore[arg-type]  # nothing is written to it
    told = capsys.readouterr().out
    assert "gen_trt_engine.tensorrt.layers_precision has no effect" in told
    assert "gen_trt_engine.batch_size has no effect" in told
