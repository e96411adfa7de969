# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from router.decision import decide
from router.types import Request

if TYPE_CHECKING:
    from pathlib import Path

    from router.declarations import Skill


def read(skill: Skill, text: str, **slots: Any) -> dict[str, Any]:
    filled = decide(Request(text=text, **slots), skill).request.to_json()
    del filled["text"]
    return filled


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("train for 30 epochs", {"overrides": {"num_epochs": 30}}),
        ("a 30-epoch training run", {"overrides": {"num_epochs": 30}}),
        (
            "train with batch size of 8 and a learning rate of 1e-4",
            {"overrides": {"batch_size": 8, "learning_rate": 1e-4}},
        ),
        ("train, learning rate 0.001.", {"overrides": {"learning_rate": 0.001}}),
        ("train train.optim.lr=1e-4, num_epochs=3.", {"overrides": {"train.optim.lr": 1e-4, "num_epochs": 3}}),
        (
            "train input_map={a: 0, b: 1} cls_weight=[1.0, 5.0]",
            {"overrides": {"input_map": {"a": 0, "b": 1}, "cls_weight": [1.0, 5.0]}},
        ),
        ("train with validation every 5 epochs", {"overrides": {"validation_interval": 5}}),
        ("train for at most 30 epochs", {"overrides": {"num_epochs": 30}}),
        ("evaluate the 30-epoch model", {}),
        ("evaluate train-20261123-063012-a1b2c3", {"parent_job_id": "train-20261123-063012-a1b2c3"}),
        ("train on 4 GPUs", {"gpus": 4}),
        ("train on 8x A100 GPUs and 2 nodes", {"gpus": 8, "nodes": 2}),
        ("train on two gpus", {"gpus": 2}),
        ("train on a GPU", {"gpus": 1}),
        ("train on the CPU", {"gpus": 0}),
        ("train without a GPU", {"gpus": 0}),
        ("train on slurm", {"runner": "slurm"}),
        ("train on k8s", {"runner": "kubernetes"}),
        ("train in docker", {"runner": "docker"}),
        ("train locally, do not use docker", {"runner": "local"}),
        ("train with the laptop profile", {"profile": "laptop"}),
        ("train on ./data/boards", {"data": "./data/boards"}),
        ("train on 'my data/boards'", {"data": "my data/boards"}),
        ("train on ~/boards.", {"data": "~/boards"}),
        ("train on s3://bucket/data/train.", {"data": "s3://bucket/data/train"}),
        ("evaluate on /data/val", {"data": "/data/val"}),
        ("evaluate on E:/archive/lot_2025", {"data": "E:/archive/lot_2025"}),
        ("evaluate on E:\\archive\\lot_2025", {"data": "E:\\archive\\lot_2025"}),
        (
            "train on ./train and validate on ./val, results to ./out",
            {"train_datasets": ["./train"], "eval_dataset": "./val", "results_root": "./out"},
        ),
        ("train ChangeNet; validation data: gs://b/val", {"eval_dataset": "gs://b/val"}),
        ("train PASS/NO_PASS and/or anything", {}),
    ],
)
def test_plain_values_are_read(skill: Skill, text: str, expected: dict[str, Any]) -> None:
    assert read(skill, text) == expected


def test_a_path_that_says_not_that_it_is_one_counts_only_when_it_is_there(
    skill: Skill, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data" / "boards").mkdir(parents=True)
    assert read(skill, "train on data/boards") == {"data": "data/boards"}
    assert read(skill, "train on data/other") == {"data": "data/other"}
    assert read(skill, "train the good/bad model") == {}


def test_a_bare_folder_name_counts_only_where_it_holds_pairs(
    skill: Skill, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "boards" / "train").mkdir(parents=True)
    (tmp_path / "boards" / "train" / "dataset.csv").touch()
    (tmp_path / "docker").mkdir()
    assert read(skill, "train ChangeNet on boards, no AutoML") == {"data": "boards"}
    assert read(skill, "train ChangeNet on boards.") == {"data": "boards"}
    assert read(skill, "train ChangeNet on docker") == {"runner": "docker"}
    assert read(skill, "train the boards model") == {}


def test_words_inside_a_path_ask_for_nothing(skill: Skill) -> None:
    decision = decide(Request(text="train on ./evaluate/segment/docker"), skill)
    assert (decision.action, decision.request.runner) == ("train", None)


@pytest.mark.parametrize(
    ("text", "slot", "choices"),
    [
        ("train ChangeNet for 10 epochs or 30 epochs", "num_epochs", ("10", "30")),
        ("train ChangeNet on 2 GPUs or 4 GPUs", "gpus", ("2", "4")),
        ("train ChangeNet on docker or slurm", "runner", ("docker", "slurm")),
        ("train on ./a and ./b", "data", ("./a", "./b")),
        (
            "evaluate one of train-20261123-063012-a1b2c3 and train-20261123-063012-ffffff",
            "parent_job_id",
            ("train-20261123-063012-a1b2c3", "train-20261123-063012-ffffff"),
        ),
    ],
)
def test_two_values_for_one_slot_are_asked_about(skill: Skill, text: str, slot: str, choices: tuple[str, ...]) -> None:
    decision = decide(Request(text=text), skill)
    assert [(question.slot, question.choices) for question in decision.missing] == [(slot, choices)]


def test_a_slot_answers_what_the_words_leave_open(skill: Skill) -> None:
    text = "train on docker or slurm with 2 GPUs or 4 GPUs for 10 epochs, no, 30 epochs"
    decision = decide(Request(text=text, runner="slurm", gpus=4, overrides={"train.num_epochs": 30}), skill)
    assert decision.missing == ()


def test_model_files_and_web_pages_are_no_data(skill: Skill) -> None:
    decision = decide(Request(text="train with ./b.safetensors from https://huggingface.co/nvidia/C-RADIOv2-B"), skill)
    assert decision.request.data is None
    assert sum("not taken for data" in warning for warning in decision.warnings) == 2


def test_what_was_read_is_said_without_secrets(skill: Skill) -> None:
    decision = decide(Request(text="train encryption_key=sesame num_epochs=3"), skill)
    reasons = " ".join(decision.reasons)
    assert "num_epochs 3" in reasons
    assert "sesame" not in reasons


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("two epochs", {"num_epochs": 2}),
        ("one epoch", {"num_epochs": 1}),
        ("1,000 epochs", {"num_epochs": 1000}),
        ("12 epochs with a batch of 8", {"num_epochs": 12, "batch_size": 8}),
        ("twelve epochs, batches of four", {"num_epochs": 12, "batch_size": 4}),
        ("batch size of 16", {"batch_size": 16}),
        ("three-epoch training", {"num_epochs": 3}),
        ("a learning rate of three e minus four", {"learning_rate": 0.0003}),
    ],
)
def test_numbers_in_words_are_read(skill: Skill, words: str, found: dict[str, Any]) -> None:
    decision = decide(Request(text=f"train ChangeNet on /data/boards for {words}, no HPO"), skill)
    assert decision.request.overrides == found
    assert not [warning for warning in decision.warnings if "nothing is made of it" in warning]


@pytest.mark.parametrize("words", ["5 to 10 epochs", "5-10 epochs", "five or ten epochs", "5 epochs or 10 epochs"])
def test_a_range_of_epochs_is_asked_about(skill: Skill, words: str) -> None:
    decision = decide(Request(text=f"train ChangeNet on /data/boards for {words}, no HPO"), skill)
    (question,) = [question for question in decision.missing if question.slot == "num_epochs"]
    assert question.choices == ("5", "10")
    assert "num_epochs" not in decision.request.overrides


@pytest.mark.parametrize(
    ("words", "overrides"),
    [
        ("at most 20 epochs", {"num_epochs": 20}),
        ("a hundred epochs", {"num_epochs": 100}),
        ("two hundred epochs", {"num_epochs": 200}),
        ("twenty-five epochs", {"num_epochs": 25}),
        ("fünfundzwanzig Epochen", {"num_epochs": 25}),
        ("1.000 Epochen", {"num_epochs": 1000}),
        ("10 epochs, no, 30 epochs", {"num_epochs": 30}),
        ("5 epochs, no, 20, sorry: 15", {"num_epochs": 15}),
        ("not 5 but 10 epochs", {"num_epochs": 10}),
        ("images of 512 x 256 pixels", {"image_width": 512, "image_height": 256}),
        ("images of 224 pixels", {"image_width": 224, "image_height": 224}),
        ("four lightings per sample", {"num_input": 4}),
        ("three classes", {"num_classes": 3}),
        ("4 verschiedenen Klassen", {"num_classes": 4}),
        ("in bf16", {"precision": "bf16-mixed"}),
        ("at most 1 % false alarms at 99 % recall", {"target": "far<=1% at recall=99%"}),
        ("a recall of 99.5 %", {"target": "recall>=99.5%"}),
        ("with at most 2 % escapes", {"target": "recall>=98%"}),
        ("with no escapes", {"target": "recall>=100%"}),
        ("the C-RADIO backbone", {"backbone": "c_radio_v2_vit_base_patch16_224"}),
        ("a ResNet-50 backbone", {"backbone": "ResNet-50"}),
        ("a margin of 0.4", {"eval_margin": 0.4}),
        ("Lernrate 0,0005", {"learning_rate": 0.0005}),
    ],
)
def test_values_are_read_as_people_say_them(skill: Skill, words: str, overrides: dict[str, Any]) -> None:
    decision = decide(Request(text=f"train ChangeNet on /data/boards with {words}, no HPO"), skill)
    assert decision.request.overrides == overrides
    assert decision.missing == ()


@pytest.mark.parametrize(
    ("words", "search"),
    [
        ("8 trials", {"trials": 8}),
        ("at most 8 hours", {"wall_minutes": 480}),
        ("90 minutes, two trials at a time", {"wall_minutes": 90, "parallel": 2}),
        ("seed 7", {"seed": 7}),
    ],
)
def test_limits_of_a_search_are_read(skill: Skill, words: str, search: dict[str, Any]) -> None:
    assert decide(Request(text=f"train ChangeNet on /data/boards, {words}"), skill).request.search == search


def test_a_limit_of_a_search_is_told_where_there_is_none(skill: Skill) -> None:
    decision = decide(Request(text="train ChangeNet on /data/boards for 8 hours, no HPO"), skill)
    assert decision.request.search == {}
    assert any("hours 8 limits a search" in warning for warning in decision.warnings)
    decision = decide(Request(text="train ChangeNet on /data/boards, no HPO, 8 trials"), skill)
    assert [question.slot for question in decision.missing] == ["automl_policy"]


def test_a_value_of_training_is_told_where_nothing_is_trained(skill: Skill) -> None:
    decision = decide(Request(text="evaluate ChangeNet on /data/boards, 5 epochs"), skill)
    assert decision.request.overrides == {}
    assert any("epochs 5" in warning for warning in decision.warnings)
