# SPDX-License-Identifier: Apache-2.0
"""Clauses that only tell what is the case ask for nothing, whatever words they hold."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from core.errors import RequestError
from tests.router.asking import decided

if TYPE_CHECKING:
    from router.declarations import Skill

JOB = "train-20260301-070000-a1a1a1"


@pytest.mark.parametrize(
    ("text", "action"),
    [
        ("We moved to a new line and the operators click everything away. Train PASS/NO_PASS on /aoi/qfn.", "train"),
        (f"The station PC only eats ONNX. Export the golden-board classifier {JOB} please.", "export"),
        (
            f"Operators complain about overkill, so raise the bar: run PASS/NO_PASS inference on /d/l with {JOB}.",
            "inference",
        ),
        ("Der Ordner war ein Scherz vom Praktikanten: trainier den Klassifikator PASS/NO_PASS auf /adv/kw3", "train"),
        (f"Am Montag ist Audit und ich brauch belastbare Zahlen. Werte {JOB} auf /aoi/audit aus.", "evaluate"),
        ("The engine is built. TensorRT deploy_inference for the classifier on ./tray.", "deploy_classify_inference"),
        (
            "Heute Nacht ist der Server frei, also HPO für den Klassifikator (PASS/NO_PASS) auf /d/l3, 10 Stunden",
            "train",
        ),
        (f"The manager doubts me. Show him hard numbers: evaluate {JOB} on /d/test", "evaluate"),
        (f"Bitte /d/nacht mit {JOB} prüfen lassen", "inference"),
        ("We used YOLO before. Train Visual ChangeNet classify on /d/line7.", "train"),
    ],
)
def test_what_leads_up_to_a_request_is_no_part_of_it(text: str, action: str, skill: Skill) -> None:
    found = decided(text, skill)
    assert (found.action, found.steps) == (action, ())
    assert [question.slot for question in found.missing if question.slot not in {"parent_job_id", "data"}] == []


@pytest.mark.parametrize(
    "text",
    [
        "We labelled 1200 boards. Train the new colleagues on them.",
        "AOI is down since six. Train RetinaNet on /data/line3.",
        "My engine makes a knocking noise at 3000 rpm, please diagnose",
        "RetinaNet was good. Train it on /data/line3.",
    ],
)
def test_what_is_told_makes_no_request_ours(text: str, skill: Skill) -> None:
    with pytest.raises(RequestError, match="nothing that this skill works on"):
        decided(text, skill)


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("Ten epochs were too few, take twenty. Train PASS/NO_PASS on /d/a.", {"epochs": 20, "data": "/d/a"}),
        ("It stood still at epoch 31. Train PASS/NO_PASS on /d/a, bs 8.", {"batch_size": 8, "data": "/d/a"}),
        ("Cycle time is 9 s. Train PASS/NO_PASS on /d/a.", {"data": "/d/a"}),
        ("Each sample has 4 lights. Train PASS/NO_PASS on /d/a.", {"lights": 4, "data": "/d/a"}),
        ("bf16 won't fly on that card. Train PASS/NO_PASS on /d/a in fp16.", {"precision": "fp16", "data": "/d/a"}),
        ("The boards are in /d/a. Train PASS/NO_PASS on them for 3 epochs.", {"epochs": 3, "data": "/d/a"}),
    ],
)
def test_values_of_what_was_are_no_values_of_the_request(text: str, values: dict[str, object], skill: Skill) -> None:
    found = decided(text, skill)
    assert {name: value for name, value in found.stated.items() if name != "task"} == values
    assert found.missing == ()


@pytest.mark.parametrize(
    ("text", "policy"),
    [
        ("HPO ate the whole weekend last time. So no HPO: train the AOI classifier on /d/a.", "off"),
        ("I don't want a search, simply fit the golden-board classifier on /d/a", "off"),
        ("Never train the golden-board classifier without the search; 12 trials, data in /d/a", "on"),
        ("The last search was a waste of time. Train the AOI classifier on /d/a.", "on"),
    ],
)
def test_the_policy_is_that_of_the_request(text: str, policy: str, skill: Skill) -> None:
    assert decided(text, skill).automl_policy == policy


@pytest.mark.parametrize(
    ("text", "verb"),
    [
        (f"Die Suche {JOB} ist fertig. Welcher Trial hat gewonnen?", "result"),
        (f"The log is full of red. What broke {JOB}?", "diagnose"),
        (f"Power blip at 4 am took the server down. Resume {JOB}.", "resume"),
        ("Tomorrow the machine goes into the cage without internet. Pull the backbone weights onto it.", "stage"),
    ],
)
def test_a_command_is_found_behind_what_is_told(text: str, verb: str, skill: Skill) -> None:
    command = decided(text, skill).command
    assert command is not None
    assert command.verb == verb


@pytest.mark.parametrize("text", ["train it in purple on /d/l3 with changenet", "Evaluate the good model"])
def test_an_unknown_manner_is_asked_about(text: str, skill: Skill) -> None:
    assert decided(text, skill).missing


def test_a_job_that_is_only_told_of_is_not_the_one_that_is_meant(skill: Skill) -> None:
    other = "evaluate-20260312-120033-77aa01"
    assert decided(f"{other} was too optimistic; eval {JOB} on /d/hard", skill).request.parent_job_id == JOB


@pytest.mark.parametrize(
    ("told", "policy", "values"),
    [
        ("My boss said no AutoML.", "off", {}),
        ("We agreed on no HPO.", "off", {}),
        ("AutoML was not approved.", "off", {}),
        ("The user asked for 20 epochs and no AutoML.", "off", {"epochs": 20}),
        ("No trial may take more than 5 epochs.", "on", {"epochs": 5}),
        ("We never have more than 2 GPUs.", "on", {"gpus": 2}),
        ("Recall must not fall below 99 %.", "on", {"target": {"recall": 0.99}}),
        ("The budget has been set to 20 epochs.", "on", {"epochs": 20}),
        ("Es wurde entschieden, dass 20 Epochen genug sind.", "on", {"epochs": 20}),
        ("Last week it ran for 30 epochs and was bad.", "on", {}),
    ],
)
def test_orders_and_limits_count_and_what_happened_does_not(
    told: str, policy: str, values: dict[str, object], skill: Skill
) -> None:
    found = decided(f"{told} Train PASS/NO_PASS on /d/a", skill)
    assert (found.action, found.automl_policy) == ("train", policy)
    assert {name: value for name, value in found.stated.items() if name not in {"data", "task"}} == values
