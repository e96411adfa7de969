# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from core.errors import RequestError
from router.decision import decide
from router.types import Decision, Request

if TYPE_CHECKING:
    from router.declarations import Skill

JOB, SEARCH = "train-20261123-063012-a1b2c3", "automl-20261123-063012-a1b2c3"


def steps(skill: Skill, text: str, **slots: Any) -> list[tuple[str | None, dict[str, Any]]]:
    decision = decide(Request(text=text, **slots), skill)
    assert decision.missing == ()
    return [(step.action, step.request.to_json()) for step in decision.steps]


def test_several_actions_are_steps_in_order(skill: Skill) -> None:
    found = steps(skill, "train ChangeNet on ./a for 2 epochs, no HPO, then evaluate on ./b and export to ONNX")
    assert [action for action, _ in found] == ["train", "evaluate", "export"]
    assert found[0][1] == {"data": "./a", "overrides": {"num_epochs": 2}}
    assert found[1][1]["data"] == "./b"


def test_a_step_that_is_to_come_first_comes_first(skill: Skill) -> None:
    found = steps(skill, "before you run inference with the AOI classifier on ./lot, evaluate it on ./holdout")
    assert [(action, slots["data"]) for action, slots in found] == [("evaluate", "./holdout"), ("inference", "./lot")]


def test_data_and_a_target_hold_for_later_steps(skill: Skill) -> None:
    text = "train ChangeNet on ./boards, evaluate it; at most 1 % false alarms at 99 % recall"
    for _, slots in steps(skill, text):
        assert slots["data"] == "./boards"
        assert slots["overrides"] == {"target": "far<=1% at recall=99%"}


def test_a_parent_holds_for_later_steps_until_one_makes_a_model(skill: Skill) -> None:
    found = steps(skill, f"evaluate {JOB}, then export it to ONNX, then build the TensorRT engine in fp16")
    assert [action for action, _ in found] == ["evaluate", "export", "deploy_classify_gen_trt_engine"]
    assert [slots.get("parent_job_id") for _, slots in found] == [JOB, JOB, None]


@pytest.mark.parametrize("end", ["and deploy it", ", quantize it, deploy it", "then deploy"])
def test_deploying_after_an_export_is_a_step_of_its_own(skill: Skill, end: str) -> None:
    found = steps(skill, f"export {JOB} to ONNX {end}")
    assert (found[0][0], found[-1][0]) == ("export", "deploy_classify_gen_trt_engine")


def test_the_policy_of_the_words_is_that_of_the_training(skill: Skill) -> None:
    decision = decide(Request(text="train ChangeNet on ./a and evaluate, no AutoML"), skill)
    assert [step.automl_policy for step in decision.steps] == ["off", "on"]
    assert decision.steps[0].route == "direct"


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("what is running?", "changenet jobs --running"),
        (f"is {JOB} done yet?", f"changenet status {JOB}"),
        (f"how is {JOB} doing", f"changenet status {JOB}"),
        (f"stop {JOB}, the labels were wrong", f"changenet cancel {JOB}"),
        (f"halte {JOB} bitte an", f"changenet cancel {JOB}"),
        (f"why did {JOB} crash?", f"changenet diagnose {JOB}"),
        (f"get rid of {JOB}", f"changenet remove {JOB}"),
        (f"compare {JOB} with {SEARCH}", f"changenet compare {JOB} {SEARCH}"),
        (f"resume {SEARCH}", f"changenet run --resume {SEARCH}"),
        (f"resume {JOB}", f"changenet run train --automl off --parent {JOB}"),
        ("check the data in ./boards", "changenet data check ./boards"),
        ("prüfe den Datensatz in ./boards", "changenet data check ./boards"),
        ("draw some synthetic boards", "changenet data synthesize DIR"),
        ("draw me 12 synthetic boards, seed 5", "changenet data synthesize DIR --seed 5 --boards 12"),
        ("zeichne mir 12 synthetische Platinen", "changenet data synthesize DIR --boards 12"),
        ("how long does a training of ChangeNet take?", "changenet advise"),
        (
            "which image size for 30 x 20 mm boards with 0.1 mm defects?",
            "changenet advise --board 30x20 --defect 0.1",
        ),
        (
            "how much GPU memory does C-RADIO with batch 16 need?",
            "changenet advise --backbone C-RADIO --batch 16",
        ),
        ("is this machine ready for ChangeNet?", "changenet doctor"),
    ],
)
def test_a_request_for_a_command_is_told_as_that_command(skill: Skill, text: str, line: str) -> None:
    decision = decide(Request(text=text), skill)
    assert decision.command is not None
    assert (decision.command.line, decision.action, decision.missing) == (line, None, ())


def test_a_command_without_its_job_asks_for_it(skill: Skill) -> None:
    decision = decide(Request(text="stop the training"), skill)
    assert [question.slot for question in decision.missing] == ["job"]


@pytest.mark.parametrize(
    ("text", "parent"),
    [
        ("evaluate the last training of the inspection classifier", "last_training"),
        ("score ./lot with the ChangeNet model from before", "last_model"),
        ("export the best trial to ONNX for the AOI line", "best_trial"),
        ("evaluate ChangeNet; the winner of the search, please", "best_trial"),
        ("exportiere das letzte Modell der Boardprüfung", "last_model"),
    ],
)
def test_a_parent_is_named_by_what_it_is(skill: Skill, text: str, parent: str) -> None:
    assert decide(Request(text=text), skill).request.parent_job_id == parent


def test_a_decision_with_steps_or_a_command_survives_its_json(skill: Skill) -> None:
    for text in ("train ChangeNet on ./a, then evaluate", f"stop {JOB}"):
        decision = decide(Request(text=text), skill)
        assert Decision.from_json(decision.to_json()) == decision


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("check the data in ./lot first, and if it is fine train the AOI classifier on it", ["data_check", "train"]),
        (f"cancel {JOB} and then show me the list of jobs", ["cancel", "jobs"]),
        (f"find out why {JOB} failed and resume it", ["diagnose", "resume"]),
        ("before you evaluate the AOI classifier on ./week15, check that data set", ["data_check", "evaluate"]),
    ],
)
def test_commands_and_actions_may_follow_each_other(skill: Skill, text: str, names: list[str]) -> None:
    decision = decide(Request(text=text), skill)
    assert [step.command.verb if step.command else step.action for step in decision.steps] == names


def test_a_command_takes_job_and_data_of_the_step_before(skill: Skill) -> None:
    resumed = decide(Request(text=f"find out why {JOB} failed and resume it"), skill).steps[1]
    assert resumed.command is not None
    assert resumed.command.values["job"] == JOB
    trained = decide(Request(text="check ./lot, then train ChangeNet on it"), skill).steps[1]
    assert trained.request.data == "./lot"


def test_what_something_is_only_to_come_before_is_no_step(skill: Skill) -> None:
    decision = decide(Request(text="before anyone trains: check the data in ./lot for missing pairs"), skill)
    assert decision.steps == ()
    assert decision.command is not None
    assert decision.command.verb == "data_check"


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("what is different between golden.jpg and test.jpg", "changenet inspect golden.jpg test.jpg"),
        ("Was ist anders zwischen golden.jpg und test.jpg?", "changenet inspect golden.jpg test.jpg"),
        ("diff golden.png test.png", "changenet inspect golden.png test.png"),
        ("check this board against the golden one", "changenet inspect"),
        ("prüf dieses Board gegen das Goldene", "changenet inspect"),
        (f"Calibrate {JOB} on the good pairs in ./good", f"changenet calibrate {JOB} ./good"),
        (f"Calibrate {JOB} on ./good to 0.5 % false alarms", f"changenet calibrate {JOB} ./good --far 0.5%"),
        (f"Kalibriere {JOB} auf die Gutteile in ./gut", f"changenet calibrate {JOB} ./gut"),
        (
            f"watch /aoi/inbox and inspect each pair that arrives with {JOB}",
            f"changenet watch /aoi/inbox --model {JOB}",
        ),
        (f"Stell das Modell {JOB} als HTTP-Dienst bereit", f"changenet serve {JOB}"),
        ("draw defects onto our own good boards in ./good", "changenet data synthesize DIR --from ./good"),
    ],
)
def test_words_lead_to_the_line_of_a_command(text: str, line: str, skill: Skill) -> None:
    command = decide(Request(text=text), skill).command
    assert command is not None
    assert command.line == line


def test_a_value_that_a_command_does_not_take_is_told(skill: Skill) -> None:
    found = decide(Request(text=f"serve {JOB} with batch size 8"), skill)
    assert found.command is not None
    assert found.command.line == f"changenet serve {JOB}"
    (warning,) = found.warnings
    assert "batch_size" in warning
    assert "8" in warning


@pytest.mark.parametrize(
    "text", ["calibrate the torque wrench of line 3", "serve lunch for the AOI team", "watch the football game"]
)
def test_commands_are_for_our_things(text: str, skill: Skill) -> None:
    with pytest.raises(RequestError):
        decide(Request(text=text), skill)


def test_the_columns_of_a_table_ask_for_nothing(skill: Skill) -> None:
    found = decide(Request(text="Train on ./mydata, a table with columns Image, Reference, Result with OK / NG"), skill)
    assert (found.action, found.request.data, found.steps, found.missing) == ("train", "./mydata", (), ())


def test_what_stands_between_a_joining_word_and_a_verb_belongs_to_that_verb(skill: Skill) -> None:
    trained, evaluated = decide(
        Request(text="train ChangeNet on ./b for 5 epochs and with batch size 8 evaluate it"), skill
    ).steps
    assert (trained.request.overrides, evaluated.request.overrides) == ({"num_epochs": 5}, {"batch_size": 8})
    trained, evaluated = decide(Request(text="train ChangeNet on ./b then on ./val evaluate it"), skill).steps
    assert (trained.request.data, evaluated.request.data) == ("./b", "./val")
