# SPDX-License-Identifier: Apache-2.0
"""Constructions that ask for nothing, or for a rare command: denials, what was done, other models, long phrases."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from core.errors import ChangenetError
from router.decision import decide
from router.types import Request

if TYPE_CHECKING:
    from router.declarations import Skill


@pytest.mark.parametrize(
    "text",
    [
        "Please do not start any training on train-20260401-101112-abc123",
        "Tell Olga that she must not evaluate the PASS/NO_PASS model before Friday",
        "Ich untersage jedes Training am Platinenklassifikator",
        "I forbid training the board classifier",
        "In June the board classifier was trained with 35 epochs.",
        "Im Juni wurde der Platinenklassifikator mit 35 Epochen trainiert.",
        "The board classifier was trained with 35 epochs. Please put that into two sentences for my talk.",
        "distil the AOI classifier, teacher train-20260401-101112-abc123, 30 epochs",
        "faster r-cnn, inference on /data/parts",
        "evaluate EfficientNet-B0 on /data/parts",
    ],
)
def test_what_is_denied_over_or_of_others_is_not_planned(skill: Skill, text: str) -> None:
    try:
        decision = decide(Request(text=text), skill)
    except ChangenetError:
        return
    assert decision.missing


@pytest.mark.parametrize(
    ("text", "verb"),
    [
        ("train-20260401-101112-abc123 stopped with a driver error, whats wrong with it", "diagnose"),
        ("keep an eye on the inbox folder of the AOI and judge each board the moment it lands there", "watch"),
        ("Bestimme die Entscheidungsschwelle des Platinenklassifikators neu aus den Gutpaaren", "calibrate"),
        ("recompute the threshold of the board classifier from the known good pairs", "calibrate"),
        ("/data/old/list.csv is from the customer's AOI, bring it into your format", "data_import"),
        ("list every run so far", "jobs"),
        ("preload c_radio_v2_vit_base_patch16_224", "stage"),
        ("train-20260401-101112-abc123, wo steht der gerade?", "status"),
    ],
)
def test_a_rare_command_is_known_by_the_whole_of_its_phrase(skill: Skill, text: str, verb: str) -> None:
    command = decide(Request(text=text), skill).command
    assert command is not None
    assert command.verb == verb


def test_how_far_a_job_got_is_no_number_of_epochs(skill: Skill) -> None:
    text = "train-20260401-101112-abc123 had got to epoch 31 of 90. Could it please go on from where it was?"
    command = decide(Request(text=text), skill).command
    assert command is not None
    assert (command.verb, command.values) == ("resume", {"job": "train-20260401-101112-abc123"})


def test_the_same_job_is_that_which_was_named_before(skill: Skill) -> None:
    text = "Verdicts for /data/lot by train-20260401-101112-abc123, then quantize the same training to int8"
    steps = decide(Request(text=text), skill).steps
    assert [step.request.parent_job_id for step in steps] == ["train-20260401-101112-abc123"] * 2


def test_figures_before_a_next_step_belong_to_the_first(skill: Skill) -> None:
    text = (
        "Change segmentation: train it plain, 25 epochs at batch 12; then evaluate on the masks in /data/seg at batch 3"
    )
    steps = decide(Request(text=text), skill).steps
    assert [step.request.overrides.get("batch_size") for step in steps] == [12, 3]


def test_once_more_is_not_only_once(skill: Skill) -> None:
    text = "Kannst du den Platinenklassifikator noch einmal trainieren?"
    assert decide(Request(text=text), skill).automl_policy == "on"
    assert decide(Request(text="changenet classify training, 9 epochs, once, /data/lot"), skill).automl_policy == "off"


def test_a_command_takes_what_is_typed_as_key_and_value(skill: Skill) -> None:
    command = decide(Request(text="stage weights, backbone=vit_large_nvdinov2"), skill).command
    assert command is not None
    assert command.values == {"backbone": "vit_large_nvdinov2"}
