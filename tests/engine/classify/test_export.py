# SPDX-License-Identifier: Apache-2.0
"""A checkpoint as an ONNX file: what it holds, that it judges alike, and what stops an export."""

from __future__ import annotations

import csv
import json
from copy import deepcopy
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
import onnxruntime
import pytest
import torch

from core.dotted import get
from core.files import sha256_file
from deployed.model_file import read_model, write_model
from deployed.pair_model import PairModel, Pairs
from engine.export.deployment_files import read_deployment
from scoring.thresholds import best_f1

if TYPE_CHECKING:
    from collections.abc import Callable

PROVIDERS = ["CPUExecutionProvider"]


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as handle:
        return list(csv.DictReader(handle))


def scores_of(folder: Path) -> list[float]:
    return [float(row["siamese_score"]) for row in rows_of(folder / "inference.csv")]


@pytest.fixture(scope="module")
def exported(
    trained: Any, engine: Callable[..., Any], tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, dict[str, Any]]:
    """An exported file and its settings, as the file has them."""
    folder = tmp_path_factory.mktemp("exported")
    path = folder / "model.onnx"
    done = engine(
        "export",
        trained.spec,
        f"results_dir={folder}",
        f"export.checkpoint={trained.latest}",
        f"export.onnx_file={path}",
    )
    assert done.code == 0, done.err
    assert "every verdict is the same" in done.out
    return path, read_model(path)[1]


def test_the_graph_has_the_container_s_names_an_open_batch_and_its_operator_set(exported: Any) -> None:
    model = onnx.load(exported[0])
    onnx.checker.check_model(model, full_check=True)
    session = onnxruntime.InferenceSession(exported[0], providers=PROVIDERS)
    shapes = {entry.name: entry.shape for entry in (*session.get_inputs(), *session.get_outputs())}
    assert shapes == {"input_1": ["batch", 3, 64, 64], "input_2": ["batch", 3, 64, 64], "output": ["batch", 2]}
    assert [(entry.domain, entry.version) for entry in model.opset_import] == [("", 17)]
    names = [weight.name for weight in model.graph.initializer]
    assert len(names) == len(set(names))
    weights = sum(np.prod(weight.dims) for weight in model.graph.initializer) * 4
    assert exported[0].stat().st_size < 1.3 * weights + 50_000  # test and golden branch share their weights


def test_the_graph_alone_tells_what_the_network_tells(trained: Any, exported: Any) -> None:
    from engine.classify.trained_model import load_checkpoint
    from engine.settings import load_run

    experiment = trained.folder / "experiment.yaml"
    network = load_checkpoint(load_run("evaluate", experiment, []), trained.latest).network
    tests, goldens = torch.randn(5, 3, 64, 64), torch.randn(5, 3, 64, 64)
    with torch.inference_mode():
        expected = network(tests, goldens.unsqueeze(1)).numpy()
    session = onnxruntime.InferenceSession(exported[0], providers=PROVIDERS)
    (found,) = session.run(None, {"input_1": tests.numpy(), "input_2": goldens.numpy()})
    assert found == pytest.approx(expected, abs=1e-4)


def test_the_file_needs_no_spec(trained: Any, exported: Any) -> None:
    settings = exported[1]
    content = torch.load(trained.latest, weights_only=True)
    assert (settings["task"], settings["class_names"], settings["lights"]) == ("classify", ["PASS", "NO_PASS"], [None])
    assert settings["threshold"] == content["threshold"]
    assert settings["threshold_origin"] == content["threshold_origin"]
    assert settings["checkpoint"]["sha256"] == sha256_file(trained.latest)
    table = Path(trained.spec["dataset"]["classify"]["validation_dataset"]["csv_path"])
    assert settings["data"]["table_sha256"] == sha256_file(table)
    for key in (
        "dataset.classify.align_pixels",
        "dataset.classify.augmentation_config.rgb_input_mean",
        "model.classify.second_look",
        "dataset.classify.input_map",
        "model.classify.target",
        "model.classify.escape_cost",
    ):
        assert get(settings["config"], key, "absent") == get(content["config"], key), key
    assert settings["parity"]["flipped"] == 0
    assert settings["parity"]["pairs"] == 16
    assert str(table.parent) not in json.dumps(settings)


def test_evaluate_and_inference_judge_with_the_file_as_with_the_checkpoint(
    trained: Any, exported: Any, engine: Callable[..., Any], tmp_path: Path
) -> None:
    found = {}
    for name, model in (("checkpoint", trained.latest), ("onnx", exported[0])):
        done = engine("inference", trained.spec, f"results_dir={tmp_path / name}", f"inference.checkpoint={model}")
        assert done.code == 0, done.err
        found[name] = tmp_path / name / "inference"
    assert scores_of(found["onnx"]) == pytest.approx(scores_of(found["checkpoint"]), abs=1e-5)
    kept = ("verdict", "threshold", "evidence")
    rows = [[{name: row[name] for name in kept} for row in rows_of(path / "inference.csv")] for path in found.values()]
    assert rows[0] == rows[1]
    pictures = [sorted(path.name for path in (folder / "evidence").iterdir()) for folder in found.values()]
    assert pictures[0] == pictures[1]
    assert len(pictures[0]) == 16
    done = engine(
        "evaluate",
        trained.spec,
        f"results_dir={tmp_path}",
        f"evaluate.checkpoint={exported[0]}",
        "evaluate.evidence_maps=false",
    )
    assert done.code == 0
    assert json.loads((tmp_path / "evaluate" / "figures.json").read_text())["threshold_origin"]["kind"] == "validation"


def test_what_a_spec_leaves_out_comes_from_the_file_and_what_it_says_otherwise_is_an_error(
    trained: Any, exported: Any, engine: Callable[..., Any], tmp_path: Path
) -> None:
    data = {**trained.spec["dataset"]["classify"]}
    bare = {
        "task": "classify",
        "results_dir": str(tmp_path),
        "dataset": {"classify": {name: data[name] for name in ("infer_dataset", "image_ext", "workers")}},
        "inference": {"checkpoint": str(exported[0]), "evidence_maps": False, "num_gpus": 0},
    }
    assert engine("inference", bare).code == 0
    assert len(scores_of(tmp_path / "inference")) == 16
    wrong = engine("inference", bare, "dataset.classify.image_height=96")
    assert wrong.code == 1
    assert "[checkpoint.contradiction]" in wrong.err
    assert "dataset.classify.image_height is 96, the file has 64" in wrong.err


def test_a_file_that_is_there_is_not_overwritten(
    trained: Any, exported: Any, engine: Callable[..., Any], tmp_path: Path
) -> None:
    before = exported[0].read_bytes()
    done = engine(
        "export",
        trained.spec,
        f"results_dir={tmp_path}",
        f"export.checkpoint={trained.latest}",
        f"export.onnx_file={exported[0]}",
    )
    assert done.code == 1
    assert "[export.exists]" in done.err
    assert exported[0].read_bytes() == before


def test_a_file_that_was_altered_is_refused(
    trained: Any, exported: Any, engine: Callable[..., Any], tmp_path: Path
) -> None:
    model, _ = read_model(exported[0])
    props = {entry.key: json.loads(entry.value) for entry in model.metadata_props}
    props["changenet"]["threshold"] = 0.999
    onnx.helper.set_model_props(model, {"changenet": json.dumps(props["changenet"])})
    altered, cut, foreign = (tmp_path / name for name in ("altered.onnx", "cut.onnx", "foreign.onnx"))
    altered.write_bytes(model.SerializeToString())
    cut.write_bytes(exported[0].read_bytes()[:5000])
    del model.metadata_props[:]
    foreign.write_bytes(model.SerializeToString())
    for path, code in ((altered, "broken"), (cut, "broken"), (foreign, "foreign"), (tmp_path / "none.onnx", "missing")):
        done = engine("inference", trained.spec, f"results_dir={tmp_path}", f"inference.checkpoint={path}")
        assert (done.code, f"[checkpoint.{code}]" in done.err) == (1, True), done.err


def test_a_flipped_verdict_fails_the_export_and_keeps_the_file_apart(
    trained: Any, engine: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A real fault of an exporter: a layer that comes out otherwise than it was trained."""
    from engine.classify import exported_parts

    def spoiled(*arguments: Any) -> Any:
        graph = trace(*arguments)
        for weight in graph.graph.initializer:
            if list(weight.dims) == [2]:  # the bias of the two classes
                swapped = onnx.numpy_helper.to_array(weight) + np.float32([9.0, -9.0])
                weight.CopyFrom(onnx.numpy_helper.from_array(swapped, weight.name))
        return graph

    trace = exported_parts.trace
    monkeypatch.setattr(exported_parts, "trace", spoiled)
    done = engine("export", trained.spec, f"results_dir={tmp_path}", f"export.checkpoint={trained.latest}")
    assert done.code == 1
    assert "[export.parity]" in done.err
    assert "verdicts differ" in done.err
    names = {path.name for path in (tmp_path / "export").iterdir()}
    assert "changenet_classify.onnx.rejected" in names
    assert not any(name.endswith(".onnx") for name in names)


def test_pairs_that_are_gone_are_told_and_others_can_be_named(
    trained: Any, engine: Callable[..., Any], tmp_path: Path
) -> None:
    content = torch.load(trained.latest, weights_only=True)
    content["config"]["dataset"]["classify"]["validation_dataset"]["csv_path"] = str(tmp_path / "gone.csv")
    moved = tmp_path / "moved.pth"
    torch.save(content, moved)
    spec = json.loads(json.dumps(trained.spec))
    named = spec["dataset"]["classify"].pop("validation_dataset")
    done = engine("export", spec, f"results_dir={tmp_path}", f"export.checkpoint={moved}")
    assert (done.code, "[export.pairs]" in done.err) == (1, True)
    done = engine(
        "export",
        spec,
        f"results_dir={tmp_path}",
        f"export.checkpoint={moved}",
        "export.parity_pairs=5",
        *(f"dataset.classify.validation_dataset.{key}={value}" for key, value in named.items()),
    )
    assert done.code == 0, done.err
    assert "5 of 16 pairs" in done.out


def test_settings_survive_the_file(exported: Any, tmp_path: Path) -> None:
    model, settings = read_model(exported[0])
    write_model(tmp_path / "again.onnx", model, settings | {"white_level": 4095})
    assert read_model(tmp_path / "again.onnx")[1] == settings | {"white_level": 4095}


def test_a_deployment_gives_the_scores_of_the_file_and_keeps_no_graph_twice(
    trained: Any, exported: Any, engine: Callable[..., Any], tmp_path: Path
) -> None:
    words = (f"results_dir={tmp_path}", f"gen_trt_engine.onnx_file={exported[0]}")
    built = engine("gen_trt_engine", trained.spec, *words)
    assert built.code == 0, built.err
    folder = tmp_path / "gen_trt_engine"
    told = json.loads((folder / "deployment.json").read_text())
    assert (sorted(told["graphs"]), told["one_golden"]) == (["explain", "golden", "judge"], True)
    deployment = read_deployment(folder / "deployment.json")
    assert deployment.halves.judge_alike
    model = PairModel(exported[1] | {"config": deployment.settings["config"]}, deployment.halves)
    chance = np.random.default_rng(0)
    goldens = chance.integers(0, 256, (2, 1, 1, 3, 64, 64), np.uint8)
    tests = chance.integers(0, 256, (5, 1, 3, 64, 64), np.uint8)
    for golden_of in ([0] * 5, [0, 1, 0, 1, 1]):
        pairs = Pairs(tests, goldens, golden_of, ["a", "b"])
        assert model.scores(pairs) == pytest.approx(PairModel.read(exported[0]).scores(pairs), abs=1e-5)


@pytest.fixture(scope="module")
def two_sizes(trained: Any, engine: Callable[..., Any], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint whose threshold was chosen with looks at doubtful pairs 1.5 times larger."""
    folder = tmp_path_factory.mktemp("two_sizes")
    looks = ("model.classify.second_look=50.0", "model.classify.second_look_scale=1.5")
    done = engine("train", trained.spec, f"train.results_dir={folder}", *looks)
    assert done.code == 0, done.err
    return folder / str(trained.latest.name)


@pytest.mark.parametrize(("command", "key"), [("export", "export.checkpoint"), ("quantize", "quantize.model_path")])
def test_a_model_that_looks_at_two_sizes_is_not_written_with_one_unless_that_is_asked_for(
    two_sizes: Path, trained: Any, engine: Callable[..., Any], tmp_path: Path, command: str, key: str
) -> None:
    done = engine(command, trained.spec, f"results_dir={tmp_path}", f"{key}={two_sizes}")
    assert done.code == 1
    assert "looks at doubtful pairs 1.5 times larger, and an exported file has one size" in done.err
    assert "model.classify.second_look_scale=1" in done.err
    assert not list(tmp_path.rglob("*.onnx"))


def test_a_file_that_leaves_out_the_larger_look_has_a_threshold_chosen_without_it(
    two_sizes: Path, trained: Any, engine: Callable[..., Any], tmp_path: Path
) -> None:
    path, one = tmp_path / "model.onnx", "model.classify.second_look_scale=1.0"
    words = (f"results_dir={tmp_path}", f"export.checkpoint={two_sizes}", f"export.onnx_file={path}", one)
    done = engine("export", trained.spec, *words)
    assert done.code == 0, done.err
    assert "WARNING doubtful pairs are not looked at 1.5 times larger, as they were in training" in done.out
    settings = read_model(path)[1]
    assert get(settings["config"], "model.classify.second_look_scale") == 1.0
    assert settings["threshold_source"] == "best F1 on validation, epoch 2; looking at one size"

    spec = deepcopy(trained.spec)
    spec["dataset"]["classify"]["infer_dataset"] = spec["dataset"]["classify"]["validation_dataset"]
    look = (f"inference.checkpoint={two_sizes}", "model.classify.second_look=50.0", one)
    assert engine("inference", spec, f"results_dir={tmp_path / 'seen'}", *look).code == 0
    rows = rows_of(tmp_path / "seen" / "inference" / "inference.csv")
    labels, scores = [row["label"] != "PASS" for row in rows], scores_of(tmp_path / "seen" / "inference")
    assert settings["threshold"] == pytest.approx(best_f1(labels, scores).value, rel=1e-4)
    before = torch.load(two_sizes, weights_only=True)["threshold"]
    assert settings["threshold"] != pytest.approx(before, rel=1e-3)

    larger = "model.classify.second_look_scale=1.5"
    refused = engine("inference", spec, f"results_dir={tmp_path / 'no'}", f"inference.checkpoint={path}", larger)
    assert refused.code == 1
    assert "second_look_scale is 1.5, the file has 1.0" in refused.err


def test_without_labels_no_threshold_is_chosen_anew_and_nothing_is_written(
    two_sizes: Path, trained: Any, engine: Callable[..., Any], tmp_path: Path
) -> None:
    section = trained.spec["dataset"]["classify"]["validation_dataset"]
    table = tmp_path / "unlabelled.csv"
    columns = [line.split(",") for line in Path(section["csv_path"]).read_text(encoding="utf-8").splitlines()]
    table.write_text("\n".join(",".join([*row[:2], *row[3:]]) for row in columns) + "\n", encoding="utf-8")
    done = engine(
        "export",
        trained.spec,
        f"results_dir={tmp_path}",
        f"export.checkpoint={two_sizes}",
        f"dataset.classify.validation_dataset.csv_path={table}",
        "model.classify.second_look_scale=1.0",
    )
    assert done.code == 1
    assert "label" in done.err
    assert not list(tmp_path.rglob("*.onnx"))
