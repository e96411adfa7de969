# SPDX-License-Identifier: Apache-2.0
"""A model's file that the user names says what it takes; a plan that says otherwise is refused before anything runs."""

from __future__ import annotations

import importlib.util
import json
from typing import TYPE_CHECKING, Any

import pytest

from core import dotted
from core.errors import CheckpointError, PlatformError, SpecError
from deployed.file_head import read_head
from deployed.model_file import write_model
from router.types import Request
from runners import api
from tests.engine.test_tensorrt_engine import graph

if TYPE_CHECKING:
    from pathlib import Path

    from router.declarations import Skill
    from runners.planning.plan import Plan

CONFIG = {
    "segment": {
        "dataset": {"segment": {"img_size": 96, "num_classes": 3}},
        "model": {"segment": {"decoder": "change"}},
    },
    "classify": {
        "dataset": {"classify": {"image_width": 96, "image_height": 64, "input_map": {"top": 0, "side": 1}}},
        "model": {"classify": {"eval_margin": 0.7, "difference_module": "learnable"}},
    },
}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A file of the segment task."""
    return written(tmp_path, "segment")


def written(folder: Path, task: str) -> Path:
    path = folder / f"{task}.onnx"
    write_model(path, graph(), {"task": task, "config": CONFIG[task], "precision": "fp32"})
    return path


def planned(skill: Skill, folder: Path, action: str, **overrides: Any) -> Plan:
    request = Request(action=action, results_root=str(folder / "results"), overrides=overrides)
    plan = api.prepare_request(request, skill)[1]
    assert plan
    return plan


def test_sizes_and_structure_come_from_the_file(skill: Skill, file: Path, tmp_path: Path) -> None:
    plan = planned(skill, tmp_path, "deploy_segment_gen_trt_engine", **{"gen_trt_engine.onnx_file": str(file)})
    assert plan.spec["dataset"]["segment"]["img_size"] == 96
    assert plan.provenance["dataset.segment.img_size"].detail == "segment.onnx"


def test_a_description_of_a_deployment_says_the_same(skill: Skill, tmp_path: Path) -> None:
    path = tmp_path / "deployment.json"
    path.write_text(json.dumps({"model": {"task": "segment", "config": CONFIG["segment"]}}), encoding="utf-8")
    plan = planned(skill, tmp_path, "deploy_segment_inference", **{"inference.trt_engine": str(path)})
    assert plan.spec["dataset"]["segment"]["img_size"] == 96


def test_how_an_output_is_judged_may_be_set_anew_and_what_its_input_is_may_not(skill: Skill, tmp_path: Path) -> None:
    path = str(written(tmp_path, "classify"))
    plan = planned(skill, tmp_path, "evaluate", **{"evaluate.checkpoint": path, "model.classify.eval_margin": 0.2})
    assert dotted.get(plan.spec, "model.classify.eval_margin") == 0.2
    assert dotted.get(plan.spec, "dataset.classify.image_width") == 96
    assert dotted.get(plan.spec, "dataset.classify.input_map") == {"top": 0, "side": 1}
    planned(skill, tmp_path, "evaluate", **{"evaluate.checkpoint": path, "image_width": 96})
    with pytest.raises(SpecError, match=r"image_width: it is set to 128, and .* was made with 96") as caught:
        planned(skill, tmp_path, "evaluate", **{"evaluate.checkpoint": path, "image_width": 128})
    assert (caught.value.code, caught.value.where) == ("spec.contradiction", "dataset.classify.image_width")


def test_a_file_of_another_task_is_refused(skill: Skill, file: Path, tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="a model for the segment task") as caught:
        planned(skill, tmp_path, "deploy_classify_gen_trt_engine", **{"gen_trt_engine.onnx_file": str(file)})
    assert caught.value.code == "spec.file_task"
    assert str(caught.value.remedy).endswith("or run deploy_segment_gen_trt_engine")
    with pytest.raises(SpecError, match="a model for the segment task") as caught:
        planned(skill, tmp_path, "quantize", **{"quantize.model_path": str(file)})
    assert caught.value.remedy == "name a model for classify"


@pytest.mark.parametrize("size", [0, 1, 7, 40, -1, -9], ids=str)
def test_a_damaged_file_is_told_before_anything_runs(skill: Skill, file: Path, tmp_path: Path, size: int) -> None:
    file.write_bytes(file.read_bytes()[:size])
    with pytest.raises(SpecError, match="no file of an export, or it is not whole") as caught:
        planned(skill, tmp_path, "deploy_segment_gen_trt_engine", **{"gen_trt_engine.onnx_file": str(file)})
    assert caught.value.code == "checkpoint.broken"


def test_a_file_of_another_program_is_refused_here_and_taken_in_the_container(skill: Skill, tmp_path: Path) -> None:
    path = tmp_path / "other.onnx"
    path.write_bytes(graph().SerializeToString())
    with pytest.raises(CheckpointError):
        read_head(path)
    request = Request(
        action="deploy_classify_gen_trt_engine",
        runner="docker",
        results_root=str(tmp_path / "results"),
        overrides={"gen_trt_engine.onnx_file": str(path)},
    )
    assert api.prepare_request(request, skill)[1]


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", '{"model": 3}', '{"model": {"task": "segment"}}', "\0" * 9])
def test_what_describes_no_deployment_is_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "deployment.json"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(CheckpointError):
        read_head(path)


def test_what_is_no_file_of_the_kind_says_nothing(tmp_path: Path) -> None:
    (tmp_path / "model.pth").write_bytes(b"model")
    assert [read_head(path) for path in (tmp_path, tmp_path / "gone.onnx", tmp_path / "model.pth")] == [None] * 3


@pytest.mark.parametrize(
    ("slots", "text"),
    [
        ({"action": "evaluate", "parent_job_id": "{file}"}, ""),
        ({}, "evaluate {file}"),
        ({}, "evaluate this board model: {file}"),
    ],
    ids=["as a parent", "in words", "after a colon"],
)
def test_a_file_is_taken_as_a_job_is(skill: Skill, tmp_path: Path, slots: dict[str, str], text: str) -> None:
    path = str(written(tmp_path, "classify"))
    filled = {slot: value.format(file=path) for slot, value in slots.items()}
    decision, plan = api.prepare_request(
        Request(text=text.format(file=path), results_root=str(tmp_path / "results"), **filled), skill
    )
    assert plan
    assert decision.warnings == ()
    assert plan.spec["evaluate"]["checkpoint"] == path
    assert dotted.get(plan.spec, "dataset.classify.image_width") == 96


def test_an_engine_is_built_from_the_file_that_the_words_name(skill: Skill, tmp_path: Path) -> None:
    text = f"build a TensorRT engine from {written(tmp_path, 'classify')} in fp16 with max batch 16"
    plan = api.prepare_request(Request(text=text, results_root=str(tmp_path / "results")), skill)[1]
    assert plan
    tensorrt = plan.spec["gen_trt_engine"]["tensorrt"]
    assert (plan.action, tensorrt["data_type"], tensorrt["max_batch_size"]) == (
        "deploy_classify_gen_trt_engine",
        "fp16",
        16,
    )


def test_of_several_files_none_is_taken_and_a_training_is_told_by_key(skill: Skill, tmp_path: Path) -> None:
    for text in ("evaluate a.onnx and b.onnx", "train on boards from a.pth with automl off"):
        decision = api.prepare_request(Request(text=text, results_root=str(tmp_path / "results")), skill)[0]
        assert any("not taken for data" in warning for warning in decision.warnings)
        assert not any(str(value).endswith((".onnx", ".pth")) for value in decision.request.overrides.values())


def quantised(folder: Path, precision: str) -> str:
    path = folder / f"{precision.replace(' ', '_')}.onnx"
    write_model(path, graph(), {"task": "classify", "config": CONFIG["classify"], "precision": precision})
    return str(path)


@pytest.mark.parametrize("precision", ["int8", "int8 weights"])
def test_a_quantised_model_is_not_quantised_again(skill: Skill, tmp_path: Path, precision: str) -> None:
    with pytest.raises(SpecError, match=rf"the model is quantised already \({precision}\)") as caught:
        planned(skill, tmp_path, "quantize", **{"quantize.model_path": quantised(tmp_path, precision)})
    assert (caught.value.code, caught.value.where) == ("quantize.twice", "quantize.model_path")
    assert planned(skill, tmp_path, "quantize", **{"quantize.model_path": str(written(tmp_path, "classify"))})


def test_a_deployment_gets_no_numbers_that_the_file_does_not_have(skill: Skill, tmp_path: Path) -> None:
    action, section = "deploy_classify_gen_trt_engine", "gen_trt_engine"
    cache = tmp_path / "cal.json"
    cache.write_text("{}", encoding="utf-8")
    int8 = {f"{section}.tensorrt.data_type": "int8", f"{section}.tensorrt.calibration.cal_cache_file": str(cache)}
    with pytest.raises(SpecError, match="numbers of the file, which are fp32: nothing is quantised") as caught:
        planned(skill, tmp_path, action, **int8, **{f"{section}.onnx_file": str(written(tmp_path, "classify"))})
    assert (caught.value.code, caught.value.where) == ("spec.precision", f"{section}.tensorrt.data_type")
    assert planned(skill, tmp_path, action, **int8, **{f"{section}.onnx_file": quantised(tmp_path, "int8")})


@pytest.mark.parametrize(
    ("chosen", "refused"),
    [
        ({"evaluate.batch_size": 9}, True),
        ({"dataset.classify.batch_size": 1}, True),
        ({"dataset.classify.batch_size": 9, "evaluate.batch_size": 4}, False),
        ({"evaluate.batch_size": 8}, False),
        ({}, False),
    ],
    ids=str,
)
def test_a_batch_that_a_deployment_does_not_take_is_refused(
    skill: Skill, tmp_path: Path, chosen: dict[str, int], refused: bool
) -> None:
    path = tmp_path / "deployment.json"
    model = {"task": "classify", "config": CONFIG["classify"]}
    path.write_text(json.dumps({"model": model, "batch": {"smallest": 2, "largest": 8}}), encoding="utf-8")
    spec = {"evaluate.trt_engine": str(path), **chosen}
    if not refused:
        assert planned(skill, tmp_path, "deploy_classify_evaluate", **spec)
        return
    with pytest.raises(SpecError, match="takes batches from 2 to 8") as caught:
        planned(skill, tmp_path, "deploy_classify_evaluate", **spec)
    assert (caught.value.code, caught.value.where) == ("spec.batch", next(iter(chosen)))


def engine_at(folder: Path) -> Path:
    path = folder / "model.engine"
    path.write_bytes(b"engine")
    told = {"model": {"task": "classify", "config": CONFIG["classify"]}, "batch": {"smallest": 1, "largest": 4}}
    path.with_name("model.engine.json").write_text(json.dumps(told), encoding="utf-8")
    return path


def with_library(monkeypatch: pytest.MonkeyPatch, name: str | None) -> None:
    real = importlib.util.find_spec
    monkeypatch.setattr(
        "importlib.util.find_spec",
        lambda module, *rest: (module == name) or None if "tensorrt" in module else real(module, *rest),
    )


def test_an_engine_that_is_named_is_planned_as_one(
    skill: Skill, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = {"gen_trt_engine.onnx_file": str(written(tmp_path, "classify")), "gen_trt_engine.trt_engine": "a.engine"}
    action = "deploy_classify_gen_trt_engine"
    with_library(monkeypatch, "tensorrt_rtx")
    plan = planned(skill, tmp_path, action, **words)
    assert plan.warnings[0].startswith("an engine, built by TensorRT for RTX")
    assert not any("no TensorRT engine" in warning for warning in plan.warnings)
    assert plan.outputs["gen_trt_engine.trt_engine"].endswith("/results/gen_trt_engine/a.engine")
    with pytest.raises(SpecError, match="8 bits of the file are for ONNX Runtime"):
        planned(skill, tmp_path, action, **words | {"gen_trt_engine.onnx_file": quantised(tmp_path, "int8")})
    with_library(monkeypatch, None)
    with pytest.raises(
        PlatformError, match=r"nothing here builds or runs an engine, which a\.engine would be"
    ) as caught:
        planned(skill, tmp_path, action, **words)
    assert "tensorrt-rtx" in str(caught.value.remedy)


def test_an_engine_is_used_where_a_gpu_is(skill: Skill, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    words = {"evaluate.trt_engine": str(engine_at(tmp_path))}
    action = "deploy_classify_evaluate"
    with_library(monkeypatch, "tensorrt")
    monkeypatch.setattr("runners.planning.deployments.has_gpu", lambda: True)
    plan = planned(skill, tmp_path, action, **words)
    assert plan.spec["dataset"]["classify"]["image_width"] == 96
    assert plan.warnings[0] == "an engine, run on a GPU by the library that built it"
    with pytest.raises(SpecError, match="takes batches from 1 to 4"):
        planned(skill, tmp_path, action, **words, **{"evaluate.batch_size": 5})
    monkeypatch.setattr("runners.planning.deployments.has_gpu", lambda: False)
    with pytest.raises(PlatformError, match="an engine, which runs on a GPU, and this machine shows none"):
        planned(skill, tmp_path, action, **words)
    monkeypatch.setattr("runners.planning.deployments.has_gpu", lambda: True)
    tmp_path.joinpath("model.engine.json").unlink()
    with pytest.raises(SpecError, match="nothing beside the engine says how it is used"):
        planned(skill, tmp_path, action, **words)
