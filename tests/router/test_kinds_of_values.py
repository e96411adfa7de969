# SPDX-License-Identifier: Apache-2.0
"""Constructions in which values are said: lists of names, dictation, substitutes, intervals, and what only tells."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from router.decision import decide
from router.types import Request

if TYPE_CHECKING:
    from typing import Any

    from router.declarations import Skill


def said(skill: Skill, text: str) -> dict[str, Any]:
    """All values that the words give, by their names."""
    decision = decide(Request(text=text), skill)
    assert decision.missing == ()
    overrides = decision.request.overrides
    found = {"epochs": overrides.get("num_epochs"), **overrides, **decision.stated}
    return {name: value for name, value in found.items() if value is not None}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("train ChangeNet for 9 epochs at 3e-4", {"epochs": 9, "learning_rate": 3e-4}),
        ("train ChangeNet, 3 nodes, ray", {"nodes": 3, "runner": "ray"}),
        ("let Ray run 8 trials of the ChangeNet training", {"trials": 8, "runner": "ray"}),
        ("Trainiere ChangeNet, 2 Knoten, Ray", {"nodes": 2, "runner": "ray"}),
        ("train ChangeNet, a checkpoint every 5 epochs out of 60", {"checkpoint_interval": 5, "epochs": 60}),
        ("train ChangeNet and save a checkpoint every third epoch", {"checkpoint_interval": 3}),
        ("Trainiere ChangeNet, validiert alle 4 Epochen", {"validation_interval": 4}),
        ("train ChangeNet, search for a quarter of an hour", {"hours": 0.25}),
        ("Trainiere ChangeNet höchstens eine Viertelstunde", {"hours": 0.25}),
        ("train ChangeNet, half a dozen trials", {"trials": 6}),
        ("tune ChangeNet, 12 trials at the most", {"trials": 12}),
        ("train ChangeNet so that 99 % of the defects are found", {"target": {"recall": 0.99}}),
        ("train ChangeNet, it may let slip through at most 1 % of the defects", {"target": {"recall": 0.99}}),
        ("tune ChangeNet, 8 trials in the night", {"trials": 8}),
        ("tune ChangeNet, 8 trials, two of them at a time", {"trials": 8, "parallel": 2}),
        ("evaluate the ChangeNet model that we trained last on ./lot", {"parent": "last_training", "data": "./lot"}),
        ("Miss das Modell, das wir zuletzt trainiert haben, auf ./los", {"parent": "last_training", "data": "./los"}),
        ("train ChangeNet with 33 as the seed", {"seed": 33}),
        ("Trainiere ChangeNet, Bildformat 224, 4 Leuchten", {"image_size": 224, "lights": 4}),
        ("train ChangeNet with an image size of 256 and 90 epochs", {"image_size": 256, "epochs": 90}),
        ("train ChangeNet, stop the search at 5 hours", {"hours": 5}),
        ("train ChangeNet, recall 97 % at 2 % false alarms", {"target": {"recall": 0.97, "false_alarms": 0.02}}),
        ("train ChangeNet, at most three good boards in a hundred rejected", {"target": {"false_alarms": 0.03}}),
        ("train ChangeNet so that we miss one bad board in a hundred", {"target": {"recall": 0.99}}),
        ("Trainiere ChangeNet, höchstens 2 % der guten Platinen", {"target": {"false_alarms": 0.02}}),
        ("Trainiere ChangeNet nicht auf Slurm, bitte lokal", {"runner": "local"}),
        ("train ChangeNet epochs 40 gpus 2 batch 6", {"epochs": 40, "gpus": 2, "batch_size": 6}),
        ("train ChangeNet 40 epochs 2 gpus 3 nodes", {"epochs": 40, "gpus": 2, "nodes": 3}),
        ("Trainiere ChangeNet, Knoten 2, GPUs 8", {"nodes": 2, "gpus": 8}),
        ("train ChangeNet batch 12 instead of the usual 64", {"batch_size": 12}),
        ("train the AOI classifier on ./lot with 9 epochs rather than 90 epochs", {"epochs": 9}),
        ("Trainiere ChangeNet mit Batch 12 statt bisher 64", {"batch_size": 12}),
        ("ten, no, make it eleven epochs for the ChangeNet training", {"epochs": 11}),
        ("train ChangeNet, learning rate zero point zero zero two", {"learning_rate": 0.002}),
        ("train ChangeNet, learning rate two times ten to the minus four", {"learning_rate": 2e-4}),
        ("Trainiere ChangeNet, Lernrate null Komma null eins", {"learning_rate": 0.01}),
        ("Trainiere ChangeNet, Lernrate 2 mal 10 hoch -4", {"learning_rate": 2e-4}),
        ("Trainiere ChangeNet mit siebenunddreißig Epochen auf nur einer GPU", {"epochs": 37, "gpus": 1}),
        ("train ChangeNet, 10 pairs a batch", {"batch_size": 10}),
        ("Trainiere ChangeNet, ein Batch hat 10 Bilder", {"batch_size": 10}),
        ("train ChangeNet, put the learning rate down to 4e-5", {"learning_rate": 4e-5}),
        ("train ChangeNet, 0.002 as the learning rate", {"learning_rate": 0.002}),
        ("train ChangeNet on 2 nodes, 4 cards in each", {"nodes": 2, "gpus": 4}),
        (
            "train ChangeNet, validate every 3 epochs, checkpoint every six",
            {"validation_interval": 3, "checkpoint_interval": 6},
        ),
        ("train ChangeNet and validate after each epoch", {"validation_interval": 1}),
        ("Trainiere ChangeNet und validiere nach jeder Epoche", {"validation_interval": 1}),
        (
            "Trainiere ChangeNet, alle 4 Epochen validieren, alle 8 Epochen speichern",
            {"validation_interval": 4, "checkpoint_interval": 8},
        ),
        ("train ChangeNet, 5 trials running at the same time", {"parallel": 5}),
        ("train ChangeNet, 5 trials at once, 30 in total", {"parallel": 5, "trials": 30}),
        ("Trainiere ChangeNet, fünf Versuche gleichzeitig", {"parallel": 5}),
        ("train ChangeNet hours=3 trials=9", {"hours": 3, "trials": 9}),
        ("train ChangeNet image_size=[640,480]", {"image_size": [640, 480]}),
        ("action=train task=classify precision=bf16 data=/d/a", {"precision": "bf16"}),
        ("train ChangeNet on images 640 wide, 480 high", {"image_size": [640, 480]}),
        ("Trainiere ChangeNet, Bilder 640 breit, 480 hoch", {"image_size": [640, 480]}),
    ],
)
def test_values_are_read_in_every_construction(skill: Skill, text: str, expected: dict[str, Any]) -> None:
    found = said(skill, text)
    assert {name: found.get(name) for name in expected} == expected


@pytest.mark.parametrize(
    "text",
    [
        "train ChangeNet, the line turns out 900 boards an hour",
        "Trainiere ChangeNet; die Linie hat 12 Sekunden Takt",
        "train ChangeNet, our smallest defect is 5 pixels",
        "Trainiere ChangeNet, der kleinste Kratzer ist 5 Pixel breit",
    ],
)
def test_a_figure_of_something_else_is_no_value(skill: Skill, text: str) -> None:
    decision = decide(Request(text=text), skill)
    assert (decision.action, decision.missing, decision.stated) == ("train", (), {})


@pytest.mark.parametrize(
    ("text", "slot"),
    [
        ("train task=classify epochs=4 epochs=6", "num_epochs"),
        ("train ChangeNet to a recall of 140 %", "target"),
        ("train ChangeNet at an image size of 0", "image_size"),
        ("train ChangeNet with a learning rate of 0", "learning_rate"),
    ],
)
def test_a_figure_that_can_not_be_is_asked_about(skill: Skill, text: str, slot: str) -> None:
    assert [question.slot for question in decide(Request(text=text), skill).missing] == [slot]


@pytest.mark.parametrize(
    "text",
    ["train ChangeNet to mark defects", "train ChangeNet to find 97 % of the bad boards on ./lot"],
)
def test_what_a_training_is_for_is_no_step_of_its_own(skill: Skill, text: str) -> None:
    decision = decide(Request(text=text), skill)
    assert (decision.action, decision.steps) == ("train", ())


@pytest.mark.parametrize(
    ("text", "runner"),
    [("train ChangeNet over ray", "ray"), ("train ChangeNet with Ray as the runner", "ray")],
)
def test_a_runner_is_named_by_what_the_training_goes_over(skill: Skill, text: str, runner: str) -> None:
    assert decide(Request(text=text), skill).request.runner == runner


def test_the_task_of_a_list_of_keys_is_no_action(skill: Skill) -> None:
    text = "action=evaluate task=classify data=/d/a parent=train-20260403-081100-1f2e3d"
    decision = decide(Request(text=text), skill)
    assert (decision.action, decision.steps, decision.request.data) == ("evaluate", (), "/d/a")


RATE = "learning_rate"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("train ChangeNet classify, 0.0004 lr", {RATE: 0.0004}),
        ("trainiere ChangeNet classify mit 0,00003 Lernrate", {RATE: 3e-5}),
        ("ChangeNet classify trainieren, Lernrate 0.01, nee warte, 0.002", {RATE: 0.002}),
        ("my note's learning rate was wrong: it is 0.0006, not 0.006. Train ChangeNet classify", {RATE: 0.0006}),
        ("the lr was 0.004 on the slip; make that 0.0004 and train ChangeNet classify", {RATE: 0.0004}),
        ("train ChangeNet classify with a 320 image size", {"image_size": 320}),
        ("tune ChangeNet classify, 3 trials in parallel out of a total of 12", {"parallel": 3, "trials": 12}),
        ("ChangeNet classify tunen, 3 parallele Trials von insgesamt 12", {"parallel": 3, "trials": 12}),
        (
            "train ChangeNet classify, checkpoint every 5, total 60",
            {"checkpoint_interval": 5, "epochs": 60},
        ),
        ("build the engine from export-20260311-081502-4be901: fp32, no, fp16", {"data_type": "fp16"}),
    ],
)
def test_a_figure_is_read_before_and_behind_its_name(skill: Skill, text: str, expected: dict[str, Any]) -> None:
    found = said(skill, text)
    assert {name: found.get(name) for name in expected} == expected
