# SPDX-License-Identifier: Apache-2.0
"""Requests that are clear to a careful reader are not asked about; those beside them that order nothing still are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from core.errors import RequestError
from tests.router.asking import asked, decided

if TYPE_CHECKING:
    from router.declarations import Skill

JOB, SEARCH = "train-20260311-212223-7d7e80", "automl-20260408-090000-fe01fe"


@pytest.mark.parametrize(
    ("text", "actions"),
    [
        ("Under no circumstances may the HPO be turned off: train the classifier on /lab/fans.", ["train"]),
        ("Die Suche bitte nicht vergessen: trainiere den Klassifikator auf /lab/fans.", ["train"]),
        ("No reason to drop the tuning, so don't: train the classifier on /lab/fans.", ["train"]),
        ("It mustn't take longer than 4 hours: classifier training, /lab/fans.", ["train"]),
        ("Without you we can't do it: please train the classifier on /lab/fans.", ["train"]),
        ("Keine Auswertung, die macht Frau Vogel selbst: den Klassifikator auf /lab/fans trainieren.", ["train"]),
        ("The batch size is settled, so don't search when you train the classifier on /lab/fans.", ["train"]),
        ("Train the classifier on /a/tr, evaluate it on /a/ev, and no retraining after that.", ["train", "evaluate"]),
        ("Train the classifier on /a/tr, evaluate it on /a/ev, no need to tune the camera.", ["train", "evaluate"]),
        ("We need a training of the classifier with the data /a/x, and then the evaluation of it on /a/y.",
         ["train", "evaluate"]),
        ("Train the PCB classifier for us on /lab/fans.", ["train"]),
        ("Auf /lab/fans bitte den Gut-oder-schlecht-Klassifikator trainieren.", ["train"]),
        ("The usual classifier training on /lab/fans, minus the search.", ["train"]),
        ("Platinenmodell trainieren für die Lüfter, Ordner /lab/fans.", ["train"]),
        ("Kann jemand bitte den Klassifikator mit /lab/fans anlernen?", ["train"]),
        ("Train the board classifier on /lab/fans, it's the FR4 variant.", ["train"]),
        ("run17: train the board classifier on /lab/fans", ["train"]),
        ('Mo typed "w/o hpo" into the form, but no: train the classifier with hpo on /lab/fans.', ["train"]),
        (f"{JOB} stopped halfway, can you get it going again?", ["resume"]),
        (f"{JOB} ist stehen geblieben, bring ihn bitte wieder zum Laufen.", ["resume"]),
        (f"Hör bitte mit {SEARCH} auf.", ["cancel"]),
    ],
)  # fmt: skip
def test_what_is_clear_is_not_asked_about(skill: Skill, text: str, actions: list[str]) -> None:
    assert asked(text, skill) == actions


@pytest.mark.parametrize(
    "text",
    [
        "Never do this: train the classifier on /lab/fans.",
        "Please don't: train the classifier on /lab/fans.",
        "Under no circumstances do the following: train the classifier on /lab/fans.",
        "Die Auswertung macht Frau Vogel selbst: den Klassifikator auf /lab/fans auswerten.",
        "Den Klassifikator trainiert am Freitag Ines auf /lab/fans.",
        "Train the classifier on /lab/fans when the audit is over.",
        "The classifier training on /lab/fans, minus the search, is finished.",
        "train PASS/NO_PASS on /lab/fans very gently",
        "train the classifier on /lab/fans, INT4",
        "train the classifier on /lab/fans, with XLA2",
        "Don't retrain the classifier on /lab/fans.",
        "Kann jemand bitte nachsehen, ob der Klassifikator auf /lab/fans trainiert wurde?",
    ],
)
def test_what_is_not_asked_for_is_not_planned(skill: Skill, text: str) -> None:
    try:
        decision = decided(text, skill)
    except RequestError:
        return
    assert decision.missing


def test_a_job_that_is_to_stop_is_stopped(skill: Skill) -> None:
    assert asked(f"I want {JOB} stopped.", skill) == ["cancel"]


def test_how_much_later_it_is_limits_no_search(skill: Skill) -> None:
    assert "hours" not in decided("Mo again, an hour on: train PASS/NO_PASS on /lab/fans.", skill).stated
