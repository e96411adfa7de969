# SPDX-License-Identifier: Apache-2.0
"""Descriptions of deployments that were not written here, or not left as they were written."""

from __future__ import annotations

import json
from hashlib import sha256
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from core.dotted import get, nest, put
from core.errors import CheckpointError, PlatformError, SpecError
from deployed.model_file import write_model
from engine.classify.task import CLASSIFY
from engine.export.deployment import build
from engine.export.deployment_files import EngineFile, read_deployment
from engine.export.tensorrt_action import wants_engine
from engine.segment.task import Segment
from engine.settings import Run
from spec.deploy_sections import GenTrtEngine
from spec.load import full_default_tree, parse_experiment
from tests.engine.test_tensorrt_engine import graph

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


ENGINE: dict[str, Any] = {
    "kind": "tensorrt-engine",
    "library": {"name": "TensorRT for RTX", "version": "1.7"},
    "engine": {"sha256": sha256(b"engine").hexdigest()},
    "batch": {"smallest": 1, "largest": 8},
    "model": {"task": "classify"},
}


def test_an_engine_is_read_by_what_stands_beside_it(tmp_path: Path) -> None:
    path, beside = tmp_path / "model.engine", tmp_path / "model.engine.json"
    with pytest.raises(CheckpointError, match="no such file") as caught:
        read_deployment(path)
    assert caught.value.code == "checkpoint.missing"
    path.write_bytes(b"engine")
    with pytest.raises(CheckpointError, match=r"nothing beside it says how it is used \(model.engine.json\)"):
        read_deployment(path)
    beside.write_text(json.dumps(KIND), encoding="utf-8")
    with pytest.raises(CheckpointError, match="describes no deployment"):
        read_deployment(path)
    beside.write_text(json.dumps(ENGINE), encoding="utf-8")
    found = read_deployment(path)
    assert found.engine == EngineFile(path, "TensorRT for RTX", "1.7")
    assert (found.notice, found.largest) == ("an engine of TensorRT for RTX 1.7", 8)
    path.write_bytes(b"another")
    with pytest.raises(CheckpointError, match="changed after it was built"):
        read_deployment(path)


@pytest.mark.parametrize(
    ("installed", "why"), [(True, "no engine file is named"), (False, "there is no TensorRT here")]
)
def test_why_no_engine_is_built_is_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], installed: bool, why: str
) -> None:
    monkeypatch.setattr("engine.export.deployment.has_library", lambda: installed)
    run: Any = SimpleNamespace(experiment=SimpleNamespace(gen_trt_engine=GenTrtEngine()))
    with pytest.raises(SpecError, match="onnx_file is not set"):
        build(run, SimpleNamespace(), CLASSIFY)  # type: ignore[arg-type]  # nothing is written to it
    told = capsys.readouterr().out
    assert told.startswith(f"NOTICE {why}")
    assert ("there is no TensorRT here" in told) is not installed


def test_keys_without_effect_are_told(capsys: pytest.CaptureFixture[str]) -> None:
    how = GenTrtEngine.model_validate({"batch_size": 4, "tensorrt": {"layers_precision": ["head:fp16"]}})
    run: Any = SimpleNamespace(experiment=SimpleNamespace(gen_trt_engine=how))
    with pytest.raises(SpecError):
        build(run, SimpleNamespace(), CLASSIFY)  # type: ignore[arg-type]  # nothing is written to it
    told = capsys.readouterr().out
    assert "gen_trt_engine.tensorrt.layers_precision has no effect" in told
    assert "gen_trt_engine.batch_size has no effect" in told


def experiment_of(task: str, file: Path, engine: Path, width: int | None = None) -> Run:
    tree: dict[str, Any] = {"task": task, "gen_trt_engine": {"onnx_file": str(file), "trt_engine": str(engine)}}
    if width:
        put(tree, "dataset.classify.image_width", width)
    chosen = frozenset({"dataset.classify.image_width"} if width else ())
    return Run("gen_trt_engine", parse_experiment(tree, "gen_trt_engine"), file.parent, chosen=chosen)


def run_of(task: str, **section: Any) -> Any:
    return SimpleNamespace(experiment=SimpleNamespace(task=task, gen_trt_engine=GenTrtEngine.model_validate(section)))


@pytest.mark.parametrize(
    ("named", "wanted"), [("model.engine", True), ("model.trt", True), ("model.json", False), (None, False)]
)
def test_an_engine_is_built_where_one_is_named(named: str | None, wanted: bool) -> None:
    assert wants_engine(run_of("classify", trt_engine=named)) is wanted


def test_a_named_engine_without_a_library_is_refused_and_no_deployment_stands_in(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    with pytest.raises(PlatformError, match="TensorRT is not installed"):
        build(experiment_of("classify", tmp_path / "gone.onnx", tmp_path / "a.engine"), SimpleNamespace(), CLASSIFY)  # type: ignore[arg-type]  # nothing is written to it
    assert list(tmp_path.iterdir()) == []


def test_the_file_is_checked_before_an_engine_is_built_of_it_and_no_deployment_beside(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    built: list[Any] = []
    monkeypatch.setattr("engine.export.deployment.library_for", lambda _: "library")
    monkeypatch.setattr("engine.export.deployment.build_tensorrt", lambda *told: built.append(told))
    file, engine = tmp_path / "model.onnx", tmp_path / "model.engine"
    config = nest({key: get(full_default_tree("classify"), key) for key in CLASSIFY.travelling_keys})
    put(config, "dataset.classify.image_width", 96)
    write_model(file, graph(), {"task": "classify", "config": config, "precision": "fp32"})
    status: Any = SimpleNamespace()
    with pytest.raises(CheckpointError, match="one for the classify task"):
        build(experiment_of("segment", file, engine), status, Segment())
    with pytest.raises(CheckpointError, match="image_width is 64, the file has 96"):
        build(experiment_of("classify", file, engine, 64), status, CLASSIFY)
    assert built == []
    build(experiment_of("classify", file, engine), status, CLASSIFY)
    ((_, _, model, settings, library),) = built
    assert library == "library"
    assert [node.op_type for node in model.graph.node] == ["Add"]
    assert settings["precision"] == "fp32"
    assert "NOTICE" not in capsys.readouterr().out
    assert list(tmp_path.iterdir()) == [file]
