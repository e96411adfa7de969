# SPDX-License-Identifier: Apache-2.0
"""8-bit models: what they hold, which layers stay in float, and when they are not taken."""

from __future__ import annotations

import csv
import json
from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
import pytest
import torch

from deployed.model_file import read_model
from engine.classify.exported_parts import parts_of
from engine.classify.onnx_network import OnnxNetwork
from engine.classify.parity import Parity, ParityPairs, prepared
from engine.classify.quantized_parts import Calibration, PartsQuantizer, Selection, network_layers
from engine.classify.scoring_loop import NetworkScorer
from engine.classify.trained_model import load_checkpoint
from engine.export.layers import layers_of
from engine.export.quantization import with_small_weights
from engine.settings import load_run

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from deployed.siamese_graph import Parts
    from engine.classify.trained_model import Checkpoint

FILE = "quantized_model_onnxruntime.onnx"
ANY_SPEED = "quantize.least_speedup=0"


def is_within(parts: list[str], whole: list[str]) -> bool:
    rest = iter(whole)
    return all(part in rest for part in parts)


def verdicts_of(folder: Path) -> list[str]:
    with (folder / "inference.csv").open(newline="", encoding="utf-8") as handle:
        return [row["verdict"] for row in csv.DictReader(handle)]


def small_tensors(model: onnx.ModelProto) -> set[str]:
    return {weight.name for weight in model.graph.initializer if weight.data_type == onnx.TensorProto.INT8}


@pytest.fixture
def quantize(trained: Any, engine: Callable[..., Any], tmp_path: Path) -> Callable[..., Any]:
    def run(*overrides: str, model: Any = trained.latest) -> Any:
        return engine("quantize", trained.spec, f"results_dir={tmp_path}", f"quantize.model_path={model}", *overrides)

    return run


@pytest.fixture(scope="module")
def exported(trained: Any, engine: Callable[..., Any], tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("exported")
    done = engine("export", trained.spec, f"results_dir={folder}", f"export.checkpoint={trained.latest}")
    assert done.code == 0, done.err
    return folder / "export" / "changenet_classify.onnx"


@pytest.fixture(scope="module")
def model(trained: Any) -> Checkpoint:
    return load_checkpoint(load_run("evaluate", trained.folder / "experiment.yaml", []), trained.latest)


@pytest.fixture(scope="module")
def pairs(trained: Any, model: Checkpoint) -> ParityPairs:
    run = load_run("evaluate", trained.folder / "experiment.yaml", [])
    return ParityPairs(run.experiment.dataset.classify, model.white, "validation", 16)


def test_a_static_model_judges_alike_and_is_taken_as_a_checkpoint_is(
    trained: Any, exported: Path, quantize: Callable[..., Any], engine: Callable[..., Any], tmp_path: Path
) -> None:
    done = quantize(ANY_SPEED, "quantize.calibration_pairs=16", model=exported)
    assert done.code == 0, done.err
    path = tmp_path / "quantize" / FILE
    whole, settings = read_model(path)
    assert settings["precision"] == "int8"
    assert settings["quantization"]["held_out"]["flipped"] == 0
    assert settings["quantization"]["calibration_pairs"] == 16
    assert small_tensors(whole)
    types = {node.op_type for node in whole.graph.node}
    assert {"QuantizeLinear", "DequantizeLinear"} <= types
    found = {}
    for name, used in (("before", trained.latest), ("after", path)):
        done = engine("inference", trained.spec, f"results_dir={tmp_path / name}", f"inference.checkpoint={used}")
        assert done.code == 0, done.err
        found[name] = verdicts_of(tmp_path / name / "inference")
    assert found["before"] == found["after"]
    assert set(found["after"]) == {"PASS", "NO_PASS"}
    twice = quantize(f"quantize.results_dir={tmp_path / 'twice'}", model=path)
    assert (twice.code, "[quantize.twice]" in twice.err) == (1, True)


def test_weights_alone_make_a_smaller_file_and_what_is_skipped_stays_in_float(
    exported: Path, quantize: Callable[..., Any], tmp_path: Path
) -> None:
    done = quantize("quantize.mode=weight_only_ptq", "quantize.skip_names=[head.levels.*]")
    assert done.code == 0, done.err
    path = tmp_path / "quantize" / FILE
    whole, settings = read_model(path)
    assert settings["precision"] == "int8 weights"
    assert all(name.startswith("head.levels.") for name in settings["quantization"]["float_layers"])
    assert len(settings["quantization"]["float_layers"]) == 8
    assert path.stat().st_size < exported.stat().st_size
    assert not any("levels" in name for name in small_tensors(whole))
    again = quantize()
    assert (again.code, "[export.exists]" in again.err) == (1, True)


def test_a_model_that_is_not_quick_enough_is_kept_apart_with_what_was_gained(
    quantize: Callable[..., Any], tmp_path: Path
) -> None:
    done = quantize("quantize.least_speedup=100", "quantize.layers=[{module_name: Linear}]")
    assert done.code == 1
    assert "[quantize.refused]" in done.err
    assert "100 is asked for" in done.err
    assert "every verdict is the same" in done.err
    names = {path.name for path in (tmp_path / "quantize").iterdir()}
    assert f"{FILE}.rejected" in names
    assert FILE not in names
    assert json.loads((tmp_path / "quantize" / "quantize.json").read_text())["float_layers"] > 0


@pytest.mark.parametrize(
    ("overrides", "place"),
    [
        (["quantize.backend=torchao"], "quantize.backend"),
        (["quantize.algorithm=awq_lite"], "quantize.algorithm"),
        (["quantize.layers=[{weights: {dtype: fp8_e4m3fn}}]"], "quantize.layers"),
    ],
)
def test_what_onnx_runtime_does_not_do_is_refused(
    quantize: Callable[..., Any], overrides: list[str], place: str
) -> None:
    done = quantize(*overrides)
    assert done.code == 1
    assert f"{place}: the embedded engine does not do this" in done.err


@pytest.mark.long
def test_the_layers_that_do_harm_go_back_to_float_and_no_more(model: Checkpoint, pairs: ParityPairs) -> None:
    """What is borne here is a little less than 8 bits in every layer cost."""
    parts = parts_of(model.network, (64, 64), 1, opset=17)
    network = OnnxNetwork(parts, [], distances=False)
    reference = pairs.scores(NetworkScorer(network, model.preparation), "before")
    found: list[float] = []

    def judge(tried: Parts) -> Parity:
        scorer = NetworkScorer(OnnxNetwork(tried, [], distances=False), model.preparation)
        moved = np.abs(pairs.scores(scorer, "after") - reference)
        found.append(float(moved.max()))
        return Parity(16, 16, 0.5, found[-1], int((moved > 0.8 * found[0]).sum()))

    with PartsQuantizer(
        parts, network, Calibration(pairs, model.preparation, "minmax"), Selection(("*",), ())
    ) as quantizer:
        best = quantizer.within(judge, 0, static=True)
        assert best.parity.flipped == 0
        assert 0 < len(best.float_layers) < best.layers
        assert best.parity.largest_difference <= 0.8 * found[0]
        hopeless = quantizer.within(lambda _: Parity(16, 16, 0.5, 1.0, 16), 0, static=False)
    assert len(hopeless.float_layers) == hopeless.layers


def test_a_graph_s_layers_are_the_modules_of_the_network(model: Checkpoint) -> None:
    parts = parts_of(model.network, (64, 64), 1, opset=17)
    modules = [name.split(".") for name, _ in model.network.named_modules()]
    layers = network_layers(parts)
    for layer in layers:  # wrappers that hand everything on are left out
        assert any(is_within(layer.module.split("."), module) for module in modules), layer.module
    assert layers[-1].module == "head.classifier"
    assert layers[-1].matches(["Linear"])
    assert not layers[-1].matches(["Conv2d", "backbone.*"])
    nodes = [name for layer in layers for name in layer.nodes]
    assert len(nodes) == len(set(nodes))


def test_small_weights_are_off_by_half_a_step_at_most(model: Checkpoint, pairs: ParityPairs) -> None:
    parts = parts_of(model.network, (64, 64), 1, opset=17)
    small = with_small_weights(parts.describe, {layers_of(parts.describe)[0].nodes[0]})
    before = {w.name: onnx.numpy_helper.to_array(w) for w in parts.describe.graph.initializer}
    after = {w.name: onnx.numpy_helper.to_array(w) for w in small.graph.initializer}
    changed = before.keys() - after.keys()
    assert len(changed) == len(layers_of(parts.describe)) - 1
    for name in changed:
        step = after[f"{name}/scale"].reshape(-1, *[1] * (before[name].ndim - 1))
        assert np.all(np.abs(after[f"{name}/int8"] * step - before[name]) <= 0.501 * step)
    inputs = next(prepared(pairs, model.preparation))
    whole, light = (
        OnnxNetwork(type(parts)(part, parts.compare), [], distances=False) for part in (parts.describe, small)
    )
    outputs = [network(inputs.tests, inputs.goldens[inputs.golden_of]) for network in (whole, light)]
    assert not torch.equal(*outputs)
    assert torch.allclose(*outputs, atol=0.5)
