# SPDX-License-Identifier: Apache-2.0
"""Values that are scaled, compared, reckoned or limited: each is read rightly, or asked about, and none is dropped."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.router.asking import decided

if TYPE_CHECKING:
    from router.declarations import Skill

_TRAIN = "train on ./boards, no automl, "
_TRAINIERE = "Trainiere auf ./boards ohne AutoML, "
_SEARCH = "train on ./boards with automl, "
_SUCHE = "Trainiere auf ./boards mit AutoML, "


@pytest.mark.parametrize(
    ("text", "target"),
    [
        (
            "evaluate m.pth on ./boards with a false alarm rate of 0.5 per mille at 99% recall",
            "far<=0.05% at recall=99%",
        ),
        (
            "evaluate m.pth on ./boards with a false alarm rate of 0.5 permille at 99% recall",
            "far<=0.05% at recall=99%",
        ),
        ("evaluate m.pth on ./boards with false alarms below 2 ‰ at 99% recall", "far<=0.2% at recall=99%"),
        ("evaluate m.pth on ./boards, at most 200 ppm false alarms at 99% recall", "far<=0.02% at recall=99%"),
        ("evaluate m.pth on ./boards with false alarms below 2 % at 99% recall", "far<=2% at recall=99%"),
        ("miss m.pth auf ./boards, Fehlalarmrate 0,5 Promille bei Recall 99%", "far<=0.05% at recall=99%"),
        (
            "evaluate m.pth on ./boards, at most 5 false alarms per 10,000 pairs at full recall",
            "far<=0.05% at recall=100%",
        ),
        ("werte m.pth auf ./boards aus, 5 Fehlalarme pro 10.000 Paare bei vollem Recall", "far<=0.05% at recall=100%"),
        (
            "train on ./boards, at most 5 false alarms per 10,000 pairs and no missed defects",
            "far<=0.05% at recall=100%",
        ),
        ("evaluate m.pth on ./boards without a missed defect", "recall>=100%"),
    ],
)
def test_targets_in_parts_of_a_thousand_and_per_so_many_pairs(text: str, target: str, skill: Skill) -> None:
    decision = decided(text, skill)
    assert decision.missing == ()
    assert decision.request.overrides["target"] == target


@pytest.mark.parametrize(
    ("text", "overrides"),
    [
        (_TRAIN + "learning rate 0.1%", {"learning_rate": 0.001}),
        (_TRAIN + "learning rate 1e-3", {"learning_rate": 0.001}),
        (_TRAINIERE + "Lernrate 0,1 Promille", {"learning_rate": 0.0001}),
        (_TRAIN + "1k epochs", {"num_epochs": 1000}),
        (_TRAIN + "1.5k epochs", {"num_epochs": 1500}),
        (_TRAINIERE + "1k Epochen", {"num_epochs": 1000}),
        (_TRAINIERE + "anderthalb Dutzend Epochen", {"num_epochs": 18}),
        (_TRAIN + "one and a half dozen epochs", {"num_epochs": 18}),
        (_TRAIN + "two dozen epochs", {"num_epochs": 24}),
        (_TRAIN + "half a dozen epochs", {"num_epochs": 6}),
        (_TRAIN + "rather 20 than 10 epochs", {"num_epochs": 20}),
        (_TRAIN + "20 rather than 10 epochs", {"num_epochs": 20}),
        (_TRAIN + "20 instead of the usual 10 epochs", {"num_epochs": 20}),
        (_TRAIN + "batch size 8 instead of 16", {"batch_size": 8}),
        (_TRAINIERE + "lieber 20 als 10 Epochen", {"num_epochs": 20}),
        (_TRAINIERE + "20 statt der üblichen 10 Epochen", {"num_epochs": 20}),
        (_TRAIN + "ten epochs, no, wait, not ten, twelve", {"num_epochs": 12}),
        (_TRAIN + "epochs 10, I was wrong, 12", {"num_epochs": 12}),
        (_TRAIN + "10 epochs, make that a dozen", {"num_epochs": 12}),
        (_TRAINIERE + "zehn Epochen, nein, nicht zehn, zwölf", {"num_epochs": 12}),
        (_TRAINIERE + "10 Epochen, ich habe mich geirrt, 12", {"num_epochs": 12}),
        ("train ChangeNet on ./boards, no automl, double the batch size to 16", {"batch_size": 16}),
        (_TRAIN + "raise the learning rate up to 1e-3", {"learning_rate": 0.001}),
        (_TRAIN + "learning rate 1e-4 and 20 epochs", {"learning_rate": 0.0001, "num_epochs": 20}),
        (_TRAIN + "stop after 10 epochs", {"num_epochs": 10}),
        (_TRAIN + "100 epochs in total", {"num_epochs": 100}),
        (_SEARCH + "100 epochs per trial", {"num_epochs": 100}),
    ],
)
def test_scaled_compared_and_corrected_values(text: str, overrides: dict[str, Any], skill: Skill) -> None:
    decision = decided(text, skill)
    assert decision.missing == ()
    assert decision.request.overrides == overrides


@pytest.mark.parametrize(
    ("text", "search"),
    [
        (_SEARCH + "at most 100 epochs in total", {"epochs": 100}),
        (_SEARCH + "100 epochs across all trials", {"epochs": 100}),
        (_SUCHE + "insgesamt höchstens 100 Epochen", {"epochs": 100}),
        (_SEARCH + "at most 30 minutes per trial", {"trial_minutes": 30}),
        (_SEARCH + "30 minutes per trial, 10 hours overall", {"trial_minutes": 30, "wall_minutes": 600}),
        (_SEARCH + "for 90 s per trial", {"trial_minutes": 1.5}),
        (_SEARCH + "each trial may take an hour", {"trial_minutes": 60}),
        (_SEARCH + "8 trials, 30 minutes each", {"trials": 8, "trial_minutes": 30}),
        (_SEARCH + "8 trials in 30 minutes", {"trials": 8, "wall_minutes": 30}),
        (_SEARCH + "a run of 8 hours", {"wall_minutes": 480}),
        ("train on ./boards with automl; each run takes two hours on that machine", {}),
        (_SUCHE + "kein Versuch länger als 20 Minuten", {"trial_minutes": 20}),
        (_SUCHE + "8 Versuche zu je 30 Minuten", {"trials": 8, "trial_minutes": 30}),
    ],
)
def test_limits_of_each_trial_and_of_all_together(text: str, search: dict[str, Any], skill: Skill) -> None:
    decision = decided(text, skill)
    assert decision.missing == ()
    assert decision.request.search == search
    assert decision.request.overrides == {}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (_TRAIN + "10 epochs, double that", "double that"),
        (_TRAIN + "learning rate 1e-3, halve that", "halve that"),
        (_TRAIN + "10 epochs plus 2", "plus 2"),
        (_TRAIN + "10 epochs, five more", "five more"),
        (_TRAIN + "10 epochs times 2", "times 2"),
        (_TRAIN + "10 more epochs than default", "10 more epochs than"),
        (_TRAIN + "twice as many epochs as usual", "twice as many epochs as usual"),
        (_TRAIN + "double the batch size", "double the batch size"),
        (_TRAIN + "the same number of epochs as last time", "same number of epochs as"),
        (_TRAINIERE + "10 Epochen, verdopple das", "verdopple das"),
        (_TRAINIERE + "10 Epochen mehr als üblich", "10 Epochen mehr als"),
        (_TRAINIERE + "10 Epochen plus 2", "plus 2"),
        (_TRAIN + "10 epochs, 12", "12"),
        (_TRAIN + "weight decay 5 percent", "weight decay 5 percent"),
        (_TRAIN + "momentum 90%", "momentum 90%"),
        (_TRAIN + "10 epochs, early stopping", "early stopping"),
        (_SEARCH + "learning rate up to 1e-3", "learning rate up to 1e-3"),
        (_SEARCH + "lr from 1e-3 down to 1e-5", "lr from 1e-3 down to 1e-5"),
        (_SEARCH + "lr between 1e-5 and 1e-3", "lr between 1e-5 and 1e-3"),
        (_SUCHE + "Lernrate von 1e-3 runter auf 1e-5", "Lernrate von 1e-3 runter auf 1e-5"),
        ("evaluate m.pth on the validation split of ./boards only", "validation split of ./boards only"),
        ("evaluate m.pth on ./boards, the first 50 pairs only", "first 50 pairs"),
        ("werte m.pth auf den ersten 50 Paaren von ./boards aus", "ersten 50 Paaren"),
    ],
)
def test_what_no_value_is_made_of_is_asked_about(text: str, said: str, skill: Skill) -> None:
    assert any(repr(said) in question.text for question in decided(text, skill).missing)


@pytest.mark.parametrize(
    "text",
    [
        "train on ./boards for 10 epochs, no automl, but stop early if val_loss does not fall for 3 epochs",
        _TRAIN + "10 epochs, early stopping with a patience of 3 epochs",
        _TRAINIERE + "10 Epochen, aber brich ab, wenn der Verlust 3 Epochen lang nicht sinkt",
        "Trainiere auf ./boards ohne AutoML für 10 Epochen, und stoppe nach 3 Epochen ohne Verbesserung",
    ],
)
def test_when_to_stop_is_no_number_of_epochs(text: str, skill: Skill) -> None:
    decision = decided(text, skill)
    assert decision.request.overrides == {"num_epochs": 10}
    assert any("3 epo" in question.text.lower() for question in decision.missing)


@pytest.mark.parametrize(("text", "choices"), [("epochs: 1 0", ("1", "10")), ("10-12 epochs", ("10", "12"))])
def test_numbers_that_are_cut_in_two_are_asked_about(text: str, choices: tuple[str, ...], skill: Skill) -> None:
    decision = decided(_TRAIN + text, skill)
    assert [question.choices for question in decision.missing] == [choices]


def test_a_share_of_what_is_counted_is_asked_about(skill: Skill) -> None:
    decision = decided(_TRAIN + "batch size 5%", skill)
    assert [question.slot for question in decision.missing] == ["batch_size"]
