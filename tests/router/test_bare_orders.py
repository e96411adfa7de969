# SPDX-License-Identifier: Apache-2.0
"""Orders of a few words, and words of one clause that must not reach into the next."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from core.errors import RequestError
from tests.router.asking import asked, decided

if TYPE_CHECKING:
    from router.declarations import Skill


@pytest.mark.parametrize(
    ("text", "action"),
    [
        ("train ChangeNet", "train"),
        ("Train PASS/NO_PASS", "train"),
        ("train the board classifier", "train"),
        ("Train the PASS/NO_PASS classifier, please.", "train"),
        ("Trainiere bitte ChangeNet", "train"),
        ("evaluate ChangeNet", "evaluate"),
    ],
)
def test_a_bare_order_to_this_model_is_not_doubted(skill: Skill, text: str, action: str) -> None:
    decision = decided(text, skill)

    assert (decision.action, decision.missing) == (action, ())


@pytest.mark.parametrize("text", ["train", "train please", "train my parrot", "evaluate the trainee", "train it"])
def test_a_verb_alone_and_a_strange_object_are_no_order(skill: Skill, text: str) -> None:
    try:
        decision = decided(text, skill)
    except RequestError:
        return
    assert decision.missing


def test_an_engine_that_is_made_behind_a_file_is_a_step_of_its_own(skill: Skill) -> None:
    text = "Export the last training as ONNX, make an int8 engine from it, and then run that engine over ./pairs."

    steps = decided(text, skill).steps

    assert [step.action for step in steps] == [
        "export",
        "deploy_classify_gen_trt_engine",
        "deploy_classify_inference",
    ]


@pytest.mark.parametrize(
    ("text", "policy"),
    [
        ("PASS/NO_PASS training, a dozen trials, cut the search off after 90 minutes", "on"),
        ("break the search off at 20 trials; train the board classifier on ./pairs", "on"),
        ("turn the search off, train the board classifier on ./pairs", "off"),
    ],
)
def test_a_search_that_ends_after_a_while_is_searched_for(skill: Skill, text: str, policy: str) -> None:
    decision = decided(text, skill)

    assert (decision.automl_policy, decision.missing) == (policy, ())


@pytest.mark.parametrize(
    "text",
    [
        "which of the boards in ./pairs would pass and which would not according to train-20260404-050505-10ad5e",
        "Which pairs in ./pairs would pass and which wouldn't, by train-20260404-050505-10ad5e?",
    ],
)
def test_which_ones_and_which_not_is_one_question(skill: Skill, text: str) -> None:
    decision = decided(text, skill)

    assert (decision.action, decision.missing) == ("inference", ())


def test_pruning_that_is_still_wanted_is_no_question_about_the_job(skill: Skill) -> None:
    with pytest.raises(RequestError, match="pruning is not part of this skill"):
        decided("Könnt ihr segment_train-20260324-111200-beef02 noch prunen?", skill)


def test_who_has_a_model_learn_from_a_folder_does_not_judge_it(skill: Skill) -> None:
    text = "Bitte den Platinen-Klassifikator auf ./a lernen lassen und ihn danach auf ./b bewerten."

    assert asked(text, skill) == ["train", "evaluate"]


@pytest.mark.parametrize("text", ["diff /etc/app/old.conf /etc/app/new.conf", "compare ./a.docx and ./b.docx"])
def test_files_that_are_no_pictures_are_not_inspected(skill: Skill, text: str) -> None:
    with pytest.raises(RequestError, match="is no picture"):
        decided(text, skill)


@pytest.mark.parametrize("text", ["inspect ./a.png ./b.webp", "inspect ./golden ./test", "inspect boards.csv"])
def test_pictures_folders_and_tables_are_inspected(skill: Skill, text: str) -> None:
    assert asked(text, skill) == ["inspect"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Please train the board inspection classifier in gentle mode on ./b.", "gentle"),
        ("ChangeNet bitte auf die bayerische Art trainieren", "bayerische"),
    ],
)
def test_a_word_of_its_own_is_no_misspelling_of_one_that_is_known(skill: Skill, text: str, said: str) -> None:
    assert any(repr(said) in question.text for question in decided(text, skill).missing)
