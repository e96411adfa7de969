# SPDX-License-Identifier: Apache-2.0
"""Several steps of one kind in one request, each with its own job, data or values; and what only looks like that."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from router.decision import decide
from router.types import Request
from tests.router.asking import asked, decided

if TYPE_CHECKING:
    from router.declarations import Skill

A, B, C = "train-20260311-081502-4be901", "train-20260312-091502-e30a11", "train-20260313-101502-0c0c0c"
X = "export-20260311-081502-aa0001"


def stated(text: str, skill: Skill) -> list[dict[str, Any]]:
    """What each step says, its action and, of trainings, its policy among that."""
    decision = decided(text, skill)
    assert decision.missing == ()
    found = []
    for step in decision.steps:
        trains = str(step.action).endswith("train")
        found.append({"do": step.action, **step.stated} | ({"policy": step.automl_policy} if trains else {}))
        found[-1].pop("task", None)
    return found


def evaluated(*pairs: tuple[str, str]) -> list[dict[str, Any]]:
    return [{"do": "evaluate", "parent": job, "data": data} for job, data in pairs]


@pytest.mark.parametrize(
    ("text", "pairs"),
    [
        (f"First evaluate {A} on /o/3, then evaluate {B} on /o/5.", [(A, "/o/3"), (B, "/o/5")]),
        (f"1. Evaluate {A} on /t. 2. Evaluate {B} on /t.", [(A, "/t"), (B, "/t")]),
        (f"- evaluate {A} on /x\n- evaluate {B} on /y", [(A, "/x"), (B, "/y")]),
        (f"Evaluate {A} and {B} on /x", [(A, "/x"), (B, "/x")]),
        (f"Evaluate {A}, {B} and {C} on /x", [(A, "/x"), (B, "/x"), (C, "/x")]),
        (f"evaluate {A} and {B}, both on /x", [(A, "/x"), (B, "/x")]),
        (f"On /x evaluate {A}, then {B}.", [(A, "/x"), (B, "/x")]),
        (f"Evaluate {A} on /x, then again on /y", [(A, "/x"), (A, "/y")]),
        (f"Measure {A} on /x and after that on /y.", [(A, "/x"), (A, "/y")]),
        (f"Run the evaluation of {A} on /x, followed by the evaluation of {B} on /x.", [(A, "/x"), (B, "/x")]),
        (f"Could you evaluate {A} on /x and then {B} on /y?", [(A, "/x"), (B, "/y")]),
        (f"Hi team, new lamps are in. Please evaluate {A} on /x and then {B} on /x.", [(A, "/x"), (B, "/x")]),
        (f"Werte {A} auf /x aus und danach {B} auf /y.", [(A, "/x"), (B, "/y")]),
        (f"{A} auf /x auswerten, danach {B} auf /y auswerten", [(A, "/x"), (B, "/y")]),
        (f"Evaluate {A} on /x. Do the same for {B}.", [(A, "/x"), (B, "/x")]),
        (f"Evaluate:\n- {A} on /x\n- {B} on /y", [(A, "/x"), (B, "/y")]),
        (f"Bitte zuerst {A} und dann {B} auf /x evaluieren.", [(A, "/x"), (B, "/x")]),
        (f"Evaluiere {A} auf /x und auf /y", [(A, "/x"), (A, "/y")]),
    ],
)
def test_each_evaluation_has_its_own_job_and_data(text: str, pairs: list[tuple[str, str]], skill: Skill) -> None:
    assert stated(text, skill) == evaluated(*pairs)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("run inference with the best trial on /a and afterwards on /b", [("best_trial", "/a"), ("best_trial", "/b")]),
        ("Inferenz für /daten/a, danach für /daten/b", [(None, "/daten/a"), (None, "/daten/b")]),
        (f"Lass {A} über /los/1 laufen und danach über /los/2.", [(A, "/los/1"), (A, "/los/2")]),
        (f"Predict /lot/1 with {A} and /lot/2 with {B}", [(A, "/lot/1"), (B, "/lot/2")]),
        (
            f"run inference with {A} on /bins/a and afterwards on /bins/b, bin c is still in customs",
            [(A, "/bins/a"), (A, "/bins/b")],
        ),
    ],
)
def test_each_inference_has_its_own_data(text: str, expected: list[tuple[str | None, str]], skill: Skill) -> None:
    found = stated(text, skill)
    assert [(one.get("parent"), one["data"]) for one in found] == expected
    assert {one["do"] for one in found} == {"inference"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"export {A} to onnx, then {B} too", [{"do": "export", "format": "onnx", "parent": job} for job in (A, B)]),
        (f"Exportiere {A} und {B} nach ONNX", [{"do": "export", "format": "onnx", "parent": job} for job in (A, B)]),
        (
            f"quantize {A} to int8, then {B} too",
            [{"do": "quantize", "data_type": "int8", "parent": job} for job in (A, B)],
        ),
        (
            f"build an fp16 engine from {X} and then an int8 one",
            [{"do": "deploy_classify_gen_trt_engine", "data_type": kind, "parent": X} for kind in ("fp16", "int8")],
        ),
        (
            f"Bau erst eine fp16-Engine aus {X} und danach noch eine int8-Engine.",
            [{"do": "deploy_classify_gen_trt_engine", "data_type": kind, "parent": X} for kind in ("fp16", "int8")],
        ),
    ],
)
def test_each_model_that_is_made_has_its_own_source(text: str, expected: list[dict[str, Any]], skill: Skill) -> None:
    assert stated(text, skill) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "First the PASS/NO_PASS training: 14 epochs at 224 px, then a second one, plain, with 28 epochs at 448 px.",
            [
                {"do": "train", "epochs": 14, "image_size": 224, "policy": "on"},
                {"do": "train", "epochs": 28, "image_size": 448, "policy": "off"},
            ],
        ),
        (
            (
                "Train the AOI comparison classifier with lr 1e-5 and after it the change-segmentation model with lr "
                "6e-5, both single runs without a search."
            ),
            [
                {"do": "train", "learning_rate": 1e-5, "policy": "off"},
                {"do": "segment_train", "learning_rate": 6e-5, "policy": "off"},
            ],
        ),
        (
            "Train ChangeNet change segmentation with batch 4 first, then once more with batch 8, plain runs both.",
            [{"do": "segment_train", "batch_size": size, "policy": "off"} for size in (4, 8)],
        ),
        (
            "Train the AOI classifier twice, once with 14 epochs and once with 28 epochs, no search.",
            [{"do": "train", "epochs": epochs, "policy": "off"} for epochs in (14, 28)],
        ),
        (
            "First train the AOI classifier on /a with 10 epochs, then another one on /b with 20 epochs.",
            [{"do": "train", "epochs": n, "data": data, "policy": "on"} for n, data in ((10, "/a"), (20, "/b"))],
        ),
        (
            "Trainiere den AOI-Klassifikator ohne Suche auf /d mit 14 Epochen und danach noch einmal mit 28 Epochen.",
            [
                {"do": "train", "epochs": 14, "data": "/d", "policy": "off"},
                {"do": "train", "epochs": 28, "policy": "off", "data": "/d"},
            ],
        ),
        (
            (
                "Trainiere den AOI-Klassifikator auf /a mit 10 Epochen und danach die Segmentierung auf /b mit 20 "
                "Epochen, beide ohne AutoML."
            ),
            [
                {"do": "train", "epochs": 10, "data": "/a", "policy": "off"},
                {"do": "segment_train", "epochs": 20, "data": "/b", "policy": "off"},
            ],
        ),
    ],
)
def test_each_training_has_its_own_values_and_policy(text: str, expected: list[dict[str, Any]], skill: Skill) -> None:
    assert stated(text, skill) == expected


def test_other_steps_stand_among_those_that_are_repeated(skill: Skill) -> None:
    text = f"Evaluate {A} on /x, export it, evaluate {B} on /y, export it as well."
    steps = decided(text, skill).steps
    assert [(step.action, step.request.parent_job_id) for step in steps] == [
        ("evaluate", A),
        ("export", A),
        ("evaluate", B),
        ("export", B),
    ]
    assert asked("Train the AOI classifier on /t, then evaluate it on /a and on /b", skill) == [
        "train",
        "evaluate",
        "evaluate",
    ]


def test_slots_hold_for_every_training(skill: Skill) -> None:
    text = "Train the AOI classifier with batch 4 first, then once more with batch 8"
    request = Request(text=text, data="./boards", automl_policy="off", overrides={"num_epochs": 3})
    steps = decide(request, skill).steps
    assert [step.request.overrides for step in steps] == [{"batch_size": n, "num_epochs": 3} for n in (4, 8)]
    assert [(step.request.data, step.automl_policy, step.request.parent_job_id) for step in steps] == [
        ("./boards", "off", None)
    ] * 2


@pytest.mark.parametrize("last", ["export it", "evaluate it on /v", "run inference on /v"])
def test_what_is_made_of_one_of_several_trainings_is_asked_about(last: str, skill: Skill) -> None:
    text = f"Train the AOI classifier with seed 1 on /t, then once more with seed 2, then {last}"
    decision = decided(text, skill)
    assert len(decision.steps) == 3
    assert [question.slot for question in decision.missing] == ["parent_job_id"]


def test_the_model_of_a_task_that_is_named_is_the_one_that_is_worked_on(skill: Skill) -> None:
    text = "Train the AOI classifier with lr 1e-5 on /a and after it the segmentation model with lr 6e-5 on /b, "
    decision = decided(f"{text}then export the AOI classifier to onnx", skill)
    assert decision.missing == ()
    assert [step.action for step in decision.steps] == ["train", "segment_train", "export"]


@pytest.mark.parametrize(
    "text",
    [
        "Train the AOI classifier with batch 8 or 16.",
        "Train the AOI classifier with 14 to 28 epochs.",
        "Trainiere den AOI-Klassifikator mit 14 oder 28 Epochen ohne Suche",
        "Train the classifier for 14 epochs, then continue with 28 epochs",
        "Train ChangeNet with lr 1e-4 for 10 epochs, then lr 1e-5 for 20 epochs",
        "Train ChangeNet on /a, then on /b",
        "Train ChangeNet on /a and then train it on /b",
        "Train the AOI classifier for 10 epochs on /a, then train the AOI classifier for 20 epochs on /b",
        "Train the AOI classifier on /a and /b",
        "train the AOI classifier on /a, validate on /b",
        "Train the AOI classifier with 14 epochs. The training should take 28 epochs.",
        "Train the AOI classifier with 14 epochs. Noch einmal: 15 Epochen!",
        "Train the AOI classifier with batch 4, then once more with batch 8, for 30 epochs",
        "Train ChangeNet segmentation with batch 4, then tell me whether once more with batch 8 makes sense",
        "Train the AOI classifier with 224 px and a second camera with 448 px",
        f"Evaluate {A} and {B} on /x and compare them",
        f"Evaluate {A} against {B} on /x",
        f"Evaluate {A} or {B} on /x",
        f"Evaluate one of {A} and {B} on /x",
        f"Evaluate the better of {A} and {B} on /x",
        f"{A} und {B}: evaluiere eins davon auf /x",
        f"Evaluate {A} and {B} together as an ensemble on /x",
        f"evaluate {B} on /x, the one that came from automl-20260311-081502-4be901",
        f"Evaluate the best trial of automl-20260311-081502-4be901 and {A} on /x",
        f"evaluate {B}, which started from {A}, on /x",
        f"Evaluate {A}, trained after {B}, on /x",
        f"evaluate {A} on /x, then its parent {B}",
        f"Evaluate {A} on the data of {B}",
        f"Evaluate {A} with the threshold of {B} on /x",
        f"Evaluate {A} on /x/golden and /x/test",
        f"Evaluate {A} on /x, then Tom evaluates {B} on /y",
        f"Evaluate {A} on /x, then Anna does {B} on /y",
        f"I asked Tom to evaluate {A} on /x and then {B} on /y",
        f"Evaluate {A} on /x. {B} on /y was done yesterday.",
        f"Evaluate {A} on /x, and if it is bad evaluate {B} on /x",
        f"Evaluate {A} before evaluating {B} on /x",
        f"Evaluate {B} on /y after {A} on /x",
        f"Evaluate {A} on /x last, {B} on /y first",
        f"Evaluate {A} on /x, later perhaps {B} on /y",
        f"Evaluate {A} on /x, then {B} on /y instead",
        f"What happens when I evaluate {A} on /x and then {B} on /y?",
        f"Which of {A} and {B} is better on /x? Evaluate it.",
        f"build an engine from {X}, fp16 or int8",
    ],
)
def test_in_doubt_it_stays_a_question(text: str, skill: Skill) -> None:
    decision = decided(text, skill)
    assert decision.missing
    assert decision.steps == ()


@pytest.mark.parametrize(
    ("text", "action", "said"),
    [
        ("Train the AOI classifier for 20, no, 30 epochs.", "train", {"epochs": 30}),
        ("14 epochs were too few, train the AOI classifier again with 28 epochs", "train", {"epochs": 28}),
        ("Train the AOI classifier with 14 epochs; last time it was 28.", "train", {"epochs": 14}),
        (f"evaluate {A} and then evaluate {A} on /x", "evaluate", {"parent": A, "data": "/x"}),
        (f"Evaluate {A}, not {B}, on /x", "evaluate", {"parent": A, "data": "/x"}),
        (
            f"Convert the fp32 model {X} to an int8 engine",
            "deploy_classify_gen_trt_engine",
            {"parent": X, "data_type": "int8"},
        ),
    ],
)
def test_one_step_stays_one(text: str, action: str, said: dict[str, Any], skill: Skill) -> None:
    decision = decided(text, skill)
    assert (decision.action, decision.steps) == (action, ())
    assert decision.stated.items() >= said.items()
