# SPDX-License-Identifier: Apache-2.0
"""Which step comes first, which is only told of, and what each one works on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from router.decision import decide
from router.types import Request
from tests.router.asking import asked

if TYPE_CHECKING:
    from router.declarations import Skill

JOB = "train-20260404-080000-c3c3c3"
ENGINE = "deploy_classify_gen_trt_engine"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Evaluate the board inspection classifier on /n/b once you train it on /n/a", ["train", "evaluate"]),
        (f"Verdicts for /n/c with {JOB}, but only after evaluating it on /n/b", ["evaluate", "inference"]),
        (f"A TensorRT engine, fp16, but only after exporting {JOB}", ["export", ENGINE]),
        (f"int8 engine from {JOB}: so export it, then build", ["export", ENGINE]),
        (f"The ONNX export comes last; first evaluate {JOB} on /n/b", ["evaluate", "export"]),
        ("The export comes last; ahead of it train the AOI classifier on /n/a", ["train", "export"]),
        (f"one thing before I leave: export {JOB}, then build an engine from it", ["export", ENGINE]),
        ("Der Export kommt zuletzt; trainiere erst den AOI-Klassifikator auf /n/a", ["train", "export"]),
        (
            "Trainiere den AOI-Klassifikator auf /n/a und nach dem Training die Auswertung auf /n/b",
            ["train", "evaluate"],
        ),
        ("We need the AOI classifier trained, and when that is done, evaluated on /n/b", ["train", "evaluate"]),
        ("get the last model exported and, that done, have a TensorRT engine made of it", ["export", ENGINE]),
        ("train classify data=/n/a epochs=9; evaluate data=/n/b", ["train", "evaluate"]),
    ],
)
def test_steps_run_in_the_order_that_the_words_say(text: str, expected: list[str], skill: Skill) -> None:
    assert asked(text, skill) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"Evaluate {JOB} on /n/b before anyone even dreams of exporting it", ["evaluate"]),
        (f"Werte {JOB} auf /n/b aus, bevor irgendwer an den Export denkt", ["evaluate"]),
        (f"How good is {JOB} on /n/b? I ask before we decide on an engine", ["evaluate"]),
        (f"evaluate {JOB} on /n/b, not the one that has been quantized", ["evaluate"]),
        (f"Exportiere {JOB}, nicht das, das quantisiert wurde", ["export"]),
        ("train the PASS/NO_PASS classifier on /n/a, export not needed", ["train"]),
        ("Trainiere den AOI-Klassifikator auf /n/a, Auswertung nicht nötig", ["train"]),
        (f"Continue from {JOB} and train the classifier 12 more epochs on /n/a", ["train"]),
    ],
)
def test_what_others_do_later_or_what_was_done_is_no_step(text: str, expected: list[str], skill: Skill) -> None:
    assert asked(text, skill) == expected


def test_who_is_asked_to_do_something_later_is_asked_for_both(skill: Skill) -> None:
    assert asked(f"before you export {JOB}, evaluate it on /n/b", skill) == ["evaluate", "export"]


@pytest.mark.parametrize("winner", ["the winner", "the best trial", "the last model"])
def test_the_winner_of_a_search_that_is_yet_to_run_is_no_job_of_the_past(winner: str, skill: Skill) -> None:
    steps = decide(Request(text=f"search 9 trials for the AOI classifier on /n/a, then export {winner}"), skill).steps
    assert [step.action for step in steps] == ["train", "export"]
    assert steps[1].request.parent_job_id is None
    assert not steps[1].missing


def test_a_value_goes_to_the_step_that_has_it(skill: Skill) -> None:
    steps = decide(Request(text=f"An engine, but only after exporting {JOB}; int8 for the engine"), skill).steps
    assert [step.stated.get("data_type") for step in steps] == [None, "int8"]
    assert steps[0].stated["parent"] == JOB


def test_a_training_that_is_to_become_an_engine_is_what_is_exported(skill: Skill) -> None:
    text = "The last training should become an fp16 engine, so export it first and build afterwards"
    steps = decide(Request(text=text), skill).steps
    assert [step.stated.get("parent") for step in steps] == ["last_training", None]
    assert [step.stated.get("data_type") for step in steps] == [None, "fp16"]


def test_a_winner_that_is_only_spoken_of_is_nothing_to_begin_with(skill: Skill) -> None:
    decision = decide(Request(text="Tune the AOI classifier with 9 trials; the winner I will look at myself"), skill)
    assert decision.action == "train"
    assert decision.request.parent_job_id is None
