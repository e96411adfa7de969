# SPDX-License-Identifier: Apache-2.0
"""Constructions that turn what a request says: forbidding, replacing, granting, and what is to be over before."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

import pytest

from core.errors import RequestError
from tests.router.asking import asked, decided

if TYPE_CHECKING:
    from router.declarations import Skill

JOB = "train-20260301-070000-a1a1a1"
OTHER = "train-20260302-070000-b2b2b2"


@pytest.mark.parametrize(
    "text",
    [
        "Under no circumstances should the golden-board classifier be trained before Monday.",
        "On no account export the last ChangeNet training",
        "Auf gar keinen Fall das PASS/NO_PASS-Modell heute anlernen!",
        "Unter keinen Umständen die Engine des AOI-Klassifikators bauen.",
        "Don't launch anything. I only asked myself whether the board classifier could be trained on ./lot.",
    ],
)
def test_what_is_forbidden_is_not_planned(text: str, skill: Skill) -> None:
    with suppress(RequestError):  # where all that is said is forbidden
        assert decided(text, skill).missing


def test_what_is_forbidden_leaves_what_is_asked_instead(skill: Skill) -> None:
    text = "Auf keinen Fall exportieren, sondern den PASS/NO_PASS-Klassifikator auf ./lot evaluieren."
    assert asked(text, skill) == ["evaluate"]


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("train the AOI classifier with batch size 12 instead of 20", {"batch_size": 12}),
        ("train PASS/NO_PASS on ./lot, instead of 8 GPUs take 3", {"gpus": 3}),
        ("Statt 6 GPUs nimm 2 und trainiere das PASS/NO_PASS-Modell.", {"gpus": 2}),
        ("train the PASS/NO_PASS net for 10, no, make it 15 epochs", {"epochs": 15}),
        ("train changenet classify lr 2e-4 epochs 25 gpus 3 seed 5", {"epochs": 25, "gpus": 3, "seed": 5}),
        ("train ChangeNet on ./lot, validate every 2 epochs, checkpoint every 6", {"checkpoint_interval": 6}),
        ("Trainiere ChangeNet auf ./lot und validiere alle 3 Epochen", {"validation_interval": 3}),
        ("ChangeNet auf ./lot trainieren, alle 3 Epochen speichern", {"checkpoint_interval": 3}),
        (
            "trainiere den PASS/NO_PASS-Klassifikator mit Ray, fünf Versuche gleichzeitig",
            {"runner": "ray", "parallel": 5},
        ),
        (f"Trainiere den Klassifikator von {JOB} aus 5 weitere Epochen auf ./lot", {"epochs": 5}),
        ("segment_train image_size=384 epochs=3", {"image_size": 384}),
        ("ChangeNet-Training in Slurm, nein, lieber in Docker", {"runner": "docker"}),
        (f"fp8 quantisation of {JOB}", {"data_type": "fp8"}),
    ],
)
def test_values_that_replace_others_or_stand_beside_their_names(
    text: str, values: dict[str, object], skill: Skill
) -> None:
    decision = decided(text, skill)
    found = {"epochs": decision.request.overrides.get("epochs"), **decision.stated}
    assert {name: found.get(name) for name in values} == values


def test_an_image_size_of_nothing_is_asked_about(skill: Skill) -> None:
    assert any("image_size" in one.text for one in decided("train ChangeNet with an image size of 0", skill).missing)


@pytest.mark.parametrize(
    ("text", "policy"),
    [
        ("train the AOI classifier on ./lot and don't search.", "off"),
        ("I know you all like tuning, but train PASS/NO_PASS on ./lot in a single run", "off"),
        ("ChangeNet auf ./lot trainieren, eine Suche brauchen wir nicht", "off"),
        ("Das PASS/NO_PASS-Training soll ein einziges Mal laufen, ohne jegliche Suche", "off"),
        ("Auf keinen Fall eine Suche, trainier das PASS/NO_PASS-Modell auf ./lot", "off"),
    ],
)
def test_a_search_is_refused_in_other_words(text: str, policy: str, skill: Skill) -> None:
    decision = decided(text, skill)
    assert (decision.action, decision.automl_policy) == ("train", policy)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("verdicts for ./lot after you have trained the PASS/NO_PASS model on ./old", ["train", "inference"]),
        ("train PASS/NO_PASS on ./old and after that evaluate it on ./lot", ["train", "evaluate"]),
        ("Trainier das PASS/NO_PASS-Modell auf ./alt und miss es danach auf ./neu.", ["train", "evaluate"]),
        ("Trainiere PASS/NO_PASS auf ./alt und lass es dann über ./neu urteilen.", ["train", "inference"]),
        (
            f"Erst {JOB} exportieren, dann die Engine bauen und am Ende die Engine auf ./lot messen.",
            ["export", "deploy_classify_gen_trt_engine", "deploy_classify_evaluate"],
        ),
        (
            f"export {JOB}, build an engine from it and check that engine against the labels in ./lot",
            ["export", "deploy_classify_gen_trt_engine", "deploy_classify_evaluate"],
        ),
        (f"Evaluate the engine, sorry, the checkpoint of {JOB} on ./lot", ["evaluate"]),
    ],
)
def test_steps_in_the_order_that_is_meant(text: str, expected: list[str], skill: Skill) -> None:
    assert asked(text, skill) == expected


def test_one_job_of_two_steps_is_that_of_both(skill: Skill) -> None:
    steps = decided(f"evaluate on ./a, then predict on ./b, both with {JOB}", skill).steps
    assert [one.request.parent_job_id for one in steps] == [JOB, JOB]


def test_two_jobs_between_which_somebody_wavers_are_asked_about(skill: Skill) -> None:
    assert decided(f"evaluate {JOB} or maybe it was {OTHER}, on ./lot", skill).missing


def test_a_time_that_is_past_names_no_model(skill: Skill) -> None:
    text = "It lost too many boards last year, so I want the TensorRT engine of the PASS/NO_PASS model in fp32"
    assert "parent" not in decided(text, skill).stated


@pytest.mark.parametrize(
    "text",
    [
        "Bestimme den Schwellwert des PASS/NO_PASS-Modells aus guten Bildpaaren.",
        "find the cutoff of the classifier from those known-good pairs",
    ],
)
def test_a_threshold_of_good_pairs_is_calibrated(text: str, skill: Skill) -> None:
    assert asked(text, skill) == ["calibrate"]


@pytest.mark.parametrize(
    "text",
    [
        "Train the AOI classifier for 20 epochs. Or for 50.",
        "Train ChangeNet with batch 8, or with 16",
        "Das PASS/NO_PASS-Modell mit 20 Epochen trainieren, oder mit 50",
        '{"action": "segment_train", "task": "segment", "batch_size": "4|8"}',
    ],
)
def test_a_second_figure_for_one_value_is_asked_about(text: str, skill: Skill) -> None:
    assert ["Which one?" in question.text for question in decided(text, skill).missing] == [True]


@pytest.mark.parametrize(("said", "policy"), [("policy=off", "off"), ('"policy": "off"', "off"), ("policy=on", "on")])
def test_the_policy_is_read_by_its_name_alone(said: str, policy: str, skill: Skill) -> None:
    assert decided(f"segment_train {said} epochs=15 data=/d/pairs", skill).automl_policy == policy
