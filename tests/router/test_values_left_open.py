# SPDX-License-Identifier: Apache-2.0
"""Values that the words leave open are asked about, or told as not understood, and never read as others."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.router.asking import decided

if TYPE_CHECKING:
    from router.declarations import Skill

_ONE, _OTHER = "train-20260301-080000-111aaa", "train-20260308-080000-222bbb"


@pytest.mark.parametrize(
    ("text", "slot", "choices"),
    [
        ("train ChangeNet on ./b with 10 epochs. 12 would be better", "num_epochs", ("10 epochs", "12")),
        ("train ChangeNet on ./b with 10 epochs, I think 12 would be better", "num_epochs", ("10 epochs", "12")),
        ("train ChangeNet on ./b with 10 epochs, I'd prefer 12", "num_epochs", ("10 epochs", "12")),
        ("Trainiere ChangeNet auf ./b mit 10 Epochen, mir wären 12 lieber", "num_epochs", ("10 Epochen", "12")),
        ("train ChangeNet on ./b with batch size 8. Better would be 16.", "batch_size", ("batch size 8", "16")),
        ("Trainiere ChangeNet auf ./b mit 10 Epochen, 12 wären besser", "num_epochs", ("10 Epochen", "12")),
        ("train ChangeNet on ./b, add ten to the three epochs", "num_epochs", ("3", "ten")),
        ("train ChangeNet on ./b for 8 or the 12 epochs", "num_epochs", ("12", "8")),
        ("train ChangeNet on ./b with a false alarm rate of .5", "false_alarms", ("0.5 %", "50 %")),
    ],
)
def test_it_is_asked_which_of_two_values(skill: Skill, text: str, slot: str, choices: tuple[str, ...]) -> None:
    decision = decided(text, skill)
    assert [(question.slot, question.choices) for question in decision.missing] == [(slot, choices)]
    assert slot not in decision.request.overrides


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("train ChangeNet on ./b with 10 ± 2 epochs", "10 ± 2"),
        ("train ChangeNet on ./b, epochs 10 +/- 2", "10 +/- 2"),
        ("train ChangeNet on ./b with 10 plus or minus 2 epochs", "10 plus or minus 2"),
        ("train ChangeNet on 20 random pairs from ./b", "20 random pairs"),
        ("Trainiere ChangeNet mit 20 zufälligen Paaren aus ./b", "20 zufälligen Paaren"),
        ("train ChangeNet on ./b with at most 5 false alarms", "5 false alarms"),
        ("Trainiere ChangeNet auf ./b mit 5 Fehlalarmen", "5 Fehlalarmen"),
        ("train ChangeNet on ./b, evaluate only on test", "only on test"),
    ],
)
def test_what_no_value_is_made_of_is_asked_about(skill: Skill, text: str, said: str) -> None:
    decision = decided(text, skill)
    assert said in decision.missing[0].text
    assert "num_epochs" not in decision.request.overrides


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("train ChangeNet on ./b until tomorrow 8 am", "until tomorrow 8 am"),
        ("search until Friday for the best settings of ChangeNet on ./b", "until Friday"),
        ("Trainiere ChangeNet auf ./b bis morgen 8 Uhr", "bis morgen 8 Uhr"),
    ],
)
def test_a_time_at_which_to_stop_is_told_as_not_understood(skill: Skill, text: str, said: str) -> None:
    decision = decided(text, skill)
    assert decision.action == "train"
    assert decision.not_understood == (said,)


@pytest.mark.parametrize(
    ("text", "overrides"),
    [
        ("train ChangeNet on ./b with batch size 8, 16 would not be better", {"batch_size": 8}),
        ("train ChangeNet on ./b with batch size 8, he would prefer 12 cookies", {"batch_size": 8}),
        ("train ChangeNet on ./b with 12 epochs. That would be better than 10.", {"num_epochs": 12}),
        ("train ChangeNet on ./b with batch size 8. Line 3 is better lit", {"batch_size": 8}),
        ("train ChangeNet on ./b with 10 epochs; actually 12 would be better", {"num_epochs": 12}),
        ("train ChangeNet on ./b with batch 8 + 10 epochs", {"batch_size": 8, "num_epochs": 10}),
        ("train ChangeNet on ./b, false alarm rate 0.01, recall 0.99", {"target": "far<=1% at recall=99%"}),
        (
            "train ChangeNet on ./b with 5 false alarms per 1000 boards at recall 99 %",
            {"target": "far<=0.5% at recall=99%"},
        ),
        ("The last model had 5 false alarms. Train ChangeNet on ./b again", {}),
        ("I looked at 20 random pairs. Train ChangeNet on ./b", {}),
        ("I'm away until Monday, train ChangeNet on ./b with 8 epochs", {"num_epochs": 8}),
        ("train ChangeNet on ./b. The GPU box is free until Wednesday", {}),
    ],
)
def test_what_only_looks_like_it_leaves_nothing_open(skill: Skill, text: str, overrides: dict[str, object]) -> None:
    decision = decided(text, skill)
    assert decision.action == "train"
    assert not decision.missing
    assert decision.request.overrides == overrides


def test_a_machine_on_which_it_is_to_run_is_asked_about(skill: Skill) -> None:
    assert decided("train ChangeNet on ./b on the GPU box", skill).missing[0].slot == "runner"


@pytest.mark.parametrize(
    ("text", "policy"),
    [
        ("train ChangeNet on ./b, automl on, then evaluate it. No, off.", "off"),
        ("Trainiere ChangeNet auf ./b mit AutoML, danach auswerten. Nein, aus.", "off"),
        ("train ChangeNet on ./b, no automl, then evaluate it. No, wait, on.", "on"),
        ("train ChangeNet on ./b with automl, then evaluate it on ./c. No, off to lunch.", "on"),
        ("train ChangeNet on ./b, then evaluate it and switch the lamp on. No, off.", "on"),
    ],
)
def test_a_last_no_switches_the_search_behind_other_steps(skill: Skill, text: str, policy: str) -> None:
    assert decided(text, skill).steps[0].automl_policy == policy


@pytest.mark.parametrize(
    ("text", "verb"),
    [
        (f"nicht {_ONE} stoppen, sondern {_OTHER}", "cancel"),
        (f"don't stop {_ONE} but {_OTHER}", "cancel"),
        (f"nicht {_ONE} löschen, sondern nur {_OTHER}", "remove"),
    ],
)
def test_what_is_denied_of_one_job_is_done_to_the_other(skill: Skill, text: str, verb: str) -> None:
    command = decided(text, skill).command
    assert command is not None
    assert (command.verb, command.values) == (verb, {"job": _OTHER})


@pytest.mark.parametrize(
    ("text", "gpus"),
    [
        ("use both GPUs to train ChangeNet on ./b", 2),
        ("Trainiere ChangeNet auf ./b auf beiden Grafikkarten", 2),
        ("train ChangeNet on ./b with both GPUs, no, with 4 GPUs", 4),
        ("train ChangeNet on ./b, both cards are free", None),
        ("train ChangeNet on ./b, but not on both GPUs", None),
    ],
)
def test_both_are_two(skill: Skill, text: str, gpus: int | None) -> None:
    assert decided(text, skill).request.gpus == gpus


@pytest.mark.parametrize(
    ("text", "runner"),
    [
        ("Build the engine in fp16 out of export-20260312-070911-3aa0c4, it goes on the PC beside the oven", None),
        ("Baue die Engine aus export-20260312-070911-3aa0c4, fp16, die kommt auf den PC am Ofen", None),
        ("build the engine from export-20260312-070911-3aa0c4 on this PC, fp16", "local"),
        ("Train ChangeNet on ./b, it goes on the slurm cluster", "slurm"),
    ],
)
def test_where_a_file_goes_is_no_runner(skill: Skill, text: str, runner: str | None) -> None:
    assert decided(text, skill).request.runner == runner
