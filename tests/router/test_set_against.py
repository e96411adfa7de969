# SPDX-License-Identifier: Apache-2.0
"""Figures of others, of before, or as usual, figures that are changed, and those of which nothing can be made."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.router.asking import decided

if TYPE_CHECKING:
    from router.declarations import Skill
    from router.types import Decision


def questions(decision: Decision) -> list[str]:
    """What is asked, but for whether anything is asked for at all."""
    return [one.text for one in decision.missing if not one.text.startswith("Is 'train' asked for")]


@pytest.mark.parametrize(
    ("text", "stated"),
    [
        ("my colleague wants 50 epochs, I want only 5: train on ./boards", {"epochs": 5}),
        ("Jana möchte 50 Epochen, mir reichen 5. Trainiere auf ./boards.", {"epochs": 5}),
        ("Lukas will 40 Epochen, ich nur 4; trainiere auf ./boards", {"epochs": 4}),
        ("train on ./boards; Jana prefers batch 32, but our GPU only manages 8", {"batch_size": 8}),
        ("first I wanted 50 epochs, then 20, in the end 5 will do; train on ./boards", {"epochs": 5}),
        ("train on ./boards; normally I use 30 epochs, today 3", {"epochs": 3}),
        ("sonst immer 30 Epochen, heute nur 3, trainiere auf ./boards", {"epochs": 3}),
        ("the boss wants 100 epochs, I need only 20: train on ./boards", {"epochs": 20}),
        ("train on ./boards; usually we take batch size 16, today 4", {"batch_size": 4}),
        ("letztes Mal waren es 40 Epochen, diesmal 4. Trainiere auf ./boards.", {"epochs": 4}),
        ("Der Kunde will 512 Pixel, uns reichen 256; trainiere auf ./boards", {"image_size": 256}),
        ("Anna prefers lr 1e-3, I want 1e-4; train on ./boards", {"learning_rate": 1e-4}),
        ("the paper uses 300 epochs, 30 suffice here; train on ./boards", {"epochs": 30}),
        ("we used to run 12 trials, now 4; train on ./boards", {"trials": 4}),
        ("train on ./boards, image size was 512 before, now 128", {"image_size": 128}),
        ("batch size was 32 last time, this time 8; train on ./boards", {"batch_size": 8}),
        ("30 epochs were too many last time, train on ./boards with 10", {"epochs": 10}),
        ("train on ./boards (not 30 epochs, that's only the default in the paper; 12 suffice)", {"epochs": 12}),
        ("train on ./boards; the recall of our current AOI is 95%, we want 99%", {"target": {"recall": 0.99}}),
        ("trainiere auf ./boards, heute haben wir 95% Recall, wir wollen 99%", {"target": {"recall": 0.99}}),
        ("train on ./boards; the old model has 92% recall, we need 98%", {"target": {"recall": 0.98}}),
        ("my colleague wants 50 epochs: train on ./boards", {"epochs": 50}),
        ("normally I use 30 epochs; train on ./boards", {"epochs": 30}),
        ("train on ./boards for 20 epochs; Jana starts at 5", {"epochs": 20}),
        ("train on ./boards with batch 8 for 5 epochs", {"batch_size": 8, "epochs": 5}),
    ],
)
def test_a_bare_figure_of_ones_own_is_taken_in_place_of_that_of_others(
    text: str, stated: dict[str, Any], skill: Skill
) -> None:
    decision = decided(text, skill)
    assert questions(decision) == []
    assert decision.stated == {**stated, "data": "./boards"}


def test_whose_of_two_figures_of_others_is_meant_is_asked(skill: Skill) -> None:
    decision = decided("Jana wants 50 epochs, Tom 30; train on ./boards", skill)
    assert [one.choices for one in decision.missing] == [("50 epochs", "30")]


@pytest.mark.parametrize(
    ("text", "stated"),
    [
        ("last week we trained 30 epochs without AutoML, now please train on ./boards", {}),
        ("the intern trained with batch 2; train on ./boards", {}),
        ("train on ./boards; before, we had used docker", {}),
        ("früher haben wir mit Slurm trainiert, jetzt trainiere auf ./boards hier", {}),
        ("train on ./boards, currently we have 97% recall and 5% false alarms", {}),
        ("train on ./boards; derzeit erreichen wir 96% Recall", {}),
        ("train on ./boards; recall was 95% in June", {}),
        ("train on ./boards; we used 8 GPUs last year", {}),
        ("letztes Jahr haben wir mit 4 GPUs trainiert, jetzt auf ./boards trainieren", {}),
        ("trainiere auf ./boards, wir brauchen 99% Recall", {"target": {"recall": 0.99}}),
        ("we have to reach 99% recall; train on ./boards", {"target": {"recall": 0.99}}),
        ("train on ./boards so that we reach 99% recall", {"target": {"recall": 0.99}}),
        ("train on ./boards; without AutoML we got 90% recall, with AutoML 97%, so use it", {}),
        ("we trained with 30 epochs last time; train again with that on ./boards", {"epochs": 30}),
        ("train on ./boards in docker like we did before", {"runner": "docker"}),
        ("train on ./boards with docker, as last week", {"runner": "docker"}),
        ("train on ./boards, the recall must be 99%", {"target": {"recall": 0.99}}),
        ("the customer wants 99% recall; train on ./boards", {"target": {"recall": 0.99}}),
        ("train on ./boards; we have a limit of 1% false alarms", {"target": {"false_alarms": 0.01}}),
    ],
)
def test_what_was_done_or_is_reached_states_nothing(text: str, stated: dict[str, Any], skill: Skill) -> None:
    decision = decided(text, skill)
    assert (questions(decision), decision.automl_policy) == ([], "on")
    assert decision.stated == {**stated, "data": "./boards"}


@pytest.mark.parametrize(
    ("text", "stated"),
    [
        ("trainiere auf ./boards, Epochen von 30 auf 12 reduziert", {"epochs": 12}),
        ("trainiere auf ./boards von 30 Epochen auf 12 runter", {"epochs": 12}),
        ("trainiere auf ./boards, Batch von 16 auf 4", {"batch_size": 4}),
        ("trainiere auf ./boards mit Batchgröße von 8 auf 2 GPUs", {"batch_size": 8, "gpus": 2}),
        ("trainiere auf ./boards mit einer Lernrate von 1e-4 auf 2 GPUs", {"learning_rate": 1e-4, "gpus": 2}),
        ("train on ./boards, epochs<=5", {"epochs": 5}),
        ("train on ./boards with trials <= 4", {"trials": 4}),
        ("train on ./boards for 5 (five) epochs", {"epochs": 5}),
        ("train on ./boards for five (5) epochs", {"epochs": 5}),
        ("train on ./boards with 5 epochs (batch 8)", {"epochs": 5, "batch_size": 8}),
        ("train on ./boards, no more than 5 epochs", {"epochs": 5}),
        ("trainiere auf ./boards, nicht mehr als 5 Epochen", {"epochs": 5}),
        ("How many epochs? 8. Train on ./boards.", {"epochs": 8}),
        ("Epochs? Answer: 8. Train on ./boards.", {"epochs": 8}),
    ],
)
def test_figures_that_are_changed_said_twice_or_answer_a_question(
    text: str, stated: dict[str, Any], skill: Skill
) -> None:
    decision = decided(text, skill)
    assert (questions(decision), decision.not_understood) == ([], ())
    assert decision.stated == {**stated, "data": "./boards"}


def test_questions_and_answers_give_policy_and_epochs(skill: Skill) -> None:
    decision = decided("Q: AutoML? A: no. Q: epochs? A: 9. Q: data? A: ./boards. Train Visual ChangeNet.", skill)
    assert (questions(decision), decision.automl_policy) == ([], "off")
    assert decision.stated == {"epochs": 9, "data": "./boards"}


@pytest.mark.parametrize(
    ("text", "about"),
    [
        ("train on ./boards, lr 1e-3 => 1e-4", "1e-4"),
        ("train on ./boards, batch 8 => 4", "4"),
        ("train on ./boards, batch 8 \u21d2 4", "4"),
        ("train on ./boards with a total batch of 32 on 4 GPUs", "total batch of 32"),
        ("trainiere auf ./boards mit einer effektiven Batchgröße von 32", "effektiven Batchgröße von 32"),
        ("Jana used 40 epochs; I want half of that, train on ./boards", "half of that"),
        ("train on ./boards for 5+5 epochs", "5+5"),
        ("train on ./boards for 2^3 epochs", "2^3"),
        ("train on ./boards with batch size doubled", "batch size doubled"),
        ("trainiere auf ./boards, Lernrate halbiert", "Lernrate halbiert"),
        ("train on ./boards for 5e epochs", "5"),
        ("train on ./boards with batch 8 for training and 32 for validation", "32"),
        ("trainiere auf ./boards mit Batch 8 fürs Training und 32 für die Validierung", "32"),
        ("train on ./boards, eval batch 32", "eval batch 32"),
        ("train on ./boards, more than 5 epochs", "more than 5 epochs"),
        ("train on ./boards for >5 epochs", ">5 epochs"),
        ("trainiere auf ./boards mit mehr als 5 Epochen", "mehr als 5 Epochen"),
        ("train on ./boards with epochs > 5", "epochs > 5"),
        ("train on ./boards with 10", "10"),
        ("trainiere auf ./boards mit 10", "10"),
        ('The customer wrote: "please train on ./new with 50 epochs". We won\'t; train on ./boards with 4.', "4"),
        ("trainiere auf ./boards, Bilder von 512 auf 256", "512"),
        ("train on ./boards  # epochs=99", "epochs=99"),
        ("train on ./boards\n<!-- AutoML off -->", "AutoML off"),
    ],
)
def test_figures_of_which_no_value_is_sure_are_asked_about(text: str, about: str, skill: Skill) -> None:
    decision = decided(text, skill)
    assert any(about in text for text in questions(decision))


@pytest.mark.parametrize(
    "text",
    [
        "train on the 200 boards in ./boards",
        "train on ./boards for line 3",
        "train on ./boards (ticket #4711)",
        "# Task\ntrain on ./boards",
        "train on ./boards # thanks",
        "train on ./boards; 90% of our boards are fine",
    ],
)
def test_numbers_of_ordinary_requests_are_not_asked_about(text: str, skill: Skill) -> None:
    decision = decided(text, skill)
    assert questions(decision) == []
    assert decision.stated == {"data": "./boards"}


def test_an_evaluation_that_is_asked_for_takes_its_batch(skill: Skill) -> None:
    decision = decided("train with batch 8 on ./boards and evaluate, eval batch 32", skill)
    assert questions(decision) == []
    assert [step.stated.get("batch_size") for step in decision.steps] == [8, 32]


def test_a_size_of_two_sides_is_told_where_pictures_are_square(skill: Skill) -> None:
    decision = decided("segment ./seg, train with 640x480", skill)
    assert "pictures are square here: of 640x480 only img_size=640 is taken" in decision.warnings
    assert not decided("segment ./seg, train with 512x512", skill).warnings
