# SPDX-License-Identifier: Apache-2.0
"""A trained segment model as an engine of TensorRT for RTX: built for real, and refused where no GPU runs it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
import torch

from engine.export.deployment_files import read_deployment
from engine.export.tensorrt_session import _check
from engine.segment.engine_network import EngineMaskNetwork
from engine.segment.trained_model import load_checkpoint
from engine.settings import load_run

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

rtx = pytest.importorskip("tensorrt_rtx", reason="TensorRT for RTX is not installed (the extra tensorrt-rtx)")


class Session:
    """Takes the place of an engine on a GPU: the network that it was built of."""

    device = torch.device("cpu")
    inputs = ("input0", "input1")

    def __init__(self, network: Any) -> None:
        self.network = network

    def run(self, goldens: torch.Tensor, tests: torch.Tensor) -> list[torch.Tensor]:
        with torch.inference_mode():
            return list(self.network(goldens, tests))


def test_an_engine_is_built_says_what_it_is_and_marks_what_its_network_marks(
    trained_masks: Any, engine: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bare = {"task": "segment", "results_dir": str(tmp_path), "export": {"checkpoint": str(trained_masks.latest)}}
    assert engine("export", bare).code == 0
    path = tmp_path / "half.engine"
    section = {
        "onnx_file": str(tmp_path / "export" / "changenet_segment.onnx"),
        "trt_engine": str(path),
        "tensorrt": {"data_type": "FP16"},
    }
    done = engine("gen_trt_engine", {"task": "segment", "results_dir": str(tmp_path), "gen_trt_engine": section})
    assert done.code == 0, done.err
    assert f"engine of TensorRT for RTX {rtx.__version__}" in done.out
    told = json.loads((tmp_path / "half.engine.json").read_text())
    assert (told["task"], told["precision"]["computed_with"], told["parity"]["flipped"]) == ("segment", "fp16", 0)
    assert 0 < told["parity"]["largest_difference"] < 0.01
    deployment = read_deployment(path)
    assert deployment.engine
    network = load_checkpoint(load_run("evaluate", trained_masks.folder / "experiment.yaml", []), trained_masks.latest)
    session: Any = Session(network.network)
    _check(session, deployment, deployment.engine)
    goldens, tests = torch.rand(2, 3, 64, 64), torch.rand(2, 3, 64, 64)
    with torch.inference_mode():
        marked = EngineMaskNetwork(session, all_scales=False).probabilities(goldens, tests)
        assert torch.allclose(marked, network.network.probabilities(goldens, tests), atol=1e-5)
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    refused = engine("inference", trained_masks.spec, f"inference.trt_engine={path}", "inference.num_gpus=1")
    assert (refused.code, "[deploy.gpu]" in refused.err) == (1, True), refused.err
