# SPDX-License-Identifier: Apache-2.0
"""A segment checkpoint as an ONNX file: the container's names, the same pixels, and all that use takes in the file."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from PIL import Image

from core.errors import CheckpointError
from core.files import sha256_file
from deployed.mask_model import MaskModel
from deployed.model_file import read_model, write_model
from deployed.self_test import run_self_test
from engine.segment.parity import ParityPairs
from engine.serving.opening import open_model
from spec.dataset_section import SegmentDataset
from tests.without_torch import run_without_torch

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

PROVIDERS = ["CPUExecutionProvider"]


@pytest.fixture(scope="module")
def exported(
    trained_masks: Any, engine: Callable[..., Any], tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, dict[str, Any]]:
    """The file of the shared training, and its settings."""
    folder = tmp_path_factory.mktemp("export")
    bare = {"task": "segment", "results_dir": str(folder), "export": {"checkpoint": str(trained_masks.latest)}}
    done = engine("export", bare)
    assert done.code == 0, done.err
    assert "4 pairs: every verdict is the same" in done.out
    path = folder / "export" / "changenet_segment.onnx"
    manifest = json.loads((folder / "export" / "export.json").read_text())
    assert manifest["sha256"] == sha256_file(path)
    assert manifest["parity"]["flipped"] == 0
    return path, read_model(path)[1]


def test_the_graph_has_the_container_s_names_and_an_open_batch(exported: Any, trained_masks: Any) -> None:
    session = onnxruntime.InferenceSession(exported[0], providers=PROVIDERS)
    assert [(entry.name, entry.shape) for entry in session.get_inputs()] == [
        ("input0", ["batch", 3, 64, 64]),
        ("input1", ["batch", 3, 64, 64]),
    ]
    outputs = {entry.name: entry.shape for entry in session.get_outputs()}
    assert list(outputs) == ["output0", "output1", "output2", "output3", "output_final"]
    assert outputs["output_final"] == ["batch", 2, 64, 64]
    model = onnx.load(exported[0])
    onnx.checker.check_model(model, full_check=True)
    assert [(entry.domain, entry.version) for entry in model.opset_import] == [("", 17)]
    content = torch.load(trained_masks.latest, weights_only=True)
    settings = exported[1]
    assert settings["threshold"] == content["threshold"]
    assert settings["config"]["dataset"]["segment"]["tiles"] == content["config"]["dataset"]["segment"]["tiles"]
    assert (settings["task"], settings["class_names"]) == ("segment", ["unchanged", "changed"])


def test_evaluate_inference_mark_with_the_file_what_the_checkpoint_marks(
    trained_masks: Any, exported: Any, engine: Callable[..., Any], tmp_path: Path
) -> None:
    data = trained_masks.spec["dataset"]["segment"]
    bare = {"task": "segment", "dataset": {"segment": {name: data[name] for name in ("root_dir", "workers")}}}
    found = {}
    for name, tree, model in (("pth", trained_masks.spec, trained_masks.latest), ("onnx", bare, exported[0])):
        place = tmp_path / name
        done = engine(
            "inference", tree, f"results_dir={place}", f"inference.checkpoint={model}", "inference.num_gpus=0"
        )
        assert done.code == 0, done.err
        masks = sorted((place / "inference" / "masks").iterdir())
        found[name] = np.stack([np.asarray(Image.open(path)) for path in masks])
        done = engine("evaluate", tree, f"results_dir={place}", f"evaluate.checkpoint={model}", "evaluate.num_gpus=0")
        assert done.code == 0, done.err
    assert found["pth"].any()
    assert np.array_equal(found["pth"], found["onnx"])
    figures = [json.loads((tmp_path / name / "evaluate" / "figures.json").read_text()) for name in found]
    assert figures[0]["threshold_origin"] == figures[1]["threshold_origin"]


def test_a_spec_that_says_otherwise_and_a_model_of_the_other_task_are_errors(
    trained_masks: Any, exported: Any, engine: Callable[..., Any], tmp_path: Path
) -> None:
    how = (trained_masks.spec, f"results_dir={tmp_path}", f"inference.checkpoint={exported[0]}")
    done = engine("inference", *how, "dataset.segment.img_size=96")
    assert (done.code, "[checkpoint.contradiction]" in done.err) == (1, True), done.err
    bare = {"task": "classify", "results_dir": str(tmp_path), "inference": {"checkpoint": str(exported[0])}}
    done = engine("inference", bare)
    assert (done.code, "[checkpoint.task]" in done.err) == (1, True), done.err


def test_pixels_that_flip_fail_the_export_and_keep_the_file_apart(
    trained_masks: Any, engine: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file that was traced from weights other than those of the checkpoint."""
    from engine.segment import export as module

    def spoiled(network: Any, *arguments: Any) -> Any:
        network.head.final[-1].bias.data += torch.tensor([-3.0, 3.0])
        graph = graph_of(network, *arguments)
        network.head.final[-1].bias.data -= torch.tensor([-3.0, 3.0])
        return graph

    graph_of = module.graph_of
    monkeypatch.setattr(module, "graph_of", spoiled)
    done = engine("export", trained_masks.spec, f"results_dir={tmp_path}", f"export.checkpoint={trained_masks.latest}")
    assert (done.code, "[export.parity]" in done.err) == (1, True), done.err
    assert sorted(path.name for path in (tmp_path / "export").glob("*onnx*")) == ["changenet_segment.onnx.rejected"]


def test_a_deployment_marks_what_the_file_marks_and_keeps_to_its_batch(
    trained_masks: Any, exported: Any, engine: Callable[..., Any], tmp_path: Path
) -> None:
    built = {"task": "segment", "results_dir": str(tmp_path), "gen_trt_engine": {"onnx_file": str(exported[0])}}
    done = engine("gen_trt_engine", built, "gen_trt_engine.tensorrt.max_batch_size=3")
    assert done.code == 0, done.err
    assert "no TensorRT engine" in done.out
    deployment = tmp_path / "gen_trt_engine" / "deployment.json"
    data = trained_masks.spec["dataset"]["segment"]
    bare = {"task": "segment", "dataset": {"segment": {name: data[name] for name in ("root_dir", "workers")}}}
    masks = {}
    for name, model in (("file", f"checkpoint={exported[0]}"), ("deployment", f"trt_engine={deployment}")):
        done = engine("inference", bare, f"results_dir={tmp_path / name}", f"inference.{model}", "inference.num_gpus=0")
        assert done.code == 0, done.err
        places = sorted((tmp_path / name / "inference" / "masks").iterdir())
        masks[name] = np.stack([np.asarray(Image.open(path)) for path in places])
    assert len(masks["file"]) % 3  # the last batch is a short one
    assert np.array_equal(masks["file"], masks["deployment"])
    how = (bare, f"results_dir={tmp_path}", f"inference.trt_engine={deployment}", "inference.batch_size=8")
    done = engine("inference", *how)
    assert (done.code, "[spec.batch]" in done.err) == (1, True), done.err
    (tmp_path / "gen_trt_engine" / "whole.optimized.onnx").write_bytes(b"changed")
    done = engine("inference", *how[:-1])
    assert (done.code, "[checkpoint.broken]" in done.err) == (1, True), done.err


def test_whole_boards_are_marked_as_by_the_checkpoint_and_no_torch_is_loaded(
    trained_masks: Any, exported: Any, mask_folder: Any, engine: Callable[..., Any], tmp_path: Path
) -> None:
    pytest.importorskip("cv2")
    mask_folder.add("board.png", 7, size=(192, 160))
    places = [
        f"inspect.{kind}={mask_folder.root / side / 'board.png'}" for kind, side in (("golden", "A"), ("test", "B"))
    ]
    done = engine(
        "inspect",
        trained_masks.spec,
        f"results_dir={tmp_path / 'pth'}",
        f"inspect.checkpoint={trained_masks.latest}",
        *places,
    )
    assert done.code == 0, done.err
    how = (f"results_dir={tmp_path / 'onnx'}", f"inspect.checkpoint={exported[0]}", *places)
    said = run_without_torch(tmp_path, "inspect", {"task": "segment"}, *how)
    assert "self-test passed: 4 stored pairs" in said
    by_checkpoint, by_file = (
        json.loads((tmp_path / kind / "inspect/inspection.json").read_text()) for kind in ("pth", "onnx")
    )
    assert by_file["evidence"]["threshold_origin"] == by_checkpoint["evidence"]["threshold_origin"]
    (ours,), (theirs,) = by_checkpoint["boards"], by_file["boards"]
    assert (theirs["verdict"], len(theirs["regions"])) == ("NO_PASS", len(ours["regions"]))
    assert theirs["score"] == pytest.approx(ours["score"], abs=1e-3)
    assert [one["box"] for one in theirs["regions"]] == [pytest.approx(one["box"], abs=1) for one in ours["regions"]]


def test_squares_stand_in_the_file_and_one_that_marks_otherwise_is_not_used(exported: Any, tmp_path: Path) -> None:
    model, settings = read_model(exported[0])
    stored = settings["self_test"]["pairs"]
    assert len(stored) == 4
    assert all(len(one["change"]) == 64 for one in stored)
    assert max(stored[-1]["change"]) > 0.1  # something has changed on one of them
    found = run_self_test(MaskModel(settings, model))
    assert (found.passed, found.pairs) == (True, 4)
    stored[1]["change"][5] += 0.01
    write_model(tmp_path / "spoiled.onnx", model, settings)
    for boards in (False, True):
        with pytest.raises(CheckpointError, match="self-test FAILED"):
            open_model(tmp_path / "spoiled.onnx", 1_000_000, boards=boards)


def test_one_stored_pair_is_the_one_in_which_most_has_changed(shared_masks: Any) -> None:
    data = SegmentDataset.model_validate({"root_dir": str(shared_masks.root), "img_size": 64})
    pairs = ParityPairs(data, 65535, "validation_split", 4)
    pairs._peaks = {place: (change, 10, 10) for place, change in enumerate((0.2, 0.9, 0.4, 0.1))}  # noqa: SLF001
    ((golden, test),) = pairs.telling(1, 64)
    for part, found in (("A", golden), ("B", test)):
        with Image.open(shared_masks.root / part / "val_1.png") as picture:
            assert np.array_equal(found.transpose(1, 2, 0), np.asarray(picture))
