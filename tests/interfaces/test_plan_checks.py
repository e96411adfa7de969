# SPDX-License-Identifier: Apache-2.0
"""A plan that can't run says so: exit 2 for its data, 3 for what is missing, 5 for its platform; never 0."""

from __future__ import annotations

import json
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from core.memory import Memory
from deployed.model_file import write_model
from interfaces.cli import main
from router.declarations import load_skill
from router.types import Request
from runners import api
from runners.launch_check import check
from runners.planning.plan import Plan
from tests.engine.test_tensorrt_engine import graph

HEADER = "input_path,golden_path,label,object_name"
_OPENED: list[Counter[str]] = []


def _note(event: str, arguments: tuple[Any, ...]) -> None:
    if event == "open" and _OPENED and isinstance(arguments[0], str | Path):
        _OPENED[-1][str(arguments[0])] += 1


sys.addaudithook(_note)


@pytest.fixture
def boards(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    root = tmp_path / "boards"
    for split in ("train", "val", "test"):
        rows = [f"{split}_unit,golden,{('PASS', 'missing')[n % 2]},R{n}" for n in range(16)]
        (root / split).mkdir(parents=True)
        (root / split / "dataset.csv").write_text("\n".join([HEADER, *rows, ""]))
        for folder in (f"{split}_unit", "golden"):
            (root / "images" / folder).mkdir(parents=True, exist_ok=True)
            for n in range(16):
                (root / "images" / folder / f"R{n}.png").touch()
    return root


def edit(table: Path, old: str, new: str) -> None:
    table.write_text(table.read_text().replace(old, new))


def planned(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, dict[str, Any]]:
    code = main(["plan", *words, "--full", "--json"])
    return code, json.loads(capsys.readouterr().out)


@pytest.mark.parametrize("automl", ["on", "off"])
@pytest.mark.parametrize("runner", ["local", "docker"])
def test_data_that_can_not_be_used_is_told_by_the_plan_with_every_finding(
    boards: Path, capsys: pytest.CaptureFixture[str], automl: str, runner: str
) -> None:
    (boards / "images/train_unit/R3.png").unlink()
    edit(boards / "val/dataset.csv", "val_unit", "gone")

    code, document = planned(capsys, "train", "--data", "boards", "--automl", automl, "--runner", runner)

    assert code == 2
    said = json.dumps(document["error"])
    assert "R3" in said
    assert "gone" in said


def test_rows_that_two_splits_share_are_told(boards: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (boards / "val/dataset.csv").write_bytes((boards / "train/dataset.csv").read_bytes())

    for automl in ("on", "off"):
        code, document = planned(capsys, "train", "--data", "boards", "--automl", automl)
        warnings = document["plan"]["warnings"]
        assert code == 0
        assert [text for text in warnings if "val/dataset.csv" in text and "train" in text], warnings


def test_one_class_is_an_error_where_the_metric_needs_two(boards: Path, capsys: pytest.CaptureFixture[str]) -> None:
    edit(boards / "val/dataset.csv", "missing", "PASS")
    words = ("train", "--data", "boards", "--automl", "off")

    code, document = planned(capsys, *words, "-s", "train.checkpointer.monitor=val_f1")
    assert (code, document["error"]["code"]) == (2, "data.one_class")
    code, document = planned(capsys, *words)
    assert code == 0
    assert any("one class" in text for text in document["plan"]["warnings"])


def test_a_warning_is_part_of_what_was_reviewed(boards: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ("train", "--data", "boards", "--automl", "off")
    _, clean = planned(capsys, *words)
    edit(boards / "val/dataset.csv", ",missing,", ",Pass,")
    _, warned = planned(capsys, *words)

    assert clean["plan"]["id"] != warned["plan"]["id"]
    Plan.from_json(warned["plan"]).require_launchable()
    assert main(["plan", *words]) == 0
    assert "warning " in capsys.readouterr().out


@pytest.mark.parametrize(
    ("parts", "missing"),
    [(("A.tar.gz", "B.tar.gz", "label.tar.gz"), "list"), (("A", "B.tar", "list.tgz"), "label"), (("A", "B"), "list")],
)
def test_a_part_of_a_segment_set_that_is_missing_is_told(
    boards: Path, capsys: pytest.CaptureFixture[str], parts: tuple[str, ...], missing: str
) -> None:
    root = boards.parent / "masks"
    root.mkdir()
    for part in parts:
        (root / part).touch() if "." in part else (root / part).mkdir()

    code, document = planned(capsys, "segment_train", "--data", str(root), "--runner", "docker", "--automl", "off")

    assert code == 2
    assert f"there is no folder '{missing}'" in json.dumps(document["error"])


def test_pairs_with_labels_are_told_from_a_segment_set_in_one_sentence(
    boards: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, document = planned(capsys, "segment_train", "--data", str(boards), "--automl", "off")
    error = document["error"]
    assert (code, error["code"]) == (2, "data.other_task")
    assert "leave the task out" in error["remedy"]
    assert "list" not in error["message"]


def test_packed_parts_are_looked_into_once_they_are_unpacked(boards: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = boards.parent / "masks"
    root.mkdir()
    for part in ("A", "B", "list", "label"):
        (root / f"{part}.tar.gz").touch()
    assert planned(capsys, "segment_train", "--data", str(root), "--runner", "docker", "--automl", "off")[0] == 0


def test_pictures_without_lists_are_refused_with_what_to_write(
    boards: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """LEVIR-CD as it is published: A, B and label for each split, and no lists."""
    root = boards.parent / "levir"
    for split in ("train", "val", "test"):
        for folder in ("A", "B", "label"):
            (root / split / folder).mkdir(parents=True)

    for runner in ("docker", "local"):
        code, document = planned(capsys, "segment_train", "--data", str(root), "--runner", runner, "--automl", "off")
        assert code == 2
        assert "'list'" in document["error"]["message"]
    assert f"changenet data import masks {root} NEW_FOLDER" in document["error"]["remedy"]


@pytest.mark.parametrize("action", ["deploy_segment_evaluate", "deploy_classify_gen_trt_engine"])
def test_a_plan_here_says_that_nothing_of_it_is_tensorrt(action: str, capsys: pytest.CaptureFixture[str]) -> None:
    told = "a deployment for ONNX Runtime on the processor, which is no TensorRT engine"
    for runner, expected in (("local", True), ("docker", False)):
        _, document = planned(capsys, action, "--runner", runner)
        assert any(told in warning for warning in document["plan"]["warnings"]) == expected


def test_number_format_and_largest_batch_of_the_words_reach_the_spec(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = tmp_path / "model.onnx"
    write_model(model, graph(), {"task": "classify", "config": {}})
    words = "build an fp16 TensorRT engine of ChangeNet with max batch 16"
    _, document = planned(capsys, words, "-s", f"gen_trt_engine.onnx_file={model}")
    assert document["plan"]["missing"] == []
    tensorrt = document["plan"]["spec"]["gen_trt_engine"]["tensorrt"]
    assert (tensorrt["data_type"], tensorrt["max_batch_size"]) == ("fp16", 16)
    assert document["plan"]["outputs"]["gen_trt_engine.trt_engine"].endswith("/deployment.json")


def test_an_engine_without_an_onnx_file_is_blocked_once(capsys: pytest.CaptureFixture[str]) -> None:
    for task, step in (("classify", "changenet run export"), ("segment", "visual_changenet export")):
        _, document = planned(capsys, "gen_trt_engine", "--task", task)
        (question,) = document["plan"]["missing"]
        assert "Deploy is blocked" in question["text"]
        assert step in question["text"]


def test_what_was_checked_for_the_plan_is_not_checked_again_for_its_launch(boards: Path) -> None:
    memory, skill = Memory(), load_skill(Path(__file__).parents[2])
    request = Request(action="train", automl_policy="off", data="boards", results_root="results")
    from router.decision import decide

    _OPENED.append(Counter())
    plan = api.prepare_decision(decide(request, skill), skill, memory=memory)
    table = str(boards / "train/dataset.csv")
    once = _OPENED[-1][table]
    check(plan, api.open_store("results"), memory)
    assert _OPENED[-1][table] == once
    check(plan, api.open_store("results"))
    assert _OPENED[-1][table] > once
    _OPENED.clear()


@pytest.mark.parametrize(
    ("words", "slots"),
    [
        (("train", "--data", "boards", "--automl", "off"), []),
        (("train", "--automl", "off"), ["train_datasets", "eval_dataset"]),
        (("train",), ["train_datasets", "eval_dataset"]),
        (("evaluate", "--data", "boards"), ["parent_job_id"]),
        (("PCB inspection",), ["action"]),
    ],
)
def test_what_is_missing_stands_at_the_top_whatever_the_route(
    boards: Path, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], slots: list[str]
) -> None:
    assert boards.is_dir()
    code, document = planned(capsys, *words)
    assert [question["slot"] for question in document["missing"]] == slots
    assert code == (3 if slots else 0)
    assert document["missing"] == (document["plan"] or document["decision"])["missing"]
