# SPDX-License-Identifier: Apache-2.0
"""A trained model as an engine of TensorRT for RTX: built for real, and refused where no GPU runs it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
import torch

from core.errors import CheckpointError
from core.files import sha256_file
from engine.classify.engine_network import EngineNetwork
from engine.classify.trained_model import load_checkpoint
from engine.export.deployment_files import read_deployment
from engine.export.engine_judging import furthest
from engine.export.tensorrt_session import _check
from engine.settings import load_run

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

rtx = pytest.importorskip("tensorrt_rtx", reason="TensorRT for RTX is not installed (the extra tensorrt-rtx)")


@pytest.fixture(scope="module")
def exported(trained: Any, engine: Callable[..., Any], tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("for-engines")
    path = folder / "model.onnx"
    words = (f"results_dir={folder}", f"export.checkpoint={trained.latest}", f"export.onnx_file={path}")
    assert engine("export", trained.spec, *words).code == 0
    return path


@pytest.fixture(scope="module")
def built(
    trained: Any, exported: Path, engine: Callable[..., Any], tmp_path_factory: pytest.TempPathFactory
) -> Callable[..., Any]:
    folder = tmp_path_factory.mktemp("engines")

    def build(asked: str, *words: str) -> tuple[Any, Path]:
        path = folder / f"{asked}.engine"
        section = "gen_trt_engine"
        own = (f"{section}.onnx_file={exported}", f"{section}.trt_engine={path}")
        return engine(section, trained.spec, *own, f"{section}.tensorrt.data_type={asked}", *words), path

    return build


def calibration(images: Path, cache: Path) -> list[str]:
    section = "gen_trt_engine.tensorrt.calibration"
    return [
        f"{section}.cal_image_dir=[{images}]",
        f"{section}.cal_cache_file={cache}",
        f"{section}.cal_batch_size=8",
        f"{section}.cal_batches=3",
    ]


@pytest.mark.parametrize("asked", ["fp32", "fp16", "int8"])
def test_an_engine_is_built_and_says_what_it_is(
    built: Any, exported: Path, shared_folder: Any, tmp_path: Path, asked: str
) -> None:
    done, path = built(asked, *calibration(shared_folder.images, tmp_path / "cal.json"))
    assert done.code == 0, done.err
    assert f"engine of TensorRT for RTX {rtx.__version__} for GPUs of compute capability 8.0 and above" in done.out
    assert "no TensorRT engine" not in done.out
    told = json.loads(path.with_name(f"{path.name}.json").read_text())
    assert told["library"] == {"name": "TensorRT for RTX", "version": rtx.__version__}
    assert (told["engine"]["sha256"], told["source"]["sha256"]) == (sha256_file(path), sha256_file(exported))
    assert told["precision"] == {"asked_for": asked, "computed_with": asked}
    assert told["batch"] == {"smallest": 1, "best": 1, "largest": 8}
    assert (told["parity"]["flipped"], told["parity"]["pairs"]) == (0, 28 if asked == "int8" else 4)
    assert (tmp_path / "cal.json").is_file() is (asked == "int8")
    assert len(told["model"]["self_test"]["judged"]) == 4


def test_it_is_refused_without_a_gpu_before_any_picture_is_read(
    built: Any, trained: Any, engine: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    done, path = built("fp16")
    assert done.code == 0, done.err
    refused = engine("evaluate", trained.spec, f"evaluate.trt_engine={path}", "evaluate.num_gpus=1")
    assert (refused.code, "[deploy.gpu]" in refused.err) == (1, True), refused.err
    assert "gen_trt_engine without a name for an engine" in refused.err
    on_processor = engine("inference", trained.spec, f"inference.trt_engine={path}")
    assert (on_processor.code, "inference.num_gpus is 0" in on_processor.err) == (1, True), on_processor.err


class Session:
    """Takes the place of an engine on a GPU: the network that it was built of."""

    device = torch.device("cpu")
    inputs = ("input_1", "input_2")

    def __init__(self, network: Any, drift: float = 0.0) -> None:
        self.network, self.drift = network, drift

    def run(self, tests: torch.Tensor, goldens: torch.Tensor) -> list[torch.Tensor]:
        with torch.inference_mode():
            return [self.network(tests, goldens.unsqueeze(1)) + torch.tensor([0.0, self.drift])]


def test_an_engine_gives_the_scores_of_its_network_and_is_tested_on_stored_pairs(built: Any, trained: Any) -> None:
    done, path = built("fp32")
    assert done.code == 0, done.err
    deployment = read_deployment(path)
    assert deployment.engine
    network = load_checkpoint(load_run("evaluate", trained.folder / "experiment.yaml", []), trained.latest).network
    tests, goldens = torch.rand(3, 3, 64, 64), torch.rand(3, 1, 3, 64, 64)
    with torch.inference_mode():
        ours = EngineNetwork(Session(network), distances=False)(tests, goldens)  # type: ignore[arg-type]  # see above
        assert torch.allclose(ours, network(tests, goldens), atol=1e-5)
    _check(Session(network), deployment, deployment.engine)  # type: ignore[arg-type]
    with pytest.raises(CheckpointError, match="self-test of the engine FAILED"):
        _check(Session(network, 3.0), deployment, deployment.engine)  # type: ignore[arg-type]
    lost = [torch.full((4, 2), torch.nan).numpy()]
    assert furthest(deployment.settings, lost) == float("inf")
