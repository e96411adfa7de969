# SPDX-License-Identifier: Apache-2.0
"""Which model each step works on, what is to be done several times, and what leaves no question open."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.router.asking import decided

if TYPE_CHECKING:
    from router.declarations import Skill


def files(text: str, skill: Skill) -> list[tuple[str, Any]]:
    """Each step with the file that it starts from."""
    decision = decided(text, skill)
    assert decision.missing == ()
    keys = ("evaluate.checkpoint", "inference.checkpoint", "export.checkpoint", "quantize.model_path")
    return [
        (str(one.action), next((one.request.overrides[key] for key in keys if key in one.request.overrides), None))
        for one in decision.steps or (decision,)
    ]


def questions(text: str, skill: Skill) -> str:
    return " ".join(one.text for one in decided(text, skill).missing)


@pytest.mark.parametrize(
    ("text", "steps"),
    [
        ("train on ./b, no automl, then evaluate m.pth on ./c", [("train", None), ("evaluate", "m.pth")]),
        ("evaluate m.pth on ./b after training on ./c", [("train", None), ("evaluate", "m.pth")]),
        ("train on ./b, no automl, then evaluate it on ./c", [("train", None), ("evaluate", None)]),
        ("trainiere auf ./b ohne AutoML und exportiere danach m.pth", [("train", None), ("export", "m.pth")]),
        ("export m.pth, then quantize o.pth with ./b", [("export", "m.pth"), ("quantize", "o.pth")]),
        ("evaluate m.pth on ./b, then export it", [("evaluate", "m.pth"), ("export", "m.pth")]),
        ("export m.pth only after evaluating it on ./b", [("evaluate", "m.pth"), ("export", "m.pth")]),
        ("Bevor du m.pth exportierst, evaluiere es auf ./b", [("evaluate", "m.pth"), ("export", "m.pth")]),
        (
            "evaluate m.pth on ./b, then export it, then evaluate it again",
            [("evaluate", "m.pth"), ("export", "m.pth"), ("evaluate", None)],
        ),
        ("export m.pth, then evaluate it on ./b", [("export", "m.pth"), ("evaluate", None)]),
    ],
)
def test_a_step_works_on_the_file_that_it_names(text: str, steps: list[tuple[str, Any]], skill: Skill) -> None:
    assert files(text, skill) == steps


@pytest.mark.parametrize(
    "text",
    [
        "train on ./b, no automl, then evaluate it and m.pth",
        "train on ./b, no automl, then evaluate m.pth and the new model",
        "train on ./b, no automl, evaluate it on ./c and also m.pth",
        "trainiere auf ./b ohne AutoML und werte es sowie m.pth aus",
        "train on ./b, no automl, then evaluate m.pth on ./c and export it",
    ],
)
def test_a_file_beside_what_a_step_makes_is_asked_about(text: str, skill: Skill) -> None:
    assert "Which model does" in questions(text, skill)


@pytest.mark.parametrize(
    ("text", "file", "data"),
    [
        ("evaluate m.pth on ./b. Sorry, I meant ./c.", "m.pth", "./c"),
        ("evaluate m.pth on ./b, sorry, ./c", "m.pth", "./c"),
        ("evaluate o.pth on ./b, no, m.pth", "m.pth", "./b"),
        ("Werte m.pth auf ./b aus. Entschuldigung, ich meinte o.pth.", "o.pth", "./b"),
    ],
)
def test_a_correction_of_data_corrects_no_model_and_the_other_way_round(
    text: str, file: str, data: str, skill: Skill
) -> None:
    decision = decided(text, skill)
    assert (decision.request.overrides["evaluate.checkpoint"], decision.request.data) == (file, data)


@pytest.mark.parametrize(
    "text",
    [
        "train on ./b twice, no automl",
        "train on ./b, no automl, twice",
        "train on ./b three times, no automl",
        "trainiere zweimal auf ./b ohne AutoML, erst 10 Epochen, dann 20",
        "trainiere 3 mal auf ./b ohne AutoML",
        "run inference with m.pth on ./b, threshold 0.5, then with 0.3",
        "train on ./b, no automl, 10 epochs, then continue for 20 more",
        "trainiere auf ./b ohne AutoML, 10 Epochen, dann weitere 20",
        "train on ./b, no automl, repeat with batch 4",
        "evaluate m.pth on ./b, first with batch size 4, next with 8",
        "evaluate m.pth on ./b with batch size 4 and with 8",
        "trainiere auf ./b ohne AutoML ein zweites Mal",
        "evaluate m.pth on ./b every night",
        "evaluiere m.pth jede Nacht auf ./b",
        "train on ./b, no automl, then the same with batch 4",
        "train five models on ./b, no automl",
        "trainiere zwei Modelle auf ./b ohne AutoML",
        "train on ./b, no automl, batch size 8, 16 and 32",
        "trainiere auf ./b ohne AutoML, Batchgröße 8, 16 und 32",
        "train on ./b, no automl, learning rate 1e-3, 1e-4 and 1e-5",
    ],
)
def test_a_repeat_that_no_step_is_made_of_is_asked_about(text: str, skill: Skill) -> None:
    assert "one more run, or another value" in questions(text, skill)


@pytest.mark.parametrize(
    "text",
    [
        "train on ./b, no automl, then again with batch 8",
        "evaluate m.pth on ./b, then again with batch size 4",
        "werte m.pth auf ./b aus, danach nochmal mit Batchgröße 4",
        "train on ./b, no automl, batch 4, then again with batch 8",
        "we trained twice on ./c; now train on ./b, no automl",
        "train on ./b, no automl, 10 epochs, 3 GPUs",
        "train on ./b with 14, sorry, 16 epochs, no automl",
        "train the classifier on ./b and measure it on ./c, the set that Joana labelled twice",
        "train it again on ./b without automl",
        "train on ./b without automl, then continue with the export",
        "train on ./b with automl, 20 trials",
    ],
)
def test_what_only_looks_like_a_repeat_is_not_asked_about(text: str, skill: Skill) -> None:
    assert "one more run" not in questions(text, skill)


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("nicht trainieren, nur m.pth auf ./b evaluieren", {"data": "./b"}),
        ("We evaluated m.pth on ./a; now evaluate o.pth on ./b", {"data": "./b"}),
        ("Yesterday I evaluated m.pth on ./a. Evaluate o.pth on ./b again.", {"data": "./b"}),
        ("we trained on ./a yesterday; now evaluate m.pth on ./b", {"data": "./b"}),
        ("wir haben gestern auf ./a trainiert; evaluiere jetzt m.pth auf ./b", {"data": "./b"}),
    ],
)
def test_nothing_is_asked_where_action_data_and_model_are_named(
    text: str, values: dict[str, Any], skill: Skill
) -> None:
    decision = decided(text, skill)
    assert (decision.missing, decision.stated) == ((), values)


def test_other_words_beside_an_order_stay_in_doubt(skill: Skill) -> None:
    assert "asked for, and of this model?" in questions("evaluate m.pth on ./b twice a day", skill)


@pytest.mark.parametrize(
    ("text", "sizes"),
    [
        ("evaluate m.pth on ./b, then again with batch size 4", [None, 4]),
        ("werte m.pth auf ./b aus, danach nochmal mit Batchgröße 4", [None, 4]),
        ("train on ./b, no automl, then again with batch size 4", [None, 4]),
        ("train on ./b, no automl, batch 8, then again with batch size 4", [8, 4]),
    ],
)
def test_another_run_has_its_value_alone(text: str, sizes: list[int | None], skill: Skill) -> None:
    decision = decided(text, skill)
    assert [one.stated.get("batch_size") for one in decision.steps] == sizes
    assert [one.request.data for one in decision.steps] == ["./b", "./b"]


def test_of_two_files_one_is_asked_for(skill: Skill) -> None:
    assert "which one is the model?" in questions("evaluate m.pth and o.pth on ./b", skill)


@pytest.mark.parametrize(
    "text",
    [
        "train on ./b from m.pth without automl",
        "fine-tune m.pth on ./b without automl",
        "trainiere auf ./b ohne AutoML und werte danach m.pth und das neue Modell auf ./c aus",
    ],
)
def test_a_file_beside_a_training_is_asked_about(text: str, skill: Skill) -> None:
    assert "What is m.pth for?" in questions(text, skill)
    assert questions("train on ./b without automl train.resume_training_checkpoint_path=m.pth", skill) == ""
