# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from core.errors import RequestError
from router.decision import decide
from router.types import Decision, Request

if TYPE_CHECKING:
    from pathlib import Path

    from router.declarations import Skill

EVERY_VERB = ("train", "evaluate", "inference", "inspect", "export", "quantize", "gen_trt_engine")
CHECKPOINT_JOB = "train-20261123-063012-a1b2c3"


def ask(skill: Skill, text: str = "", **slots: Any) -> Decision:
    return decide(Request(text=text, **slots), skill)


def make_classify(folder: Path) -> Path:
    (folder / "images").mkdir(parents=True)
    (folder / "dataset.csv").write_text("input_path,golden_path,label,object_name\n")
    return folder


def make_segment(folder: Path) -> Path:
    for name in ("A", "B", "list", "label"):
        (folder / name).mkdir(parents=True)
    return folder


@pytest.mark.parametrize(
    ("text", "action"),
    [
        ("train Visual ChangeNet", "train"),
        ("Train a Visual-ChangeNet model", "train"),
        ("please start training visual_changenet", "train"),
        ("fine-tune VisualChangeNet on my boards", "train"),
        ("I'd like you to build a PCB inspection model", "train"),
        ("training run for AOI defect detection", "train"),
        ("continue learning with ChangeNet", "train"),
        ("ChangeNet classify: train it", "train"),
        ("ChangeNet segment, train", "segment_train"),
        ("train change segmentation masks", "segment_train"),
        ("segment_train", "segment_train"),
        ("evaluate the trained ChangeNet model", "evaluate"),
        ("how good is the ChangeNet checkpoint", "evaluate"),
        ("test the ChangeNet model on the test data", "evaluate"),
        ("evaluate the segmentation model", "segment_evaluate"),
        ("run inference with ChangeNet", "inference"),
        ("predict PASS/NO_PASS for the new boards", "inference"),
        ("find the defects with a pixel-level mask", "segment_inference"),
        ("export the inspection model to ONNX", "export"),
        ("quantise ChangeNet", "quantize"),
        ("Don't train, just evaluate ChangeNet", "evaluate"),
        ("don\u2019t train or export ChangeNet; run inference", "inference"),
        ("dont train ChangeNet. evaluate", "evaluate"),
        ("no need to train ChangeNet, evaluate instead", "evaluate"),
        ("evaluate ChangeNet without training", "evaluate"),
        ("instead of training ChangeNet, export", "export"),
        ("I never asked to evaluate, train ChangeNet", "train"),
        ("evaluate ChangeNet on the training data", "evaluate"),
        ("no masks please, train the classifier", "train"),
    ],
)
def test_words_name_the_action(skill: Skill, text: str, action: str) -> None:
    decision = ask(skill, text)
    assert decision.action == action
    assert decision.missing == ()


@pytest.mark.parametrize(
    "name",
    [
        "Visual ChangeNet",
        "visual_changenet",
        "Visual-ChangeNet",
        "VisualChangeNet",
        "VISUAL CHANGENET",
        "visual change net",
        "ChangeNet",
        "change-net",
        "an AOI defect detection model",
        "a PCB inspection model",
    ],
)
def test_the_model_is_known_by_every_spelling(skill: Skill, name: str) -> None:
    decision = ask(skill, f"train {name}")
    assert decision.action == "train"
    assert not any("do not name Visual ChangeNet" in reason for reason in decision.reasons)


@pytest.mark.parametrize(
    ("text", "choices"),
    [
        ("AOI defect detection", EVERY_VERB),
        ("PCB inspection model", EVERY_VERB),
        ("don't train", EVERY_VERB[1:]),
        ("", EVERY_VERB),
    ],
)
def test_an_unclear_action_comes_back_as_a_question(skill: Skill, text: str, choices: tuple[str, ...]) -> None:
    decision = ask(skill, text)
    assert (decision.action, decision.route) == (None, None)
    assert [(question.slot, question.choices) for question in decision.missing] == [("action", choices)]


def test_slots_beat_words(skill: Skill) -> None:
    decision = ask(skill, "train ChangeNet segment without AutoML for 5 epochs on docker", action="evaluate")
    assert decision.action == "segment_evaluate"
    decision = ask(
        skill,
        "train ChangeNet segment without AutoML for 5 epochs on docker with 4 GPUs",
        task="classify",
        automl_policy="on",
        runner="local",
        gpus=1,
        overrides={"train.num_epochs": 9},
    )
    assert (decision.action, decision.task) == ("train", "classify")
    assert (decision.automl_policy, decision.policy_source) == ("on", "slot")
    assert (decision.request.runner, decision.request.gpus) == ("local", 1)
    assert decision.request.overrides == {"train.num_epochs": 9}


@pytest.mark.parametrize("name", ["Train", " train ", "segment-train", "SEGMENT_TRAIN", "segment train"])
def test_the_action_slot_takes_its_name_in_any_spelling(skill: Skill, name: str) -> None:
    assert ask(skill, action=name).action == name.strip().lower().replace("-", "_").replace(" ", "_")


@pytest.mark.parametrize(
    "action",
    ["segment_export", "segment_quantize", "prune", "retrain", "distill", "evalaute", "rm -rf /", "deploy_x_y"],
)
def test_an_action_that_is_not_packaged_is_refused_with_what_is_runnable(skill: Skill, action: str) -> None:
    with pytest.raises(RequestError) as caught:
        ask(skill, action=action)
    assert action in caught.value.message
    for name in (*skill.actions, *skill.deploy_actions):
        assert name in caught.value.remedy
    assert "segment_export" not in caught.value.remedy


def test_a_misspelt_action_gets_the_closest_name(skill: Skill) -> None:
    with pytest.raises(RequestError, match="Did you mean 'evaluate'"):
        ask(skill, action="evalaute")


@pytest.mark.parametrize(
    "text", ["prune the model", "retrain ChangeNet", "export the segmentation model", "quantize the mask model"]
)
def test_words_for_an_action_that_is_not_packaged_are_refused(skill: Skill, text: str) -> None:
    with pytest.raises(RequestError, match="can't be run"):
        ask(skill, text)


def test_negating_an_action_that_is_not_packaged_asks_for_nothing(skill: Skill) -> None:
    assert ask(skill, "train ChangeNet, no pruning").action == "train"


@pytest.mark.parametrize(
    "slots",
    [
        {"action": "export", "task": "segment"},
        {"action": "quantize", "task": "segment"},
        {"action": "segment_train", "task": "classify"},
        {"action": "train", "task": "classify", "overrides": {"task": "segment"}},
        {"action": "deploy_segment_evaluate", "task": "classify"},
    ],
)
def test_slots_that_contradict_each_other_are_refused(skill: Skill, slots: dict[str, Any]) -> None:
    with pytest.raises(RequestError):
        ask(skill, **slots)


@pytest.mark.parametrize(
    ("slot", "value"),
    [
        ("task", "detect"),
        ("automl_policy", "maybe"),
        ("automl_policy", True),
        ("profile", "lapttop"),
        ("gpus", -1),
        ("gpus", "four"),
        ("nodes", 0),
        ("overrides", {"automl_policy": "off"}),
    ],
)
def test_slot_values_that_can_not_be_meant_are_refused(skill: Skill, slot: str, value: Any) -> None:
    with pytest.raises(RequestError) as caught:
        ask(skill, action="train", **{slot: value})
    assert caught.value.where == ("automl_policy" if slot == "overrides" else slot)
    assert caught.value.remedy


def test_the_layout_of_the_data_tells_the_task(skill: Skill, tmp_path: Path) -> None:
    segment, classify = make_segment(tmp_path / "s"), make_classify(tmp_path / "c")
    assert ask(skill, "train", data=str(segment)).action == "segment_train"
    assert ask(skill, "train", data=str(classify)).action == "train"
    assert ask(skill, "evaluate", train_datasets=(str(segment),)).action == "segment_evaluate"
    assert ask(skill, "train", data=str(classify / "dataset.csv")).action == "train"
    (tmp_path / "labels").mkdir()
    (tmp_path / "images").mkdir()
    (tmp_path / "labels/train.csv").touch()
    assert any("layout" in reason for reason in ask(skill, "train", data=str(tmp_path)).reasons)


def test_the_layout_is_looked_for_in_split_folders_and_archives_too(skill: Skill, tmp_path: Path) -> None:
    make_segment(tmp_path / "splits" / "train")
    archives = tmp_path / "archives"
    archives.mkdir()
    for name in ("A.tar.gz", "B.tar.gz", "list.tar.gz", "label.tar.gz"):
        (archives / name).touch()
    assert ask(skill, "train", data=str(tmp_path / "splits")).task == "segment"
    assert ask(skill, "train", data=str(archives)).task == "segment"


@pytest.mark.parametrize("content", [[], ["A"], ["images"], ["notes.txt"]])
def test_data_of_no_known_layout_is_taken_for_the_default_task_with_a_reason(
    skill: Skill, tmp_path: Path, content: list[str]
) -> None:
    for name in content:
        (tmp_path / name).mkdir()
    decision = ask(skill, "train", data=str(tmp_path))
    assert decision.task == "classify"
    assert any("default" in reason for reason in decision.reasons)


def test_data_of_both_layouts_is_asked_about(skill: Skill, tmp_path: Path) -> None:
    decision = ask(skill, "train", data=str(make_segment(make_classify(tmp_path / "both"))))
    assert (decision.action, decision.task, decision.route) == (None, None, None)
    assert [(question.slot, question.choices) for question in decision.missing] == [("task", ("classify", "segment"))]


def test_sources_of_different_layouts_are_asked_about(skill: Skill, tmp_path: Path) -> None:
    segment, classify = make_segment(tmp_path / "s"), make_classify(tmp_path / "c")
    decision = ask(skill, "train", train_datasets=(str(classify),), eval_dataset=str(segment))
    assert [question.slot for question in decision.missing] == ["task"]


def test_words_for_both_tasks_are_asked_about(skill: Skill) -> None:
    decision = ask(skill, "train classification and segmentation")
    assert [question.slot for question in decision.missing] == ["task"]


def test_data_that_contradicts_the_given_task_is_warned_of(skill: Skill, tmp_path: Path) -> None:
    segment = make_segment(tmp_path / "s")
    for decision in (
        ask(skill, "train", task="classify", data=str(segment)),
        ask(skill, "train ChangeNet classify", data=str(segment)),
    ):
        assert decision.action == "train"
        assert any(str(segment) in warning for warning in decision.warnings)


def test_keys_and_parents_tell_the_task(skill: Skill) -> None:
    assert ask(skill, "train", overrides={"dataset.segment.img_size": 64}).task == "segment"
    assert ask(skill, "train", overrides={"segment_root": "/data/x"}).task == "segment"
    assert ask(skill, "evaluate", parent_job_id="segment_train-20261123-063012-a1b2c3").action == "segment_evaluate"
    assert ask(skill, "evaluate", parent_job_id=CHECKPOINT_JOB).action == "evaluate"


@pytest.mark.parametrize(
    ("text", "action", "artifact"),
    [
        ("build a TensorRT engine of ChangeNet from the export", "deploy_classify_gen_trt_engine", "ONNX"),
        ("gen_trt_engine for the segment model", "deploy_segment_gen_trt_engine", "ONNX"),
        ("evaluate the TensorRT engine of the inspection model", "deploy_classify_evaluate", "engine"),
        ("run inference with the trt engine, masks please", "deploy_segment_inference", "engine"),
    ],
)
def test_deploy_without_an_artifact_is_blocked(skill: Skill, text: str, action: str, artifact: str) -> None:
    decision = ask(skill, text)
    assert (decision.action, decision.route) == (action, "action")
    assert [question.slot for question in decision.missing] == ["parent_job_id"]
    assert "blocked" in decision.missing[0].text
    assert artifact in decision.missing[0].text


def test_deploy_says_that_segment_models_have_no_packaged_export(skill: Skill) -> None:
    assert "no export of segment models" in ask(skill, action="gen_trt_engine", task="segment").missing[0].text


@pytest.mark.parametrize(
    "name", ["gen_trt_engine", "deploy_gen_trt_engine", "deploy_classify_gen_trt_engine", "trt_evaluate"]
)
def test_deploy_with_a_parent_or_a_file_is_not_blocked(skill: Skill, name: str) -> None:
    assert ask(skill, action=name, parent_job_id="export-20261123-063012-a1b2c3").missing == ()
    key = "evaluate.trt_engine" if name == "trt_evaluate" else "gen_trt_engine.onnx_file"
    assert ask(skill, action=name, overrides={key: "/models/m"}).missing == ()


@pytest.mark.parametrize(
    "action", ["evaluate", "inference", "export", "quantize", "segment_evaluate", "segment_inference"]
)
def test_other_actions_stay_in_this_skill(skill_with_automl: Skill, action: str) -> None:
    decision = ask(skill_with_automl, action=action, automl_policy="on")
    assert (decision.route, decision.skill, decision.handover) == ("action", skill_with_automl.name, None)


def test_a_declared_action_whose_schema_is_gone_is_refused(skill_with_automl: Skill) -> None:
    skill_with_automl.schema_path("evaluate").unlink()
    with pytest.raises(RequestError, match="evaluate") as caught:
        ask(skill_with_automl, action="evaluate")
    assert "evaluate," not in caught.value.remedy.replace("segment_evaluate,", "").replace(
        "deploy_classify_evaluate,", ""
    )


def test_a_decision_survives_its_json(skill: Skill) -> None:
    for decision in (
        ask(skill, "train on ./x with lr=1e-4", calibration_dataset=("a", "b")),
        ask(skill, "train, evaluate"),
    ):
        assert Decision.from_json(decision.to_json()) == decision


def test_a_request_that_no_one_would_say_is_refused_by_its_length(skill: Skill) -> None:
    assert ask(skill, "train Visual ChangeNet on ./boards. " + "Thanks! " * 100).action == "train"
    with pytest.raises(RequestError, match="10,014 characters") as caught:
        ask(skill, "train " + "word " * 2_001 + "end")
    assert caught.value.code == "request.too_long"


@pytest.mark.parametrize(("slot", "least"), [("gpus", 0), ("nodes", 1)])
def test_the_least_count_is_taken(skill: Skill, slot: str, least: int) -> None:
    assert getattr(ask(skill, action="train", **{slot: least}).request, slot) == least
    with pytest.raises(RequestError, match="not possible"):
        ask(skill, action="train", **{slot: least - 1})


@pytest.mark.parametrize(
    ("text", "action", "route"),
    [
        ("Train ChangeNet. No AutoML.", "train", "direct"),
        ("Train ChangeNet (no AutoML) on /data/boards", "train", "direct"),
        ("No export. Train ChangeNet without HPO", "train", "direct"),
        ("Do not export or quantize, just train ChangeNet without HPO", "train", "direct"),
        ("don't train or export; evaluate the ChangeNet model", "evaluate", "action"),
        ("train a ChangeNet model for TensorRT on /data/boards, no HPO", "train", "direct"),
    ],
)
def test_a_negation_ends_with_its_clause_and_reaches_over_or(skill: Skill, text: str, action: str, route: str) -> None:
    decision = decide(Request(text=text), skill)
    assert (decision.action, decision.route) == (action, route)
    assert [question.slot for question in decision.missing if question.slot in {"action", "automl_policy"}] == []
