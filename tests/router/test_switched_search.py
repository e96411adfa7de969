# SPDX-License-Identifier: Apache-2.0
"""A search turned on or off by what the next clause says, steps that depend on results, and what takes no data."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.router.asking import asked, decided

if TYPE_CHECKING:
    from router.declarations import Skill

ENGLISH, GERMAN = "Train ChangeNet on ./a", "Trainiere ChangeNet auf ./a"


@pytest.mark.parametrize(
    ("text", "policy"),
    [
        (f"{ENGLISH}, automl on. No, turn it off.", "off"),
        (f"{ENGLISH}, automl off, actually leave it on", "on"),
        (f"{ENGLISH}, automl off. No wait, turn it on.", "on"),
        (f"{ENGLISH} with automl. On second thought, switch it off.", "off"),
        (f"{ENGLISH} with automl. No, off please.", "off"),
        (f"{ENGLISH} without automl. Sorry, I mean on.", "on"),
        (f"{ENGLISH}, automl off or rather on", "on"),
        (f"{ENGLISH}; AutoML took too long last time, so not again.", "off"),
        (f"{ENGLISH}, lr 1e-3, nothing else to try", "off"),
        (f"{ENGLISH}, lr 1e-3, there is nothing left to try", "off"),
        (f"{GERMAN}, AutoML aus. Nein, doch an.", "on"),
        (f"{GERMAN}, AutoML an. Nein, schalte es lieber aus.", "off"),
        (f"{GERMAN}; AutoML hat letztes Mal zu lange gedauert, also nicht noch einmal.", "off"),
        (f"{GERMAN}, Lernrate 0,001, sonst nichts ausprobieren", "off"),
        (f"{ENGLISH}, automl off, not on", "off"),
        (f"{ENGLISH}, automl on, don't turn it off", "on"),
        (f"{ENGLISH}, no automl, mixed precision, turn it on", "off"),
        (f"{ENGLISH} with automl. Leave it on.", "on"),
        (f"{ENGLISH}, with automl, 20 trials, on the GPU", "on"),
        (f"{ENGLISH} with as much tuning as possible", "on"),
        (f"{ENGLISH} with a minimal search of 3 trials", "on"),
    ],
)
def test_the_last_word_on_the_search_counts(skill: Skill, text: str, policy: str) -> None:
    decision = decided(text, skill)
    assert decision.automl_policy == policy
    assert not any(question.slot == "automl_policy" for question in decision.missing)


@pytest.mark.parametrize(
    "text",
    [
        f"{ENGLISH} with automl, 20 trials. No, turn it off.",
        f"{ENGLISH} with as little tuning as possible",
        f"{GERMAN} mit möglichst wenig Tuning",
        f"{GERMAN} mit so wenig AutoML wie möglich",
    ],
)
def test_hardly_any_search_or_trials_without_one_are_asked_about(skill: Skill, text: str) -> None:
    assert [question.slot for question in decided(text, skill).missing] == ["automl_policy"]


@pytest.mark.parametrize(
    "text",
    [
        f"{ENGLISH} without automl and export it only if recall is 100%",
        f"{ENGLISH} without automl and, if it is good, export it",
        f"{GERMAN} ohne AutoML und exportiere es nur, wenn der Recall 100 % ist",
        f"{GERMAN} ohne AutoML und exportiere es, falls es gut genug ist",
    ],
)
def test_a_step_that_depends_on_a_result_is_asked_about(skill: Skill, text: str) -> None:
    decision = decided(text, skill)
    assert any("depend on a result" in question.text for question in decision.missing)


@pytest.mark.parametrize(
    "text",
    [
        f"{ENGLISH} without automl for at least 99% recall",
        f"{ENGLISH} without automl, if possible with batch size 8",
        f"{ENGLISH} without automl. If it's still bad after that I'll order a lens.",
        "Evaluate ChangeNet m.pth on ./a and tell me if it is good",
    ],
)
def test_other_conditions_ask_nothing(skill: Skill, text: str) -> None:
    assert not any("depend on a result" in question.text for question in decided(text, skill).missing)


def test_a_question_whether_to_train_on_data_is_asked_back(skill: Skill) -> None:
    decision = decided("should I train ChangeNet on ./a?", skill)
    assert decision.missing
    advice = decided("which image size should I train ChangeNet with on ./a?", skill)
    assert advice.command is not None
    assert "./a" not in advice.command.line


@pytest.mark.parametrize("text", ["compare m.pth and b.pth on ./a", "vergleiche m.pth und b.pth auf ./a"])
def test_files_of_models_are_evaluated_before_they_are_compared(skill: Skill, text: str) -> None:
    decision = decided(text, skill)
    assert asked(text, skill) == ["compare"]
    assert "evaluate each of m.pth and b.pth on ./a" in decision.missing[0].text
