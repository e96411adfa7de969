# SPDX-License-Identifier: Apache-2.0
"""Long requests, as in letters and tickets: what was, what others say and what is for later is not asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from core.errors import RequestError
from tests.router.asking import asked, decided

if TYPE_CHECKING:
    from router.declarations import Skill

JOB, OTHER = "train-20260301-070000-a1a1a1", "train-20260302-070000-b2b2b2"


@pytest.mark.parametrize(
    ("text", "steps"),
    [
        (f"The folder that {JOB} works on holds old boards, 30 of 80 epochs are done. Please cancel it.", ["cancel"]),
        (
            f"Mir sitzt der Werksleiter im Nacken, seit er weiß, dass die Suche 8 Stunden dauern darf. Wie weit ist {JOB}?",  # noqa: E501
            ["status"],
        ),
        ("The previous owner trained, quantized and exported a lot. What jobs have been run here so far?", ["jobs"]),
        (f"Probiert haben wir es schon einmal über Funk. Werte {JOB} auf /aoi/audit aus.", ["evaluate"]),
        (f"Please compare {JOB} with {OTHER} and let me see where they differ.", ["compare"]),
        (f"Quantize {JOB} to int8, then export it, before Raúl's demo.", ["quantize", "export"]),
        (f"We stand like this: 4 lines, 3 cameras. Please evaluate {JOB} on /data/holdout.", ["evaluate"]),
        (f"Export {JOB} to ONNX. Engines get built at their place.", ["export"]),
        (f"{JOB} bitte als ONNX exportieren, vermessen tut er dann selber.", ["export"]),
        (f"Werte {JOB} auf /d/t aus. Sollte es gut sein, reden wir im August über den Export.", ["evaluate"]),
        (f"Werte {JOB} auf /d/t aus, neu trainieren möchte ich deswegen nicht.", ["evaluate"]),
        (f"Please could the model from {JOB} be scored once more on /qa/val?", ["evaluate"]),
        (f"Please ask {JOB} for its opinion on every pair in /lots/7.", ["inference"]),
        ("Ich möchte, dass /viscom/abzug ins Format des PASS/NO_PASS-Modells übernommen wird.", ["data_import"]),
    ],
)
def test_the_wish_is_found_among_what_is_only_told(text: str, steps: list[str], skill: Skill) -> None:
    assert asked(text, skill) == steps


@pytest.mark.parametrize(
    ("text", "values"),
    [
        (
            "Die Kollegen haben im Mai alles getestet, 120 Epochen. Trainiere ChangeNet classify auf /d/a, 45 Epochen.",
            {"epochs": 45},
        ),
        (
            "Es gab den Plan, auf 1024 Pixel zu gehen. Trainiere ChangeNet classify auf /d/a, Bildgröße 384.",
            {"image_size": 384},
        ),
        (
            f"Auf dem Orin hatten wir mit fp16 noch 28 Millisekunden. Erzeuge aus {JOB} eine TensorRT-Engine in int8.",
            {"data_type": "int8"},
        ),
        (
            "Somebody had tested /demo/wrong before. Train the PASS/NO_PASS classifier on /clean/slate.",
            {"data": "/clean/slate"},
        ),
    ],
)
def test_figures_of_what_was_give_way_to_those_that_are_asked_for(
    text: str, values: dict[str, Any], skill: Skill
) -> None:
    decision = decided(text, skill)
    assert {name: decision.stated.get(name) for name in values} == values
    assert [question.slot for question in decision.missing] == []


@pytest.mark.parametrize(
    ("text", "choices"),
    [
        ("Die Batchgröße irgendwo zwischen 8 und 32: den AOI-Klassifikator auf /aoi/rest trainieren.", {"8", "32"}),
        ("Train the AOI classifier on /d/a, batch size somewhere between 8 and 32.", {"8", "32"}),
    ],
)
def test_a_span_is_asked_about_whatever_stands_before_it(text: str, choices: set[str], skill: Skill) -> None:
    (question,) = decided(text, skill).missing
    assert set(question.choices) == choices


def test_parts_of_a_network_are_not_removed_with_its_job(skill: Skill) -> None:
    with pytest.raises(RequestError, match="nothing that this skill works on"):
        decided(f"Schneiden Sie bei {JOB} bitte per Pruning die Hälfte der Kanäle weg.", skill)


@pytest.mark.parametrize(
    "text", ["Train on {}.", "run inference over {}", "Werte das Modell auf {} aus", "{} : predict"]
)
def test_a_place_alone_is_asked_about_unless_it_shows_data_of_ours(text: str, skill: Skill, tmp_path: Any) -> None:
    strange = text.format(tmp_path / "set7")
    assert any("shows no data of this skill" in question.text for question in decided(strange, skill).missing)

    (tmp_path / "set7" / "train").mkdir(parents=True)
    for folder in ("A", "B", "list"):
        (tmp_path / "set7" / folder).mkdir()
    assert not any("shows no data" in question.text for question in decided(strange, skill).missing)


def test_a_place_that_a_word_of_the_trade_names_is_ours(skill: Skill) -> None:
    assert decided("train on s3://pcb-images/2026/january/", skill).missing == ()
    assert decided("evaluate the model we trained yesterday on /e/3", skill).action == "evaluate"
