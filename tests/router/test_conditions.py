# SPDX-License-Identifier: Apache-2.0
"""Clauses that say in which case, by whom or after what a step is to run, and what chains begin and end with."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from core.errors import RequestError
from tests.router.asking import asked, decided

if TYPE_CHECKING:
    from router.declarations import Skill

JOB = "train-20260311-081502-4be901"
ENGINE = "deploy_classify_gen_trt_engine"


@pytest.mark.parametrize(
    ("text", "verb"),
    [
        (f"If {JOB} is still running, cancel it.", "cancel"),
        (f"Falls {JOB} noch läuft, brich es ab.", "cancel"),
        (f"Wenn {JOB} abgestürzt ist, setz es fort.", "resume"),
        (f"In case {JOB} failed, tell me why.", "diagnose"),
        ("Whenever the scanner drops a pair in /data/in, judge it.", "watch"),
        (f"Was {JOB} ausgegeben hat, will ich sehen.", "logs"),
        ("Is it ready for the training jobs, the new server?", "doctor"),
        ("Take /data/omron into the pair layout, no training.", "data_import"),
    ],
)
def test_a_condition_is_no_command(skill: Skill, text: str, verb: str) -> None:
    assert asked(text, skill) == [verb]


@pytest.mark.parametrize(
    ("text", "actions"),
    [
        (f"Erst wenn {JOB} fertig ist, darf exportiert werden.", ["export"]),
        (f"Werte {JOB} auf ./val aus, den Export übernimmt Ines.", ["evaluate"]),
        (f"Evaluate {JOB} on ./val but leave the export to Ines.", ["evaluate"]),
        (f"Ines handles the export, you evaluate {JOB} on ./val.", ["evaluate"]),
        (f"Training is done ({JOB}), evaluation too; now the export.", ["export"]),
        (f"{JOB}: evaluation yes, export no. On ./val.", ["evaluate"]),
        ("Everything but the export: train the AOI classifier on ./a and evaluate it on ./b.", ["train", "evaluate"]),
        ("AOI-Klassifikator auf ./a trainieren, ohne ihn danach auszuwerten.", ["train"]),
    ],
)
def test_what_others_do_or_what_is_over_is_no_step(skill: Skill, text: str, actions: list[str]) -> None:
    assert asked(text, skill) == actions


@pytest.mark.parametrize(
    ("text", "actions"),
    [
        (
            "Start with the training of ChangeNet on ./a, go on with the evaluation on ./b and finish with the export.",
            ["train", "evaluate", "export"],
        ),
        (
            "Fang mit dem Training von ChangeNet auf ./a an, mach mit der Auswertung weiter, hör mit dem Export auf.",
            ["train", "evaluate", "export"],
        ),
        ("Nach dem Training des AOI-Klassifikators auf ./a folgt die Auswertung auf ./b.", ["train", "evaluate"]),
        ("The evaluation on ./b follows the training of the AOI classifier on ./a.", ["train", "evaluate"]),
        (
            "I want verdicts for ./b. You'll have to train the AOI classifier on ./a for that first.",
            ["train", "inference"],
        ),
        ("Für die Urteile zu ./b musst du zuerst den AOI-Klassifikator auf ./a trainieren.", ["train", "inference"]),
        (f"Verdicts for ./b with {JOB}, preceded by a measurement of it on ./a.", ["evaluate", "inference"]),
        (
            f"Quantize {JOB} to int8, evaluate it on ./val, and finish with a TensorRT engine.",
            ["quantize", "evaluate", ENGINE],
        ),
        (f"{JOB} exportieren, vorher aber auf ./val prüfen.", ["evaluate", "export"]),
        (f"After you've exported {JOB} I'd like the TensorRT engine.", ["export", ENGINE]),
        (
            "Sobald der AOI-Klassifikator für die Stecker fertig trainiert ist, brauche ich Urteile für ./b.",
            ["train", "inference"],
        ),
        (f"First things first: evaluate {JOB} on ./val. Exporting comes second.", ["evaluate", "export"]),
    ],
)
def test_what_a_chain_begins_and_ends_with_are_steps(skill: Skill, text: str, actions: list[str]) -> None:
    assert asked(text, skill) == actions


def test_each_step_has_the_folder_on_its_side_of_the_verb(skill: Skill) -> None:
    decision = decided("Nach dem Training des AOI-Klassifikators auf ./a folgt die Auswertung auf ./b.", skill)
    assert [step.stated.get("data") for step in decision.steps] == ["./a", "./b"]


@pytest.mark.parametrize(
    "text",
    [
        f"It is forbidden to delete {JOB}.",
        "I take back my request to train the AOI classifier.",
        "Ich ziehe meinen Auftrag zurück, den AOI-Klassifikator zu trainieren.",
        "Das mit dem Training des AOI-Klassifikators hat sich erledigt.",
        "I was going to ask you to train the AOI classifier, but Ines already did.",
        "Eigentlich wollte ich den AOI-Klassifikator trainieren lassen, aber das hat Ines schon gemacht.",
    ],
)
def test_what_is_forbidden_or_taken_back_is_not_planned(skill: Skill, text: str) -> None:
    with pytest.raises(RequestError):
        decided(text, skill)


def test_once_more_on_other_data_is_no_training(skill: Skill) -> None:
    decision = decided(f"Evaluate {JOB} on ./val and then again on ./test.", skill)
    assert [(step.action, step.stated["data"]) for step in decision.steps] == [
        ("evaluate", "./val"),
        ("evaluate", "./test"),
    ]
