# SPDX-License-Identifier: Apache-2.0
"""Steps that are called off again, or are the job of others, and what is asked for beside them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.router.asking import asked, decided

if TYPE_CHECKING:
    from router.declarations import Skill

ENGLISH, GERMAN = "Train ChangeNet on ./boards without automl", "Trainiere ChangeNet auf ./boards ohne AutoML"


@pytest.mark.parametrize(
    "text",
    [
        f"{ENGLISH}, stop before exporting",
        f"{ENGLISH}, stop short of exporting it",
        f"{ENGLISH} and export it. Cancel the export.",
        f"{ENGLISH} and export it. Scratch the export.",
        f"{ENGLISH} and export it. Call off the export.",
        f"{ENGLISH} and export it. Actually, cancel the export please.",
        f"{ENGLISH} and export it. No export after all.",
        f"{ENGLISH}. Exporting it is Tom's job.",
        f"{ENGLISH}: Exporting it is Tom's job.",
        f"{ENGLISH} and exporting it is Tom's job",
        f"{ENGLISH}. The export is our job.",
        f"{ENGLISH}. The export is up to Tom.",
        f"{ENGLISH}. Exporting falls to my colleague.",
        f"{ENGLISH} und den Export machen wir selbst",
        f"{GERMAN} und exportiere bloß nicht",
        f"{GERMAN} und exportiere ja nicht",
        f"{GERMAN}, exportiere das Modell aber auf keinen Fall",
        f"{GERMAN}, exportieren tun wir später",
        f"{GERMAN}, exportieren wollen wir erst morgen",
        f"{GERMAN} und hör vor dem Export auf",
        f"{GERMAN}, Schluss vor dem Export",
        f"{GERMAN} und exportiere. Den Export doch nicht.",
        f"{GERMAN} und exportiere. Streich den Export.",
        f"{GERMAN} und exportiere. Brich den Export ab.",
        f"{GERMAN} und exportiere. Den Export kannst du weglassen.",
        f"{GERMAN}. Um den Export kümmert sich Tom.",
        f"{GERMAN}. Um den Export kümmere ich mich.",
        f"{GERMAN}. Um den Export kümmern sich die Kollegen.",
        f"{GERMAN}. Der Export ist Toms Sache.",
        f"{GERMAN}. Der Export ist Sache der Kollegen.",
    ],
)
def test_what_is_called_off_or_the_job_of_others_is_no_step(skill: Skill, text: str) -> None:
    assert asked(text, skill) == ["train"]


@pytest.mark.parametrize(
    ("text", "actions"),
    [
        (f"{ENGLISH} and don't forget the export", ["train", "export"]),
        (f"{ENGLISH} and export it. Don't cancel the export.", ["train", "export"]),
        (f"{GERMAN} und exportiere es danach", ["train", "export"]),
        (f"{GERMAN} und exportiere nicht nur nach ONNX, sondern werte es auch auf ./b aus", None),
        ("Evaluate ChangeNet m.pth on ./boards before exporting it", ["evaluate", "export"]),
        ("Evaluate ChangeNet m.pth on ./boards. Stop after that.", ["evaluate"]),
        ("My task is to train ChangeNet on ./boards without automl", ["train"]),
        ("Tom will evaluate m.pth on ./boards; please export m.pth to onnx", ["export"]),
        ("Exportiere m.pth nach ONNX. Der Kollege evaluiert m.pth danach auf ./boards.", ["export"]),
        ("Tom trains on ./boards and exports it; you evaluate ChangeNet m.pth on ./lot", ["evaluate"]),
    ],
)
def test_what_is_asked_for_stays(skill: Skill, text: str, actions: list[str] | None) -> None:
    found = asked(text, skill)
    assert found == actions if actions else "export" in found


@pytest.mark.parametrize(
    ("text", "data"),
    [
        ("The customer will train on ./a himself; please export ChangeNet m.pth", None),
        ("Tom evaluiert m.pth auf ./a; bitte exportiere ChangeNet m.pth", None),
        ("Tom trains on ./a; evaluate ChangeNet m.pth on ./b", "./b"),
        ("Tom trains on ./a; evaluate ChangeNet m.pth on the same data", "./a"),
    ],
)
def test_the_data_of_others_is_not_ours(skill: Skill, text: str, data: str | None) -> None:
    assert decided(text, skill).request.data == data


def test_the_values_of_others_are_not_ours(skill: Skill) -> None:
    decision = decided("Tom trains on ./a for 50 epochs; train ChangeNet on ./b without automl", skill)
    assert "epochs" not in decision.stated
    ours = decided("Tom trains on ./a; train ChangeNet on ./b for 50 epochs without automl", skill)
    assert ours.stated["epochs"] == 50
