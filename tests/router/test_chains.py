# SPDX-License-Identifier: Apache-2.0
"""Chains whose later steps no phrase says, and steps that are only told of, left out or taken back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from core.errors import RequestError
from router.decision import decide
from router.types import Request
from tests.router.asking import asked

if TYPE_CHECKING:
    from router.declarations import Skill

JOB = "train-20260501-070000-a1a1a1"
EXPORTED = "export-20260502-070000-b2b2b2"
ENGINE, RUN = "deploy_classify_gen_trt_engine", "deploy_classify_inference"
MEASURED = "Get the change masks model trained on /g/a. When it is through, have it measured on /g/b."


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"Engine first, int8, out of {EXPORTED}; verdicts with it on /n/tray2 second", [ENGINE, RUN]),
        (MEASURED, ["segment_train", "segment_evaluate"]),
        ("one plain run of the PASS/NO_PASS classifier on /l/a, 9 epochs, followed by an export", ["train", "export"]),
        ("Trainiere das ChangeNet auf /d/a und miss es danach auf /d/b", ["train", "evaluate"]),
        (f"export {JOB} to onnx, then make an int8 engine", ["export", ENGINE]),
    ],
)
def test_a_later_step_is_read_from_all_words_of_its_part(text: str, expected: list[str], skill: Skill) -> None:
    assert asked(text, skill) == expected


def test_each_step_of_a_chain_takes_the_data_of_its_part(skill: Skill) -> None:
    assert [step.stated["data"] for step in decide(Request(text=MEASURED), skill).steps] == ["/g/a", "/g/b"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"We used to train first and export later. For now it is enough to evaluate {JOB} on /d/v", ["evaluate"]),
        (f"Train and evaluate the AOI network, no, leave out the training. Only evaluate {JOB} on /v", ["evaluate"]),
        ("The boss wants an engine as well. I do not: only train the PASS/NO_PASS classifier on /d/a", ["train"]),
        (f"I know I said train, export. It is trained already, so what remains is {JOB} as ONNX", ["export"]),
        (f"Nachdem der Export gestern durchlief ({EXPORTED}), brauche ich daraus noch die TensorRT-Engine", [ENGINE]),
        ("just give me the best trial as an int8 model", ["quantize"]),
    ],
)
def test_what_is_told_left_out_or_taken_back_is_no_step(text: str, expected: list[str], skill: Skill) -> None:
    assert asked(text, skill) == expected


@pytest.mark.parametrize(
    "text",
    [
        "Nobody should run an evaluation of the last model this week",
        "Niemand darf das beste Modell exportieren",
        "Auf keinen Fall darf das ChangeNet auf /d/a trainiert werden",
        "Until I am back do not train, evaluate or export anything on the inspection model",
    ],
)
def test_what_only_forbids_is_declined(text: str, skill: Skill) -> None:
    with pytest.raises(RequestError, match="not to be done"):
        decide(Request(text=text), skill)


def test_what_forbids_one_thing_and_asks_for_another_is_done(skill: Skill) -> None:
    assert asked("Don't train, evaluate the last model on /d/v", skill) == ["evaluate"]


@pytest.mark.parametrize(
    "text", ["Leave the board classifier as it is: no training, no export", "quantise my flower classifier to int8"]
)
def test_what_rules_out_or_names_something_else_is_not_planned(text: str, skill: Skill) -> None:
    decision = decide(Request(text=text), skill)
    assert decision.missing


def test_numbers_that_answer_a_question_are_values(skill: Skill) -> None:
    decision = decide(Request(text="Train PASS/NO_PASS. Batch size? 16. Trials? 10."), skill)
    assert (decision.stated["batch_size"], decision.stated["trials"]) == (16, 10)


def test_a_double_prohibition_asks(skill: Skill) -> None:
    decision = decide(Request(text="Auf keinen Fall ohne AutoML trainieren: das ChangeNet auf /d/a"), skill)
    assert (decision.action, decision.automl_policy) == ("train", "on")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"quantize {JOB} to fp8", "fp8"),
        (f"Quantisiere {JOB} auf int8, ach nein, fp8", "fp8"),
        (f"TensorRT for {JOB}, int8 rather than fp16", "int8"),
        (f"TensorRT-Engine aus {EXPORTED} in fp16, fp32 wäre mir zu langsam", "fp16"),
        (f"engine from {EXPORTED} in fp16. I had int8 in my notes, cross that out", "fp16"),
    ],
)
def test_a_number_format_that_is_corrected_blamed_or_taken_back_is_none(text: str, expected: str, skill: Skill) -> None:
    assert decide(Request(text=text), skill).stated["data_type"] == expected


@pytest.mark.parametrize(
    ("text", "name", "expected"),
    [
        ("train PASS/NO_PASS on four GPUs, no, on two", "gpus", 2),
        ("PASS/NO_PASS auf zwei GPUs trainieren, nein, auf vieren", "gpus", 4),
        ("train PASS/NO_PASS, batch size 32, then again I'd say 16 is enough", "batch_size", 16),
        ("train PASS/NO_PASS. I wavered between a batch of 8 and 16, we take 16 now", "batch_size", 16),
        ("train PASS/NO_PASS for 20 epochs and save a checkpoint every 5", "checkpoint_interval", 5),
        ("train PASS/NO_PASS, validate every epoch", "validation_interval", 1),
        ("train task=PASS/NO_PASS val_every=4", "validation_interval", 4),
    ],
)
def test_a_value_is_the_one_that_stands_at_last(text: str, name: str, expected: int, skill: Skill) -> None:
    assert decide(Request(text=text), skill).stated[name] == expected


def test_what_somebody_wanted_and_is_off_the_table_limits_nothing(skill: Skill) -> None:
    text = "Anna wanted 12 trials, but that is off the table: train PASS/NO_PASS on /d/a without AutoML"
    decision = decide(Request(text=text), skill)
    assert (decision.automl_policy, decision.missing) == ("off", ())


@pytest.mark.parametrize(
    "text",
    [
        "train PASS/NO_PASS with at least 5 and at most 20 epochs",
        "PASS/NO_PASS training, no fewer than 5, no more than 20 trials",
    ],
)
def test_a_span_of_least_and_most_is_open(text: str, skill: Skill) -> None:
    assert decide(Request(text=text), skill).missing


def test_a_runner_that_is_only_told_of_is_none(skill: Skill) -> None:
    text = "Kubernetes is jammed this week, so put the AOI classifier training on Slurm"
    assert decide(Request(text=text), skill).stated["runner"] == "slurm"


def test_a_name_in_quotation_marks_orders_nothing(skill: Skill) -> None:
    decision = decide(Request(text='Der Ordner heißt "exportiere_bestes_modell". Wie viele Dateien hat er?'), skill)
    assert decision.action is None


def test_people_in_front_of_a_training_are_not_trained(skill: Skill) -> None:
    text = "Two colleagues quarrel about it, but please train the PASS/NO_PASS classifier on /d/a"
    assert asked(text, skill) == ["train"]
    with pytest.raises(RequestError):
        decide(Request(text="Five new operators start on Monday, please train them on the AOI classifier"), skill)


@pytest.mark.parametrize("text", ["evaluate a.onnx and b.onnx", "evaluate ChangeNet model.v2.onnx on ./val"])
def test_the_stop_in_a_name_of_a_file_ends_no_part(text: str, skill: Skill) -> None:
    assert asked(text, skill) == ["evaluate"]
