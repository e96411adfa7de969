# SPDX-License-Identifier: Apache-2.0
"""Constructions in which several steps are said, and nouns that only name something and are none."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from router.decision import decide
from router.types import Request

if TYPE_CHECKING:
    from router.declarations import Skill

JOB = "train-20260311-081502-4be901"


@pytest.mark.parametrize(
    ("text", "actions"),
    [
        (f"Ahead of the export of {JOB}, evaluate it on ./lot.", ["evaluate", "export"]),
        (f"Before anything else evaluate {JOB} on ./lot; after that export it.", ["evaluate", "export"]),
        (f"Verdicts by {JOB} on ./lot and, when those are there, an export", ["inference", "export"]),
        (f"Before the engine of {JOB} is built in fp16, export it.", ["export", "deploy_classify_gen_trt_engine"]),
        ("Before you measure the AOI model on ./a, train it for 9 epochs on ./b", ["train", "evaluate"]),
        ("After training the AOI model with seed 3 on ./b, evaluate it on ./a", ["train", "evaluate"]),
        (
            f"export {JOB}, engine fp32, then run the verdicts with it on ./lot",
            ["export", "deploy_classify_gen_trt_engine", "deploy_classify_inference"],
        ),
        (
            "I want the segment model trained on ./a and, when that is through, masks drawn for ./b",
            ["segment_train", "segment_inference"],
        ),
        (f"1) export {JOB} 2) evaluate {JOB} on ./lot", ["export", "evaluate"]),
    ],
)
def test_steps_come_in_the_order_that_is_said(skill: Skill, text: str, actions: list[str]) -> None:
    assert [step.action for step in decide(Request(text=text), skill).steps] == actions


@pytest.mark.parametrize(
    ("text", "action"),
    [
        (f"Trainings-Ergebnis {JOB} auf ./lot evaluieren", "evaluate"),
        (f"Ausleitung des Leiterplattenprüfmodells {JOB} als ONNX-Datei", "export"),
        (f"{JOB} auf ./lot bewerten", "evaluate"),
        ("Das letzte Training bitte auf die Paare in ./lot loslassen", "inference"),
        ("score the AOI model on ./lot", "evaluate"),
        ("continue from the last training and train the AOI classifier another 9 epochs on ./lot", "train"),
    ],
)
def test_a_name_of_something_is_no_step(skill: Skill, text: str, action: str) -> None:
    decision = decide(Request(text=text), skill)
    assert (decision.action, decision.steps) == (action, ())


def test_a_job_stays_with_the_step_that_names_it(skill: Skill) -> None:
    steps = decide(Request(text=f"export {JOB}, engine fp32"), skill).steps
    assert [step.stated.get("parent") for step in steps] == [JOB, None]


@pytest.mark.parametrize(
    "text",
    [
        "Evaluate the best trial on ./lot in the pewter setting",
        "Use the AOI classifier in velvet mode on ./lot",
        "ChangeNet bitte im lila Modus trainieren",
        "train the AOI classifier on ./lot, batch_size=0",
        "Delete train-20260311-081502-4be901 or train-20260312-081502-4be902, one of them is of no use",
    ],
)
def test_what_nobody_knows_or_can_be_is_asked_about(skill: Skill, text: str) -> None:
    assert decide(Request(text=text), skill).missing


def test_a_phrase_with_then_in_it_stays_one_step(skill: Skill) -> None:
    text = "trainiere ChangeNet segment auf ./lot und erzeuge dann Masken für ./neu"
    steps = decide(Request(text=text), skill).steps
    assert [step.action for step in steps] == ["segment_train", "segment_inference"]
