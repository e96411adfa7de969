# SPDX-License-Identifier: Apache-2.0
"""What stands beside a clear request: another craft, a question's word, a prohibition, a key that says otherwise."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from core.errors import ChangenetError
from router.decision import decide
from router.types import Request

if TYPE_CHECKING:
    from router.declarations import Skill


@pytest.mark.parametrize(
    ("text", "action"),
    [
        ("For my thesis: train the PASS/NO_PASS classifier on ./lot with seed 4.", "train"),
        ("Build an int8 engine of the best trial for the Jetson at station 5.", "gen_trt_engine"),
        ("What they want is masks, not a verdict. So train the change segmentation model on ./lot.", "segment_train"),
        ("Platinenprüfer anlernen auf ./los, Lernrate 4e-5", "train"),
    ],
)
def test_a_clear_request_stands_beside_what_this_skill_does_not_know(skill: Skill, text: str, action: str) -> None:
    assert str(decide(Request(text=text), skill).action).endswith(action)


@pytest.mark.parametrize(
    "text",
    ["Train the students on safety at station 12.", "Train the new board inspectors.", "Schule die neuen Prüfer an."],
)
def test_another_craft_alone_is_declined(skill: Skill, text: str) -> None:
    with pytest.raises(ChangenetError, match="nothing that this skill works on"):
        decide(Request(text=text), skill)


def test_a_command_needs_no_name_of_ours_where_all_words_speak_for_it(skill: Skill) -> None:
    command = decide(
        Request(text="Is Thunderbolt, the new workstation, ready to run this? Check docker too."), skill
    ).command
    assert command is not None
    assert command.verb == "doctor"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("train ChangeNet for 8 epochs, num_epochs=16", "8 and 16 for num_epochs"),
        ("train ChangeNet, bs=8, batch_size=16", "8 and 16 for batch_size"),
        ("train the AOI classifier on ./lot for 20 epochs or quantize it", "train and quantize"),
        ("Es darf keine Inferenz mit ChangeNet auf ./lot laufen.", "rule it out"),
    ],
)
def test_words_against_each_other_are_asked_about(skill: Skill, text: str, said: str) -> None:
    assert any(said in question.text for question in decide(Request(text=text), skill).missing)


def test_words_and_a_key_that_say_the_same_are_no_question(skill: Skill) -> None:
    decision = decide(Request(text="train ChangeNet, bs=8, batch_size=8"), skill)
    assert (decision.missing, decision.stated["batch_size"]) == ((), 8)
