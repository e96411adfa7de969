# SPDX-License-Identifier: Apache-2.0
"""Engines that TensorRT for RTX builds, which needs no GPU for it, and how one is run, which does.

Without a GPU none can be executed: what runs here of that is everything up to the library's own calls.
"""

from __future__ import annotations

import ctypes
import json
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
import pytest
import torch
from onnx import TensorProto, helper, numpy_helper
from PIL import Image

from core.errors import JobFailedError, PlatformError, SpecError
from engine.export.engine_judging import agreement, in_batches, judged
from engine.export.tensorrt_action import calibration_feeds
from engine.export.tensorrt_engine import build_engine, check_sizes
from engine.export.tensorrt_graph import Ranges, check_takes, graph_for
from engine.export.tensorrt_library import Library, load_library
from engine.export.tensorrt_session import EngineSession
from spec.deploy_sections import GenTrtEngine

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NO_RANGES = Ranges(None, None, "")
SETTINGS: dict[str, Any] = {
    "task": "classify",
    "config": {"model": {"classify": {"difference_module": "learnable", "eval_margin": 0.5}}},
    "input": {"mean": [0.0, 0.0, 0.0], "std": [1.0, 1.0, 1.0]},
    "white_level": 65535,
}


def graph(*, quantised: bool = False) -> onnx.ModelProto:
    """The sum of two pictures."""
    shape = ["batch", 3, 8, 8]
    values = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name in ("input_1", "input_2", "output")
    ]
    nodes = [helper.make_node("Add", ["input_1", "input_2"], ["sum" if quantised else "output"])]
    weights = []
    if quantised:
        weights = [
            helper.make_tensor("scale", TensorProto.FLOAT, [], [0.1]),
            helper.make_tensor("zero", TensorProto.UINT8, [], [0]),
        ]
        nodes += [
            helper.make_node("QuantizeLinear", ["sum", "scale", "zero"], ["small"]),
            helper.make_node("DequantizeLinear", ["small", "scale", "zero"], ["output"]),
        ]
    made = helper.make_graph(nodes, "sum", values[:2], values[2:], initializer=weights)
    return helper.make_model(made, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def network(*, batch: int | str = "batch") -> onnx.ModelProto:
    """Two convolutions of the difference of two pictures, then logits; a third one leads nowhere."""
    chance = np.random.default_rng(0)
    shapes = {"w1": (8, 3, 3, 3), "b1": (8,), "w2": (8, 8, 3, 3), "b2": (8,), "w3": (2, 8), "b3": (2,)}
    weights = [
        numpy_helper.from_array(chance.normal(0, 0.3, size).astype(np.float32), name) for name, size in shapes.items()
    ]
    around = {"pads": [1, 1, 1, 1], "kernel_shape": [3, 3]}
    nodes = [
        helper.make_node("Sub", ["input_1", "input_2"], ["gap"], name="/gap/Sub"),
        helper.make_node("Conv", ["gap", "w1", "b1"], ["one"], name="/first/Conv", **around),
        helper.make_node("Relu", ["one"], ["up"], name="/first/Relu"),
        helper.make_node("Conv", ["up", "w2", "b2"], ["two"], name="/second/Conv", **around),
        helper.make_node("GlobalAveragePool", ["two"], ["mean"], name="/pool/Pool"),
        helper.make_node("Flatten", ["mean"], ["flat"], name="/pool/Flatten"),
        helper.make_node("Gemm", ["flat", "w3", "b3"], ["output"], name="/head/Gemm", transB=1),
        helper.make_node("Conv", ["two", "w2"], ["nowhere"], name="/evidence/Conv", **around),
    ]
    inputs = [helper.make_tensor_value_info(f"input_{i}", TensorProto.FLOAT, [batch, 3, 16, 16]) for i in (1, 2)]
    output = helper.make_tensor_value_info("output", TensorProto.FLOAT, [batch, 2])
    made = helper.make_graph(nodes, "network", inputs, [output], initializer=weights)
    return helper.make_model(made, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def pictures(count: int = 4) -> Iterator[dict[str, np.ndarray]]:
    chance = np.random.default_rng(1)
    for _ in range(2):
        yield {name: chance.normal(0, 1, (count, 3, 16, 16)).astype(np.float32) for name in ("input_1", "input_2")}


def section(**tensorrt: Any) -> GenTrtEngine:
    top = {name: tensorrt.pop(name) for name in ("timing_cache", "verbose") if name in tensorrt}
    return GenTrtEngine.model_validate({**top, "tensorrt": tensorrt})


def kinds(model: onnx.ModelProto) -> list[str]:
    return [node.op_type for node in model.graph.node]


@pytest.fixture(scope="module")
def library() -> Library:
    pytest.importorskip("tensorrt_rtx", reason="TensorRT for RTX is not installed (the extra tensorrt-rtx)")
    return load_library("TensorRT for RTX")


@pytest.fixture(scope="module")
def known(library: Library) -> Any:
    """The layers of a graph as the library parsed them, each with the number format that it gives."""
    trt = library.module

    def parsed(model: onnx.ModelProto) -> Any:
        logger = trt.Logger(trt.Logger.ERROR)
        builder = trt.Builder(logger)
        made = builder.create_network(1 << int(trt.NetworkDefinitionCreationFlag.STRONGLY_TYPED))
        assert trt.OnnxParser(made, logger).parse(model.SerializeToString())
        return [
            (made.get_layer(i).type.name, made.get_layer(i).get_output_type(0).name) for i in range(made.num_layers)
        ]

    return parsed


def test_a_library_says_what_it_is_and_is_taken_for_no_other(library: Library) -> None:
    assert library.for_rtx
    assert library.told == f"TensorRT for RTX {library.module.__version__}"
    with pytest.raises(PlatformError, match="TensorRT 99 is not installed") as caught:
        load_library("TensorRT 99")
    assert "build it again" in str(caught.value.remedy)


@pytest.mark.parametrize(("asked", "format_"), [("fp32", "FLOAT"), ("fp16", "HALF")])
def test_the_number_format_that_is_asked_for_is_that_of_the_convolutions(
    library: Library, known: Any, asked: str, format_: str
) -> None:
    made = graph_for(network(), asked, [], NO_RANGES)
    assert {kind for layer, kind in known(made) if layer == "CONVOLUTION"} == {format_}
    assert [value.type.tensor_type.elem_type for value in (*made.graph.input, *made.graph.output)] == [1, 1, 1]
    engine = build_engine(library, made, section(opt_batch_size=4, max_batch_size=16, workspace_size=64))
    assert engine.startswith(b"vtrt")
    assert agreement(SETTINGS, network(), made, pictures()).largest_difference < 1e-3


def test_8_bits_are_measured_once_in_the_form_that_the_library_takes(
    library: Library, known: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cache, model = tmp_path / "cal.json", network()
    made = graph_for(model, "int8", [], Ranges(pictures, cache, "a1"))
    assert sum(layer == "QUANTIZE" for layer, _ in known(made)) >= 3
    assert build_engine(library, made, section())
    assert agreement(SETTINGS, model, made, pictures()).largest_difference < 0.05
    again = graph_for(model, "int8", [], Ranges(None, cache, "a1"))
    assert again.SerializeToString(deterministic=True) == made.SerializeToString(deterministic=True)
    with pytest.raises(SpecError, match="holds no ranges of this model"):
        graph_for(model, "int8", [], Ranges(None, cache, "b2"))
    graph_for(model, "int8", [], Ranges(pictures, cache, "b2"))
    assert "measured anew" in capsys.readouterr().out
    assert json.loads(cache.read_text())["source_sha256"] == "b2"
    cache.write_text("TRT-100800-EntropyCalibration2\n", encoding="utf-8")
    with pytest.raises(SpecError, match="holds no ranges of this model"):
        graph_for(model, "int8", [], Ranges(None, cache, "b2"))
    with pytest.raises(SpecError, match="int8 needs calibration"):
        graph_for(model, "int8", [], NO_RANGES)


@pytest.mark.parametrize("asked", ["fp16", "int8"])
def test_layers_that_are_named_stay_in_float(known: Any, asked: str) -> None:
    made = graph_for(network(), asked, ["second:fp32"], Ranges(pictures, None, ""))
    if asked == "fp16":
        assert [kind for layer, kind in known(made) if layer == "CONVOLUTION"] == ["HALF", "FLOAT"]
    small = [weight.name for weight in made.graph.initializer if weight.data_type == TensorProto.INT8 and weight.dims]
    assert any("w1" in name for name in small) is (asked == "int8")
    assert not any("w2" in name for name in small)


@pytest.mark.parametrize("entry", ["second", "second:int8", "nobody:fp32"])
def test_what_can_not_be_asked_of_a_layer_is_told(entry: str) -> None:
    with pytest.raises(SpecError) as caught:
        graph_for(network(), "fp16", [entry], NO_RANGES)
    assert caught.value.where == "gen_trt_engine.tensorrt.layers_precision"


def test_a_file_with_8_bits_for_processors_is_refused_before_anything_is_built(
    library: Library, tmp_path: Path
) -> None:
    with pytest.raises(SpecError, match="8 bits of the file are for ONNX Runtime") as caught:
        check_takes(graph(quantised=True), "fp32", tmp_path)
    assert "data_type=int8" in str(caught.value.remedy)
    signed = graph_for(network(), "int8", [], Ranges(pictures, None, ""))
    check_takes(signed, "int8", tmp_path)
    assert build_engine(library, graph_for(signed, "fp16", [], NO_RANGES), section())


def test_a_batch_that_the_file_fixes_is_that_of_the_engine(library: Library) -> None:
    assert build_engine(library, graph_for(network(batch=2), "fp32", [], NO_RANGES), section(max_batch_size=16))


def test_a_timing_cache_is_left_alone_and_verbose_reaches_the_library(
    library: Library, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "times.bin"
    assert build_engine(library, graph(), section(timing_cache=str(path), verbose=True))
    told = capfd.readouterr()
    assert "timing_cache has no effect: TensorRT for RTX measures nothing" in told.out
    assert "[V]" in told.out + told.err
    assert not path.exists()


def test_what_the_library_does_not_take_is_told_with_its_place(library: Library) -> None:
    strange = graph()
    strange.graph.node[0].op_type = "Unique"
    with pytest.raises(JobFailedError, match=r"TensorRT for RTX .* does not take the file: Unique"):
        build_engine(library, strange, section())


def test_sizes_of_a_batch_stand_in_order() -> None:
    with pytest.raises(SpecError, match="smallest, best and largest batch are 4, 1, 8"):
        check_sizes(section(min_batch_size=4))


def test_without_a_library_it_is_told_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    with pytest.raises(PlatformError, match="TensorRT is not installed") as caught:
        load_library()
    assert "the extra tensorrt-rtx" in str(caught.value.remedy)


def test_pictures_of_the_folders_are_what_ranges_are_measured_on(tmp_path: Path) -> None:
    for number in range(5):
        Image.new("RGB", (10, 9), (40 * number, 0, 0)).save(tmp_path / f"{number}.png")
    files = sorted(tmp_path.iterdir())
    batches = list(calibration_feeds(files[:4], graph(), SETTINGS, 2))
    assert [{name: part.shape for name, part in batch.items()} for batch in batches] == [
        {"input_1": (2, 3, 8, 8), "input_2": (2, 3, 8, 8)}
    ] * 2
    ours, theirs = (batches[1][name][:, 0, 0, 0] * 255 for name in ("input_1", "input_2"))
    assert ours == pytest.approx([80, 120])
    assert theirs == pytest.approx([80, 80])  # each second picture beside another one
    tiled = SETTINGS | {"input": SETTINGS["input"] | {"layout": [2, 1]}}
    (batch,) = calibration_feeds(files[:4], graph(), tiled, 2)
    assert batch["input_1"][:, 0, [0, -1], 0] * 255 == pytest.approx(np.array([[0, 40], [80, 120]]))


def test_outputs_are_judged_as_the_task_judges_them() -> None:
    logits = np.array([[0.0, 0.0], [0.0, 2.0]], np.float32)
    assert judged(SETTINGS, [logits])[:, 0] == pytest.approx([0.5, 0.880797], abs=1e-6)
    distances = {"task": "classify", "config": {"model": {"classify": {"difference_module": "euclidean"}}}}
    assert judged(distances, [np.array([0.4, 3.0], np.float32)])[:, 0] == pytest.approx([0.4, 3.0])
    masks = np.zeros((1, 2, 2, 2), np.float32)
    masks[0, 1, 0, 0] = 2
    assert judged({"task": "segment"}, [masks])[0].ravel() == pytest.approx([0.880797, 0.5, 0.5, 0.5], abs=1e-6)
    parts = list(in_batches({"a": np.arange(5)}, 2))
    assert [list(part["a"]) for part in parts] == [[0, 1], [2, 3]]


class Context:
    """Takes the place of a context on a GPU: adds both inputs where their memory is."""

    def __init__(self, *, runs: bool = True) -> None:
        self.shapes: dict[str, tuple[int, ...]] = {}
        self.places: dict[str, int] = {}
        self.batches: list[int] = []
        self.runs = runs

    def set_input_shape(self, name: str, shape: tuple[int, ...]) -> bool:
        self.shapes[name] = shape
        return True

    def set_tensor_address(self, name: str, memory: int) -> bool:
        self.places[name] = memory
        return True

    def get_tensor_shape(self, name: str) -> tuple[int, ...]:
        assert name == "output"
        return self.shapes["input_1"]

    def execute_async_v3(self, stream_handle: int) -> bool:
        assert stream_handle == 7
        count = int(np.prod(self.shapes["input_1"]))
        first, second, output = (
            np.ctypeslib.as_array((ctypes.c_float * count).from_address(self.places[name]))
            for name in ("input_1", "input_2", "output")
        )
        output[:] = first + second
        self.batches.append(self.shapes["input_1"][0])
        return self.runs


def session_of(library: Library, context: Context, bounds: tuple[int, int]) -> EngineSession:
    trt, names = library.module, ["input_1", "input_2", "output"]
    engine = SimpleNamespace(
        num_io_tensors=3,
        get_tensor_name=lambda index: names[index],
        get_tensor_mode=lambda name: trt.TensorIOMode.OUTPUT if name == "output" else trt.TensorIOMode.INPUT,
        get_tensor_dtype=lambda _: trt.float32,
    )
    for real, ours in ((trt.IExecutionContext, vars(Context)), (trt.ICudaEngine, vars(engine))):
        assert {name for name in ours if not name.startswith("__")} <= set(dir(real))
    run = lambda: context.execute_async_v3(7)  # noqa: E731 - as the library's stream does it
    return EngineSession(library, engine, context, run, torch.device("cpu"), bounds)


@pytest.mark.parametrize(("count", "batches"), [(8, [4, 4]), (9, [4, 4, 2]), (3, [3]), (1, [2])])
def test_every_pair_is_judged_whatever_the_bounds_of_a_batch(library: Library, count: int, batches: list[int]) -> None:
    context = Context()
    session = session_of(library, context, (2, 4))
    assert (session.inputs, session.outputs) == (["input_1", "input_2"], ["output"])
    first, second = torch.rand(count, 3, 2, 2), torch.rand(count, 2, 2, 3).permute(0, 3, 1, 2)
    (found,) = session.run(first, second)
    assert torch.equal(found, first + second)
    assert context.batches == batches


def test_an_engine_that_does_not_run_is_told(library: Library) -> None:
    with pytest.raises(JobFailedError, match="the engine does not run"):
        session_of(library, Context(runs=False), (1, 4)).run(torch.rand(2, 3, 2, 2), torch.rand(2, 3, 2, 2))
